"""Check `fairness`, the rule for a seat that falls silent: a payoff for each other role, by how far the seat had
gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.families.crypto.challenges.members.fields import Problems, field_problems, is_text, payoff_problems
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("says", "pays", "silent")
STATES = ("free", "bound", "open")
"""States of a seat: it is bound by nothing; it posted something closed; it opened that, or showed its part."""

RESULT = "result"
"""The name of the declared result in expressions. It is known once the match could be settled without the
absent seat."""

MAX_SAYS_CHARS = 600


def fairness_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's rule for silence.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    found, place = challenge["fairness"], f"{pointer}/fairness"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}"
        return
    instance = challenge.get("instance")
    values = instance.get("values") if isinstance(instance, dict) else None
    names = frozenset(values) if isinstance(values, dict) else frozenset()
    yield from field_problems(found, place, "a rule for silence", REQUIRED)
    if roles is None or not set(REQUIRED) <= set(found):
        return
    if not is_text(found["says"], MAX_SAYS_CHARS):
        yield f"{place}/says", f"expected a text of at most {MAX_SAYS_CHARS} characters: the rule in words"
    yield from payoff_problems(found["pays"], f"{place}/pays", names | {RESULT}, roles, roles)
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
            yield from payoff_problems(payoffs, f"{here}/{state}", known, others, roles)
