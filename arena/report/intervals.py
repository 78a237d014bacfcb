"""Intervals of means for the report. Floor F4. Pure.

The score of a match depends on its challenge, so matches of one challenge are not independent: the interval takes the
challenge as the unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from arena.stats import Z95

_T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""97.5 % quantiles of Student's t for 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""


def t975(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, 3 decimals or better.

    Above 30 degrees of freedom by the expansion of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5,
    to its second term. Raises ValueError below 1.
    """
    if freedom < 1:
        raise ValueError("Student's t needs at least one degree of freedom")
    if freedom <= len(_T975):
        return _T975[freedom - 1]
    z = Z95
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def mean_interval(
    clusters: Sequence[tuple[float, int]], scale: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over clusters of scores, each given as (sum, number of scores).

    The mean is the ratio of all sums to all numbers; its variance the cluster-robust one with the small-sample factor
    m / (m - 1) (K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized linear models", Biometrika
    73 (1986), 13-22), with Student's t of m - 1 degrees of freedom for m clusters. Cut to `scale` where the scores are
    bounded. None for fewer than two clusters with scores, and where no cluster differs from the mean: then the spread
    cannot be told.
    """
    filled = [(total, n) for total, n in clusters if n]
    count = len(filled)
    if count < 2:
        return None
    size = sum(n for _, n in filled)
    mean = sum(total for total, _ in filled) / size
    squares = sum((total - mean * n) ** 2 for total, n in filled)
    if squares < 1e-12 * size:
        return None
    spread = t975(count - 1) * math.sqrt(squares * count / (count - 1)) / size
    low, high = mean - spread, mean + spread
    return (max(low, scale[0]), min(high, scale[1])) if scale else (low, high)
