"""Reputation: slashing, moving average, redemption and bounds, step by step with the constants of the predecessor."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError
from arena.families.cheaptalk.reputation import Reputation, ReputationConfig, new_reputation, update

CONFIG = ReputationConfig()


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
