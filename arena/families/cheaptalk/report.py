"""The report sections of cheap-talk runs: payoffs, gains, messages, reputations, the prompts of seats."""

from __future__ import annotations

from collections.abc import Sequence

from arena.errors import ArenaError
from arena.families.cheaptalk.episode_of_record import detail_of, episode_of
from arena.families.cheaptalk.family import OUTCOMES, VALUES, CheapTalk
from arena.families.cheaptalk.findings.conduct import Conduct
from arena.families.cheaptalk.findings.curves import ReputationCurves
from arena.families.cheaptalk.findings.episode_rows import episode_rows
from arena.families.cheaptalk.findings.facts import Incentives, LastRead
from arena.families.cheaptalk.findings.panels import talk_panels
from arena.families.cheaptalk.findings.run import Rules, Statistician
from arena.families.cheaptalk.prompts import sender_cue
from arena.families.cheaptalk.scene import RECEIVER
from arena.families.cheaptalk.setup import from_run
from arena.families.contract import FactGroup
from arena.families.report import FamilyParts, Panel
from arena.records import Record
from arena.store.finished_run import FinishedRun


class CheapTalkParts(FamilyParts):
    """A finished run of the cheaptalk family; the family is None if its inputs are damaged, and the records are still
    shown."""

    outcomes: Sequence[str] = OUTCOMES
    shares = tuple(value.name for value in VALUES if value.scale == "share")
    unit_noun = "claim"
    trial_nouns = ("episode", "episodes")

    def __init__(self, family: CheapTalk | None) -> None:
        self._family = family
        self._statistician = Statistician(Rules(0) if family is None else family.results.statistics)
        self._read = LastRead(episode_of)

    def facts(self, dimensions: Sequence[str], outcomes: Sequence[str]) -> Sequence[FactGroup]:
        return Incentives(self._read, self._statistician), ReputationCurves(), Conduct()

    def title(self, unit: str) -> str:
        claim = None if self._family is None else self._family.game.by_key.get(unit)
        return unit if claim is None else claim.text

    def told(self, record: Record) -> list[tuple[str, str]]:
        """Return the knowledge of each seat: its instructions, and the claim and sentences that it was shown."""
        if self._family is None:
            return []
        scene, systems = self._family.told(record.trial, record.transcript)
        cue = sender_cue(scene)
        seen = "\n".join(f"- {text}" for text in scene.seen) or "(no sentences)"
        own = f"Claim: {scene.claim.text}" if scene.claim_shown else "(no claim: the message alone)"
        return [
            (seat, f"{system}\n\n{f'{own}{chr(10)}{seen}' if seat == RECEIVER else cue}")
            for seat, system in systems.items()
        ]

    def panels(self, facts: Sequence[FactGroup]) -> Sequence[Panel]:
        incentives = next(one for one in facts if isinstance(one, Incentives))
        curves = next(one for one in facts if isinstance(one, ReputationCurves))
        conduct = next(one for one in facts if isinstance(one, Conduct))
        return talk_panels(incentives.findings(), curves, conduct)

    def found(self, record: Record) -> Sequence[tuple[str, str]]:
        detail = detail_of(record)
        return () if detail is None else episode_rows(detail)


def parts_of(run: FinishedRun) -> CheapTalkParts:
    """Return the report's view of a cheap-talk run."""
    try:
        return CheapTalkParts(from_run(run.path, run.identity))
    except (ArenaError, OSError, KeyError, TypeError, ValueError):
        return CheapTalkParts(None)
