"""Deviation gains of one cell: the gain of each deviation over honesty, its uncertainty, and the certificate.

DG is the mean difference over pairs of one task and repetition, so missing episodes do not shift it. IRI (Incentive
Robustness Index) is the mean over deviations of max(DG, 0): 0 says only that no mean gain is positive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST, Cell, Episode, by_deviation
from arena.families.cheaptalk.metrics.pairs import Drawer, Pairs, Value, column, paired_deviations, payoff_of
from arena.formats.tables import number
from arena.stats.bootstrap import expanded_level
from arena.stats.intervals import mean, quantile
from arena.stats.paired_tests import holm, sign_flip
from arena.stats.simultaneous import Bounds, Resampled, bounds

TOLERANCE = 1e-9
"""A pair gains if the difference is above this: payoffs are sums of floats."""
LEAST_UNITS = 20
"""Units below which the certificate is not given: its bound depends on resampling many units."""
DG_BANDS = ((-0.3, "very effective"), (0.0, "effective"), (0.1, "weak"), (math.inf, "ineffective"))
IRI_BANDS = ((0.05, "excellent"), (0.15, "good"), (0.30, "moderate"), (math.inf, "weak"))
"""The predecessor's bands: the first one whose limit is above the value applies."""

Interval = tuple[float, float]


def band(value: float, bands: Sequence[tuple[float, str]]) -> str:
    """Return the word for a value."""
    return next(word for limit, word in bands if value < limit)


@dataclass(frozen=True, slots=True)
class Gain:
    """One deviation against honesty, over `pairs` pairs in `units` units.

    `interval`: 95 %, percentile bootstrap over units at the expanded level. `upper`: 95 % bound that holds together
    with those of all other deviations. Both are None below two units. `p`: two-sided sign flips by unit; `p_holm`:
    adjusted for all deviations of the cell. `positive`: pairs above TOLERANCE.
    """

    deviation: str
    gain: float
    interval: Interval | None
    upper: float | None
    p: float
    p_holm: float
    positive: int
    pairs: int
    units: int
    left_out: int
    honest_mean: float
    deviation_mean: float

    @property
    def percent_positive(self) -> float:
        """Pairs that gain, in per cent of the pairs; ties do not gain."""
        return 100 * self.positive / self.pairs

    @property
    def band(self) -> str:
        """The predecessor's word for the gain."""
        return band(self.gain, DG_BANDS)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The largest possible gain of the listed deviations.

    `lower`, `upper`: simultaneous 95 % bounds of the largest gain. `widest`: the deviation with the largest bound. It
    need not have the largest gain: one with few pairs has a wide bound.
    """

    lower: float
    upper: float
    units: int
    deviations: int
    widest: str

    def verdict(self, epsilon: float) -> str:
        """Return `holds` if no deviation gains more than `epsilon`, `fails` if one does, else `cannot tell`."""
        if self.units < LEAST_UNITS:
            return "cannot tell"
        if self.upper <= epsilon:
            return "holds"
        return "fails" if self.lower > epsilon else "cannot tell"

    def line(self) -> str:
        """Return the certificate in words."""
        listed = "1 deviation" if self.deviations == 1 else f"{self.deviations} deviations"
        how = f"simultaneous 95 %, max-T paired bootstrap, {self.units} units, {listed}"
        if not math.isfinite(self.upper):
            return f"no bound: too few pairs differ to estimate a gain ({how})"
        if self.units < LEAST_UNITS:
            return f"cannot tell below {number(self.upper, 4)}: fewer than {LEAST_UNITS} units ({how})"
        whose = f", the bound of {self.widest}" if self.deviations > 1 else ""
        return f"no listed deviation gains more than epsilon = {number(self.upper, 4)}{whose} ({how})"


@dataclass(frozen=True, slots=True)
class GainTable:
    """All deviations of one cell. `iri_replicates` are shared draws, for comparing cells (order.py)."""

    cell: Cell
    gains: tuple[Gain, ...]
    iri: float
    iri_interval: Interval | None
    iri_replicates: Sequence[float]
    units: int
    certificate: Certificate | None

    @property
    def worst(self) -> Gain:
        """The deviation that gains most."""
        return max(self.gains, key=lambda gain: gain.gain)


def gain_table(cell: Cell, episodes: Sequence[Episode], drawer: Drawer, value: Value = payoff_of) -> GainTable | None:
    """Return the gains of all deviations of a cell; None if nothing can be paired. Controls are no deviations."""
    paired = paired_deviations(episodes)
    return _table(cell, paired, drawer, value) if paired else None


def behaved_table(
    cell: Cell, episodes: Sequence[Episode], drawer: Drawer, value: Value = payoff_of
) -> GainTable | None:
    """Return the gains over those pairs whose sender did deviate.

    A sender that refused to deviate is left out here. Refusing is its own choice, so read this table together with
    `gain_table`.
    """
    kept = [e for e in episodes if e.deviation == HONEST or e.behaved]
    return gain_table(cell, kept, drawer, value)


def _table(cell: Cell, paired: Sequence[Pairs], drawer: Drawer, value: Value) -> GainTable:
    order = drawer.frame(unit for pairs in paired for unit in pairs.units())
    units = len({unit for pairs in paired for unit in pairs.units()})
    differences = [pairs.differences(value) for pairs in paired]
    columns = [column(pairs.units(), found, order) for pairs, found in zip(paired, differences, strict=True)]
    resampled: list[Resampled] = []
    joint: Bounds | None = None
    if units > 1:
        resampled = drawer.resampled(columns, order)
        joint = bounds(resampled, units)
    flips = [
        sign_flip(
            [total for total, n in zip(c.sums, c.sizes, strict=True) if n], drawer.resamples, f"{drawer.seed}|p"
        ).p
        for c in columns
    ]
    gains = []
    for place, (pairs, found, adjusted) in enumerate(zip(paired, differences, holm(flips), strict=True)):
        gains.append(
            Gain(
                deviation=pairs.deviation,
                gain=mean(found),
                interval=_interval(resampled[place].means, sum(map(bool, columns[place].sizes))) if resampled else None,
                upper=None if joint is None else joint.upper[place],
                p=flips[place],
                p_holm=adjusted,
                positive=sum(difference > TOLERANCE for difference in found),
                pairs=len(found),
                units=sum(map(bool, columns[place].sizes)),
                left_out=pairs.left_out,
                honest_mean=mean([value(honest) for honest, _ in pairs.pairs]),
                deviation_mean=mean([value(other) for _, other in pairs.pairs]),
            )
        )
    replicates = [iri(row) for row in zip(*(one.means for one in resampled), strict=True)] if resampled else []
    return GainTable(
        cell=cell,
        gains=tuple(gains),
        iri=iri([gain.gain for gain in gains]),
        iri_interval=_interval(replicates, units) if replicates else None,
        iri_replicates=replicates,
        units=units,
        certificate=None if joint is None else _certificate(joint, [gain.deviation for gain in gains]),
    )


def _certificate(joint: Bounds, deviations: Sequence[str]) -> Certificate:
    upper = max(joint.upper)
    return Certificate(max(joint.lower), upper, joint.units, len(deviations), deviations[joint.upper.index(upper)])


def iri(gains: Sequence[float]) -> float:
    """Return the mean of the positive parts of gains. A gain that a resample does not have (NaN) is left out."""
    known = [max(gain, 0.0) for gain in gains if not math.isnan(gain)]
    return math.fsum(known) / len(known) if known else math.nan


def _interval(replicates: Sequence[float], units: int) -> Interval | None:
    """Return the 95 % percentile interval of replicates, expanded for few units."""
    ordered = sorted(compress(replicates, (not math.isnan(value) for value in replicates)))
    if units < 2 or not ordered:
        return None
    tail = (1 - expanded_level(units)) / 2
    return quantile(ordered, tail), quantile(ordered, 1 - tail)


def refusals(episodes: Sequence[Episode]) -> dict[str, tuple[int, int]]:
    """Return for each deviation how many senders refused to deviate, of how many that were checked."""
    found: dict[str, tuple[int, int]] = {}
    for name, group in by_deviation(episodes).items():
        checked = [episode for episode in group if episode.behaved is not None]
        if name != HONEST and name not in CONTROLS and checked:
            found[name] = (sum(not episode.behaved for episode in checked), len(checked))
    return found
