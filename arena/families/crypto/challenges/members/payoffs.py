"""What the member `payoffs` of a challenge must hold: every problem at its pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.expressions import problems
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("unit", "agreed", "otherwise")
OPTIONAL = ("refused",)

RESULT, LEAKED = "result", "leaked"
"""Names in expressions besides the drawn values: the result that all declared, and the names of the role's own secret
values that it told."""

MAX_UNIT_CHARS = 60

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def payoffs_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield what is wrong with a challenge's payoffs.

    `pointer`: place of the challenge.  `roles`: its role ids, None if they are broken.
    """
    found, place = challenge["payoffs"], f"{pointer}/payoffs"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}"
        return
    for name in found:
        if name not in REQUIRED + OPTIONAL:
            yield child(place, name), f"is not a member of payoffs; these are {', '.join(REQUIRED + OPTIONAL)}"
    missing = [name for name in REQUIRED if name not in found]
    yield from ((f"{place}/{name}", "is missing") for name in missing)
    instance = challenge.get("instance")
    if not isinstance(instance, dict):
        yield place, "needs an instance: payoffs follow from the drawn values"
        return
    if missing or roles is None:
        return
    unit = found["unit"]
    if not isinstance(unit, str) or not unit.strip() or len(unit) > MAX_UNIT_CHARS:
        yield f"{place}/unit", f"expected a text of at most {MAX_UNIT_CHARS} characters: what is counted, such as euros"
    values = instance.get("values")
    names = frozenset(values) if isinstance(values, dict) else frozenset()
    for name in sorted(names & {RESULT, LEAKED}):
        yield place, f"the instance has a value {name!r}, which means something else in payoffs: give it another name"
    yield from _payoffs(found["agreed"], f"{place}/agreed", names | {RESULT, LEAKED}, roles)
    yield from _payoffs(found["otherwise"], f"{place}/otherwise", names | {LEAKED}, roles)
    if "refused" in found:
        yield from _payoffs(found["refused"], f"{place}/refused", names | {LEAKED}, roles)
    elif isinstance(instance.get("result"), list):
        yield f"{place}/refused", "is missing: the result may be `refused`"


def _payoffs(found: Json, place: str, names: frozenset[str], roles: Sequence[str]) -> Problems:
    if not isinstance(found, dict) or set(found) != set(roles):
        yield place, f"expected an object: role -> what it has, for {', '.join(roles)}"
        return
    for role, expression in found.items():
        where = child(place, role)
        yield from ((where + inner, message) for inner, message in problems(expression, names, roles))
