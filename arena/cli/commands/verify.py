"""`arena verify RUN`: check that a run directory is unchanged and consistent."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from dataclasses import replace

from arena.analysis.verify.text import verification_text
from arena.analysis.verify.verify import recalculating, verify
from arena.cli.console import Console
from arena.cli.process import process_context
from arena.cli.run_choice import add_run, chosen_run
from arena.cli.settings import read_settings
from arena.errors import EXIT_ERRORS, EXIT_OK, EXIT_USAGE
from arena.settings.config import build_parser
from arena.settings.flags import Parser, examples_text
from arena.settings.table import CORE, TOOLS

_FLAGS = frozenset({"calculator_provider", "calculator_timeout", "env_file", "json", "quiet"})
_LOCAL = ("process", "oneshot", "none")
_HELP = {
    "calculator_provider": "recomputes the calls: process (kept running), oneshot; none leaves them unchecked",
    "json": "print the result as one JSON object",
    "quiet": "print only problems",
}

TABLE = tuple(
    replace(
        row,
        help=_HELP.get(row.name, row.help),
        choices=_LOCAL if row.name == "calculator_provider" else row.choices,
    )
    for row in (*TOOLS, *CORE)
)
MAX_JOBS = 256
_DESCRIPTION = (
    "Check that a finished run is unchanged: the digests of all files and the hash chain. Recompute every tool call,"
    " replay every record from the journal, and rebuild every table. Changes nothing. Exit codes: 0 no problem, 1"
    " problems (listed with their places), 2 RUN is not a run, or its manifest, a record or a journal line is"
    " malformed."
)
_EXAMPLES = (
    "python3 -m arena verify state/runs/first",
    "python3 -m arena verify --last",
    "python3 -m arena verify RUN --json --quiet",
)


def parser() -> Parser:
    """Declare RUN, and the settings that a verification needs."""
    declared = build_parser("arena verify", [row for row in TABLE if row.name in _FLAGS], _DESCRIPTION)
    declared.usage = "arena verify RUN [flags]"
    declared.epilog = "More: docs/verify.md.\n\n" + examples_text(_EXAMPLES)
    declared.add_argument("--help-all", action="help", help=argparse.SUPPRESS)
    add_run(declared)
    what = "processes to use; the result is the same [default: one per core, but only one below 200 matches]"
    declared.add_argument("--jobs", type=_jobs, default=None, metavar="N", help=what)
    return declared


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 to {MAX_JOBS}")
    return int(text)


def run(options: argparse.Namespace, console: Console) -> int:
    """Verify the run and print the problems; return 0 when there are none, 2 when the manifest, a record or a journal
    line is malformed, else 1."""
    config = read_settings(options, console, TABLE)
    path = chosen_run(options)
    with recalculating(config, process_context(config, console), path) as again:
        verified = verify(path, again, options.jobs)
    with closing(verified) as found:
        if config["json"]:
            console.result(json.dumps(found.to_json()))
        elif not config["quiet"] or not found.holds:
            console.result(verification_text(found, console.width()))
    if found.problems.unreadable:
        return EXIT_USAGE
    return EXIT_OK if found.holds else EXIT_ERRORS
