"""The statistics against published values and their own limits."""

from __future__ import annotations

import pytest

from arena.stats.intervals import clustered_mean_interval, clustered_share_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (15, 148, 0.0624, 0.1605),
        (81, 263, 0.2553, 0.3662),
        (20, 20, 0.8389, 1.0000),
    ],
)  # fmt: skip
def test_wilson_gives_the_intervals_of_newcombe_1998(successes: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3; the last row by symmetry."""
    found = wilson(successes, n)
    assert found is not None
    assert found[0] == pytest.approx(low, abs=6e-5) and found[1] == pytest.approx(high, abs=6e-5)


def test_wilson_of_nothing_is_nothing_and_of_the_impossible_refused() -> None:
    assert wilson(0, 0) is None
    with pytest.raises(ValueError):
        wilson(3, 2)


def test_with_one_score_each_the_interval_is_student_s() -> None:
    # Mean 3, standard deviation sqrt(2.5), n = 5: 3 -+ 2.7764451 * sqrt(2.5 / 5).
    bounds = clustered_mean_interval([(float(x), 1) for x in (1, 2, 3, 4, 5)])
    assert bounds == pytest.approx((3 - 2.7764451 * 0.5**0.5, 3 + 2.7764451 * 0.5**0.5))


def test_repetitions_that_agree_do_not_narrow_the_interval() -> None:
    once = clustered_mean_interval([(2.0, 1), (4.0, 1), (3.0, 1)])
    often = clustered_mean_interval([(20.0, 10), (40.0, 10), (30.0, 10)])
    assert once == pytest.approx(often)


@pytest.mark.parametrize("clusters", [[], [(4.0, 1)], [(5.0, 1), (10.0, 2)], [(4.0, 1), (0.0, 0)]])
def test_where_the_spread_is_unknown_there_is_no_interval(clusters: list[tuple[float, int]]) -> None:
    assert clustered_mean_interval(clusters) is None


def test_a_clustered_share_of_single_values_is_near_the_wilson_interval() -> None:
    found, plain = clustered_share_interval([(1, 1)] * 15 + [(0, 1)] * 5), wilson(15, 20)
    assert found is not None and plain is not None
    assert found == pytest.approx(plain, abs=0.01)


def test_a_clustered_share_stays_between_0_and_1() -> None:
    for clusters in ([(2, 2)] * 4 + [(1, 2)] * 2, [(2, 2)] * 3, [(0, 2)] * 3, [(1, 1)]):
        found = clustered_share_interval(clusters)
        assert found is not None and 0.0 <= found[0] <= found[1] <= 1.0


def test_values_that_go_together_widen_the_interval_of_a_share() -> None:
    alike, apart = clustered_share_interval([(4, 4), (0, 4)] * 5), clustered_share_interval([(2, 4)] * 9 + [(1, 4)])
    assert alike is not None and apart is not None
    assert alike[1] - alike[0] > apart[1] - apart[0]
    assert clustered_share_interval([]) is None
