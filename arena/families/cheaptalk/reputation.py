"""A sender's reputation under P3: slashing, moving average, redemption. Pure: each update gives a new state.

The order of steps is the predecessor's: count the trial; slash, or else move the average; redeem; clamp.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from arena.errors import ConfigError

VERSION = "1"


@dataclass(frozen=True, slots=True)
class ReputationConfig:
    """The predecessor's constants. Raises ConfigError for a value outside 0 to 1, or bounds that cross."""

    start: float = 0.7
    rep_alpha: float = 0.1
    rep_floor: float = 0.2
    rep_ceiling: float = 1.0
    rep_threshold: float = 0.5
    slashing_penalty: float = 0.15
    slashing_quality: float = 0.3
    redemption_bonus: float = 0.1
    redemption_threshold: float = 0.4
    redemption_streak: int = 3

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if name == "redemption_streak":
                if value < 1:
                    raise ConfigError(f"redemption_streak is {value}: give 1 or more")
            elif not math.isfinite(value) or not 0 <= value <= 1:
                raise ConfigError(f"{name} is {value}: give a number from 0 to 1")
        if not 0 < self.rep_floor <= self.start <= self.rep_ceiling:
            raise ConfigError(f"a reputation starts at {self.start:g}, so --rep-floor ({self.rep_floor:g}) must be"
                              f" above 0 and at most that, and --rep-ceiling ({self.rep_ceiling:g}) at least"
                              " that")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reputation:
    """The state of one sender. `score` is between `rep_floor` and `rep_ceiling`."""

    score: float
    trials: int = 0
    passed: int = 0
    failed: int = 0
    consecutive_correct: int = 0
    consecutive_incorrect: int = 0

    def needs_verification(self, config: ReputationConfig) -> bool:
        """Return whether the next claim is verified without the receiver's decision."""
        return self.score < config.rep_threshold

    def cost_multiplier(self, config: ReputationConfig) -> float:
        """Return the factor on the cost of a claim: the worse the reputation, the higher."""
        return 1 / max(self.score, config.rep_floor)

    def stats(self, agent_id: str, config: ReputationConfig) -> Mapping[str, object]:
        """Return the predecessor's fields."""
        return {
            "agent_id": agent_id,
            "rep_score": self.score,
            "n_trials": self.trials,
            "n_pass": self.passed,
            "n_fail": self.failed,
            "pass_rate": self.passed / self.trials if self.trials else 0.0,
            "consecutive_correct": self.consecutive_correct,
            "consecutive_incorrect": self.consecutive_incorrect,
            "below_threshold": self.needs_verification(config),
            "claim_cost_multiplier": self.cost_multiplier(config),
            "decision_weight": self.score,
        }


@dataclass(frozen=True, slots=True)
class Update:
    """One step: the reputation before and after, and the event."""

    before: Reputation
    after: Reputation
    passed: bool
    slashed: bool
    redeemed: bool


def new_reputation(config: ReputationConfig) -> Reputation:
    """Return the initial reputation of a sender."""
    return Reputation(config.start)


def update(
    state: Reputation, passed: bool, quality: float, config: ReputationConfig, forced_slash: bool = False
) -> Update:
    """Return the reputation after one verified conversation. `quality`: of the evidence, 0 to 1.

    Slashed: by force, or failed with evidence below `slashing_quality`; then the average does not move. A streak of
    passed trials lifts a reputation below `redemption_threshold` once, and starts again.
    """
    if not math.isfinite(quality) or not 0 <= quality <= 1:
        raise ValueError(f"evidence quality {quality}: must be from 0 to 1")
    slashed = forced_slash or (not passed and quality < config.slashing_quality)
    if slashed:
        score = state.score - config.slashing_penalty
    else:
        score = (1 - config.rep_alpha) * state.score + config.rep_alpha * (quality if passed else 0.0)
    streak = state.consecutive_correct + 1 if passed else 0
    redeemed = score < config.redemption_threshold and streak >= config.redemption_streak
    if redeemed:
        score, streak = score + config.redemption_bonus, 0
    after = replace(
        state,
        score=min(config.rep_ceiling, max(config.rep_floor, score)),
        trials=state.trials + 1,
        passed=state.passed + passed,
        failed=state.failed + (not passed),
        consecutive_correct=streak,
        consecutive_incorrect=0 if passed else state.consecutive_incorrect + 1,
    )
    return Update(state, after, passed, slashed, redeemed)
