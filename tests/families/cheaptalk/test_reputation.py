"""Reputation: slashing, moving average, redemption and bounds, step by step with the constants of the predecessor."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from arena.errors import ConfigError, StorageFault
from arena.families.cheaptalk.reputation import Reputation, ReputationConfig, new_reputation, update
from arena.families.cheaptalk.reputation_table import Step, write_reputation_table

CONFIG = ReputationConfig()
TABLES = ("reputations", "reputation_history")


def after(score: float, passed: bool, quality: float, **state: int) -> float:
    return update(Reputation(score, **state), passed, quality, CONFIG).after.score


def test_new_sender_starts_at_seven_tenths() -> None:
    assert new_reputation(CONFIG) == Reputation(0.7)
    assert not new_reputation(CONFIG).needs_verification(CONFIG)


@pytest.mark.parametrize(
    ("score", "passed", "quality", "expected"),
    [
        (0.7, True, 1.0, 0.73),
        (0.7, True, 0.0, 0.63),
        (0.7, False, 0.5, 0.63),
        (0.7, False, 0.3, 0.63),
        (0.7, False, 0.29, 0.55),
        (0.25, False, 0.0, 0.2),
        (1.0, True, 1.0, 1.0),
    ],
)
def test_score_moves_as_the_rules_say(score: float, passed: bool, quality: float, expected: float) -> None:
    assert after(score, passed, quality) == pytest.approx(expected)


def test_forced_slash_needs_no_failure_and_stops_the_average() -> None:
    found = update(Reputation(0.7), True, 1.0, CONFIG, forced_slash=True)
    assert found.slashed and found.after.score == pytest.approx(0.55)
    assert (found.after.passed, found.after.failed) == (1, 0)


def test_streak_of_three_redeems_a_low_reputation_once() -> None:
    state = Reputation(0.2)
    seen = []
    for _ in range(6):
        step = update(state, True, 0.2, CONFIG)
        seen.append((step.redeemed, round(step.after.score, 6), step.after.consecutive_correct))
        state = step.after
    assert seen == [
        (False, 0.2, 1),
        (False, 0.2, 2),
        (True, 0.3, 0),
        (False, 0.29, 1),
        (False, 0.281, 2),
        (True, 0.3729, 0),
    ]


def test_streak_does_not_redeem_a_good_reputation() -> None:
    step = update(Reputation(0.6, consecutive_correct=5), True, 0.5, CONFIG)
    assert not step.redeemed and step.after.consecutive_correct == 6


def test_failure_ends_the_streak_and_counts() -> None:
    step = update(Reputation(0.6, trials=4, passed=4, consecutive_correct=4), False, 0.9, CONFIG)
    assert (step.after.trials, step.after.passed, step.after.failed) == (5, 4, 1)
    assert (step.after.consecutive_correct, step.after.consecutive_incorrect) == (0, 1)
    assert step.before.score == 0.6


def test_verification_is_forced_below_one_half() -> None:
    assert Reputation(0.49).needs_verification(CONFIG) and not Reputation(0.5).needs_verification(CONFIG)
    assert Reputation(0.5).cost_multiplier(CONFIG) == 2.0 and Reputation(0.1).cost_multiplier(CONFIG) == 5.0


def test_stats_have_the_predecessors_fields() -> None:
    stats = Reputation(0.4, trials=4, passed=3, failed=1).stats("sender", CONFIG)
    assert list(stats) == [
        *("agent_id", "rep_score", "n_trials", "n_pass", "n_fail", "pass_rate", "consecutive_correct"),
        *("consecutive_incorrect", "below_threshold", "claim_cost_multiplier", "decision_weight"),
    ]
    assert (stats["pass_rate"], stats["below_threshold"], stats["claim_cost_multiplier"]) == (0.75, True, 2.5)
    assert Reputation(0.7).stats("sender", CONFIG)["pass_rate"] == 0.0


def test_always_failing_sender_falls_to_the_floor_and_stays() -> None:
    state = new_reputation(CONFIG)
    for _ in range(10):
        state = update(state, False, 0.0, CONFIG).after
    assert state.score == CONFIG.rep_floor and state.consecutive_incorrect == 10


@pytest.mark.parametrize("change", [{"rep_alpha": 1.5}, {"rep_floor": 0.0}, {"start": 0.1}, {"redemption_streak": 0}])
def test_config_that_means_nothing_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        ReputationConfig(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("nan")])
def test_quality_outside_its_bounds_is_refused(quality: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        update(Reputation(0.7), True, quality, CONFIG)


def history(agent: str, results: list[bool]) -> list[Step]:
    state, steps = new_reputation(CONFIG), []
    for number, passed in enumerate(results):
        steps.append(Step(agent, update(state, passed, 0.9 if passed else 0.1, CONFIG), {"task": f"t{number}"}))
        state = steps[-1].update.after
    return steps


def read(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_table_has_the_predecessors_columns(tmp_path: Path) -> None:
    path = tmp_path / "reputation.db"
    write_reputation_table(path, [*history("b", [True, False]), *history("a", [True])], CONFIG)
    columns = {table: [row[1] for row in read(path, f"PRAGMA table_info({table})")] for table in TABLES}
    assert columns["reputations"] == [
        *("agent_id", "rep_score", "n_trials", "n_pass", "n_fail", "consecutive_correct", "consecutive_incorrect"),
        *("config", "created_at", "updated_at"),
    ]
    assert columns["reputation_history"] == [
        *("id", "agent_id", "timestamp", "rep_before", "rep_after", "verification_result", "slashed", "redeemed"),
        "metadata",
    ]
    assert read(path, "SELECT agent_id, n_trials, n_pass, n_fail FROM reputations") == [("a", 1, 1, 0), ("b", 2, 1, 1)]


def test_table_follows_each_agents_history(tmp_path: Path) -> None:
    path = tmp_path / "reputation.db"
    path.write_bytes(b"an older file")
    write_reputation_table(path, history("a", [True, False, True]), CONFIG)
    rows = read(path, "SELECT timestamp, rep_before, rep_after, slashed, metadata FROM reputation_history ORDER BY id")
    assert [row[0] for row in rows] == ["step 00000001", "step 00000002", "step 00000003"]
    assert all(before == after for (_, _, before, *_), (_, after, *_) in zip(rows, rows[1:], strict=False))
    assert [row[3] for row in rows] == [0, 1, 0] and rows[0][4] == '{"task": "t0"}'
    assert [file.name for file in tmp_path.iterdir()] == ["reputation.db"]


def test_table_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match="cannot be written"):
        write_reputation_table(tmp_path / "missing" / "reputation.db", [], CONFIG)
