"""What the paired statistics promise at their limits."""

from __future__ import annotations

import math

import pytest

from arena.stats.bootstrap import Column, expanded_level, intervals, replicates, resampled_indices
from arena.stats.intervals import incomplete_beta, mean, quantile, student_t_cdf, student_t_quantile, variance
from arena.stats.paired_tests import dominance, holm, mcnemar, paired_effect, sign_flip
from arena.stats.power import Design, needed, paired_power, plan


def test_resamples_are_those_of_the_seed_and_of_the_columns_together() -> None:
    assert (
        list(resampled_indices(5, 3, "a")) == list(resampled_indices(5, 3, "a")) != list(resampled_indices(5, 3, "b"))
    )
    one, two = Column([1, 2, 3], [1, 1, 1]), Column([10, 20, 30], [1, 1, 1])
    first, second = replicates([one, two], resampled_indices(3, 50, 0))
    assert [10 * value for value in first] == pytest.approx(second)
    assert {value * 3 for value in first} <= set(range(3, 10))


def test_clusters_of_different_sizes_are_a_ratio_of_sums() -> None:
    column = Column([6, 1], [3, 1])
    assert column.mean() == 7 / 4
    assert replicates([column], [[0, 0], [0, 1], [1, 1]]) == [[2.0, 7 / 4, 1.0]]


@pytest.mark.parametrize("columns", [[Column([1], [1])], [Column([1, 2], [1, 1]), Column([1, 2, 3], [1, 1, 1])]])
def test_one_cluster_and_unequal_columns_are_refused(columns: list[Column]) -> None:
    with pytest.raises(ValueError, match="two clusters or more"):
        replicates(columns, [[0]])
    assert replicates([], [[0]]) == []


def test_bca_is_undefined_for_a_constant_and_the_reason_is_given() -> None:
    column = Column([0.1] * 6, [1] * 6)
    found = intervals(column, replicates([column], resampled_indices(6, 200, 0))[0])
    assert found.bca is None and "same difference" in found.bca_undefined
    assert found.percentile == pytest.approx((0.1, 0.1))


def test_bca_is_undefined_where_all_resamples_lie_on_one_side() -> None:
    found = intervals(Column([0, 4], [1, 1]), [3.0, 4.0, 4.0])
    assert found.bca is None and "one side" in found.bca_undefined


def test_bca_moves_towards_the_long_tail() -> None:
    column = Column([0, 0, 0, 1, 0, 0, 1, 0, 9, 0, 2, 0, 0, 0], [1] * 14)
    found = intervals(column, replicates([column], resampled_indices(14, 4000, 0))[0])
    assert found.bca is not None and found.bca[0] > found.percentile[0] and found.bca[1] > found.percentile[1]


def test_the_expanded_level_tends_to_the_plain_one() -> None:
    levels = [expanded_level(n) for n in (2, 5, 20, 72, 10_000)]
    assert levels == sorted(levels, reverse=True) and levels[-1] == pytest.approx(0.95, abs=1e-4)
    assert levels[3] == pytest.approx(0.955, abs=0.002)
    with pytest.raises(ValueError):
        expanded_level(1)


def test_no_difference_gives_p_1_and_one_difference_too() -> None:
    for values in ([], [0, 0, 0], [0.0], [5], [-3.5]):
        assert sign_flip(values, 100, 0).p == 1


def test_the_smallest_p_of_n_differences_is_two_patterns_of_all() -> None:
    for n in (2, 10, 40, 200):
        assert sign_flip([3] * n, 100, 0).p == 2 / 2**n


def test_the_sign_and_the_scale_of_differences_do_not_matter() -> None:
    values = [3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 5, -8, 9, 7, 9, -3, 2, 3, 8, 4]
    p = sign_flip(values, 100, 0).p
    assert sign_flip([-v for v in values], 100, 0).p == p == sign_flip([60 * v for v in values], 100, 0).p


def test_random_flips_come_near_the_exact_p_and_are_never_0() -> None:
    values = [3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 5, -8, 9, 7, 9, -3, 4]
    exact = sign_flip(values, 1, 0)
    drawn = sign_flip([value / 10 for value in values], 20_000, "seed")
    assert (exact.method, drawn.method, drawn.draws) == ("exact", "monte_carlo", 20_000)
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p / 20_000))
    assert sign_flip([1.5] * 40, 99, 0).p == 1 / 100


def test_too_large_integers_go_to_random_flips() -> None:
    assert sign_flip([10**6 + i for i in range(40)], 99, 0).method == "monte_carlo"


def test_holm_keeps_the_order_and_never_passes_1() -> None:
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.01, 0.02]) == [0.02, 0.02]


def test_mcnemar_counts_only_pairs_that_differ() -> None:
    assert (mcnemar(0, 0).exact, mcnemar(0, 0).mid_p) == (1.0, 1.0)
    tied = mcnemar(3, 3)
    assert (tied.exact, tied.mid_p) == (1.0, 1 - 20 / 64 / 2)
    with pytest.raises(ValueError):
        mcnemar(-1, 2)


def test_effect_sizes_are_undefined_without_spread() -> None:
    assert paired_effect([1]) is None and paired_effect([0.3] * 5) is None
    two = paired_effect([0, 1])
    assert two is not None and two.g_z is None
    assert dominance(0, 0, 0) is None and dominance(3, 1, 8) == 0.25


def test_a_plan_asks_for_what_then_suffices() -> None:
    design = Design(20, 2, total=0.5 + 0.3 / 2, between=0.5, within=0.3)
    found = plan(design, 0.4, 0.01)
    assert found is not None and found.challenges is not None and found.power < 0.8
    spread = math.sqrt(design.total)
    assert (
        paired_power(0.4 / spread, found.challenges, 0.01)
        >= 0.8
        > paired_power(0.4 / spread, found.challenges - 1, 0.01)
    )
    assert paired_power(found.detectable / spread, 20, 0.01) == pytest.approx(0.8, abs=1e-5)
    assert found.repetitions is None  # the spread between challenges alone is too much


def test_repetitions_suffice_where_chance_is_within_challenges() -> None:
    found = plan(Design(20, 2, total=0.5, between=0.0, within=1.0), 0.4, 0.01)
    assert found is not None and found.repetitions is not None and found.repetitions > 2
    for count, enough in ((found.repetitions, True), (found.repetitions - 1, False)):
        assert (paired_power(0.4 / math.sqrt(1 / count), 20, 0.01) >= 0.8) is enough


def test_nothing_is_planned_without_spread_or_with_one_challenge() -> None:
    assert plan(Design(1, 2, 0.5, None, None), 0.4, 0.05) is None
    assert plan(Design(9, 2, 0.0, 0.0, 0.0), 0.4, 0.05) is None
    none = plan(Design(9, 2, 0.5, 0.2, 0.6), 0.0, 0.05)
    assert none is not None and none.challenges is None and none.detectable > 0
    assert needed(lambda n: False, 5) is None and needed(lambda n: n >= 77, 5) == 77


def test_basics_refuse_what_they_cannot_answer() -> None:
    for call in (lambda: mean([]), lambda: variance([1]), lambda: quantile([], 0.5), lambda: student_t_quantile(1, 3),
                 lambda: incomplete_beta(1, 1, 2), lambda: paired_power(1, 1, 0.05)):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    assert quantile([1, 2, 4], 0.75) == 3 and quantile([5], 0.2) == 5
    assert student_t_cdf(0, 3) == 0.5 and incomplete_beta(2, 3, 1) == 1
