"""pass@k, pass^k and the variance split: by enumeration, by hand, and as a run shows them."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from arena.stats.reliability import (
    Components,
    NestedSums,
    advice,
    components,
    doubled,
    pass_at_k,
    pass_hat_k,
    pass_rows,
)
from tests.support.arena_rig import Table, challenge, verdict


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 1), (5, 2, 3), (5, 0, 2), (5, 5, 5), (6, 3, 4), (1, 1, 1)])
def test_pass_at_k_and_pass_hat_k_are_shares_of_all_choices_of_k_plays(n: int, c: int, k: int) -> None:
    plays = [True] * c + [False] * (n - c)
    choices = list(itertools.combinations(plays, k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, choices)) / len(choices))
    assert pass_hat_k(n, c, k) == pytest.approx(sum(map(all, choices)) / len(choices))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0)])
def test_impossible_counts_are_refused(n: int, c: int, k: int) -> None:
    for estimate in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="needs"):
            estimate(n, c, k)


def test_rows_average_over_challenges_and_count_those_with_too_few_plays() -> None:
    rows = pass_rows([(3, 3), (3, 0), (2, 1), (1, 1)])
    assert [(row.k, row.challenges, row.left_out) for row in rows] == [(1, 4, 0), (2, 3, 1), (3, 2, 2)]
    assert [row.at for row in rows] == pytest.approx([(1 + 0 + 0.5 + 1) / 4, (1 + 0 + 1) / 3, 0.5])
    assert [row.hat for row in rows] == pytest.approx([(1 + 0 + 0.5 + 1) / 4, (1 + 0 + 0) / 3, 0.5])
    assert pass_rows([]) == []


def simulated(challenge_sd: float, play_sd: float, judge_sd: float, seed: int = 0) -> Components:
    source, sums = random.Random(seed), NestedSums()
    for number in range(400):
        level = source.gauss(3, challenge_sd)
        for _ in range(source.choice((2, 3, 5))):
            play = level + source.gauss(0, play_sd)
            sums.add(str(number), [play + source.gauss(0, judge_sd) for _ in range(source.choice((1, 2, 4)))])
    return components(sums)


def test_the_split_of_unbalanced_data_finds_the_variances_that_made_them() -> None:
    found = [simulated(1.0, 0.7, 0.5, seed) for seed in range(12)]
    # Sampling alone moves the mean of twelve such estimates by some 2 %.
    assert sum(one.challenge or 0 for one in found) / 12 == pytest.approx(1.0, rel=0.06)
    assert sum(one.repetition or 0 for one in found) / 12 == pytest.approx(0.49, rel=0.06)
    assert sum(one.judge or 0 for one in found) / 12 == pytest.approx(0.25, rel=0.06)


@pytest.mark.parametrize(
    ("sds", "says"),
    [
        ((1.0, 0.2, 0.1), "more units"),
        ((0.1, 1.0, 0.1), "more plays"),
        ((0.05, 0.1, 2.0), "more judgements"),
    ],
)
def test_the_advice_goes_where_the_variance_is(sds: tuple[float, float, float], says: str) -> None:
    found = simulated(*sds)
    assert advice(found, doubled(found)).startswith(says)


def test_the_standard_error_falls_as_the_formula_says() -> None:
    found = Components(0.4, 0.6, 0.2, (), 10, 3.0, 2.0)
    assert found.standard_error() == pytest.approx((0.4 / 10 + 0.6 / 30 + 0.2 / 60) ** 0.5)
    assert doubled(found)["repetitions"] == pytest.approx((0.4 / 10 + 0.6 / 60 + 0.2 / 120) ** 0.5)
    assert doubled(found)["judgements"] == pytest.approx((0.4 / 10 + 0.6 / 30 + 0.2 / 120) ** 0.5)


def test_one_repetition_or_one_challenge_cannot_be_split() -> None:
    single, alone = NestedSums(), NestedSums()
    for number in range(5):
        single.add(str(number), [number])
        alone.add("c", [number])
    for sums in (single, alone, NestedSums()):
        found = components(sums)
        assert (found.challenge, found.repetition, found.standard_error()) == (None, None, None)
        assert "twice or more" in advice(found, doubled(found))


def test_a_negative_estimate_stands_as_zero_and_is_named() -> None:
    sums = NestedSums()
    for number in range(4):  # all challenges have the same mean, their plays differ
        sums.add(str(number), [1])
        sums.add(str(number), [5])
    found = components(sums)
    assert (found.challenge, found.cut) == (0.0, ("challenge",)) and found.repetition == 8


def test_equal_scores_have_nothing_to_gain() -> None:
    sums = NestedSums()
    for number in range(8):
        sums.add(str(number // 2), [4])
    found = components(sums)
    assert (found.challenge, found.repetition) == (0, 0) and "nothing to gain" in advice(found, doubled(found))


def test_a_run_with_repetitions_shows_its_reliability(tmp_path: Path) -> None:
    grades = {("c1", 0): 5, ("c1", 1): 2, ("c2", 0): 4, ("c2", 1): 4}
    trials = {f"crypto/{name}/rep_{rep}": {"judge": [verdict(grade)]} for (name, rep), grade in grades.items()}
    turns = {"Ana": ["Hello.", {"text": "Done.", "done": 1}], "Bo": [{"text": "Done.", "done": 1}]}
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    ended = table.play("--repetitions", "2", turns=turns, trials=trials)
    found = ended.json("summary.json")["reliability"]
    assert found["pass"] == [
        {"k": 1, "pass_at_k": 0.75, "pass_hat_k": 0.75, "challenges": 2, "left_out": 0},
        {"k": 2, "pass_at_k": 1.0, "pass_hat_k": 0.5, "challenges": 2, "left_out": 0},
    ]
    split = found["variance"]["Security Strength"]
    # Mean squares: plays (4.5 + 0)/2 = 2.25; challenges 2 ((3.5 - 3.75)^2 + (4 - 3.75)^2) = 0.25.
    assert (split["repetition"], split["challenge"], split["cut_to_zero"]) == (2.25, 0.0, ["challenge"])
    assert split["judge"] is None


def test_a_run_without_repetitions_has_no_reliability(tmp_path: Path) -> None:
    assert "reliability" not in Table(tmp_path).play().json("summary.json")
