"""`arena report`: one self-contained page out of one or several runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from arena.analysis.report.build import REPORT_FILE, Paths, build_report
from arena.cli.console import Console, console
from arena.cli.entry import enter
from arena.errors import EXIT_OK, UsageError, one_line
from arena.settings.flags import Parser
from arena.store.digests import DIGESTS_FILE, renew
from arena.store.finished_run import FinishedRun

_DESCRIPTION = (
    "Write a self-contained HTML page about a run: results with intervals, what was not measured, every match with its"
    " transcript. It opens from the disk, loads nothing, and reads without JavaScript: docs/report.md."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena report` with these arguments and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return enter("arena report", lambda: _act(words))


def _parser() -> Parser:
    parser = Parser(
        "arena report",
        description=_DESCRIPTION,
        examples=(
            "python3 -m arena report state/runs/first",
            "python3 -m arena report state/runs/base state/runs/tuned --out both.html",
        ),
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run directory; several need --out")
    parser.add_argument("--out", metavar="FILE", help=f"where the page goes (RUN/{REPORT_FILE} without it)")
    parser.add_argument("--quiet", action="store_true", help="print only errors")
    return parser


def _act(argv: Sequence[str]) -> int:
    words = _parser().parse_args(argv)
    screen = console(words.quiet, no_color=False, environ=os.environ)
    return _report([Path(run) for run in words.runs], Path(words.out) if words.out else None, screen)


def _report(folders: Sequence[Path], out: Path | None, screen: Console) -> int:
    runs = [FinishedRun(folder) for folder in folders]
    if out is None and len(runs) > 1:
        raise UsageError("several runs in one report need --out FILE, such as --out report.html")
    own = runs[0].path / REPORT_FILE
    paths = Paths.of(out or own, out is None)
    built = build_report(runs, paths)
    _renew_digests(runs, paths, [*built.figures, *built.removed])
    beside = f"; the matches are in {built.match_files} files in {paths.matches}" if built.match_files else ""
    if not screen.quiet:
        screen.result(one_line(f"{paths.page}: {built.matches} matches, {built.page_bytes / 1000:,.0f} kB{beside}"))
        screen.result(one_line(f"figures: {len(built.figures)} in {paths.figures}"))
    return EXIT_OK


def _renew_digests(runs: Sequence[FinishedRun], paths: Paths, figures: Sequence[str]) -> None:
    """Where the page stands in the directory of a finished run, enter its files into the run's list of digests."""
    for run in runs:
        if run.path.resolve() == paths.page.parent.resolve() and (run.path / DIGESTS_FILE).is_file():
            names = [paths.page.name, paths.matches.name, *(f"{paths.figures.name}/{name}" for name in figures)]
            renew(run.path, names)
