"""Typed views of the settings, one for each block of settings/table.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from arena.messages import Sampling
from arena.settings.model_refs import ModelRef, Panel, Players, judge, players
from arena.settings.table import MockModels


@dataclass(frozen=True, slots=True)
class Operation:
    """How a run is carried out, and what this call asked for: the block CORE. None if nothing is set."""

    seed: int
    out: Path | None
    resume: bool
    retry: tuple[str, ...]
    shard: str | None
    workers: int
    processes: int
    continue_on_error: bool
    fsync: bool
    junit: Path | None
    github_summary: Path | None
    annotations: bool
    min_coverage: float
    dry_run: bool
    timeout: float
    deadline: float
    max_retries: int
    backoff: float
    grace: float
    rpm: tuple[str, ...]
    tpm: tuple[str, ...]
    ssl_verify: bool
    allow_plain_http: bool
    print_http_errors: bool
    max_calls: int | None
    max_total_tokens: int | None
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    max_cost_usd: float | None
    prices: Path
    fail_on_budget: bool
    progress: bool
    quiet: bool
    table: bool
    json: bool


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """Who fills the seats and how they are sampled: the block PLAYERS."""

    refs: Players
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Who judges: the block JUDGE. `tools`: the judge may call the calculator; the limits cut what it reads."""

    ref: ModelRef
    sampling: Sampling
    tools: bool
    max_chars_per_message: int | None
    max_chars_total: int | None
    bound: bool
    """Whether its answer is bound to the form of a verdict, where the service can."""


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """The calculator: the block TOOLS."""

    provider: str
    op_families: tuple[str, ...]
    lambda_url: str | None
    timeout: float
    text: str
    """The description of the calculator for players: `families`, `granted` or `full`."""
    native: bool
    """Whether its ops are offered in the provider's own form of tool calling."""


def operation(values: Mapping[str, Any]) -> Operation:
    """Return the view of CORE. Raises KeyError for a table without the block."""
    return Operation(**{field.name: values[field.name] for field in fields(Operation)})


def player_settings(values: Mapping[str, Any], mocks: MockModels) -> PlayerSettings | None:
    """Return the view of PLAYERS, None for a table without the block. Raises UsageError for a model that is missing."""
    if "participant_provider" not in values:
        return None
    sampling = Sampling(values["temperature"], values["top_p"], values["max_tokens"], None, values["reasoning_effort"])
    return PlayerSettings(players(values, mocks), sampling)


def judge_settings(values: Mapping[str, Any], mocks: MockModels) -> JudgeSettings | None:
    """Return the view of JUDGE, None for a table without the block. Raises UsageError if nobody judges."""
    if "judge_provider" not in values:
        return None
    offline = "participant_provider" not in values or players(values, mocks).offline
    return JudgeSettings(
        judge(values, mocks, offline),
        Sampling(values["judge_temperature"], None, values["judge_max_tokens"]),
        values["judge_tools"],
        values["judge_max_chars_per_message"],
        values["judge_max_chars_total"],
        values["judge_form"] == "schema",
    )


def tool_settings(values: Mapping[str, Any]) -> ToolSettings | None:
    """Return the view of TOOLS, None for a table without the block."""
    if "calculator_provider" not in values:
        return None
    return ToolSettings(
        values["calculator_provider"],
        values["op_families"],
        values["calculator_lambda_url"],
        values["calculator_timeout"],
        values["tool_text"],
        values["tool_calls"] == "native",
    )


__all__ = [
    "JudgeSettings", "Operation", "Panel", "PlayerSettings", "ToolSettings", "judge_settings", "operation",
    "player_settings", "tool_settings",
]  # fmt: skip
