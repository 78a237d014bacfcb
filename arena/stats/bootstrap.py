"""Bootstrap intervals that resample whole clusters (challenges, claims, series), percentile and BCa. Pure and seeded.

Matches of one challenge are alike, so challenges are drawn, each with all its matches: A. C. Davison and D. V.
Hinkley, "Bootstrap Methods and their Application" (Cambridge 1997), section 3.8. The statistic is the mean over all
matches, a ratio of two cluster sums. All columns share the drawn indices, which keeps them comparable and the work
small.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import NormalDist
from typing import NamedTuple

from arena.stats.intervals import quantile, student_t_quantile

Interval = tuple[float, float]
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity by cluster: `sums[i]` over the `sizes[i]` >= 1 values of cluster i. Integers stay exact."""

    sums: Sequence[float]
    sizes: Sequence[int]

    def mean(self) -> float:
        """Return the mean over all values of all clusters."""
        return sum(self.sums) / sum(self.sizes)


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """Intervals of one column. `bca` is None if it is undefined, and `bca_undefined` says why."""

    percentile: Interval
    bca: Interval | None
    bca_undefined: str = ""


def resampled_indices(clusters: int, resamples: int, seed: int | str) -> Iterator[list[int]]:
    """Yield `resamples` lists of `clusters` indices drawn with replacement.

    Only `random.Random.random` is used, whose sequence for a seed Python promises to keep between versions.
    """
    draw = random.Random(seed).random
    each = range(clusters)
    for _ in range(resamples):
        yield [int(draw() * clusters) for _ in each]


def replicates(columns: Sequence[Column], draws: Iterable[Sequence[int]]) -> list[list[float]]:
    """Return for each column its mean in every resample, in the order of `draws`.

    All columns have the same clusters, two or more. Raises ValueError otherwise.
    """
    if not columns:
        return []
    clusters = len(columns[0].sums)
    if clusters < 2 or any(len(c.sums) != clusters or len(c.sizes) != clusters for c in columns):
        raise ValueError("resampling needs two clusters or more, the same in all columns")
    out: list[list[float]] = [[] for _ in columns]
    by_sizes: dict[tuple[int, ...], list[int]] = {}
    for place, column in enumerate(columns):
        by_sizes.setdefault(tuple(column.sizes), []).append(place)
    groups = []
    for sizes, members in by_sizes.items():
        whole = [place for place in members if all(type(value) is int for value in columns[place].sums)]
        plain = [(out[place].append, columns[place].sums) for place in members if place not in whole]
        constant = clusters * sizes[0] if min(sizes) == max(sizes) else None
        sums = [columns[place].sums for place in whole]
        groups.append((sizes, constant, plain, [out[place].append for place in whole], _Packed.of(sums)))  # type: ignore[arg-type]  # whole numbers
    for indices in draws:
        take = itemgetter(*indices)
        for sizes, constant, plain, adds, packed in groups:
            total = constant or sum(take(sizes))
            for add, values in plain:
                add(sum(take(values)) / total)
            if adds:
                rest = sum(take(packed.values))
                for add in adds:
                    add(((rest & packed.mask) + packed.least) / total)
                    rest >>= packed.bits
    return out


class _Packed(NamedTuple):
    """Columns of whole numbers as one: each has its own bits in `values`, so that one sum adds up all of them.

    A sum over as many values as there are clusters is the column's bits (`mask`, the next by a shift of `bits`) plus
    `least`.
    """

    values: list[int]
    bits: int
    mask: int
    least: int

    @classmethod
    def of(cls, columns: Sequence[Sequence[int]]) -> _Packed:
        ends = [end for column in columns for end in (min(column), max(column))]
        low, clusters = min(ends, default=0), len(columns[0]) if columns else 0
        bits = (clusters * (max(ends, default=0) - low)).bit_length()
        rows = zip(*columns, strict=True)
        values = [sum((value - low) << bits * place for place, value in enumerate(row)) for row in rows]
        return cls(values, bits, (1 << bits) - 1, clusters * low)


def expanded_level(clusters: int, level: float = 0.95) -> float:
    """Return the level at which to read replicates of a mean so that the interval covers `level` in small samples.

    Plain percentile intervals are too narrow: by sqrt((n - 1)/n), since a resample's variance has divisor n, and by the
    normal in place of the t quantile. T. C. Hesterberg, "What teachers should know about the bootstrap", The American
    Statistician 69 (2015), 371-386, section 4.1 (expanded percentile interval).
    """
    if clusters < 2:
        raise ValueError("an interval needs two clusters or more")
    t = student_t_quantile((1 + level) / 2, clusters - 1)
    return 1 - 2 * _NORMAL.cdf(-math.sqrt(clusters / (clusters - 1)) * t)


def intervals(column: Column, resampled: Sequence[float], level: float = 0.95, units: str = "clusters") -> Bootstrapped:
    """Return the percentile and BCa intervals of a column's mean from its replicates; `units`: what readers call the
    clusters.

    B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82 (1987),
    171-185; bias correction and acceleration as in B. Efron and R. Tibshirani, "An Introduction to the Bootstrap"
    (1993), section 14.3, equations 14.9, 14.14 and 14.15, the jackknife leaving out whole clusters. Replicates equal to
    the estimate count by half in the bias correction, since scores have ties.
    """
    ordered = sorted(resampled)
    tail = (1 - level) / 2
    percentile = quantile(ordered, tail), quantile(ordered, 1 - tail)
    estimate = column.mean()
    below = sum(value < estimate for value in ordered)
    equal = sum(value == estimate for value in ordered)
    share = (below + equal / 2) / len(ordered)
    acceleration = jackknife_acceleration(column)
    if acceleration is None:
        return Bootstrapped(percentile, None, f"all {units} have the same difference")
    if tail <= 0:  # `expanded_level` of two clusters is 1 in floating point
        return Bootstrapped(percentile, None, f"two {units} are too few for it")
    if not 0 < share < 1:
        return Bootstrapped(percentile, None, "all resamples lie on one side of the estimate")
    bias = _NORMAL.inv_cdf(share)
    ends = []
    for z in (_NORMAL.inv_cdf(tail), _NORMAL.inv_cdf(1 - tail)):
        scale = 1 - acceleration * (bias + z)
        if scale <= 0:
            return Bootstrapped(percentile, None, "the acceleration is too large for this level")
        ends.append(quantile(ordered, _NORMAL.cdf(bias + (bias + z) / scale)))
    return Bootstrapped(percentile, (ends[0], ends[1]))


def jackknife_acceleration(column: Column) -> float | None:
    """Return the acceleration of BCa, leaving out one cluster at a time; None if all leave the same mean."""
    sums, sizes = sum(column.sums), sum(column.sizes)
    left = [(sums - s) / (sizes - n) for s, n in zip(column.sums, column.sizes, strict=True)]
    middle = math.fsum(left) / len(left)
    # Rounding leaves tiny differences between equal means; they must not count as spread.
    hair = 1e-12 * max(1.0, max(abs(value) for value in left))
    apart = [middle - value for value in left]
    if max(abs(value) for value in apart) <= hair:
        return None
    squares = math.fsum(value * value for value in apart)
    return math.fsum(value * value * value for value in apart) / (6 * squares * math.sqrt(squares))
