"""The end of a run at a glance: bars of outcomes, means, the weakest units, and that all of it fits a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from arena.engine.overview import WEAKEST, overview, unit_table, weakest_units

STATUSES = {"error": 0, "denied": 0, "limit": 0, "aborted": 0}
LONG = "the-committee-that-met-in-the-old-boathouse-by-the-river"


def unit(name: str, outcomes: dict[str, int], mean: float | None = 3.0, **changes: Any) -> dict[str, Any]:
    total = sum(outcomes.values())
    rate = outcomes["WON"] / total if total else None
    return {"challenge_id": name, "n": max(total, 1), "outcomes": outcomes, "success_rate": rate,
            "mean_scores": {"Care": mean, "Computation / Tool Usage": mean}, "statuses": STATUSES, "unscored": 0,
            **changes}  # fmt: skip


def won(count: int, lost: int, drawn: int = 0) -> dict[str, int]:
    return {"WON": count, "DRAWN": drawn, "LOST": lost}


def summary(*units: dict[str, Any], averaged: tuple[str, ...] = ("Care", "Computation / Tool Usage")) -> dict[str, Any]:
    totals = {label: sum(one["outcomes"][label] for one in units) for label in won(0, 0)}
    return {**unit("all", totals), "unit_noun": "challenge", "per_challenge": list(units), "averaged_scores": averaged,
            "n": sum(totals.values())}  # fmt: skip


def test_each_outcome_has_a_bar_with_its_count_and_share() -> None:
    lines = overview(summary(unit("a", won(3, 1))), None, False).splitlines()
    assert lines[0].split() == ["WON", "█" * 12, "3", "75%", "Care", "3.00"]
    assert lines[1].split() == ["DRAWN", "0", "0%", "Computation", "/", "Tool", "Usage", "3.00"]
    assert lines[2].split() == ["LOST", "████", "1", "25%"]


def test_a_rare_outcome_still_shows() -> None:
    lines = overview(summary(unit("a", won(999, 1))), None, False).splitlines()
    assert "█  " in lines[2] and lines[2].split()[-2:] == ["1", "0%"]


def test_colours_go_from_success_to_failure_and_can_be_left_out() -> None:
    found = summary(unit("a", won(1, 1)))
    lines = overview(found, 80, True).splitlines()
    assert [line[:5] for line in lines] == ["\x1b[32m", "DRAWN", "\x1b[31m"], "an outcome that nobody had has none"
    assert "\x1b" not in overview(found, 80, False)


def test_means_stand_below_where_the_terminal_is_narrow() -> None:
    lines = overview(summary(unit("a", won(1, 1))), 50, False).splitlines()
    assert lines[3] == "" and lines[4].startswith("Care") and max(map(len, lines)) <= 50


def test_a_run_without_outcomes_shows_its_means_alone() -> None:
    found = {**summary(unit("a", won(1, 0))), "outcomes": {}}
    assert overview(found, 80, True) == "Care                      3.00\nComputation / Tool Usage  3.00"


def test_the_weakest_come_first_and_what_always_succeeded_is_left_out() -> None:
    units = [("won", won(2, 0)), ("half", won(1, 1)), ("lost", won(0, 2)), ("none", won(0, 0))]
    found = summary(*(unit(name, outcomes) for name, outcomes in units), unit("low", won(0, 2), 1.5))
    table, *more = weakest_units(found, None)
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["low", "lost", "half"] and more == []
    assert weakest_units(summary(unit("won", won(2, 0))), None) == []


def test_the_others_of_the_weak_are_counted() -> None:
    table, more = weakest_units(summary(*(unit(f"c{n}", won(0, 1)) for n in range(WEAKEST + 4))), None)
    assert len(table.splitlines()) == 2 + WEAKEST
    assert more == "and 4 more that did not always succeed: --table lists all"


def test_scores_of_unlike_scales_have_no_common_mean() -> None:
    (table,) = weakest_units(summary(unit("lost", won(0, 1)), averaged=()), None)
    assert "mean" not in table


@pytest.mark.parametrize("width", [48, 60, 80, 120])
def test_tables_fit_the_terminal(width: int) -> None:
    units = [
        unit(LONG, won(0, 1)),
        unit("b", won(1, 2, 3)),
        unit("c", won(1, 0), None, statuses={**STATUSES, "error": 1}),
    ]
    found = summary(*units)
    for table in (unit_table(found, width), weakest_units(found, width)[0]):
        assert max(map(len, table.splitlines())) <= width


def test_a_table_says_what_is_in_no_mean_only_where_there_is_something() -> None:
    assert "not scored" not in unit_table(summary(unit("a", won(1, 0))), None)
    failed = unit("b", won(0, 0), None, statuses={**STATUSES, "error": 1})
    assert "not scored" in unit_table(summary(failed), None) and "1 error" in unit_table(summary(failed), None)


def test_names_of_strangers_stay_on_their_line() -> None:
    lines = unit_table(summary(unit("a\n::error::x\x1b[2J", won(0, 1))), 80).splitlines()
    assert len(lines) == 4 and lines[2].startswith("a\\n")
