"""Break-even temptation: the smallest bonus for an adopted target at which some deviation pays.

A fixed-behaviour figure: it adds the bonus to payoffs of episodes that were played without it, so it shows the payoff
of the same conduct, not a sender's conduct for a higher bonus. The bonus is added to the payoff, not weighted by
reputation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.metrics.pairs import Drawer, Value, column, paired_deviations
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint, payoff_under
from arena.stats.bootstrap import expanded_level

LABEL = "fixed behaviour"


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The smallest bonus and the deviation that it makes pay; None if no bonus does (infinite).

    `interval`: 95 % percentile bootstrap; an end is infinite if that share of resamples has no such bonus.
    `by_deviation`: each deviation's own bonus; infinite if it does not get the target adopted more than honesty.
    """

    bonus: float | None
    deviation: str | None
    interval: tuple[float, float] | None
    by_deviation: dict[str, float]
    units: int


def unpaid(episode: Episode, setting: SensitivityPoint | None) -> float:
    """Return the sender's payoff without a bonus.

    `setting`: the constants of the payoff, needed if the bonus was weighted by reputation. Raises ValueError if it is
    needed and missing.
    """
    parts = episode.outlay
    if not parts.bonus:
        return parts.payoff
    if parts.reputation is None:
        return parts.payoff - parts.bonus
    if setting is None:
        raise ValueError("a bonus weighted by reputation cannot be removed without the constants of the payoff")
    return payoff_under(replace(episode, outlay=replace(parts, bonus=0.0)), setting)


def adopted(episode: Episode) -> float:
    """Return 1 if the receiver adopted the target label, else 0."""
    return float(episode.adopted)


def break_even(
    episodes: Sequence[Episode], drawer: Drawer, setting: SensitivityPoint | None = None
) -> BreakEven | None:
    """Return the break-even bonus of the deviations of one cell; None if nothing can be paired.

    Errors: as `unpaid`.
    """
    paired = paired_deviations(episodes)
    if not paired:
        return None
    values: tuple[Value, Value] = (lambda episode: unpaid(episode, setting)), adopted
    order = drawer.frame(unit for pairs in paired for unit in pairs.units())
    columns = [column(pairs.units(), pairs.differences(value), order) for pairs in paired for value in values]
    means = [each.mean() for each in columns]
    own = {pairs.deviation: _bonus(means[2 * at], means[2 * at + 1]) for at, pairs in enumerate(paired)}
    best = min(own, key=lambda name: own[name])
    interval = None
    units = len({unit for pairs in paired for unit in pairs.units()})
    if units > 1:
        resampled = drawer.means(columns, order)
        lowest = sorted(
            min(_bonus(row[at], row[at + 1]) for at in range(0, len(row), 2)) for row in zip(*resampled, strict=True)
        )
        tail = (1 - expanded_level(units)) / 2
        interval = (_order_statistic(lowest, tail), _order_statistic(lowest, 1 - tail))
    found = own[best]
    finite = math.isfinite(found)
    return BreakEven(found if finite else None, best if finite else None, interval, own, units)


def _bonus(gain: float, more_adopted: float) -> float:
    """Return the bonus from which a deviation pays: gain + bonus * more_adopted >= 0."""
    if math.isnan(gain) or math.isnan(more_adopted):
        return math.inf
    if gain >= 0:
        return 0.0
    return -gain / more_adopted if more_adopted > 1e-12 else math.inf


def _order_statistic(ordered: Sequence[float], share: float) -> float:
    """Return a quantile without interpolation, since there is no value between a number and infinity."""
    return ordered[min(len(ordered) - 1, max(0, round(share * (len(ordered) - 1))))]
