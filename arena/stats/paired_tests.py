"""Tests and effect sizes for paired runs: sign flips by cluster, McNemar, Holm, Cohen, dominance. Pure.

Every function takes its seed; none looks at a clock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import getitem

from arena.stats.intervals import mean, variance

ENUMERATED = 16
"""Up to this number of non-zero differences, all 2^n sign patterns are tried."""
_SHIFT_BITS = 2**23
"""Largest table of the shift algorithm: a megabyte, some tenths of a second."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """A two-sided p-value; `method` is `exact` or `monte_carlo`, then `draws` says how many patterns were tried."""

    p: float
    method: str
    draws: int | None = None


def sign_flip(differences: Sequence[float], draws: int, seed: int | str) -> SignFlip:
    """Test whether differences are symmetric about 0: flip their signs, compare |sum| with the observed one.

    One difference per cluster, because clusters are exchangeable. R. A. Fisher, "The Design of Experiments"
    (1935), section 21; P. Good, "Permutation, Parametric and Bootstrap Tests of Hypotheses" (2005), section 3.2.
    Exact for integers (shift algorithm) and up to ENUMERATED non-zero differences; else `draws` random patterns and
    (b + 1)/(m + 1): B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Statistical Applications
    in Genetics and Molecular Biology 9 (2010), article 39. No non-zero difference gives p = 1.
    """
    found = [value for value in differences if value]
    if not found:
        return SignFlip(1.0, "exact")
    if all(isinstance(value, int) for value in found):
        sizes = [abs(int(value)) for value in found]
        step = math.gcd(*sizes)
        sizes = [size // step for size in sizes]
        if (sum(sizes) + 1) * _field_bits(len(sizes)) <= _SHIFT_BITS:
            return SignFlip(_shifted(sizes, abs(int(sum(found))) // step), "exact")
    # A pattern that gives the observed sum except for rounding counts as equal.
    limit = abs(math.fsum(found)) - 1e-12 * math.fsum(abs(value) for value in found)
    if len(found) <= ENUMERATED:
        sums = _signed_sums(found)
        return SignFlip(sum(abs(value) >= limit for value in sums) / len(sums), "exact")
    extreme = sum(abs(value) >= limit for value in _random_sums(found, draws, seed))
    return SignFlip((extreme + 1) / (draws + 1), "monte_carlo", draws)


def _field_bits(count: int) -> int:
    """Return the bits of one counter: up to 2^count patterns, in whole bytes."""
    return 8 * (count // 8 + 1)


def _shifted(sizes: Sequence[int], observed: int) -> float:
    """Return the exact p-value of |signed sum of sizes| >= observed.

    B. Streitberg and J. Roehmel, "Exact distributions for permutation and rank tests", Statistical Software Newsletter
    12 (1986), 10-17: counts of subset sums by multiplying (1 + x^size), here with one big integer as the polynomial.
    """
    if observed == 0:
        return 1.0
    width = _field_bits(len(sizes))
    counts = 1
    for size in sizes:
        counts += counts << (size * width)
    # A positive part of t gives the sum 2 t - total: the lower tail is t <= (total - observed)/2, the upper its mirror.
    low = (sum(sizes) - observed) // 2 + 1
    step = width // 8
    data = (counts & ((1 << (low * width)) - 1)).to_bytes(low * step, "little")
    tail = sum(int.from_bytes(data[at : at + step], "little") for at in range(0, len(data), step))
    patterns: int = 1 << len(sizes)
    return 2 * tail / patterns


def _signed_sums(values: Sequence[float]) -> list[float]:
    """Return the sums of all 2^n sign patterns."""
    sums = [0.0]
    for value in values:
        sums = [s - value for s in sums] + [s + value for s in sums]
    return sums


def _random_sums(values: Sequence[float], draws: int, seed: int | str) -> Iterator[float]:
    """Yield the sums of random sign patterns: one random byte chooses among the 256 sums of eight values."""
    tables = [_signed_sums(values[at : at + 8]) for at in range(0, len(values), 8)]
    last = tables.pop()
    mask = len(last) - 1
    source = random.Random(seed)
    for _ in range(draws):
        # getrandbits, like random, is drawn from the generator alone.
        pattern = source.getrandbits(8 * len(tables) + 8).to_bytes(len(tables) + 1, "little")
        yield sum(map(getitem, tables, pattern)) + last[pattern[-1] & mask]


@dataclass(frozen=True, slots=True)
class McNemar:
    """`gained`: pairs that only the second run won; `lost`: only the first. Two-sided p-values."""

    gained: int
    lost: int
    exact: float
    mid_p: float


def mcnemar(gained: int, lost: int) -> McNemar:
    """Return McNemar's exact (binomial) test and its mid-p version for paired outcomes.

    Q. McNemar, Psychometrika 12 (1947), 153-157; M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for
    binary matched-pairs data: mid-p and asymptotic are better than exact conditional", BMC Medical Research Methodology
    13 (2013), article 91. It takes pairs as independent, which repetitions of one challenge are not.
    """
    if gained < 0 or lost < 0:
        raise ValueError("counts are 0 or more")
    pairs, less = gained + lost, min(gained, lost)
    tail = sum(math.comb(pairs, k) for k in range(less + 1)) / 2**pairs
    at = math.comb(pairs, less) / 2**pairs
    if gained == lost:
        return McNemar(gained, lost, 1.0, 1 - at / 2 if pairs else 1.0)
    return McNemar(gained, lost, min(1.0, 2 * tail), 2 * tail - at)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for multiple tests, in their order.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979),
    65-70; adjusted values by S. P. Wright, Biometrics 48 (1992), 1005-1013.
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True, slots=True)
class PairedEffect:
    """`d_z`: mean difference in standard deviations of the differences; `g_z`: the same without small-sample bias, None
    for two differences, from which it cannot be computed."""

    d_z: float
    g_z: float | None


def paired_effect(differences: Sequence[float]) -> PairedEffect | None:
    """Return Cohen's d_z of paired differences and its Hedges correction; None below two or where all are equal.

    J. Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.3.5, equation 2.3.5;
    L. V. Hedges, "Distribution theory for Glass's estimator of effect size and related estimators", Journal of
    Educational Statistics 6 (1981), 107-128, equation 6e, with n - 1 degrees of freedom.
    """
    if len(differences) < 2:
        return None
    spread = math.sqrt(variance(differences))
    if spread <= 1e-12 * max(1.0, max(abs(value) for value in differences)):
        return None
    d_z, df = mean(differences) / spread, len(differences) - 1
    if df < 2:
        return PairedEffect(d_z, None)
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    return PairedEffect(d_z, correction * d_z)


def dominance(better: int, worse: int, pairs: int) -> float | None:
    """Return the share of pairs that are better minus the share that are worse, -1 to 1; None without pairs.

    Within-pair delta of N. Cliff, "Dominance statistics: ordinal analyses to answer ordinal questions", Psychological
    Bulletin 114 (1993), 494-509: it needs no distance between grades.
    """
    return (better - worse) / pairs if pairs else None
