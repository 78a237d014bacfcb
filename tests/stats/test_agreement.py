"""Agreement of judgements: against krippendorff and scikit-learn (tests/data/statistics), and at the edges."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from arena.stats.agreement import (
    INTERVAL,
    ORDINAL,
    Cells,
    add_cells,
    alpha,
    alpha_intervals,
    draws_for,
    exact_share,
    pairs_of,
    quadratic_kappa,
)

FOUND: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "data/statistics/agreement.json").read_text("utf-8")
)


def rows(name: str) -> list[dict[str, Any]]:
    assert FOUND[name], name
    return list(FOUND[name])


def units(data: list[list[int | None]]) -> list[list[int]]:
    return [[value for value in unit if value is not None] for unit in zip(*data, strict=True)]


def summed(matches: list[list[int]]) -> Cells:
    cells: Cells = {}
    for values in matches:
        add_cells(cells, pairs_of(values))
    return cells


def confusion(first: list[int], second: list[int]) -> Cells:
    cells: Cells = {}
    for pair in zip(first, second, strict=True):
        add_cells(cells, {pair: 1})
    return cells


def test_the_reference_names_its_versions() -> None:
    assert {"krippendorff", "scikit-learn"} <= set(FOUND["versions"])


@pytest.mark.parametrize("row", rows("alpha"), ids=lambda row: row["name"])
def test_alpha_is_that_of_the_library_missing_judgements_included(row: dict[str, Any]) -> None:
    cells = summed(units(row["data"]))
    assert alpha(cells, ORDINAL) == pytest.approx(row["ordinal"], abs=1e-12)
    assert alpha(cells, INTERVAL) == pytest.approx(row["interval"], abs=1e-12)


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    # Krippendorff (2011): ordinal 0.815, interval 0.849.
    example = next(row for row in rows("alpha") if row["name"] == "krippendorff_2011")
    cells = summed(units(example["data"]))
    assert alpha(cells, ORDINAL) == pytest.approx(0.815, abs=5e-4)
    assert alpha(cells, INTERVAL) == pytest.approx(0.849, abs=5e-4)


@pytest.mark.parametrize("row", rows("kappa"), ids=lambda row: row["name"])
def test_kappa_is_that_of_scikit_learn(row: dict[str, Any]) -> None:
    assert quadratic_kappa(confusion(row["first"], row["second"])) == pytest.approx(row["kappa"], abs=1e-12)


def test_agreement_without_exception_is_one() -> None:
    cells = summed([[1, 1], [3, 3, 3], [5, 5]])
    assert (alpha(cells, ORDINAL), alpha(cells, INTERVAL), exact_share(cells)) == (1, 1, 1)


@pytest.mark.parametrize("matches", [[], [[4]], [[4, 4], [4, 4, 4]]], ids=["none", "one judgement", "one grade"])
def test_where_nothing_varies_there_is_no_alpha(matches: list[list[int]]) -> None:
    assert alpha(summed(matches), ORDINAL) is None
    assert alpha(summed(matches), INTERVAL) is None


def test_kappa_of_two_judges_with_one_grade_is_undefined_and_of_two_constant_ones_zero() -> None:
    assert quadratic_kappa({}) is None
    assert quadratic_kappa(confusion([4, 4], [4, 4])) is None
    assert quadratic_kappa(confusion([4, 4], [2, 2])) == 0


def test_exact_share_counts_equal_pairs() -> None:
    assert exact_share({}) is None
    assert exact_share(confusion([1, 2, 3, 4], [1, 2, 4, 4])) == 0.75


def test_a_match_with_many_judgements_counts_as_many_judgements_as_it_has() -> None:
    assert sum(pairs_of([1, 2, 5]).values()) == pytest.approx(3)
    assert pairs_of([3]) == {}


def _clusters(count: int) -> list[Cells]:
    draw = random.Random("clusters").random
    found = []
    for _ in range(count):
        truth = 1 + int(draw() * 5)
        found.append(summed([[min(5, max(1, truth + int(draw() * 3) - 1)) for _ in range(3)] for _ in range(2)]))
    return found


def test_intervals_hold_the_estimate_and_are_equal_for_equal_seeds() -> None:
    clusters = _clusters(30)
    whole: Cells = {}
    for cells in clusters:
        add_cells(whole, cells)
    found = alpha_intervals(clusters, draws_for(30, "a"))
    assert found == alpha_intervals(clusters, draws_for(30, "a")) != alpha_intervals(clusters, draws_for(30, "b"))
    for metric, interval in ((ORDINAL, found.ordinal), (INTERVAL, found.interval)):
        assert interval is not None
        estimate = alpha(whole, metric)
        assert estimate is not None and interval[0] < estimate < interval[1]


def test_more_challenges_narrow_the_interval() -> None:
    def width(count: int) -> float:
        found = alpha_intervals(_clusters(count), draws_for(count, 0)).ordinal
        assert found is not None
        return found[1] - found[0]

    assert width(160) < width(20) / 2


@pytest.mark.parametrize(
    ("clusters", "says"),
    [([], "two challenges"), ([pairs_of([1, 2])], "two challenges"), ([pairs_of([4, 4])] * 5, "one grade only")],
    ids=["none", "one", "one grade"],
)
def test_without_enough_to_resample_there_is_no_interval_and_it_says_why(clusters: list[Cells], says: str) -> None:
    found = alpha_intervals(clusters, draws_for(max(1, len(clusters)), 0))
    assert found.ordinal is None and found.interval is None and says in found.undefined


def test_ten_thousand_challenges_are_resampled_less_often_than_ten() -> None:
    assert len(draws_for(10, 0)) == 1000
    assert len(draws_for(10_000, 0)) == 200
