"""Settings for a command whose flags come from the table of settings."""

from __future__ import annotations

import argparse
import os

from arena.cli.console import Console
from arena.settings.config import NO_MOCKS, Config, read_config
from arena.settings.table import MockModels, Setting

COMMON = (
    "participant_model", "role_model", "judge_model", "challenge_ids", "limit", "repetitions", "seed", "max_turns",
    "calculator_provider", "out", "resume", "workers", "max_cost_usd", "dry_run", "config",
)  # fmt: skip
"""The settings that `--help` shows; `--help-all` shows all."""


def read_settings(
    options: argparse.Namespace, console: Console, table: tuple[Setting, ...], mocks: MockModels = NO_MOCKS
) -> Config:
    """Return the settings of this call: its flags over environment, .env, settings file and defaults.

    `table`: all settings of the command; `mocks`: the mock models of its family.

    The console follows them (--quiet, --no-color, NO_COLOR in .env), and says which .env file was read.
    Errors: as of `read_config`.
    """
    config = read_config(options.argv, os.environ, table, options.parser, mocks=mocks)
    console.set_up(config["quiet"], config["no_color"], config.environ)
    if config.dotenv.path is not None:
        console.notify(f"variables from {config.dotenv.path}")
    for warning in config.dotenv.warnings:
        console.warn(warning)
    return config
