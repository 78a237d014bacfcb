"""What the report page shows of crypto runs alone: prompts, checks, the ledger of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.errors import DataError
from arena.families.contract import FactGroup
from arena.families.crypto.cheats.rates import CheatRates, cheat_line
from arena.families.crypto.check_rates import CheckRates
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.checks.obligations import obligation_line
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.data import challenge_of, played_challenges
from arena.families.crypto.outcome import OUTCOMES
from arena.families.crypto.rubric import RUBRIC
from arena.families.crypto.silence.facts import SilenceFacts
from arena.families.crypto.verified_rates import VerifiedRates
from arena.families.report import FamilyParts, Panel
from arena.records import Json, Record
from arena.stats.moments import Moments
from arena.store.finished_run import FinishedRun


class CryptoParts(FamilyParts):
    """The crypto family and its variant `calibration`: challenges as they were played stand in the run's inputs."""

    outcomes = OUTCOMES
    dimensions = RUBRIC.dimensions
    scale = (1.0, 5.0)
    unit_noun = "challenge"
    has_tools = True
    verifies = True
    checks = {
        "textbook_names": "no textbook name used",
        "leaks": "no secret leaked",
        "result": "agreed result right",
        "artefacts": "every shown value is real",
        "tools": "no tool call failed, malformed or unused",
        "obligations": "everything that had to be done was done",
        "cheat": "who cheated was named, and nobody else",
    }

    def __init__(self, run: FinishedRun) -> None:
        try:
            challenges: Sequence[Mapping[str, Json]] = played_challenges(run).challenges
        except DataError:  # the report of a damaged run still shows its records
            challenges = ()
        self._challenges = {challenge["id"]: challenge for challenge in challenges}

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        return (
            CheckRates(),
            VerifiedRates(Moments(dimensions), dict.fromkeys(outcomes, 0)),
            CheatRates(),
            SilenceFacts(self._challenges),
        )

    def panels(self, facts: Sequence[FactGroup]) -> Sequence[Panel]:
        found = [panel for group in facts if isinstance(group, CheatRates) for panel in group.panels()]
        return [*found, *(panel for group in facts if isinstance(group, SilenceFacts) for panel in group.panels())]

    def title(self, unit: str) -> str:
        challenge = self._challenges.get(unit)
        return str(challenge["name"]) if challenge else unit

    def ledger(self, record: Record) -> Mapping[str, Json] | None:
        if record.trial.unit not in self._challenges:
            return None
        return ledger(record, challenge_of(self._challenges, record.trial))

    def check_words(self, record: Record, name: str) -> str:
        detail, challenge = detail_of(record), self._challenges.get(record.trial.unit, {})
        if name == "cheat" and detail is not None and detail.checks.cheat is not None:
            return cheat_line(detail.checks.cheat)
        if name != "obligations" or detail is None or detail.checks.obligations is None:
            return ""
        says = {one["id"]: one["says"] for one in challenge.get("obligations", ())}
        return " ".join(obligation_line(one, says.get(one.id, "")) for one in detail.checks.obligations.found)


def parts_of(run: FinishedRun) -> CryptoParts:
    """Return what is known of a crypto run."""
    return CryptoParts(run)
