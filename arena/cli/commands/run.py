"""`arena run`: plays the challenge set. Also `python3 -m arena.run` and `python3 arena/run.py`."""

from __future__ import annotations

import argparse
import importlib

from arena.cli.console import Console
from arena.cli.settings import COMMON, read_settings
from arena.families.crypto.spec import SPEC
from arena.settings.config import build_parser
from arena.settings.flags import Parser

_DESCRIPTION = "Play a challenge set: role agents negotiate, call the calculator and are judged."
_EXAMPLES = (
    "python3 -m arena.run --limit 3",
    "python3 -m arena.run --participant-model groq/your-model --judge-model openai/your-judge --dry-run",
    "python3 -m arena.run --resume --out state/runs/first",
)


def parser() -> Parser:
    """Declare one flag per row of the table of settings."""
    declared = build_parser("arena run", SPEC.settings, _DESCRIPTION, _EXAMPLES)
    declared.show_first(COMMON)
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Play the challenge set as the settings say; return 0, 1 (errors), 3 (--fail-on-budget) or 130 (interrupted)."""
    config = read_settings(options, console, SPEC.settings, SPEC.mocks)
    # Loaded here, by name: --help and usage errors need not wait for the modules of a run.
    execute = importlib.import_module("arena.cli.execute").execute
    build = importlib.import_module("arena.engine.build")
    process_context = importlib.import_module("arena.cli.process").process_context
    process = process_context(config, console, options.argv, "arena.run")
    code: int = execute(build.RunRequest(SPEC, config, process, gate=build.build_gate(config)), console)
    return code
