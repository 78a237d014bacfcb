"""Simultaneous bounds for several means over the same units: the max-T bootstrap, studentised. Pure.

Units are clusters (claims, or series), drawn with all their values and for all columns together. So the bounds hold
jointly, whatever the dependence between the columns.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from arena.stats.bootstrap import Column

_HAIR = 1e-12
"""Relative size below which a variance is rounding, not spread."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """One column: its mean, the standard error of that, and both in every resample (NaN where a resample has none)."""

    mean: float
    error: float
    means: Sequence[float]
    errors: Sequence[float]


@dataclass(frozen=True, slots=True)
class Bounds:
    """One-sided bounds; each set holds for all columns at once with the requested level.

    Infinite if the resamples do not suffice.
    """

    means: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    units: int
    resamples: int


def resample(columns: Sequence[Column], draws: Iterable[Sequence[int]]) -> list[Resampled]:
    """Return mean and cluster-robust standard error of each column, in the data and in every resample.

    A unit may have no values in a column (size 0, sum 0). The mean is the ratio of sums; its variance the
    cluster-robust one with m / (m - 1): K.-Y. Liang and S. L. Zeger, Biometrika 73 (1986), 13-22. Raises ValueError
    below two units.
    """
    units = _require_units(columns)
    parts = [_Parts(column) for column in columns]
    found = [([], []) for _ in columns]  # type: list[tuple[list[float], list[float]]]
    for indices in draws:
        take = itemgetter(*indices)
        for part, (means, errors) in zip(parts, found, strict=True):
            mean, error = part.of(take)
            means.append(mean)
            errors.append(error)
    whole = itemgetter(*range(units))
    return [Resampled(*part.of(whole), means, errors) for part, (means, errors) in zip(parts, found, strict=True)]


def resampled_means(columns: Sequence[Column], draws: Iterable[Sequence[int]]) -> list[list[float]]:
    """Return only the means of `resample`: the same numbers for less work. Raises ValueError below two units."""
    _require_units(columns)
    parts = [_Parts(column) for column in columns]
    found: list[list[float]] = [[] for _ in columns]
    for indices in draws:
        take = itemgetter(*indices)
        for part, means in zip(parts, found, strict=True):
            means.append(part.mean_of(take))
    return found


def _require_units(columns: Sequence[Column]) -> int:
    """Return the number of units of columns. Raises ValueError below two, and if columns differ in it."""
    units = len(columns[0].sums) if columns else 0
    if units < 2 or any(len(c.sums) != units or len(c.sizes) != units or sum(c.sizes) < 1 for c in columns):
        raise ValueError("bounds need two units or more, the same in all columns, and values in every column")
    return units


class _Parts:
    """The per-unit products whose sums give mean and error of a column; fewer where all units have one size."""

    def __init__(self, column: Column) -> None:
        self._units = len(column.sums)
        # Centred on the mean, so that squares of large payoffs do not hide the spread in rounding.
        self._centre = sum(column.sums) / sum(column.sizes)
        self._values = [s - self._centre * n for s, n in zip(column.sums, column.sizes, strict=True)]
        self._squares = [value * value for value in self._values]
        self._floor = _HAIR * max(1.0, self._centre * self._centre) * self._units
        self._size = column.sizes[0] if min(column.sizes) == max(column.sizes) else 0
        self._sizes = column.sizes
        # If no unit has two values, crossed products equal the values, and squares of sizes equal the sizes.
        self._single = max(column.sizes) == 1
        self._crossed = [value * n for value, n in zip(self._values, column.sizes, strict=True)]
        self._size_squares = [n * n for n in column.sizes]

    def of(self, take: itemgetter[tuple[float, ...]]) -> tuple[float, float]:
        """Return mean and standard error over the units that `take` takes; NaN for both without any value."""
        total, squares = sum(take(self._values)), sum(take(self._squares))
        if self._size:
            size = float(self._units * self._size)
            apart = total / size
            spread = squares - apart * self._size * total
        else:
            size = float(sum(take(self._sizes)))
            if not size:
                return math.nan, math.nan
            apart = total / size
            crossed, size_squares = total, size
            if not self._single:
                crossed, size_squares = sum(take(self._crossed)), sum(take(self._size_squares))
            spread = squares - 2 * apart * crossed + apart * apart * size_squares
        if spread <= self._floor:
            return self._centre + apart, 0.0
        return self._centre + apart, math.sqrt(spread * self._units / (self._units - 1)) / size

    def mean_of(self, take: itemgetter[tuple[float, ...]]) -> float:
        """Return the mean of `of`."""
        size = self._units * self._size or sum(take(self._sizes))
        return self._centre + sum(take(self._values)) / float(size) if size else math.nan


def bounds(columns: Sequence[Resampled], units: int, level: float = 0.95) -> Bounds:
    """Return one-sided bounds that hold for all columns together.

    The largest studentised deviation over the columns gives the critical value (max-T): P. H. Westfall and S. S. Young,
    "Resampling-Based Multiple Testing" (1993), section 2.3; as confidence bounds J. P. Romano and M. Wolf, "Exact and
    approximate stepdown methods for multiple hypothesis testing", Journal of the American Statistical Association 100
    (2005), 94-108, section 4. Studentised with each resample's own error (bootstrap-t): P. Hall, "Theoretical
    comparison of bootstrap confidence intervals", Annals of Statistics 16 (1988), 927-953. Deviations are compared by
    their rank within their own column, so that each column has its own critical value: a column with few different
    values, whose resamples may have almost no spread, does not widen the bounds of the others (R. Beran, "Balanced
    simultaneous confidence sets", Journal of the American Statistical Association 83 (1988), 679-686).
    """
    ratios = [
        [_ratio(column.mean, mean, error) for mean, error in zip(column.means, column.errors, strict=True)]
        for column in columns
    ]
    opposite = [[-ratio if math.isfinite(ratio) else math.inf for ratio in column] for column in ratios]
    high, low = _critical(ratios, level), _critical(opposite, level)
    return Bounds(
        means=tuple(column.mean for column in columns),
        lower=tuple(column.mean - _times(value, column.error) for column, value in zip(columns, low, strict=True)),
        upper=tuple(column.mean + _times(value, column.error) for column, value in zip(columns, high, strict=True)),
        units=units,
        resamples=len(ratios[0]),
    )


def _ratio(mean: float, resampled: float, error: float) -> float:
    """Return (mean - resampled) / error; infinite if a resample has no spread but another mean, or no values."""
    if math.isnan(resampled):
        return math.inf
    if error:
        return (mean - resampled) / error
    return 0.0 if abs(mean - resampled) <= _HAIR * max(1.0, abs(mean)) else math.inf


def _critical(columns: Sequence[Sequence[float]], level: float) -> list[float]:
    """Return the critical value of each column: the order statistic of one rank, the same for all of them.

    The rank is the smallest that no column exceeds in a share `level` of the resamples, by the order statistic number
    ceil(level * (B + 1)): the next larger one, never an average with infinity. Infinite where that is beyond the last.
    """
    ordered = [sorted(column) for column in columns]
    largest = sorted(
        max(bisect_right(own, value) for own, value in zip(ordered, row, strict=True))
        for row in zip(*columns, strict=True)
    )
    place = math.ceil(level * (len(largest) + 1))
    if not 0 < place <= len(largest):
        return [math.inf] * len(columns)
    return [own[largest[place - 1] - 1] for own in ordered]


def _times(critical: float, error: float) -> float:
    return critical * error if error else 0.0
