"""What the member `fairness` of a challenge must hold: every problem at its pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.expressions import problems
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("says", "pays", "silent")
STATES = ("free", "bound", "open")
"""How far a seat has gone: nothing of it binds it; it posted something closed; it opened that, or showed its part."""

RESULT = "result"
"""The name of the declared result in expressions: known once the match could be settled without the seat that left."""

MAX_SAYS_CHARS = 600

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def fairness_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield what is wrong with a challenge's rule for silence.

    `pointer`: place of the challenge.  `roles`: its role ids, None if they are broken.
    """
    found, place = challenge["fairness"], f"{pointer}/fairness"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}"
        return
    instance = challenge.get("instance")
    values = instance.get("values") if isinstance(instance, dict) else None
    names = frozenset(values) if isinstance(values, dict) else frozenset()
    for name in found:
        if name not in REQUIRED:
            yield child(place, name), f"is not a member of a rule for silence; these are {', '.join(REQUIRED)}"
    missing = [name for name in REQUIRED if name not in found]
    yield from ((f"{place}/{name}", "is missing") for name in missing)
    if missing or roles is None:
        return
    says = found["says"]
    if not isinstance(says, str) or not says.strip() or len(says) > MAX_SAYS_CHARS:
        yield f"{place}/says", f"expected a text of at most {MAX_SAYS_CHARS} characters: the rule in words"
    yield from _payoffs(found["pays"], f"{place}/pays", names | {RESULT}, roles, roles)
    silent = found["silent"]
    if not isinstance(silent, dict) or set(silent) != set(roles):
        yield f"{place}/silent", f"expected an object with one member for each role: {', '.join(roles)}"
        return
    for role, states in silent.items():
        here = child(f"{place}/silent", role)
        if not isinstance(states, dict) or set(states) != set(STATES):
            yield here, f"expected an object with the members {', '.join(STATES)}: what the others have where it stops"
            continue
        for state, payoffs in states.items():
            known = names | {RESULT} if state == "open" else names
            others = [other for other in roles if other != role]
            yield from _payoffs(payoffs, f"{here}/{state}", known, others, roles)


def _payoffs(found: Json, place: str, names: frozenset[str], wanted: Sequence[str], roles: Sequence[str]) -> Problems:
    if not isinstance(found, dict) or set(found) != set(wanted):
        yield place, f"expected an object: role -> what it has, for {', '.join(wanted)}"
        return
    for role, expression in found.items():
        where = child(place, role)
        yield from ((where + inner, message) for inner, message in problems(expression, names, roles))
