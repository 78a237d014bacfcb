"""Everything that the episodes of one cell say: rates, gains, certificate, temptation, sensitivity, messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST, NO_MESSAGE, Cell, Episode, by_deviation
from arena.families.cheaptalk.metrics.gains import TOLERANCE, GainTable, behaved_table, gain_table, refusals
from arena.families.cheaptalk.metrics.messages import (
    Information,
    Lift,
    Override,
    followed,
    information,
    lift,
    override,
)
from arena.families.cheaptalk.metrics.pairs import Drawer
from arena.families.cheaptalk.metrics.rates import Rates, rates
from arena.families.cheaptalk.metrics.sensitivity import Sensitivity, SensitivityPoint, off_by, sensitivity
from arena.families.cheaptalk.metrics.temptation import BreakEven, break_even

BASELINE = "baseline"
"""The deviation of an episode that a method of milestone 3 played: no sender, so nothing to gain."""
NO_SETTING = "the constants of the payoff are not known"


@dataclass(frozen=True, slots=True)
class Messages:
    """The effect of the messages of one deviation. `lift`, `override` are None without episodes that had no message."""

    lift: Lift | None
    override: Override | None
    information: Information | None
    followed: float | None


@dataclass(frozen=True, slots=True)
class CellFindings:
    """The findings of one cell.

    `rates`, `messages`: by deviation, controls included. `gains`, `behaved`: None if nothing can be paired.
    `sensitivity` is empty if `no_sensitivity` says why. `refused`: deviation -> (refused, checked).
    """

    cell: Cell
    rates: Mapping[str, Rates]
    gains: GainTable | None
    behaved: GainTable | None
    refused: Mapping[str, tuple[int, int]]
    break_even: BreakEven | None
    sensitivity: Sequence[Sensitivity]
    no_sensitivity: str
    messages: Mapping[str, Messages]

    @property
    def honest(self) -> Rates | None:
        """The rates of honest senders; None without any."""
        return self.rates.get(HONEST)

    @property
    def is_baseline(self) -> bool:
        """Return whether a method without a sender played these episodes."""
        return set(self.rates) == {BASELINE}


def cell_findings(
    cell: Cell, episodes: Sequence[Episode], alone: Sequence[Episode], drawer: Drawer, setting: SensitivityPoint | None
) -> CellFindings:
    """Return the findings about the episodes of a cell.

    `alone`: episodes without a message that the cell is compared with. `setting`: the constants of the run's payoff,
    None if they are not known.
    """
    groups = by_deviation(episodes)
    senders = [episode for episode in episodes if episode.deviation != BASELINE]
    varied, why = _sensitivity(senders, setting)
    return CellFindings(
        cell=cell,
        rates={name: rates(group) for name, group in groups.items()},
        gains=gain_table(cell, senders, drawer),
        behaved=behaved_table(cell, senders, drawer) if any(e.behaved is not None for e in senders) else None,
        refused=refusals(senders),
        break_even=_break_even(senders, drawer, setting),
        sensitivity=varied,
        no_sensitivity=why,
        messages={
            name: _messages(group, alone) for name, group in groups.items() if name not in (BASELINE, NO_MESSAGE)
        },
    )


def _break_even(episodes: Sequence[Episode], drawer: Drawer, setting: SensitivityPoint | None) -> BreakEven | None:
    """Return the break-even bonus; None if it needs the constants of the payoff and they are not known."""
    weighed = any(e.outlay.bonus and e.outlay.reputation is not None for e in episodes)
    return None if setting is None and weighed else break_even(episodes, drawer, setting)


def _sensitivity(episodes: Sequence[Episode], setting: SensitivityPoint | None) -> tuple[Sequence[Sensitivity], str]:
    played = [episode for episode in episodes if episode.deviation not in CONTROLS]
    if setting is None:
        return (), NO_SETTING
    off = off_by(played, setting)
    if off > TOLERANCE:
        return (), f"stored parts miss stored payoffs by up to {off:.3g}"
    return sensitivity(played, setting), ""


def _messages(group: Sequence[Episode], alone: Sequence[Episode]) -> Messages:
    return Messages(
        lift=lift(alone, group) if alone else None,
        override=override(alone, group) if alone else None,
        information=information(group),
        followed=followed(group),
    )
