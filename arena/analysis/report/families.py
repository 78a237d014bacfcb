"""What the report needs to know of a family beyond its records.

Any family works without a row here: its records name their scores, outcomes and labels. A row adds what only the family
knows: the bounds of its scores, titles of its units, what each role was told, the ledger of a match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arena.errors import DataError
from arena.families.contract import FactGroup
from arena.families.crypto.check_rates import CheckRates
from arena.families.crypto.checks.ledger import ledger
from arena.families.crypto.data import TOOLS_POINTER, played_challenges
from arena.families.crypto.outcome import OUTCOMES
from arena.families.crypto.prompts import system_prompt
from arena.families.crypto.rubric import RUBRIC
from arena.families.crypto.verified_rates import VerifiedRates
from arena.records import Json, Record
from arena.stats.moments import Moments
from arena.store.finished_run import FinishedRun


class FamilyParts:
    """A family of which nothing more is known than its records say."""

    outcomes: Sequence[str] = ()
    """Outcome labels, the best first; empty: unknown."""
    dimensions: Sequence[str] = ()
    scale: tuple[float, float] | None = None
    """Bounds of every score; None: unknown."""
    unit_noun = "unit"
    checks: Mapping[str, str] = {}
    """Name of a mechanical check -> what it means when it is passed."""

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        """Return new fact groups, with nothing counted."""
        return ()

    def title(self, unit: str) -> str:
        """Return the name of a unit for readers."""
        return unit

    def told(self, record: Record) -> list[tuple[str, str]]:
        """Return (seat, what it was told before the match) in the order of seats; nothing where it is not known."""
        return []

    def ledger(self, record: Record) -> Mapping[str, Json] | None:
        """Return what the claims of a match rest on, as of Family.ledger (families/contract.py); None: not known."""
        return None


class CryptoParts(FamilyParts):
    """The crypto family and its variant `calibration`: challenges as they were played stand in the run's inputs."""

    outcomes = OUTCOMES
    dimensions = RUBRIC.dimensions
    scale = (1.0, 5.0)
    unit_noun = "challenge"
    checks = {
        "textbook_names": "no textbook name used",
        "leaks": "no secret leaked",
        "result": "agreed result right",
        "artefacts": "every shown value is real",
        "tools": "no tool call failed, malformed or unused",
    }

    def __init__(self, run: FinishedRun) -> None:
        try:
            challenges: Sequence[Mapping[str, Json]] = played_challenges(run).challenges
        except DataError:  # the report of a damaged run still shows its records
            challenges = ()
        self._challenges = {challenge["id"]: challenge for challenge in challenges}
        identity = run.manifest.identity
        self._tools = TOOLS_POINTER if identity.tools_sha256 else None
        self._max_turns = int(identity.settings.get("max_turns") or 0)

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        return CheckRates(), VerifiedRates(Moments(dimensions), dict.fromkeys(outcomes, 0))

    def title(self, unit: str) -> str:
        challenge = self._challenges.get(unit)
        return str(challenge["name"]) if challenge else unit

    def told(self, record: Record) -> list[tuple[str, str]]:
        challenge = self._challenges.get(record.trial.unit)
        if challenge is None:
            return []
        instance = record.transcript.instance
        return [
            (participant["id"], system_prompt(challenge, participant["id"], self._tools, self._max_turns, instance))
            for participant in challenge["participants"]
        ]

    def ledger(self, record: Record) -> Mapping[str, Json] | None:
        challenge = self._challenges.get(record.trial.unit)
        return None if challenge is None else ledger(record, challenge)


PARTS: Mapping[str, Callable[[FinishedRun], FamilyParts]] = {"crypto": CryptoParts, "calibration": CryptoParts}
"""Family name -> its parts; a family without a row is shown by what its records say."""


def parts_of(run: FinishedRun) -> FamilyParts:
    """Return what is known of the family of a run."""
    build = PARTS.get(run.manifest.family)
    return FamilyParts() if build is None else build(run)
