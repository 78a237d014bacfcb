"""The family's fact groups: the rates of any group of episodes, and comparisons of episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.cheaptalk.findings.as_json import findings_json, rates_json
from arena.families.cheaptalk.findings.run import RunFindings, Statistician
from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.metrics.rates import rates
from arena.records import Json, Record

Read = Callable[[Record], Episode | None]
"""Return the episode of a record; None if it is not scored, so that no figure counts it."""


@dataclass(slots=True)
class LastRead:
    """Reads each record once, however many groups of facts ask for it one after the other."""

    read: Read
    _record: Record | None = None
    _episode: Episode | None = None

    def __call__(self, record: Record) -> Episode | None:
        if record is not self._record:
            self._record, self._episode = record, self.read(record)
        return self._episode


@dataclass(slots=True)
class EpisodeRates:
    """Rates over a group of episodes: `rates` in summary.json and in each group of it; null without any episode."""

    name: ClassVar[str] = "rates"
    columns: ClassVar[Sequence[str]] = (
        "predicted",
        "asserted",
        "penalty",
        "verified_false",
        "behaved",
    )

    read: Read
    episodes: list[Episode] = field(default_factory=list)

    def add(self, record: Record) -> None:
        episode = self.read(record)
        if episode is not None:
            self.episodes.append(episode)

    def merge(self, other: EpisodeRates) -> None:
        """Add the counts of another one."""
        self.episodes += other.episodes

    def to_json(self) -> Json:
        return rates_json(rates(self.episodes)) if self.episodes else None

    def cells(self, record: Record) -> list[Json]:
        episode = self.read(record)
        if episode is None:
            return [None] * len(self.columns)
        predicted, asserted, outlay = episode.predicted, episode.asserted, episode.outlay
        return [
            None if predicted is None else predicted.value,
            None if asserted is None else asserted.value,
            outlay.penalty,
            int(outlay.verification_failed),
            None if episode.behaved is None else int(episode.behaved),
        ]


@dataclass(slots=True)
class Incentives:
    """Comparisons of episodes: `incentives` in summary.json and in its groups.

    Null for a single claim, on which nothing can be resampled, and for a single condition, which `rates` describes.
    """

    name: ClassVar[str] = "incentives"
    columns: ClassVar[Sequence[str]] = ()

    read: Read
    statistician: Statistician
    episodes: list[Episode] = field(default_factory=list)

    def add(self, record: Record) -> None:
        episode = self.read(record)
        if episode is not None:
            self.episodes.append(episode)

    def merge(self, other: Incentives) -> None:
        """Add the counts of another one."""
        self.episodes += other.episodes

    def findings(self) -> RunFindings | None:
        """Return the findings of this group; None if there are none."""
        tasks, deviations = ({getattr(one, name) for one in self.episodes} for name in ("task", "deviation"))
        if min(len(tasks), len(deviations)) < 2:
            return None
        return self.statistician.findings(self.episodes)

    def to_json(self) -> Json:
        found = self.findings()
        return None if found is None else findings_json(found, self.statistician.rules.protocols)

    def cells(self, record: Record) -> list[Json]:
        return []
