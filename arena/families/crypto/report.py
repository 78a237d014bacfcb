"""The report sections for crypto runs alone: prompts, checks, the ledger of claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.errors import DataError
from arena.families.contract import FactGroup
from arena.families.crypto.challenges.validate import DIFFICULTIES
from arena.families.crypto.cheats.rates import CheatRates
from arena.families.crypto.cheats.variants import NONE, SCRIPTED, TOLD
from arena.families.crypto.check_rates import CheckRates
from arena.families.crypto.check_words import (
    CAP_REASONS,
    CHECK_NAMES,
    CHECKS_PASSED,
    RESULT_WORDS,
    cap_words,
    check_words,
)
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.data import challenge_of, played_challenges
from arena.families.crypto.items.rates import ItemRates
from arena.families.crypto.items.words import answered, in_words
from arena.families.crypto.op_levels import ALL, PRIMITIVE
from arena.families.crypto.outcome import OUTCOMES
from arena.families.crypto.payoff_rates import PayoffRates
from arena.families.crypto.rubric import RUBRIC
from arena.families.crypto.silence.facts import SilenceFacts
from arena.families.crypto.verified_rates import VerifiedRates
from arena.families.report import Answered, FamilyParts, Panel, Said
from arena.records import Json, Record
from arena.stats.moments import Moments
from arena.store.finished_run import FinishedRun


class CryptoParts(FamilyParts):
    """The crypto family and its variant `calibration`: challenges as they were played are in the run's inputs."""

    outcomes = OUTCOMES
    dimensions = RUBRIC.dimensions
    scale = (1.0, 5.0)
    unit_noun = "challenge"
    has_tools = True
    verifies = True
    checks = CHECKS_PASSED
    check_names = CHECK_NAMES
    optional_checks = ("obligations", "cheat", "secrecy")
    cap_reasons = CAP_REASONS
    result_words = RESULT_WORDS
    group_by = "difficulty"
    order = {"difficulty": DIFFICULTIES}

    def __init__(self, run: FinishedRun) -> None:
        try:
            played = played_challenges(run)
            challenges: Sequence[Mapping[str, Json]] = played.challenges
            self.canary = played.canary
        except DataError:  # the report of a damaged run still shows its records
            challenges = ()
        self._challenges = {challenge["id"]: challenge for challenge in challenges}
        self._settings = run.manifest.identity.settings
        self._last: tuple[Record | None, Mapping[str, Json] | None] = (None, None)
        """The ledger of the record that was asked for last: a match asks for it several times."""

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        return (
            CheckRates(),
            VerifiedRates(Moments(dimensions), dict.fromkeys(outcomes, 0)),
            CheatRates(),
            SilenceFacts(self._challenges),
            PayoffRates(),
            ItemRates(self._challenges),
        )

    def panels(self, facts: Sequence[FactGroup]) -> Sequence[Panel]:
        order = (CheatRates, ItemRates, PayoffRates, SilenceFacts)
        found = [panel for kind in order for group in facts if isinstance(group, kind) for panel in group.panels()]
        return [*self._conditions(), *found]

    def _conditions(self) -> list[Panel]:
        """Return how the run was played if that is unusual: its figures are not comparable with a usual run."""
        said = []
        if self._settings.get("op_level", ALL) == PRIMITIVE:
            said.append("Operations: primitive. Players could call building blocks alone, no recipes of a whole step.")
        adversary = self._settings.get("adversary", NONE)
        if adversary == TOLD:
            said.append(
                "Adversary: told. In some matches a player was told to cheat, and all knew that somebody might."
            )
        elif adversary == SCRIPTED:
            said.append("Adversary: scripted. In some matches a script cheated; all knew that somebody might.")
        return [Panel("conditions", "How it was played", said)] if said else []

    def title(self, unit: str) -> str:
        challenge = self._challenges.get(unit)
        return str(challenge["name"]) if challenge else unit

    def answered(self, record: Record) -> Sequence[Answered]:
        return [in_words(one) for one in answered(record, self._challenges.get(record.trial.unit, {}))]

    def ledger(self, record: Record) -> Mapping[str, Json] | None:
        if self._last[0] is not record:
            known = record.trial.unit in self._challenges
            self._last = record, ledger(record, challenge_of(self._challenges, record.trial)) if known else None
        return self._last[1]

    def passed(self, record: Record) -> Mapping[str, bool | None] | None:
        detail = detail_of(record)
        return None if detail is None else detail.checks.passed()

    def check_words(self, record: Record, name: str) -> Sequence[Said]:
        detail, challenge = detail_of(record), self._challenges.get(record.trial.unit, {})
        says = {one["id"]: one["says"] for one in challenge.get("obligations", ())}
        return () if detail is None else check_words(detail.checks, name, says)

    def cap_words(self, record: Record, reason: str) -> Said:
        detail = detail_of(record)
        return super().cap_words(record, reason) if detail is None else cap_words(
            detail.checks, self.ledger(record), reason
        )  # fmt: skip


def parts_of(run: FinishedRun) -> CryptoParts:
    """Return the report's view of a crypto run."""
    return CryptoParts(run)
