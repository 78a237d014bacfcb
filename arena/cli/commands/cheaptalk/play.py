"""`arena cheaptalk run|deviations|baselines|protocols|all`: play episodes in a run directory."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.cli.settings import read_settings
from arena.engine.build import RunRequest, build_gate
from arena.errors import UsageError
from arena.families.cheaptalk.experiments.experiment import decode_experiment
from arena.families.cheaptalk.experiments.presets import PRESETS, with_defaults
from arena.families.cheaptalk.experiments.settings_of_experiment import check_effects, played, pointers, settings_of
from arena.families.cheaptalk.spec import SPEC
from arena.formats import simpleyaml
from arena.settings.config import Config
from arena.settings.places import RUNS_DIR
from arena.store.rundir import write_output


def run(options: argparse.Namespace, console: Console) -> int:
    """Play as the settings say; return 0, 1 (errors), 3 (--fail-on-budget) or 130 (interrupted)."""
    config = cheaptalk_settings(options, console, PRESETS[options.command])
    process = process_context(config, console, options.argv, "arena cheaptalk")
    gate = build_gate(config)
    copies = config["output"]
    if copies is None:
        return execute(RunRequest(SPEC, config, process, gate=gate), console)
    out = config.operation.out or new_directory()
    named = replace(config, settings={**config.settings, "out": out})
    code = execute(RunRequest(SPEC, named, process, gate=gate), console)
    _copy(named, out, copies)
    return code


def new_directory() -> Path:
    """Return a run directory of its own, where runs without --out go, named by UTC time."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    first = path = RUNS_DIR / f"{stamp}-cheaptalk"
    number = 1
    while path.exists():
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def _copy(config: Config, run_dir: Path, target: Path) -> None:
    """Write the episodes of milestone 1 to `target`, and their summary next to it, under its name plus
    `_summary.json`."""
    names = {
        config["episodes_path"] or "milestone1.jsonl": target,
        config["summary_path"] or "milestone1_summary.json": target.with_name(f"{target.stem}_summary.json"),
    }
    for name, place in names.items():
        if (run_dir / name).is_file():
            write_output(place, (run_dir / name).read_bytes())


def cheaptalk_settings(options: argparse.Namespace, console: Console, preset: Mapping[str, object]) -> Config:
    """Return the settings of this call: flags over environment, .env, the experiment file and the command's defaults.

    Errors: UsageError, ConfigError, DataError; also for a setting that was given and has no effect.
    """
    path = getattr(options, "experiment", None)
    given = {} if path is None else experiment_settings(Path(path))
    table = with_defaults(SPEC.settings, {**preset, **given})
    words = tuple(options.argv[1:])
    leaf = argparse.Namespace(argv=words, parser=options.parser.leaf(options.argv))
    config = played(read_settings(leaf, console, table, SPEC.mocks), given, str(path))
    check_effects(config)
    return config


def experiment_settings(path: Path) -> dict[str, object]:
    """Return setting -> value of an experiment file. Errors: UsageError if there is none, DataError for its keys."""
    if not path.is_file():
        raise UsageError(f"--config {path}: there is no such file; config/cheaptalk/ has four")
    value = simpleyaml.load(path)
    return settings_of(decode_experiment(value, str(path)), frozenset(pointers(value)), str(path))
