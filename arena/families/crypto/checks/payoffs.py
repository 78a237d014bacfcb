"""The payoff of each role in a match, compared with open talk about the same values. Pure.

docs/challenges.md ("Payoffs") describes the member. In open talk all roles say in plain figures what decides the
result, and agree on the right one. What open talk costs is what a protocol can save.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from arena.errors import DataError, Issue
from arena.families.crypto.challenges.expressions import ExpressionError
from arena.families.crypto.challenges.instance import (
    allowed_results,
    deciding_names,
    is_agreement,
    right_result,
    secrets_of,
)
from arena.families.crypto.challenges.members.payoffs import LEAKED, RESULT
from arena.families.crypto.challenges.prepared import evaluated
from arena.families.crypto.challenges.result_kinds import REFUSED, Unreadable, counted, normal
from arena.families.crypto.checks.results import LeaksCheck, PayoffsFound, ResultCheck
from arena.records import Json


def payoffs_of(
    challenge: Mapping[str, Json], values: Mapping[str, Json], result: ResultCheck, leaks: LeaksCheck
) -> PayoffsFound | None:
    """Return each role's payoff; None for a challenge without payoffs.

    A declared result that the rule cannot evaluate (such as an unknown name) counts as no result. Errors: DataError for
    an expression that cannot be evaluated with the right result.
    """
    found = challenge.get("payoffs")
    if found is None:
        return None
    instance = challenge["instance"]
    roles = [participant["id"] for participant in challenge["participants"]]
    told = {role: sorted({leak.value for leak in leaks.found if leak.seat == role}) for role in roles}
    agreed = _agreed(instance, result, roles)
    right = _right(instance, values, agreed, roles)
    talk = {role: _talked_of(instance, role) for role in roles}
    kind = instance["result"]
    by_talk = _worked_out(found, values, counted(kind, right), talk)
    try:
        had = _worked_out(found, values, counted(kind, agreed), told)
    except DataError:  # the rule works with the right result, so the declared one is at fault
        had = _worked_out(found, values, None, told)
    return PayoffsFound(str(found["unit"]), agreed is not None, had, by_talk)


def _agreed(instance: Mapping[str, Json], result: ResultCheck, roles: Sequence[str]) -> Json:
    """Return the result that all roles declared, in the requested form; None if there is none."""
    if not result.agreed or len(result.declared) < len(roles):
        return None
    try:
        return normal(instance["result"], next(iter(result.declared.values())), roles)
    except Unreadable:
        return None


def _right(instance: Mapping[str, Json], values: Mapping[str, Json], agreed: Json, roles: Sequence[str]) -> Json:
    """Return the result of open talk: the right one. If agreement decides, the agreed one, or else the first possible
    one."""
    if not is_agreement(instance["truth"]):
        return normal(instance["result"], right_result(instance, values), roles)
    allowed = [normal(instance["result"], one, roles) for one in allowed_results(instance, values) or ()]
    return agreed if agreed is not None and (not allowed or agreed in allowed) else next(iter(allowed), None)


def _talked_of(instance: Mapping[str, Json], role: str) -> list[str]:
    """Return the secret values that a role reveals by open talk: those that decide the result; all if none does."""
    secret = secrets_of(instance, role)
    return sorted(set(secret) & deciding_names(instance)) or sorted(secret)


def _worked_out(
    found: Mapping[str, Json], values: Mapping[str, Json], result: Json, leaked: Mapping[str, Collection[str]]
) -> dict[str, float]:
    """Return role -> payoff. `result`: None if the roles have no common one. Errors: DataError."""
    member = "otherwise" if result is None else "refused" if result == REFUSED else "agreed"
    payoffs = {}
    for role, expression in found[member].items():
        try:
            payoffs[role] = _number(expression, {**values, RESULT: result, LEAKED: leaked[role]})
        except ExpressionError as error:
            raise DataError([Issue("payoffs", f"/{member}/{role}{error.pointer}", error.problem)]) from None
    return payoffs


def _number(expression: Json, values: Mapping[str, Json]) -> float:
    found = evaluated(expression, values)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ExpressionError("", f"gives {found!r}, and a payoff is a number")
    return float(found)
