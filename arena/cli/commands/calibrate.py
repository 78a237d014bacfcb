"""`arena calibrate`: what is a judge worth? Judges plays of known quality and says what it notices."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from arena.cli.console import Console
from arena.cli.entry import enter, tell_dotenv
from arena.cli.execute import execute
from arena.engine.build import Surroundings
from arena.families.crypto.calibration.family import CalibrationFamily, write_plays
from arena.families.crypto.calibration.report import CALIBRATION_FILE, report_text
from arena.families.crypto.challenges.schema import load, select
from arena.formats.tables import printable
from arena.settings.config import Config, build_parser, read_config
from arena.settings.table import RUN_SETTINGS

DEFAULT_SEEDS = 3
DOOR = "arena calibrate"
_NO_FLAGS = frozenset({"participant_provider", "participant_model", "role_model", "temperature", "top_p", "max_tokens",
                       "reasoning_effort"})  # fmt: skip
"""Settings of players: here these are scripts."""

TABLE = tuple(
    replace(row, flags=("--seeds", *row.flags), default=DEFAULT_SEEDS) if row.name == "repetitions" else row
    for row in RUN_SETTINGS
)
_DESCRIPTION = (
    "Judge reference plays, sabotaged plays and injections, and say how often the judge notices. Players are scripts,"
    " so only the judge costs anything. --seeds N plays each with N instances."
)
_EXAMPLES = (
    "python3 -m arena calibrate --limit 3",
    "python3 -m arena calibrate --judge-model openai/your-judge --seeds 5 --max-cost-usd 2",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena calibrate` with these arguments and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return enter(DOOR, lambda: _calibrate(_read(words), words))


def _read(words: Sequence[str]) -> Config:
    rows = [row for row in TABLE if row.name not in _NO_FLAGS]
    parser = build_parser(DOOR, rows, _DESCRIPTION, _EXAMPLES)
    return read_config(words, os.environ, table=TABLE, parser=parser)


def _calibrate(config: Config, words: Sequence[str]) -> int:
    challenges = select(
        load(Path(config.challenges)),
        split=config.challenge_split,
        ids=config.challenge_ids or None,
        limit=config.limit,
    )
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    out = config.out or config.root / f"state/runs/calibration-{stamp}"
    with tempfile.TemporaryDirectory() as folder:
        plays = Path(folder) / "plays"
        plays.mkdir()
        write_plays(challenges, Path(config.challenges).parent, plays)
        settings = {"participant_provider": "scripted", "participant_model": str(plays), "out": out, "json": False}
        scripted = replace(config, settings={**config.settings, **settings, "quiet": not config.dry_run})
        console = Console(quiet=config.quiet)
        tell_dotenv(config, console.notify, console.warn)
        around = Surroundings(
            config.environ, config.root, threading.Event(), console.notify, console.warn, tuple(words), DOOR
        )
        code = execute(CalibrationFamily.name, scripted, around, console)
    path = Path(out) / CALIBRATION_FILE
    if not config.dry_run and path.is_file():
        report = json.loads(path.read_bytes())
        print(json.dumps(report) if config.json else printable(f"{report_text(report)}\nresults: {out}"))
    return code
