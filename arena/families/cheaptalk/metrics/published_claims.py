"""The predecessor's claims and bands, tested on one's own episodes: holds, fails, or cannot tell.

A claim holds or fails if the whole 95 % interval of its figure is on one side of its limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.episodes import HONEST, Episode
from arena.families.cheaptalk.metrics.gains import GainTable
from arena.families.cheaptalk.metrics.order import CANNOT_TELL, FAILS, HOLDS, order_test
from arena.families.cheaptalk.metrics.pairs import column, pair
from arena.stats.intervals import clustered_mean_interval, wilson

MOST_IRI, MOST_POSITIVE, LEAST_COMPLIANCE, ACCURACY_MARGIN = 0.1, 0.25, 0.9, 0.05

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim, its verdict, and the figure behind it. `figure` is None if the episodes have none."""

    claim: str
    verdict: str
    figure: float | None
    interval: Interval | None = None


def below(claim: str, figure: float, interval: Interval | None, limit: float) -> ClaimVerdict:
    """Return the verdict on "the figure is below the limit"."""
    if interval is None:
        return ClaimVerdict(claim, CANNOT_TELL, figure)
    verdict = HOLDS if interval[1] < limit else FAILS if interval[0] >= limit else CANNOT_TELL
    return ClaimVerdict(claim, verdict, figure, interval)


def above(claim: str, figure: float, interval: Interval | None, limit: float) -> ClaimVerdict:
    """Return the verdict on "the figure is above the limit"."""
    if interval is None:
        return ClaimVerdict(claim, CANNOT_TELL, figure)
    verdict = HOLDS if interval[0] > limit else FAILS if interval[1] <= limit else CANNOT_TELL
    return ClaimVerdict(claim, verdict, figure, interval)


def on_gains(table: GainTable) -> list[ClaimVerdict]:
    """Return the verdicts on one protocol's gains: each DG below 0, few pairs that gain, a small index."""
    name = table.cell.protocol
    found = [below(f"{name}: DG({gain.deviation}) < 0", gain.gain, gain.interval, 0.0) for gain in table.gains]
    for gain in table.gains:
        share = gain.positive / gain.pairs
        claim = f"{name}: % DG > 0 of {gain.deviation} < {100 * MOST_POSITIVE:g} %"
        found.append(below(claim, share, wilson(gain.positive, gain.pairs), MOST_POSITIVE))
    return [*found, below(f"{name}: IRI < {MOST_IRI:g}", table.iri, table.iri_interval, MOST_IRI)]


def on_compliance(name: str, episodes: Sequence[Episode]) -> ClaimVerdict:
    """Return the verdict on honest senders giving evidence nearly always."""
    honest = [episode for episode in episodes if episode.deviation == HONEST]
    claim = f"{name}: honest evidence compliance > {LEAST_COMPLIANCE:g}"
    if not honest:
        return ClaimVerdict(claim, CANNOT_TELL, None)
    given = sum(episode.shown.provided for episode in honest)
    return above(claim, given / len(honest), wilson(given, len(honest)), LEAST_COMPLIANCE)


def on_accuracy(name: str, honest: Sequence[Episode], baselines: Mapping[str, Sequence[Episode]]) -> ClaimVerdict:
    """Return the verdict on accuracy within ACCURACY_MARGIN of the best baseline, pair by pair.

    The best baseline is chosen by its accuracy on the same episodes, which favours it, so a claim that holds is safe.
    """
    paired = {method: found for method, group in baselines.items() if (found := pair(method, group, honest)).pairs}
    if not paired:
        return ClaimVerdict(f"{name}: accuracy within {ACCURACY_MARGIN:g} of the best baseline", CANNOT_TELL, None)

    def accuracy(method: str) -> float:
        pairs = paired[method].pairs
        return math.fsum(baseline.right for baseline, _ in pairs) / len(pairs)

    best = max(paired, key=accuracy)
    differences = paired[best].differences(lambda episode: float(episode.right))
    units = [episode.task for episode, _ in paired[best].pairs]
    summed = column(units, differences, list(dict.fromkeys(units)))
    interval = clustered_mean_interval(list(zip(summed.sums, summed.sizes, strict=True)))
    claim = f"{name}: accuracy within {ACCURACY_MARGIN:g} of the best baseline ({best})"
    return above(claim, math.fsum(differences) / len(differences), interval, -ACCURACY_MARGIN)


def on_order(tables: Sequence[GainTable]) -> ClaimVerdict:
    """Return the verdict on the index not rising from the loosest protocol to the strictest."""
    found = order_test(tables)
    names = " <= ".join(f"IRI({table.cell.protocol})" for table in reversed(tables))
    return ClaimVerdict(names, found.verdict, min(step.difference for step in found.steps))
