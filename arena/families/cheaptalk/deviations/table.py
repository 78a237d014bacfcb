"""The deviations: one row each."""

from __future__ import annotations

from arena.families.cheaptalk.deviations import (
    honest,
    lie,
    lie_when_hard,
    low_effort,
    milk,
    no_evidence,
    persuasion_only,
    whitewash,
    withhold,
)
from arena.families.cheaptalk.deviations.deviation import Conduct, Deviation, Moment
from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST

_ROWS: tuple[Deviation, ...] = (
    honest.DEVIATION,
    no_evidence.DEVIATION,
    lie.DEVIATION,
    withhold.DEVIATION,
    persuasion_only.DEVIATION,
    low_effort.DEVIATION,
    milk.DEVIATION,
    whitewash.DEVIATION,
    lie_when_hard.DEVIATION,
)

DEVIATIONS: dict[str, Deviation] = {row.name: row for row in _ROWS}
"""Name -> deviation, in the order of tables."""

BASELINE = "baseline"
"""Replaces the deviation of an episode without a sender: a method of milestone 3."""


def acted(name: str, moment: Moment) -> str:
    """Return the plain deviation that a sender acts out in one episode. Controls are played honestly."""
    if name in CONTROLS:
        return HONEST
    condition = DEVIATIONS[name].acts
    return name if condition is None else condition(moment)


def behaved(name: str, conduct: Conduct) -> bool | None:
    """Return whether a sender followed the plain deviation `name`; None if that is unknown."""
    check = DEVIATIONS[name].behaved
    return None if check is None else check(conduct)
