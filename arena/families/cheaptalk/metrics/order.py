"""The order test: is IRI(P3) <= IRI(P2) <= IRI(P1)? Holds, fails, or cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.gains import TOLERANCE, GainTable
from arena.stats.bootstrap import expanded_level
from arena.stats.intervals import quantile

HOLDS, FAILS, CANNOT_TELL = "holds", "fails", "cannot tell"


@dataclass(frozen=True, slots=True)
class Step:
    """IRI of the looser protocol minus that of the stricter one, with an interval that covers all steps together."""

    looser: str
    stricter: str
    difference: float
    interval: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """`holds` if the whole interval is at 0 or above, `fails` if it is below 0."""
        if self.interval is None:
            return CANNOT_TELL
        if self.interval[0] >= -TOLERANCE:
            return HOLDS
        return FAILS if self.interval[1] < -TOLERANCE else CANNOT_TELL


@dataclass(frozen=True, slots=True)
class OrderTest:
    """The steps from the loosest protocol to the strictest, and the verdict on all of them."""

    steps: tuple[Step, ...]

    @property
    def verdict(self) -> str:
        verdicts = {step.verdict for step in self.steps}
        return FAILS if FAILS in verdicts else CANNOT_TELL if CANNOT_TELL in verdicts else HOLDS


def order_test(tables: Sequence[GainTable]) -> OrderTest:
    """Test that IRI does not rise along the tables, given from the loosest protocol to the strictest.

    Joint 95 % by Bonferroni over the steps; percentile intervals of the difference of replicates. Tables over the same
    frame of tasks (pairs.Drawer) share their draws, so their difference is paired; series are drawn apart. The index
    has a kink at 0: if gains are about 0, intervals are too wide rather than too narrow, and the verdict is
    `cannot tell`. Raises ValueError below two tables.
    """
    if len(tables) < 2:
        raise ValueError("an order needs two protocols or more")
    level = 1 - 0.05 / (len(tables) - 1)
    return OrderTest(tuple(_step(one, other, level) for one, other in zip(tables, tables[1:], strict=False)))


def _step(looser: GainTable, stricter: GainTable, level: float) -> Step:
    interval = None
    units = min(looser.units, stricter.units)
    replicates = list(zip(looser.iri_replicates, stricter.iri_replicates, strict=False))
    ordered = sorted(one - other for one, other in replicates if not (math.isnan(one) or math.isnan(other)))
    if units > 1 and ordered:
        tail = (1 - expanded_level(units, level)) / 2
        interval = (quantile(ordered, tail), quantile(ordered, 1 - tail))
    return Step(looser.cell.protocol, stricter.cell.protocol, looser.iri - stricter.iri, interval)
