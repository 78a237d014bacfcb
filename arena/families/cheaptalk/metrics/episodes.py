"""One finished episode as the metrics see it, and the cells that tables group by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from arena.families.cheaptalk.claim import Label

HONEST = "honest"
NO_MESSAGE, SHUFFLED_MESSAGE = "no_message", "shuffled_message"
CONTROLS = frozenset({NO_MESSAGE, SHUFFLED_MESSAGE})
"""Conditions that are no deviation of a sender: they have no gain."""


class Cell(NamedTuple):
    """The condition whose deviations are compared: protocol and who plays."""

    protocol: str
    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class Outlay:
    """The parts of a sender's payoff: payoff = quality + bonus - lambda * cost - mu * penalty, before reputation.

    `bonus`: paid for the adopted target. `reputation`: None if the payoff was not weighted by it.
    """

    payoff: float
    quality: float = 0.0
    cost: float = 0.0
    penalty: float = 0.0
    bonus: float = 0.0
    reputation: float | None = None
    verification_failed: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The evidence of an episode. None if there is no gold text to compare with."""

    provided: bool
    match: float | None = None
    fever: bool | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One finished episode.

    `series` is common to episodes that depend on each other (P3); without one the task
    is the unit. `predicted`: the receiver's label, `asserted`: the sender's; None if unparsable. `adopted`: whether
    the receiver decided for the target label that a bonus would be paid for. `behaved`: whether the sender followed
    its deviation; None if that was not checked.
    """

    task: str
    cell: Cell
    deviation: str
    truth: Label
    predicted: Label | None
    asserted: Label | None
    outlay: Outlay
    shown: Shown
    receiver_payoff: float = 0.0
    adopted: bool = False
    behaved: bool | None = None
    repetition: int = 0
    series: str | None = None

    @property
    def right(self) -> bool:
        """Return whether the receiver decided for the truth."""
        return self.predicted is self.truth

    @property
    def unit(self) -> str:
        """The unit that resampling draws: the series if there is one, else the task."""
        return self.task if self.series is None else f"series {self.series}"


def by_cell(episodes: Iterable[Episode]) -> dict[Cell, list[Episode]]:
    """Return the episodes of each cell, cells in the order in which they first occur."""
    cells: dict[Cell, list[Episode]] = {}
    for episode in episodes:
        cells.setdefault(episode.cell, []).append(episode)
    return cells


def by_deviation(episodes: Iterable[Episode]) -> dict[str, list[Episode]]:
    """Return the episodes of each deviation, in the order in which they first occur."""
    found: dict[str, list[Episode]] = {}
    for episode in episodes:
        found.setdefault(episode.deviation, []).append(episode)
    return found
