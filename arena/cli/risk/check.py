"""`arena risk check`: check a run against thresholds: OK, WARN or FAIL."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict

from arena.analysis.risk.tally import counted
from arena.analysis.risk.verdict import FAIL, judge, load_thresholds
from arena.cli.console import Console
from arena.cli.risk.places import chosen_folder
from arena.cli.strict import strict
from arena.errors import EXIT_ERRORS, EXIT_OK, one_line
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the verdict and each miss; return 1 for FAIL (a warning is one with --strict), else 0."""
    environ = load_dotenv(os.environ, DATA_ROOT)
    thresholds = load_thresholds(options.thresholds)
    folder = chosen_folder(options, environ)
    tally = counted(folder)
    verdict = judge(thresholds, tally, strict(options.strict, environ))
    for line in tally.malformed.told:
        console.warn(line)
    if options.json:
        found = {"status": verdict.status, "misses": list(verdict.misses), **asdict(verdict.counts)}
        console.result(json.dumps({**found, "pass_rate": verdict.counts.pass_rate, "run": folder.resolve().name}))
    else:
        console.result(one_line(verdict.line()))
        for miss in verdict.misses:
            console.result(one_line(f"- {miss}"))
    return EXIT_ERRORS if verdict.status == FAIL else EXIT_OK
