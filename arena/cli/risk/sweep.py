"""`arena risk sweep`: slices x attacks x models x modes x seeds. A run per mode and model, and one set of results.

A combination that cannot be played (for example without a key) is reported and listed, the others are played, and the
exit code is 1. A contradictory one (a SHIM agent in REAL) is left out and listed.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from arena.analysis.risk.results import Results, stored_head, write_results
from arena.analysis.risk.rows_file import ROWS_FILE, Malformed, experiments_in, read_rows
from arena.cli.console import Console
from arena.cli.risk.places import CELLS_DIR, writing
from arena.cli.risk.play import Asked, asked_for, play, tell
from arena.cli.run_end import resume_command
from arena.cli.settings import read_settings
from arena.errors import EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_OK, ConfigError, UsageError
from arena.families.risk.routing import REAL, SHIM
from arena.families.risk.spec import SPEC, SWEEP
from arena.policy.gate_times import GateTimes, read_gate_times
from arena.records import Json
from arena.settings.config import Config
from arena.settings.model_refs import split_model
from arena.settings.table import PROVIDERS
from arena.store.files import AtomicFile, write_atomic
from arena.store.journal import encode_line
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE

PLAYED, LEFT_OUT = "played", "left out: "
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class Cell:
    """A combination. `state` is its outcome: PLAYED, LEFT_OUT (it is contradictory), or why it failed."""

    mode: str
    model: str
    state: str = ""
    code: int = EXIT_OK
    policy: Json = None
    """What the slices' tags decided in this combination; None if it was not played."""

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.mode.lower()}-{_NO_NAME.sub('-', self.model).strip('-')}"

    def to_json(self) -> dict[str, Json]:
        where = f"{CELLS_DIR}/{self.name}"
        return {"mode": self.mode, "model": self.model, "state": self.state, "folder": where, "policy": self.policy}


def run(options: argparse.Namespace, console: Console) -> int:
    """Play every combination and write the results of all; return the highest exit code, 1 if one was not played."""
    config = read_settings(options, console, SWEEP, SPEC.mocks)
    cells = list(combinations(config))
    asked = asked_for(_as_run(config, SHIM, ()))
    if asked.folder.exists() and any(asked.folder.iterdir()) and not config.operation.resume:
        raise UsageError(f"{asked.folder} is not empty; give another --out, or --resume to continue the sweep in it")
    for cell in cells:
        if not cell.state:
            _play(cell, config, asked, console, options.argv)
        if cell.state != PLAYED:
            console.warn(f"{cell.mode} {cell.model}: {cell.state}")
        elif not config.operation.quiet:
            console.notify(f"{cell.mode} {cell.model}: played (exit code {cell.code})")
        if cell.code == EXIT_INTERRUPTED:
            break
    played = [cell for cell in cells if cell.state == PLAYED]
    if not played:
        raise ConfigError("no combination could be played: " + "; ".join(f"{one.model}: {one.state}" for one in cells))
    with writing(asked.folder, resume_command(options.argv, "arena risk sweep", str(asked.folder))):
        results = _results(asked, cells, played, console)
    tell(asked, results, console, every=True)
    meant = [cell for cell in cells if not cell.state.startswith(LEFT_OUT)]
    codes = [cell.code if cell.state == PLAYED else EXIT_ERRORS for cell in meant]
    return EXIT_INTERRUPTED if EXIT_INTERRUPTED in codes else max(codes)


def _results(asked: Asked, cells: Sequence[Cell], played: Sequence[Cell], console: Console) -> Results:
    """Write the rows and the results of all combinations together."""
    for told in _gather(asked.folder, played):
        console.warn(told)
    head = _head(asked, cells, played)
    rules = () if asked.policy is None else asked.policy.all_rules()
    return write_results(asked.folder, head, asked.options(rules))


def combinations(config: Config) -> Iterator[Cell]:
    """Yield mode x model; the state of a contradictory one says so. Errors: UsageError for an unknown provider."""
    models = config["models"] or (_model(config),)
    for model in models:
        provider, name = split_model(None, model, "--models")
        shim = PROVIDERS[provider].offline and name != "echo"
        for mode in config["modes"] or ((SHIM,) if shim else (REAL,)):
            cell = Cell(mode, model)
            if mode == REAL and provider == "mock" and shim:
                cell.state = f"{LEFT_OUT}a SHIM agent is played in SHIM only"
            elif mode == SHIM and not shim:
                cell.state = f"{LEFT_OUT}a real model is played in REAL only"
            yield cell


def _model(config: Config) -> str:
    players = config.players
    assert players is not None  # the table has the block
    return str(players.refs.default)


def _as_run(config: Config, mode: str, models: tuple[str, ...], **changes: Json) -> Config:
    """Return the settings of one combination, as `arena risk run` has them."""
    settings = {**config.settings, "mode": mode, "models": models, **changes}
    return replace(config, settings=settings, table=SPEC.settings)


def _play(cell: Cell, config: Config, asked: Asked, console: Console, argv: Sequence[str]) -> None:
    """Play one combination; an error that prevents it becomes its state."""
    folder = asked.folder / CELLS_DIR / cell.name
    resume = config.operation.resume and (folder / MANIFEST_FILE).is_file()
    try:
        one = _as_run(config, cell.mode, (cell.model,), out=folder, resume=resume, quiet=True)
        words = [*argv, *(() if "--out" in argv else ("--out", str(asked.folder)))]
        cell.code, _ = play(asked_for(one), replace(console, quiet=True), words, "arena risk sweep")
        cell.state = PLAYED
    except (ConfigError, UsageError) as error:
        cell.state = f"not played: {error}"


def _gather(folder: Path, played: Sequence[Cell]) -> Iterator[str]:
    """Write the rows of all combinations, one after the other, into the folders of their experiments.

    If a slice's tag lets a SHIM agent play instead of the real model of several combinations, or if that agent is a
    combination itself, these are the same trials: only the first ones are written, so that none counts twice. Yields a
    sentence about the others.
    """
    first: dict[tuple[Json, ...], str] = {}
    again: Counter[tuple[str, str]] = Counter()
    names = [name for cell in played for name in experiments_in(folder / CELLS_DIR / cell.name)]
    run_id = folder.resolve().name
    with ExitStack() as stack:
        files: dict[str, AtomicFile] = {}
        for name in dict.fromkeys(names):
            files[name] = AtomicFile(folder / name / ROWS_FILE, folder)
            stack.callback(files[name].discard)
        for cell in played:
            inner = folder / CELLS_DIR / cell.name
            for name in experiments_in(inner):
                for row in read_rows(inner / name / ROWS_FILE, Malformed()):
                    same = (row["exp"], row["slice"], row["mode"], row["model"])
                    if first.setdefault(same, cell.name) == cell.name:
                        files[name].write(encode_line({**row, "run_id": run_id}))
                    else:
                        again[cell.name, first[same]] += 1
        for file in files.values():
            file.close()
    for (name, other), count in again.items():
        yield f"{count} trials of {name} are those of {other}, played by the same SHIM agent: they count once"


def _added_up(limits: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the limits of all combinations together; None for one that a combination does not have."""
    found: dict[str, Json] = {}
    for name in limits[0]:
        each = [one.get(name) for one in limits]
        found[name] = None if None in each else sum(each)
    return found


def _head(asked: Asked, cells: Sequence[Cell], played: Sequence[Cell]) -> dict[str, Json]:
    """Return the run.json of the sweep: what its combinations have in common, and the outcome of each."""
    heads = [stored_head(asked.folder / CELLS_DIR / cell.name) for cell in played]
    for cell, head in zip(played, heads, strict=True):
        cell.policy = head.get("policy")
    first = heads[0]
    inputs = asked.folder / CELLS_DIR / played[0].name / INPUTS_DIR
    for path in sorted(inputs.iterdir()):
        write_atomic(asked.folder / INPUTS_DIR / path.name, path.read_bytes(), asked.folder)
    stopped: list[Mapping[str, Json]] = [
        head["budget"] for head in heads if (head.get("budget") or {}).get("stopped_early")
    ]
    times = GateTimes()
    for cell in played:
        times = times.plus(read_gate_times(asked.folder / CELLS_DIR / cell.name))
    reals = [head["real"] for head in heads if head.get("real")]
    return {
        **first,
        "run_id": asked.folder.resolve().name,
        "mode": ", ".join(dict.fromkeys(cell.mode for cell in played)),
        "model": ", ".join(dict.fromkeys(cell.model for cell in played)),
        "models": list(dict.fromkeys(cell.model for cell in played)),
        "finished": heads[-1].get("finished"),
        "limits": _added_up([head.get("limits") or {} for head in heads]),
        "limits_per_combination": first.get("limits"),
        "budget": stopped[0] if stopped else {"stopped_early": False, "budget_hit": "none"},
        "gate_latency": times.latency_ms() or first.get("gate_latency"),
        "stopped_by": next((head["stopped_by"] for head in heads if head.get("stopped_by")), None),
        "real": {**reals[0], "others": [one for one in reals[1:]]} if reals else None,
        "cells": [cell.to_json() for cell in cells],
    }
