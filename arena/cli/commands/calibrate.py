"""`arena calibrate`: let a judge grade plays of known quality, and report which faults it notices."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from arena.cli import run_choice
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.cli.settings import COMMON, read_settings
from arena.engine.build import RunRequest
from arena.families.crypto.calibration.family import write_plays
from arena.families.crypto.calibration.report import CALIBRATION_FILE, report_text
from arena.families.crypto.calibration.spec import SPEC
from arena.families.crypto.challenges.schema import load, select
from arena.formats.tables import printable
from arena.settings.config import build_parser
from arena.settings.flags import Parser
from arena.settings.table import PLAYERS

COMMAND = "arena calibrate"
_NO_FLAGS = frozenset(row.name for row in PLAYERS)
"""Settings of players, who are scripts here."""

_DESCRIPTION = (
    "Judge reference plays, sabotaged plays and injections; report how often the judge notices. Players are scripts,"
    " so only the judge costs money. --seeds N plays each with N instances."
)
_EXAMPLES = (
    "python3 -m arena calibrate --limit 3",
    "python3 -m arena calibrate --judge-model openai/your-judge --seeds 5 --max-cost-usd 2",
)


def parser() -> Parser:
    """Declare the settings of a run except those of players, who are scripts here."""
    declared = build_parser(
        COMMAND, [row for row in SPEC.settings if row.name not in _NO_FLAGS], _DESCRIPTION, _EXAMPLES
    )
    declared.show_first(COMMON)
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Have the judge judge the plays of known quality and print what it noticed; return the code of the run."""
    config = read_settings(options, console, SPEC.settings, SPEC.mocks)
    challenges = select(
        load(Path(config["challenges"])),
        split=config["challenge_split"],
        ids=config["challenge_ids"] or None,
        limit=config["limit"],
    )
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    out = config["out"] or run_choice.RUNS_DIR / f"calibration-{stamp}"
    with tempfile.TemporaryDirectory() as folder:
        plays = Path(folder) / "plays"
        plays.mkdir()
        write_plays(challenges, Path(config["challenges"]).parent, plays)
        settings = {"participant_provider": "scripted", "participant_model": str(plays), "out": out, "json": False}
        scripted = replace(config, settings={**config.settings, **settings, "quiet": not config["dry_run"]})
        process = process_context(config, console, options.argv, COMMAND)
        code = execute(RunRequest(SPEC, scripted, process), console)
    path = Path(out) / CALIBRATION_FILE
    if not config["dry_run"] and path.is_file():
        report = json.loads(path.read_bytes())
        text = printable(f"{report_text(report)}\nresults: {out}")
        console.result(json.dumps(report) if config["json"] else text)
    return code
