"""The statistics by simulation, with fixed seeds: intervals cover what they promise, p-values are uniform under the
null. 72 clusters, 1,000 simulations; the resampled indices are shared by all simulations of a distribution, as they are
by all metrics of a comparison. `python3 -m
tests.stats.test_statistics_simulation` prints the figures of docs/comparing.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from arena.stats.bootstrap import Bootstrapped, Column, expanded_level, intervals, replicates, resampled_indices
from arena.stats.paired_tests import sign_flip

CLUSTERS, SIMULATIONS, RESAMPLES = 72, 1000, 2000
LEVEL, LOWEST, HIGHEST = 0.95, 0.93, 0.97
KS_1_PERCENT = 1.628 / SIMULATIONS**0.5
"""Asymptotic 1 % bound of the Kolmogorov-Smirnov distance (N. Smirnov, Annals of Mathematical Statistics 19 (1948))."""
SIZES = [1 + place % 5 for place in range(CLUSTERS)]
"""Values in each cluster of the clustered data: from one to five."""


def grade_difference(source: random.Random) -> float:
    """Return the difference of two grades 1 to 5 with the same distribution."""
    first, second = source.choices((1, 2, 3, 4, 5), (5, 10, 20, 40, 25), k=2)
    return first - second


PLAIN: dict[str, tuple[Callable[[random.Random], float], float]] = {
    "normal": (lambda source: source.gauss(0.3, 1), 0.3),
    "exponential": (lambda source: source.expovariate(1), 1.0),
    "Bernoulli 0.3": (lambda source: int(source.random() < 0.3), 0.3),
    "grade differences": (grade_difference, 0.0),
}
"""Name -> draws one value per cluster, its true mean."""


def clustered(source: random.Random) -> list[list[int]]:
    """Return wins by cluster: each cluster has a rate of its own (Beta(1, 1)), and one to five matches."""
    found = []
    for size in SIZES:
        rate = source.random()
        found.append([int(source.random() < rate) for _ in range(size)])
    return found


def sources(name: str) -> list[random.Random]:
    return [random.Random(f"{name}, simulation {number}") for number in range(SIMULATIONS)]


def made(columns: Sequence[Column], name: str) -> list[Bootstrapped]:
    level = expanded_level(len(columns[0].sums), LEVEL)
    draws = resampled_indices(len(columns[0].sums), RESAMPLES, f"coverage {name}")
    return [intervals(c, found, level) for c, found in zip(columns, replicates(columns, draws), strict=True)]


def coverage(found: Sequence[Bootstrapped], truth: float) -> tuple[float, float]:
    """Return the shares of percentile and of BCa intervals that hold the truth."""
    shares = [
        sum(low <= truth <= high for low, high in ends) / len(found)
        for ends in ([one.percentile for one in found], [one.bca or one.percentile for one in found])
    ]
    return shares[0], shares[1]


def coverage_of(name: str, clusters: int) -> tuple[float, float]:
    draw, truth = PLAIN[name]
    columns = [Column([draw(source) for _ in range(clusters)], [1] * clusters) for source in sources(name)]
    return coverage(made(columns, name), truth)


def coverage_of_clustered(by_match: bool, worlds: int = SIMULATIONS) -> tuple[float, float]:
    """Return the coverage for clustered wins, resampled by cluster or as if every match were its own."""
    found = [clustered(source) for source in sources("clustered")[:worlds]]
    if not by_match:
        return coverage(made([Column([sum(wins) for wins in one], SIZES) for one in found], "clustered"), 0.5)
    flat = [[win for wins in one for win in wins] for one in found]
    return coverage(made([Column(wins, [1] * len(wins)) for wins in flat], "by match"), 0.5)


SLOW = [name for name in PLAIN if name != "grade differences"]


@pytest.mark.parametrize("name", ["grade differences", *(pytest.param(name, marks=pytest.mark.long) for name in SLOW)])
def test_intervals_of_95_percent_cover_93_to_97(name: str) -> None:
    percentile, bca = coverage_of(name, CLUSTERS)
    assert LOWEST <= percentile <= HIGHEST and LOWEST <= bca <= HIGHEST, (percentile, bca)


@pytest.mark.long
def test_intervals_by_cluster_cover_and_intervals_by_match_would_not() -> None:
    percentile, bca = coverage_of_clustered(by_match=False)
    assert LOWEST <= percentile <= HIGHEST and LOWEST <= bca <= HIGHEST, (percentile, bca)
    by_match, _ = coverage_of_clustered(by_match=True, worlds=300)
    assert by_match < 0.90, by_match


def ks_distance(values: Sequence[float]) -> float:
    """Return the largest distance of the empirical distribution from the uniform one."""
    ordered, n = sorted(values), len(values)
    return max(max((i + 1) / n - value, value - i / n) for i, value in enumerate(ordered))


def null_p_values(method: str) -> list[float]:
    """Return p-values of data without a difference: normal ones, or sums of five grade differences (fine enough that
    the steps of an exact p-value do not matter)."""
    p_values = []
    for number, source in enumerate(sources(f"null, {method}")):
        if method == "monte_carlo":
            found = sign_flip([source.gauss(0, 1) for _ in range(CLUSTERS)], 999, number)
        else:
            found = sign_flip([int(sum(grade_difference(source) for _ in range(5))) for _ in range(CLUSTERS)], 1, 0)
        assert found.method == method
        p_values.append(found.p)
    return p_values


@pytest.mark.parametrize("method", ["monte_carlo", "exact"])
def test_p_values_are_uniform_under_the_null(method: str) -> None:
    assert ks_distance(null_p_values(method)) < KS_1_PERCENT


def test_exact_p_values_of_few_wins_are_never_too_small() -> None:
    # Wins and losses move the sum in steps of two, so p has steps: at any level at most that share is at or below it.
    p_values = []
    for source in sources("null, wins"):
        signs = [source.choice((-1, 0, 0, 0, 0, 1)) for _ in range(CLUSTERS)]
        p_values.append(sign_flip(signs, 1, 0).p)
    for level in (0.01, 0.05, 0.1, 0.3, 0.5):
        assert sum(p <= level for p in p_values) / SIMULATIONS <= level + 3 * (level * (1 - level) / SIMULATIONS) ** 0.5


def test_p_values_are_small_where_there_is_a_difference() -> None:
    p_values = [sign_flip([s.gauss(0.5, 1) for _ in range(CLUSTERS)], 999, 0).p for s in sources("shifted")[:50]]
    assert sum(p < 0.05 for p in p_values) > 45


def main() -> None:
    for clusters in (CLUSTERS, 20, 12, 8, 5):
        for name in PLAIN if clusters == CLUSTERS else ("normal", "grade differences", "exponential"):
            print(f"{clusters:3} {name:18} percentile {{:.1%}}  BCa {{:.1%}}".format(*coverage_of(name, clusters)))
    for by_match in (False, True):
        print(f"clustered, by match: {by_match}", *(f"{share:.1%}" for share in coverage_of_clustered(by_match)))
    for method in ("monte_carlo", "exact"):
        print(f"KS distance, {method}: {ks_distance(null_p_values(method)):.3f} (bound {KS_1_PERCENT:.3f})")


if __name__ == "__main__":
    main()
