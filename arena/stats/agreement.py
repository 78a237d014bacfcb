"""Agreement of judgements: Krippendorff's alpha, quadratic weighted kappa, exact agreement. Pure and seeded.

All three are functions of pair counts, which add up over matches: `pairs_of` gives those of one match, so one pass
over a run of any size is enough. The key of a cell is the two grades themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from arena.stats.bootstrap import Column, Interval, replicates, resampled_indices
from arena.stats.intervals import quantile

Cells = dict[tuple[float, float], float]
"""(grade, other grade) -> weight."""

ORDINAL, INTERVAL = "ordinal", "interval"

MOST_UNDEFINED = 0.05
"""Share of resamples without an alpha (all their grades equal) above which no interval is given."""


def pairs_of(values: Sequence[float]) -> Cells:
    """Return the coincidences of one match: each ordered pair of judgements weighs 1 / (judgements - 1).

    `values` has only readable judgements; a match with fewer than two gives no pairs.
    K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), any number of observers, missing values.
    """
    cells: Cells = {}
    for one, other in combinations(values, 2):
        for pair in ((one, other), (other, one)):
            cells[pair] = cells.get(pair, 0.0) + 1 / (len(values) - 1)
    return cells


def add_cells(into: Cells, cells: Mapping[tuple[float, float], float]) -> None:
    """Add the weights of `cells` to those of `into`."""
    for pair, weight in cells.items():
        into[pair] = into.get(pair, 0.0) + weight


def alpha(cells: Mapping[tuple[float, float], float], metric: str) -> float | None:
    """Return Krippendorff's alpha of summed coincidences, `metric` being ORDINAL or INTERVAL.

    1 is perfect agreement, 0 that of chance, below 0 systematic disagreement. None if there are no pairs, or all
    grades are equal: without variation, agreement cannot be separated from chance.
    K. Krippendorff, "Content Analysis" (4th edition 2019), chapter 12, and the paper named in `pairs_of`: alpha = 1 -
    observed / expected disagreement, with the squared differences for ordinal and for interval data.
    """
    margins: dict[float, float] = {}
    for (one, _), weight in cells.items():
        margins[one] = margins.get(one, 0.0) + weight
    grades = sorted(grade for grade, weight in margins.items() if weight > 0)
    if len(grades) < 2:
        return None
    # Ordinal: the judgements from one grade to the other, those at the ends by half. Ranks turn that into a distance.
    place: Mapping[float, float] = {grade: grade for grade in grades}
    if metric == ORDINAL:
        passed, place = 0.0, {}
        for grade in grades:
            place[grade] = passed + margins[grade] / 2
            passed += margins[grade]
    total = sum(margins.values())
    observed = sum(w * (place[a] - place[b]) ** 2 for (a, b), w in cells.items() if a != b and w > 0)
    expected = 2 * sum(margins[a] * margins[b] * (place[a] - place[b]) ** 2 for a, b in combinations(grades, 2))
    return 1 - (total - 1) * observed / expected


def quadratic_kappa(cells: Mapping[tuple[float, float], float]) -> float | None:
    """Return Cohen's kappa with quadratic weights; `cells`: (grade of the first, of the second judge) -> matches.

    J. Cohen, "Weighted kappa: nominal scale agreement with provision for scaled disagreement or partial credit",
    Psychological Bulletin 70 (1968), 213-220; weights (i - j)^2. None without matches, or if both always give the same
    single grade.
    """
    first: dict[float, float] = {}
    second: dict[float, float] = {}
    for (one, other), weight in cells.items():
        first[one] = first.get(one, 0.0) + weight
        second[other] = second.get(other, 0.0) + weight
    total = sum(first.values())
    expected = sum(n * m * (a - b) ** 2 for a, n in first.items() for b, m in second.items())
    if not expected:
        return None
    return 1 - total * sum(w * (a - b) ** 2 for (a, b), w in cells.items()) / expected


def exact_share(cells: Mapping[tuple[float, float], float]) -> float | None:
    """Return the share of pairs with equal grades; None without pairs."""
    total = sum(cells.values())
    return sum(weight for (one, other), weight in cells.items() if one == other) / total if total else None


@dataclass(frozen=True, slots=True)
class AlphaIntervals:
    """95 % percentile intervals by metric. None if there is no interval; `undefined` says why."""

    ordinal: Interval | None
    interval: Interval | None
    undefined: str = ""


def alpha_intervals(
    clusters: Sequence[Mapping[tuple[float, float], float]], draws: Iterable[list[int]]
) -> AlphaIntervals:
    """Return intervals of alpha from resampled clusters; `clusters` has the summed coincidences of each challenge.

    `draws`: as of bootstrap.resampled_indices. The ordinary bootstrap over units: A. Zapf, S. Castell, L. Morawietz and
    A. Karch, "Measuring inter-rater reliability for nominal data - which coefficients and confidence intervals are
    appropriate?", BMC Medical Research Methodology 16 (2016), 93; whole challenges as in arena/stats/bootstrap.py.
    """
    names = sorted({pair for cells in clusters for pair in cells if pair[0] <= pair[1]})
    if len(clusters) < 2 or not names:
        return AlphaIntervals(None, None, "an interval needs two challenges or more with two judgements of a match")
    columns = [Column([cells.get(name, 0.0) for cells in clusters], [1] * len(clusters)) for name in names]
    means = replicates(columns, draws)
    found: dict[str, list[float]] = {ORDINAL: [], INTERVAL: []}
    count = 0
    for row in zip(*means, strict=True):
        count += 1
        # Column means are sums over the number of clusters, and alpha needs the sums.
        cells = {pair: mean * len(clusters) for pair, mean in zip(names, row, strict=True)}
        cells |= {(b, a): weight for (a, b), weight in cells.items()}
        for metric, values in found.items():
            value = alpha(cells, metric)
            if value is not None:
                values.append(value)
    if len(found[ORDINAL]) < count * (1 - MOST_UNDEFINED):
        return AlphaIntervals(None, None, "too many resamples have one grade only")
    return AlphaIntervals(_percentiles(found[ORDINAL]), _percentiles(found[INTERVAL]))


def _percentiles(values: Sequence[float]) -> Interval:
    ordered = sorted(values)
    return quantile(ordered, 0.025), quantile(ordered, 0.975)


def draws_for(clusters: int, seed: int | str) -> list[list[int]]:
    """Return the resamples that all intervals over the same clusters share: 1,000, fewer (200 at least) for more than
    1,000 clusters, whose intervals are narrow."""
    return list(resampled_indices(clusters, max(200, min(1000, 1_000_000 // clusters)), seed))
