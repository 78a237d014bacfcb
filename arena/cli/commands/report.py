"""`arena report`: write one self-contained page about one or several runs."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from arena.analysis.report.build import REPORT_FILE, Paths, build_report
from arena.cli.console import Console
from arena.cli.run_choice import add_last, add_min_coverage, newest, which_run
from arena.engine.finished import open_run
from arena.errors import EXIT_OK, UsageError, one_line
from arena.settings.flags import Parser
from arena.store.digests import DIGESTS_FILE, renew
from arena.store.finished_run import FinishedRun

_DESCRIPTION = (
    "Write a self-contained HTML page about a run: results with intervals, what was not measured, every match with its"
    " transcript. It opens from the disk, loads nothing, and reads without JavaScript: docs/report.md."
)


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        "arena report",
        description=_DESCRIPTION,
        examples=(
            "python3 -m arena report state/runs/first",
            "python3 -m arena report --last --open",
            "python3 -m arena report state/runs/base state/runs/tuned --out both.html",
        ),
    )
    declared.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="run directory; several need --out")
    add_last(declared, "take the newest run under state/runs")
    add_min_coverage(
        declared, "mark runs in which less than this percentage of the plan has an outcome; list them last"
    )
    declared.add_argument("--open", action="store_true", help="open the page in a browser")
    declared.add_argument("--out", type=Path, metavar="FILE", help=f"path of the page [default RUN/{REPORT_FILE}]")
    declared.add_argument("--quiet", action="store_true", help="print only errors")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the page and its figures, print where they are, and open the page with --open; return 0."""
    runs, out = [open_run(folder) for folder in _folders(options)], options.out
    if out is None and len(runs) > 1:
        raise UsageError("several runs in one report need --out FILE, such as --out report.html")
    own = runs[0].path / REPORT_FILE
    paths = Paths.of(out or own, out is None)
    built = build_report(runs, paths, options.min_coverage)
    _renew_digests(runs, paths, [*built.figures, *built.removed])
    beside = f"; the {built.nouns} are in {built.match_files} files in {paths.matches}" if built.match_files else ""
    if built.pair_files:
        beside += f"; side by side in {built.pair_files} file{'' if built.pair_files == 1 else 's'} in {paths.matches}"
    if not console.quiet:
        console.result(
            one_line(f"{paths.page}: {built.matches} {built.nouns}, {built.page_bytes / 1000:,.0f} kB{beside}")
        )
        console.result(one_line(f"figures: {len(built.figures)} in {paths.figures}"))
    if options.open and not webbrowser.open(paths.page.resolve().as_uri()):
        console.warn(f"no browser could be started; open {paths.page} in one")
    return EXIT_OK


def _folders(options: argparse.Namespace) -> list[Path]:
    """Return the runs of the page. Errors: UsageError when none is named."""
    if options.last:
        return [*options.runs, *newest(1)]
    if not options.runs:
        raise which_run()
    return list(options.runs)


def _renew_digests(runs: Sequence[FinishedRun], paths: Paths, figures: Sequence[str]) -> None:
    """If the page is in the directory of a finished run, add its files to the run's list of digests."""
    for run in runs:
        if run.path.resolve() == paths.page.parent.resolve() and (run.path / DIGESTS_FILE).is_file():
            names = [paths.page.name, paths.matches.name, *(f"{paths.figures.name}/{name}" for name in figures)]
            renew(run.path, names)
