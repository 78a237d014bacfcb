"""The defaults of each subcommand: settings with other default values. Cheap to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from arena.settings.table import Setting

_CONTROLS = ("no_message", "shuffled_message")
_BUDGET = {"max_tokens_per_task": 2000, "max_llm_calls_per_task": 10}

PRESETS: Mapping[str, Mapping[str, object]] = {
    "run": {"milestones": ("milestone1",)},
    "deviations": {"milestones": ("milestone2",), "controls": _CONTROLS},
    "baselines": {"milestones": ("milestone3",), **_BUDGET},
    "protocols": {"milestones": ("milestone4",)},
    "all": {"milestones": ("milestone2", "milestone3", "milestone4"), "controls": _CONTROLS, **_BUDGET},
    "debug": {"num_tasks": 1, "deviations": ("honest",)},
    "validate": {"num_tasks": 1, "milestones": ("milestone4",)},
}
"""Command -> the settings whose defaults it changes."""


def with_defaults(table: tuple[Setting, ...], values: Mapping[str, object]) -> tuple[Setting, ...]:
    """Return a table of settings with other defaults."""
    return tuple(replace(row, default=values[row.name]) if row.name in values else row for row in table)
