"""The episodes of a run sorted for result files: by pairing, milestone, protocol, seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.findings.cell import BASELINE
from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.outputs.milestones import Budget, Cost, Played
from arena.families.cheaptalk.reputation_table import Step
from arena.records import Record

FIRST, SECOND, THIRD, FOURTH = MILESTONES = ("milestone1", "milestone2", "milestone3", "milestone4")
NO_MILESTONE = ""
"""Marks episodes that belong to no milestone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The parts of one scored record that are kept."""

    played: Played
    seed: int
    milestones: tuple[str, ...]


@dataclass(slots=True)
class Collected:
    """The scored episodes of a run, in the order of its records, and the steps of reputations."""

    kept: list[Kept] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)

    def add(self, record: Record, detail: EpisodeDetail, episode: Episode) -> None:
        """Keep one scored episode."""
        condition, spent, found = detail.condition, detail.spent, detail.reputation
        self.kept.append(Kept(Played(episode, Cost(spent.tokens, spent.calls)), condition.seed, condition.milestones))
        if THIRD in condition.milestones and episode.deviation == BASELINE:
            self.budget = Budget(spent.max_tokens, spent.max_calls)
        if found is not None:
            series = record.trial.series or condition.protocol
            metadata = {"series": series, "task_id": detail.task.task_id, "deviation": condition.deviation,
                        "seed": condition.seed, "forced": found.forced}  # fmt: skip
            self.steps.append(Step(found.agent_id, found.update, metadata))

    def pairings(self) -> list[tuple[str, str]]:
        """Return the pairings, in the order of the records; methods without a sender have none."""
        senders = [one.played.episode for one in self.kept if one.played.episode.deviation != BASELINE]
        return list(dict.fromkeys((episode.cell.sender, episode.cell.receiver) for episode in senders)) or [("", "")]

    def seeds(self) -> list[int]:
        """Return the seeds, sorted, as those of files are (across_seeds.seeds_in)."""
        return sorted({one.seed for one in self.kept})

    def of(self, milestone: str, pairing: tuple[str, str], seed: int | None = None) -> list[Played]:
        """Return the episodes of a milestone that a pairing played, of one seed or of all; baselines serve all.

        `milestone` empty: the controls, which belong to none.
        """
        return [
            one.played
            for one in self.kept
            if (milestone in one.milestones if milestone else not one.milestones)
            and (seed is None or one.seed == seed)
            and _belongs(one.played.episode, pairing)
        ]


def _belongs(episode: Episode, pairing: tuple[str, str]) -> bool:
    return episode.deviation == BASELINE or (episode.cell.sender, episode.cell.receiver) == pairing


def episodes_of(played: Iterable[Played]) -> list[Episode]:
    """Return the episodes alone."""
    return [one.episode for one in played]


def by_protocol(episodes: Sequence[Episode], order: Sequence[str]) -> dict[str, list[Episode]]:
    """Return protocol -> episodes of senders, in the given order, other protocols last."""
    found: dict[str, list[Episode]] = {name: [] for name in order}
    for episode in episodes:
        if episode.deviation != BASELINE:
            found.setdefault(episode.cell.protocol, []).append(episode)
    return {name: group for name, group in found.items() if group}


def pairing_folder(pairing: tuple[str, str], several: bool) -> str:
    """Return the folder of a pairing's results, with a final `/`; none if only one pairing played."""
    if not several:
        return ""
    sender, receiver = (re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._") or "model" for name in pairing)
    return f"pairings/{sender}--{receiver}/"
