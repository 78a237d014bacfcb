"""The inputs of the statistics and result files of a run, from its settings or from a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arena.families.cheaptalk.deviations.table import DEVIATIONS
from arena.families.cheaptalk.experiments.experiment import Output
from arena.families.cheaptalk.findings.run import Rules
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint
from arena.families.cheaptalk.outputs.write import ResultRules
from arena.families.cheaptalk.payoff import PayoffConfig
from arena.families.cheaptalk.protocols.table import PROTOCOLS
from arena.families.cheaptalk.reputation import ReputationConfig

_REPUTATION = (
    "rep_alpha", "rep_floor", "rep_ceiling", "rep_threshold", "slashing_penalty", "redemption_bonus",
    "redemption_threshold", "redemption_streak",
)  # fmt: skip
_PAYOFF = ("lambda_cost", "mu_penalty", "token_cost_per_1k", "tool_call_cost", "bonus")


def reputation_config(values: Mapping[str, Any]) -> ReputationConfig:
    """Return the constants of P3. Raises ConfigError for those that cannot be."""
    return ReputationConfig(**{name: values[name] for name in _REPUTATION})


def payoff_config(values: Mapping[str, Any]) -> PayoffConfig:
    """Return the constants of the payoff. Raises ConfigError for those that cannot be."""
    return PayoffConfig(**{name: values[name] for name in _PAYOFF})


def result_rules(values: Mapping[str, Any], seeds: Sequence[int]) -> ResultRules:
    """Return the inputs of results. Raises ConfigError for a path that is not inside the run."""
    payoff, reputation, left_out = payoff_config(values), reputation_config(values), set(values["not_written"])
    statistics = Rules(
        seed=seeds[0],
        protocols=tuple(PROTOCOLS),
        deviations=tuple(DEVIATIONS),
        setting=SensitivityPoint(payoff.lambda_cost, payoff.mu_penalty, reputation),
    )
    output = Output(
        path=values["episodes_path"] or "",
        summary_path=values["summary_path"] or "",
        results_dir=values["results_dir"] or "",
        save_episodes="episodes" not in left_out,
        save_summary="summary" not in left_out,
        save_comparison_table="comparison_table" not in left_out,
        save_reputation_trajectories="reputation_trajectories" not in left_out,
        save_progression_analysis="progression_analysis" not in left_out,
    )
    return ResultRules(statistics, payoff, reputation, output)
