"""Statistics with their sources. Floor F0. Pure."""

from __future__ import annotations

import math

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
    # At the ends rounding could leave a hair outside; the exact bounds there are 0 and 1.
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == n else (middle + spread) / scale
    return low, high
