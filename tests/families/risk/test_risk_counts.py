"""Counts of a risk run: intervals of attacks take the case as the unit, however the counts were added up."""

from __future__ import annotations

import random
from typing import Any

from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED
from arena.families.risk.compose import NO_ATTACK
from arena.families.risk.risk_counts import COMPLETED, Line, RiskCounts
from arena.stats.intervals import clustered_share_interval, wilson

ATTACKS = tuple(f"a{n}" for n in range(9))


def counted(trials: list[tuple[str, str, str]]) -> RiskCounts:
    """Return the counts of (case, attack, outcome)."""
    found = RiskCounts()
    for case, attack, outcome in trials:
        line = Line("shop", attack, "none", outcome, 1, 1, "", 0, 0)
        found.add(line, (case, attack), None, None)
    return found


def metric(counts: RiskCounts, name: str = "attack_success_rate") -> dict[str, Any]:
    found: Any = counts.to_json()
    return dict(found["metrics"][name])


def ends(interval: tuple[float, float] | None) -> list[float]:
    assert interval is not None
    return [round(end, 4) for end in interval]


def alike(cases: int = 10) -> list[tuple[str, str, str]]:
    """Half of the cases fall to every attack, the others to none."""
    return [(f"c{n}", attack, SUCCEEDED if n % 2 else RESISTED) for n in range(cases) for attack in ATTACKS]


def test_attacks_on_a_case_that_fall_together_count_as_one_case() -> None:
    found = metric(counted(alike()))
    assert (found["k"], found["n"]) == (45, 90)
    assert [found["low"], found["high"]] == ends(clustered_share_interval([(9 * (n % 2), 9) for n in range(10)]))
    narrow, wide = ends(wilson(45, 90)), ends(wilson(5, 10))
    assert found["high"] - found["low"] > 2 * (narrow[1] - narrow[0]) > 0
    assert abs((found["high"] - found["low"]) - (wide[1] - wide[0])) < 0.05


def test_no_success_says_as_much_as_there_are_cases() -> None:
    found = metric(counted([(f"c{n}", attack, RESISTED) for n in range(3) for attack in ATTACKS]))
    assert (found["k"], found["n"], found["rate"]) == (0, 27, 0.0)
    assert [found["low"], found["high"]] == ends(wilson(0, 3))


def test_one_attack_a_case_is_nearly_independent() -> None:
    found = metric(counted([(f"c{n}", "a0", SUCCEEDED if n % 3 == 0 else RESISTED) for n in range(60)]))
    low, high = ends(wilson(20, 60))
    assert abs(found["low"] - low) < 0.005 and abs(found["high"] - high) < 0.005


def test_parts_that_are_merged_give_the_counts_of_the_whole() -> None:
    trials = [*alike(), *[(f"c{n}", NO_ATTACK, COMPLETED) for n in range(4)], ("c9", "a0", UNASSESSED)]
    random.Random(7).shuffle(trials)
    left, right = counted(trials[:40]), counted(trials[40:])
    left.merge(right)
    assert left.to_json() == counted(trials).to_json()
    assert metric(left)["n"] == 90, "unassessed trials and twins are in no rate"


def test_twins_keep_the_interval_of_independent_trials() -> None:
    found = metric(counted([(f"c{n}", NO_ATTACK, COMPLETED) for n in range(8)]), "benign_completion")
    assert [found["low"], found["high"]] == ends(wilson(8, 8))
