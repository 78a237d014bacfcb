"""`arena cheaptalk validate`: check that everything an experiment needs is in place"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from arena.cli.commands.cheaptalk.play import cheaptalk_settings, experiment_settings
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.engine.build import RunRequest
from arena.engine.finished import opened
from arena.errors import EXIT_ERRORS, EXIT_OK, ArenaError
from arena.families.cheaptalk.data.load import load
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.episode_of_record import detail_of
from arena.families.cheaptalk.experiments.presets import PRESETS
from arena.families.cheaptalk.spec import SPEC
from arena.settings.config import Config

EXPERIMENTS = "config/cheaptalk"


def run(options: argparse.Namespace, console: Console) -> int:
    """Check data, experiment files and protocols, a line each; return 0, or 1 where a check failed."""
    config = cheaptalk_settings(options, console, PRESETS["validate"])
    failed = False
    for name, check in (("data", _data), ("experiment files", _experiments), ("episodes", _episodes)):
        try:
            said = "; ".join(check(config, console))
        except ArenaError as error:
            failed = True
            console.result(f"FAILED  {name}: {error}")
        else:
            console.result(f"ok      {name}: {said}")
    key = "set" if config.environ.get("OPENAI_API_KEY") or config.environ.get("OPENAI_API_KEYS") else "not set"
    console.result(f"        OPENAI_API_KEY is {key}; only real models need one")
    return EXIT_ERRORS if failed else EXIT_OK


def _data(config: Config, console: Console) -> Iterator[str]:
    row = dataset(config["dataset"])
    path = config["data"] or config.root / row.default_path
    yield load(row, path, path.name, config["skip_unusable"]).lines()[0]


def _experiments(config: Config, console: Console) -> Iterator[str]:
    for path in sorted((config.root / EXPERIMENTS).glob("milestone*.yaml")):
        experiment_settings(path)
        yield path.name


def _episodes(config: Config, console: Console) -> Iterator[str]:
    """Play one claim under every protocol, and say how many messages each took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        changed = {"quiet": True, "json": False, "out": path, "resume": False, "dry_run": False}
        quiet = replace(config, settings={**config.settings, **changed})
        console.quiet = True
        execute(RunRequest(SPEC, quiet, process_context(quiet, console)), console)
        messages: dict[str, int] = {}
        for record in opened(path).records:
            detail = detail_of(record)
            if detail is None:
                raise ArenaError(f"{record.key} has no score: {record.transcript.detail or record.stop}")
            messages[detail.condition.protocol] = detail.read.messages
    for protocol, number in messages.items():
        yield f"{protocol} takes {number} messages"
