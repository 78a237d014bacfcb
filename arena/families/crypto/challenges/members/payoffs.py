"""Check `payoffs`, the gain of each role: an expression for each ending of a match, and the unit that is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.families.crypto.challenges.members.fields import Problems, field_problems, is_text, payoff_problems
from arena.records import Json

REQUIRED = ("unit", "agreed", "otherwise")
OPTIONAL = ("refused",)

RESULT, LEAKED = "result", "leaked"
"""Names in expressions besides the drawn values: the result that all declared, and the names of the role's own secret
values that it revealed."""

MAX_UNIT_CHARS = 60


def payoffs_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's payoffs.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    found, place = challenge["payoffs"], f"{pointer}/payoffs"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}"
        return
    yield from field_problems(found, place, "payoffs", REQUIRED, OPTIONAL)
    instance = challenge.get("instance")
    if not isinstance(instance, dict):
        yield place, "needs an instance: payoffs follow from the drawn values"
        return
    if roles is None or not set(REQUIRED) <= set(found):
        return
    if not is_text(found["unit"], MAX_UNIT_CHARS):
        yield f"{place}/unit", f"expected a text of at most {MAX_UNIT_CHARS} characters: what is counted, such as euros"
    values = instance.get("values")
    names = frozenset(values) if isinstance(values, dict) else frozenset()
    for name in sorted(names & {RESULT, LEAKED}):
        yield place, f"the instance has a value {name!r}, which means something else in payoffs: give it another name"
    yield from payoff_problems(found["agreed"], f"{place}/agreed", names | {RESULT, LEAKED}, roles, roles)
    yield from payoff_problems(found["otherwise"], f"{place}/otherwise", names | {LEAKED}, roles, roles)
    if "refused" in found:
        yield from payoff_problems(found["refused"], f"{place}/refused", names | {LEAKED}, roles, roles)
    elif isinstance(instance.get("result"), list):
        yield f"{place}/refused", "is missing: the result may be `refused`"
