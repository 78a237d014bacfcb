"""Intervals of proportions and means, quantiles, Student's t: each with its source. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution: two-sided intervals of 95 %."""


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float] | None:
    """Return the Wilson score interval of a proportion; None for n = 0.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212. Raises ValueError unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}: must be from 0 to n")
    if n == 0:
        return None
    share = successes / n
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    middle, scale = share + z * z / (2 * n), 1 + z * z / n
    # At the ends rounding could exceed the exact bounds, which are 0 and 1.
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == n else (middle + spread) / scale
    return low, high


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the quantile of sorted values at `share` (0 to 1), with linear interpolation between order statistics.

    Type 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50
    (1996), 361-365. Raises ValueError for no values.
    """
    if not ordered:
        raise ValueError("no values have no quantile")
    place = min(max(share, 0.0), 1.0) * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values have no mean")
    return math.fsum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """Return the sample variance (divisor n - 1). Raises ValueError below two values."""
    if len(values) < 2:
        raise ValueError("a variance needs two values or more")
    middle = mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def clustered_mean_interval(clusters: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over clusters of values, each given as (sum, number of values).

    The mean is the ratio of all sums to all numbers; its variance the cluster-robust one with the factor m / (m - 1)
    for m clusters (K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized linear models",
    Biometrika 73 (1986), 13-22), with Student's t of m - 1 degrees of freedom. None for fewer than two clusters with
    values, and where no cluster differs from the mean: then the spread is unknown.
    """
    filled = [(total, n) for total, n in clusters if n]
    m = len(filled)
    if m < 2:
        return None
    size = sum(n for _, n in filled)
    middle = math.fsum(total for total, _ in filled) / size
    squares = math.fsum((total - middle * n) ** 2 for total, n in filled)
    if squares <= 1e-12 * size:
        return None
    spread = student_t_quantile(0.975, m - 1) * math.sqrt(squares * m / (m - 1)) / size
    return middle - spread, middle + spread


def clustered_share_interval(clusters: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """Return the 95 % interval of a proportion over clusters, each given as (successes, number of values).

    The Wilson interval of the effective number of values: that of independent ones with the cluster-robust variance of
    `clustered_mean_interval` (E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data", Survey Methodology 24 (1998), 193-201), at most the actual
    number of values; the number of clusters if no cluster differs from the mean. None without values.
    """
    filled = [(total, n) for total, n in clusters if n]
    m, size = len(filled), sum(n for _, n in filled)
    if not size:
        return None
    share = math.fsum(total for total, _ in filled) / size
    squares = math.fsum((total - share * n) ** 2 for total, n in filled)
    effective = float(m)
    if m > 1 and squares > 1e-12 * size:
        effective = min(float(size), share * (1 - share) * size * size * (m - 1) / (squares * m))
    z = Z95
    spread = z * math.sqrt(share * (1 - share) / effective + z * z / (4 * effective * effective))
    middle, scale = share + z * z / (2 * effective), 1 + z * z / effective
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def student_t_cdf(t: float, df: float) -> float:
    """Return P(T <= t) of Student's t distribution with `df` > 0 degrees of freedom.

    By the regularised incomplete beta function: NIST Digital Library of Mathematical Functions, 8.17.
    """
    tail = 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t))
    return 1 - tail if t > 0 else tail


@lru_cache(maxsize=256)
def student_t_quantile(share: float, df: float) -> float:
    """Return the t with P(T <= t) = `share`, 0 < share < 1, by bisection to the last digits."""
    if not 0 < share < 1:
        raise ValueError(f"share {share}: must be between 0 and 1")
    if share < 0.5:
        return -student_t_quantile(1 - share, df)
    low, high = 0.0, 1.0
    while student_t_cdf(high, df) < share:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_t_cdf(middle, df) < share:
            low = middle
        else:
            high = middle
    return high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1.

    Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated by the modified Lentz
    method (W. J. Lentz 1976; I. J. Thompson and A. R. Barnett, Journal of Computational Physics 64 (1986), 490-509);
    the symmetry 8.17.4 keeps x on the side where it converges fast.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"x = {x}: must be from 0 to 1")
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    tiny = 1e-300
    fraction = c = 1.0
    d = 0.0
    for step in range(1, 1000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + term * d) or tiny)
        c = (1 + term / c) or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(log_front) / (a * fraction)
