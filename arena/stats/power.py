"""Power of the paired design: the smallest difference that a comparison would find, and the sample for a smaller one.
Pure.

The unit is the challenge: a comparison of n challenges has n mean differences, and the power is that of the paired t
test over them, which the sign-flip test matches closely from some ten challenges on (E. L. Lehmann and J. P. Romano,
"Testing Statistical Hypotheses" (2005), section 15.2: permutation tests keep the power of the t test as n grows).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from arena.stats.intervals import student_t_quantile

POWER = 0.80
"""Convention of J. Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.4."""
MOST = 1_000_000
"""No plan asks for more challenges or repetitions than this."""
_STEPS = 240
_ROOT = math.sqrt(2)


def paired_power(effect: float, count: int, alpha: float) -> float:
    """Return the power of the two-sided paired t test for a true effect d_z with `count` >= 2 differences.

    P(|T'| > t) for the noncentral t distribution with count - 1 degrees of freedom and noncentrality d_z sqrt(count)
    (Cohen 1988, section 2.3.5), as the mean of normal tails over the distribution of the sample deviation.
    """
    if count < 2:
        raise ValueError("power needs two differences or more")
    df = count - 1
    critical, shift = student_t_quantile(1 - alpha / 2, df), abs(effect) * math.sqrt(count)
    points, width = _deviations(df)
    total = 0.0
    for s, weight in points:
        total += weight * (
            0.5 * math.erfc((critical * s - shift) / _ROOT) + 0.5 * math.erfc((critical * s + shift) / _ROOT)
        )
    return min(1.0, total * width / 3)


@lru_cache(maxsize=64)
def _deviations(df: int) -> tuple[list[tuple[float, float]], float]:
    """Return points (s, weight) and their width, for means over s, s^2 distributed as chi-square / df: Simpson's rule
    over 12 deviations."""
    reach = 12 / math.sqrt(2 * df)
    low, high = max(0.0, 1 - reach), 1 + reach
    width = (high - low) / _STEPS
    constant = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
    points = []
    for step in range(_STEPS + 1):
        s = low + step * width
        if s == 0:
            density = math.exp(constant) if df == 1 else 0.0
        else:
            density = math.exp(constant + (df - 1) * math.log(s) - df * s * s / 2)
        weight = 1 if step in (0, _STEPS) else 4 if step % 2 else 2
        points.append((s, weight * density))
    return points, width


@lru_cache(maxsize=64)
def detectable_effect(count: int, alpha: float, power: float = POWER) -> float:
    """Return the smallest effect d_z that `count` differences find with this power."""
    low, high = 0.0, 1.0
    while paired_power(high, count, alpha) < power:
        low, high = high, high * 2
    while high - low > 1e-7 * high:
        middle = (low + high) / 2
        if paired_power(middle, count, alpha) < power:
            low = middle
        else:
            high = middle
    return high


def needed(enough: Callable[[int], bool], first: int) -> int | None:
    """Return the smallest number from `first` on for which `enough` holds (it stays so); None beyond MOST."""
    if enough(first):
        return first
    low, high = first, first * 2
    while not enough(high):
        if high >= MOST:
            return None
        low, high = high, min(MOST, high * 2)
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


@dataclass(frozen=True, slots=True)
class Design:
    """A comparison that was made: `challenges` with `repetitions` pairs each (a mean, where it varies).

    `between`: variance of the true differences of challenges; `within`: variance of one pair's difference around that
    of its challenge; None for both if one repetition cannot separate them.  `total`: variance of a challenge's
    mean difference.
    """

    challenges: int
    repetitions: float
    total: float
    between: float | None
    within: float | None


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """The differences that a design finds with POWER at `alpha`, and the sample needed for the true difference
    `target`.

    `detectable`: the smallest difference found.  `power`: the power for `target`.  `challenges`: how many are needed
    with these repetitions.  `repetitions`: how many with these challenges; None if no number suffices, or if one
    repetition per challenge is too few to tell.
    """

    alpha: float
    target: float
    detectable: float
    power: float
    challenges: int | None
    repetitions: int | None


def plan(design: Design, target: float, alpha: float) -> PowerPlan | None:
    """Return the outlook of a comparison; None with fewer than two challenges or without any spread to plan with."""
    if design.challenges < 2 or design.total <= 0:
        return None
    spread = math.sqrt(design.total)
    smallest = detectable_effect(design.challenges, alpha) * spread
    if not target:
        return PowerPlan(alpha, target, smallest, alpha, None, None)
    power = paired_power(target / spread, design.challenges, alpha)

    def by_challenges(count: int) -> bool:
        return paired_power(target / spread, count, alpha) >= POWER

    def by_repetitions(count: int) -> bool:
        deviation = math.sqrt((design.between or 0.0) + (design.within or 0.0) / count)
        return deviation == 0 or paired_power(target / deviation, design.challenges, alpha) >= POWER

    repetitions = None
    if design.within is not None:
        repetitions = needed(by_repetitions, max(1, math.floor(design.repetitions)))
    return PowerPlan(alpha, target, smallest, power, needed(by_challenges, design.challenges), repetitions)
