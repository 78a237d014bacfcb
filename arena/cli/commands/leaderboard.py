"""`arena leaderboard`: a table over finished runs, those ranked together that may be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from arena.analysis.leaderboard.leaderboard import Board, boards
from arena.analysis.leaderboard.page import page
from arena.analysis.leaderboard.text import csv_bytes, json_bytes, markdown, text
from arena.cli.entry import enter
from arena.engine.build import open_run
from arena.errors import EXIT_OK
from arena.settings.flags import Parser
from arena.store.rundir import write_output

_FORMS: dict[str, tuple[Callable[[Sequence[Board]], bytes], str]] = {
    "markdown": (markdown, "Markdown"),
    "csv": (csv_bytes, "CSV, one row per run"),
    "json": (json_bytes, "JSON"),
    "html": (page, "one HTML page that loads nothing"),
}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="arena leaderboard",
        description="Rank finished runs. Runs whose challenges, rules, judge or seed differ stand in groups of their"
        " own, which say how they differ: docs/leaderboard.md.",
        examples=("python3 -m arena leaderboard state/runs/base state/runs/tuned --html board.html",),
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directories")
    parser.add_argument("--sort", default="success", metavar="KEY",
                        help="success, verified, right, leaks, cost, tokens, errors, run, players, a dimension, or"
                        " 'verified DIMENSION' [default success]")  # fmt: skip
    for name, (_, what) in _FORMS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write the table as {what}")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena leaderboard` with these arguments and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return enter("arena leaderboard", lambda: _leaderboard_by(words))


def _leaderboard_by(words: Sequence[str]) -> int:
    options = _parser().parse_args(words)
    found = boards([open_run(path) for path in options.runs], options.sort)
    for name, (form, _) in _FORMS.items():
        path = getattr(options, name)
        if path is not None:
            write_output(path, form(found))
    if not options.quiet:
        print(text(found))
    return EXIT_OK
