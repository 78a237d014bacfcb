"""`arena run`: plays the challenge set. Also `python3 -m arena.run` and `python3 arena/run.py`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from arena.cli.console import Console
from arena.cli.settings import COMMON, read_settings
from arena.errors import ConfigError
from arena.settings.config import Config, build_parser
from arena.settings.flags import Parser

FAMILY = "crypto"


def parser() -> Parser:
    """Declare one flag per row of the table of settings."""
    declared = build_parser()
    declared.show_first(COMMON)
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Play the challenge set as the settings say; return 0, 1 (errors), 3 (--fail-on-budget) or 130 (interrupted)."""
    config = read_settings(options, console)
    _check_data(config)
    # Loaded here, by name, so that --help and usage errors do not wait for what only a run needs.
    execute = importlib.import_module("arena.cli.execute").execute
    surroundings = importlib.import_module("arena.cli.process").surroundings
    code: int = execute(FAMILY, config, surroundings(config, console, options.argv, "arena.run"), console)
    return code


def _check_data(config: Config) -> None:
    """Errors: ConfigError when this is an installed package without the data of the repository."""
    if config.source["challenges"] == "default" and not Path(config.challenges).is_file():
        raise ConfigError(
            f"there is no challenge set at {config.challenges}: this package was installed without the repository's"
            " data; run it from a clone (pip install -e .)"
        )
