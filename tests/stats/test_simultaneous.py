"""Simultaneous bounds: their coverage by simulation, what widens them, and where they cannot tell."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from arena.stats.bootstrap import Column, resampled_indices
from arena.stats.intervals import student_t_quantile
from arena.stats.simultaneous import Bounds, bounds, resample, resampled_means


def bounded(columns: list[Column], seed: str = "s", resamples: int = 400) -> Bounds:
    units = len(columns[0].sums)
    return bounds(resample(columns, resampled_indices(units, resamples, seed)), units)


def plain(values: list[float]) -> Column:
    return Column(values, [1] * len(values))


def normal(count: int, seed: int, shift: float = 0.0) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(shift, 1.0) for _ in range(count)]


def gains(units: int, columns: int, source: random.Random) -> list[Column]:
    """Gains with mean 0 as payoffs give them: mostly ties, else +1 or -1, more of them at the units that are hard."""
    hard = [source.random() for _ in range(units)]
    return [
        plain([source.choice((-1.0, 1.0)) * (source.random() < 0.3 * (0.5 + h)) for h in hard]) for _ in range(columns)
    ]


def skewed(units: int, columns: int, source: random.Random) -> list[Column]:
    """Gains with mean 0, a long tail of large ones, and a part that all columns share."""
    shared = [source.expovariate(1.0) - 1 for _ in range(units)]
    return [plain([s + source.expovariate(1.0) - 1 for s in shared]) for _ in range(columns)]


@pytest.mark.parametrize(("make", "least"), [(gains, 0.915), (skewed, 0.90)])
def test_bounds_cover_true_gains_of_zero_together(
    make: Callable[[int, int, random.Random], list[Column]], least: float
) -> None:
    """Nominal 95 %; 200 simulations have a standard error of 1.5 %. A long tail costs about 2 % at 60 units."""
    source, above, below, single = random.Random(11), 0, 0, 0
    for turn in range(200):
        found = bounded(make(60, 4, source), f"{make.__name__} {turn}", 199)
        above += all(upper >= 0 for upper in found.upper)
        below += all(lower <= 0 for lower in found.lower)
        single += sum(upper >= 0 for upper in found.upper)
    assert least <= above / 200 <= 0.99 and least <= below / 200
    assert single / 800 > above / 200


@pytest.mark.parametrize("sizes", [[1] * 20, [0, 1] * 10, [2] * 20, [1, 2, 0, 3] * 5])
def test_means_alone_are_those_of_a_whole_resample(sizes: list[int]) -> None:
    columns = [Column([value * n for value, n in zip(normal(20, seed), sizes, strict=True)], sizes) for seed in (1, 2)]
    draws = list(resampled_indices(20, 50, "s"))
    assert resampled_means(columns, draws) == [list(one.means) for one in resample(columns, draws)]


def test_bound_of_one_normal_column_is_students() -> None:
    values = normal(200, 5)
    found = bounded([plain(values)], resamples=4000)
    spread = math.sqrt(sum((v - found.means[0]) ** 2 for v in values) / 199 / 200)
    assert found.upper[0] == pytest.approx(found.means[0] + student_t_quantile(0.95, 199) * spread, abs=0.02)
    assert found.lower[0] == pytest.approx(found.means[0] - student_t_quantile(0.95, 199) * spread, abs=0.02)


def test_more_columns_widen_the_bounds() -> None:
    first = normal(100, 1)
    one = bounded([plain(first)]).upper[0]
    five = bounded([plain(first), *(plain(normal(100, seed)) for seed in range(2, 6))]).upper[0]
    assert five > one
    assert bounded([plain(first)] * 5).upper[0] == one


def test_column_with_hardly_any_spread_does_not_widen_the_others() -> None:
    """Resamples without its one odd value have no spread, so its own critical value is large."""
    other, steady = plain(normal(30, 7)), plain([-0.84 + 0.001 * (place % 3) for place in range(29)] + [0.0])
    together, alone = bounded([other, steady], resamples=999), bounded([other], resamples=999)
    mean = alone.means[0]
    assert alone.upper[0] - mean < together.upper[0] - mean < 1.6 * (alone.upper[0] - mean)


def test_clusters_count_as_one_unit_each() -> None:
    values = normal(40, 3)
    grouped = Column([10 * value for value in values], [10] * 40)
    assert bounded([grouped]).upper[0] == pytest.approx(bounded([plain(values)]).upper[0])


def test_uneven_clusters_give_the_ratio_of_sums() -> None:
    sums, sizes = [3.0, 0.0, 4.0, 1.0, 6.0, 2.5], [3, 0, 2, 1, 4, 2]
    found = resample([Column(sums, sizes)], [[0, 1, 2, 3, 4, 5], [2, 2, 2, 2, 1, 1], [1] * 6])[0]
    assert found.mean == found.means[0] == pytest.approx(16.5 / 12)
    assert found.means[1] == pytest.approx(2.0) and found.errors[1] == 0.0
    assert math.isnan(found.means[2])
    residuals = [s - found.mean * n for s, n in zip(sums, sizes, strict=True)]
    assert found.error == pytest.approx(math.sqrt(sum(r * r for r in residuals) * 6 / 5) / 12)


def test_equal_values_have_bounds_of_no_width() -> None:
    found = bounded([plain([-0.2] * 30)])
    assert found.upper == found.lower == found.means == (pytest.approx(-0.2),)


def test_two_pairs_that_differ_cannot_bound_anything() -> None:
    """Every seventh resample misses both, and then nothing tells how large a gain may be."""
    found = bounded([plain([0.0] * 98 + [1.0, -0.5])])
    assert found.upper == (math.inf,) and found.lower == (-math.inf,)


def test_too_few_resamples_for_the_level_cannot_tell() -> None:
    assert bounded([plain(normal(30, 2))], resamples=10).upper == (math.inf,)


def test_same_seed_gives_same_bounds() -> None:
    columns = [plain(normal(50, 8)), plain(normal(50, 9))]
    assert bounded(columns) == bounded(columns) != bounded(columns, "another")


@pytest.mark.parametrize(
    "columns", [[], [plain([1.0])], [plain([1.0, 2.0]), plain([1.0])], [Column([0.0, 0.0], [0, 0])]]
)
def test_columns_that_bound_nothing_are_refused(columns: list[Column]) -> None:
    with pytest.raises(ValueError, match="two units or more"):
        resample(columns, [[0, 1]])
