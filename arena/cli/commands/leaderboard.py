"""`arena leaderboard`: a table of finished runs; runs that may not be ranked together are in separate groups."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from arena.analysis.leaderboard.leaderboard import Board, boards
from arena.analysis.leaderboard.page import page
from arena.analysis.leaderboard.text import csv_bytes, json_bytes, markdown, text
from arena.cli.console import Console
from arena.cli.run_choice import add_min_coverage
from arena.engine.finished import open_run
from arena.errors import EXIT_OK
from arena.settings.flags import Parser
from arena.store.rundir import write_output

_FORMS: dict[str, tuple[Callable[[Sequence[Board]], bytes], str]] = {
    "markdown": (markdown, "Markdown"),
    "csv": (csv_bytes, "CSV, one row per run"),
    "json": (json_bytes, "JSON"),
    "html": (page, "one HTML page that loads nothing"),
}


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        prog="arena leaderboard",
        description="Rank finished runs. Runs whose challenges, rules, judge or seed differ are ranked in separate"
        " groups, and each group says how it differs: docs/leaderboard.md.",
        examples=("python3 -m arena leaderboard state/runs/base state/runs/tuned --html board.html",),
    )
    declared.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directories")
    declared.add_argument("--sort", default="success", metavar="KEY",
                        help="success, verified, right, leaks, cost, tokens, errors, run, players, a dimension, or"
                        " 'verified DIMENSION' [default success]")  # fmt: skip
    add_min_coverage(declared, "rank only runs in which at least this percentage of the plan has an outcome")
    for name, (_, what) in _FORMS.items():
        declared.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write the table as {what}")
    declared.add_argument("--quiet", action="store_true", help="print only errors")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Rank the runs, write and print the table; return 0."""
    found = boards([open_run(path) for path in options.runs], options.sort, options.min_coverage)
    for name, (form, _) in _FORMS.items():
        path = getattr(options, name)
        if path is not None:
            write_output(path, form(found))
    if not console.quiet:
        console.result(text(found, console.width()))
    return EXIT_OK
