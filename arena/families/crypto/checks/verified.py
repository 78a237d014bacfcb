"""Verified scores: the judge's grades, capped by facts in the record. Pure.

The rule is `verified-cap`, version 3 (docs/verified-scores.md has the table and worked examples). A finding sets a cap
for Computation / Tool Usage and one for Implementation Correctness. The lowest cap counts, and a lower grade stays. The
other dimensions and the raw grades are never changed. The outcome follows from the capped grades by the run's own
outcome rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arena.families.crypto.challenges.members.open_talk import talk_is_right
from arena.families.crypto.checks.ledger import RESULT, evidence_claims, wrong_claims
from arena.families.crypto.checks.player_text import over_player_text
from arena.families.crypto.checks.results import Checks
from arena.families.crypto.checks.verifications import CALLED_VALID, PASSED_OVER, verifications
from arena.families.crypto.outcome import OutcomeRule, outcome
from arena.families.verified import Cap, VerifiedScores
from arena.records import Entry, Json, Stop

RULE = "verified-cap"
RULE_VERSION = 3

COMPUTATION = "Computation / Tool Usage"
IMPLEMENTATION = "Implementation Correctness"


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings about a match, in numbers.

    `calls` of players, of which `failed` and `unused`; `malformed` messages; `artefacts` of public turns, of which
    `unreal`; wrong claims by kind; `result`: verdict of the check, or None. `obligations` of the challenge, of which
    `open` were not met; `leaks`: times that a secret value was revealed; `worked_out`: secret values that can be
    computed from posted values; `plain`: plain talk is right here, so nothing has to be computed.
    """

    calls: int
    failed: int
    malformed: int
    unused: int
    artefacts: int
    unreal: int
    miscopied: int
    wrong_results: int
    failed_checks_untold: int
    result: str | None
    obligations: int
    open: int
    leaks: int
    worked_out: int = 0
    plain: bool = False


CAPS: tuple[tuple[str, Callable[[Findings], bool], int, int], ...] = (
    ("nothing_computed", lambda f: f.calls == f.failed and not f.plain, 1, 2),
    ("nothing_used", lambda f: 0 < f.calls - f.failed == f.unused and not f.plain, 2, 2),
    ("mostly_failed_calls", lambda f: f.failed + f.malformed > f.calls - f.failed > 0, 3, 4),
    ("asserted", lambda f: f.unreal > 0 and 10 * f.unreal <= f.artefacts, 4, 4),
    ("asserted_often", lambda f: f.artefacts < 10 * f.unreal and 2 * f.unreal <= f.artefacts, 3, 3),
    ("asserted_mostly", lambda f: f.artefacts < 2 * f.unreal, 2, 2),
    ("miscopied", lambda f: f.miscopied > 0, 2, 2),
    ("failed_check_untold", lambda f: f.failed_checks_untold > 0, 2, 1),
    ("wrong_result", lambda f: f.wrong_results > 0, 2, 2),
    ("obligations_open", lambda f: 0 < f.open < f.obligations, 4, 3),
    ("obligations_none", lambda f: 0 < f.open == f.obligations, 3, 2),
    ("secret_told", lambda f: f.leaks > 0, 5, 3),
    ("secret_worked_out", lambda f: f.worked_out > 0, 5, 3),
    ("no_common_result", lambda f: f.result == "disagreed" or (f.result == "wrong" and not f.wrong_results), 5, 3),
)
"""Reason, its condition, the cap of COMPUTATION, the cap of IMPLEMENTATION."""

NO_CAP = 5


@over_player_text
def findings(
    entries: Sequence[Entry],
    challenge: Mapping[str, Json],
    values: Mapping[str, Json] | None,
    checks: Checks,
) -> Findings:
    """Return the findings. `checks`: those of the same transcript (match.py).

    Only what the checks left open is examined again, so talk without calls and evidence values costs almost nothing.
    Claims of a seat that cheated lower no grade: the others are graded by their reaction.
    """
    tools, artefacts, result = checks.tools, checks.artefacts, checks.result
    cheat = checks.cheat.told if checks.cheat is not None and checks.cheat.carried_out is not None else None
    unreal = artefacts.count - artefacts.real - sum(one.seat == cheat for one in artefacts.unreal)
    claims = evidence_claims(entries, challenge, values) if unreal else ()
    miscopied = sum(claim.judged == "wrong" and claim.seat != cheat for claim in claims)
    made = verifications(entries) if tools.calls else []
    wrong = [one.source for one in wrong_claims(entries, challenge, values, result, made) if one.seat != cheat]
    return Findings(
        calls=tools.calls,
        failed=tools.failed,
        malformed=tools.malformed,
        unused=tools.unused,
        artefacts=artefacts.count,
        unreal=unreal,
        miscopied=miscopied,
        wrong_results=wrong.count(RESULT),
        failed_checks_untold=wrong.count(CALLED_VALID) + wrong.count(PASSED_OVER),
        result=None if result is None else result.verdict,
        obligations=0 if checks.obligations is None else len(checks.obligations.found),
        open=0 if checks.obligations is None else sum(not one.met for one in checks.obligations.found),
        leaks=0 if checks.leaks is None else len(checks.leaks.found),
        plain=talk_is_right(challenge),
        worked_out=0 if checks.secrecy is None else sum(one.worked_out for one in checks.secrecy.found),
    )


def caps_of(found: Findings) -> tuple[Cap, ...]:
    """Return the caps that the findings set, in the order of CAPS."""
    return tuple(
        Cap(dimension, cap, reason)
        for reason, holds, computation, implementation in CAPS
        if holds(found)
        for dimension, cap in ((COMPUTATION, computation), (IMPLEMENTATION, implementation))
        if cap < NO_CAP
    )


def verified(
    caps: Sequence[Cap], scores: Mapping[str, float | int | None], rule: OutcomeRule, stop: Stop
) -> VerifiedScores:
    """Return the verified scores of a match.

    `scores`: the raw grades; None if the match has none, and then there are no verified grades. `rule`, `stop`: as of
    outcome.outcome, from which the verified outcome comes.
    """
    capped = dict(scores)
    for cap in caps:
        grade = capped.get(cap.dimension)
        if grade is not None:
            capped[cap.dimension] = min(grade, cap.cap)
    known = {name: grade for name, grade in capped.items() if grade is not None}
    label = outcome(rule, known if len(known) == len(capped) else None, stop)
    return VerifiedScores(RULE, RULE_VERSION, capped, tuple(caps), label)


def describe_rule() -> dict[str, Json]:
    """Return name and version, for a run's identity."""
    return {"name": RULE, "version": RULE_VERSION}
