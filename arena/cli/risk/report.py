"""`arena risk report`: write the results of a run again, from its records or its rows."""

from __future__ import annotations

import argparse
import os
import webbrowser

from arena.analysis.risk.results import INDEX_HTML, SUMMARY_CSV, SUMMARY_SVG, Options, results_json
from arena.analysis.risk.verdict import load_thresholds
from arena.cli.console import Console
from arena.cli.risk.places import chosen_folder, keep_latest, results_root, writing
from arena.cli.risk.results_of import rebuild
from arena.cli.strict import strict
from arena.errors import EXIT_OK, UsageError, one_line
from arena.policy.evaluator_file import load_evaluator
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT
from arena.store.finished_run import FinishedRun
from arena.store.rundir import MANIFEST_FILE, require_idle

MOST_ROWS = "REPORT_MAX_TRIAL_ROWS"


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the results and print the lines of the run; return 0."""
    environ = load_dotenv(os.environ, DATA_ROOT)
    folder = chosen_folder(options, environ)
    require_idle(folder)
    thresholds = load_thresholds(options.thresholds)
    evaluator = None if options.evaluator is None else load_evaluator(options.evaluator)
    if evaluator is not None and not (folder / MANIFEST_FILE).is_file():
        raise UsageError(
            f"--evaluator: rules need transcripts, and {folder} has rows only (no {MANIFEST_FILE}); name another run or"
            " leave out --evaluator"
        )
    most = _most(options.max_trial_rows, environ.get(MOST_ROWS, "").strip())
    is_strict = strict(options.strict, environ)
    if (folder / MANIFEST_FILE).is_file() and not FinishedRun(folder).manifest.sessions[-1].ended:
        console.warn(f"{folder} is not finished: trials without a record are listed as not played")
    with writing(folder):
        results, head = rebuild(folder, lambda rules: Options(thresholds, is_strict, most, rules), evaluator)
    for line in results.tally.malformed.told:
        console.warn(line)
    for banner in results.banners:
        console.warn(banner)
    with writing(folder):
        kept = keep_latest(folder, results_root(options.results_dir))
    if options.json:
        console.result(results_json(results, head))
    elif not options.quiet:
        for line in results.lines:
            console.result(one_line(line))
        for name in (SUMMARY_CSV, SUMMARY_SVG, INDEX_HTML):
            console.result(one_line(f"{folder / name}: {(folder / name).stat().st_size} bytes"))
        if kept:
            console.result(f"copied to {results_root(options.results_dir) / 'LATEST'}")
    if options.open and not webbrowser.open((folder / INDEX_HTML).resolve().as_uri()):
        console.warn(f"no browser could be started; open {folder / INDEX_HTML} in one")
    return EXIT_OK


def _most(given: int | None, variable: str) -> int:
    """Return how many trials the page shows: the flag, else the variable, else 1000."""
    if given is None and variable:
        if not variable.isdecimal() or len(variable) > 9:
            raise UsageError(f"{MOST_ROWS} must be a whole number from 0, not {variable!r}")
        return int(variable)
    most = 1000 if given is None else given
    if most < 0:
        raise UsageError(f"--max-trial-rows: must be 0 or more, not {most}")
    return most
