"""The finished run that a command works on: RUN, or with --last the newest run that was made without --out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from arena.engine.shortfalls import MIN_COVERAGE
from arena.errors import DataError, UsageError
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.records import Json
from arena.settings.places import RUNS_DIR, RUNS_NAME
from arena.store.rundir import MANIFEST_FILE

__all__ = [
    "RUNS_DIR", "StartedRun", "add_last", "add_run", "chosen_run", "newest", "started_runs", "which_run",
]  # fmt: skip


class StartedRun(NamedTuple):
    """A run directory and when its newest session started: UTC as `2026-11-21T03:29:47Z`, empty if unknown."""

    started: str
    path: Path
    manifest: dict[str, Json]
    """Empty where it cannot be read."""


def add_run(parser: argparse.ArgumentParser, what: str = "run directory") -> None:
    """Declare RUN and --last."""
    parser.add_argument("run", nargs="?", type=Path, default=None, metavar="RUN", help=what)
    add_last(parser, f"take the newest run under {RUNS_NAME}")


def add_last(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare --last alone."""
    parser.add_argument("--last", action="store_true", help=what)


def add_min_coverage(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare --min-coverage."""
    said = f"{what} [default {MIN_COVERAGE:g}]"
    parser.add_argument("--min-coverage", type=percent, default=MIN_COVERAGE, metavar="PERCENT", help=said)


def percent(word: str) -> float:
    """Return a number from 0 to 100. Errors: ArgumentTypeError."""
    return _bounded(word, 100, "a percentage from 0 to 100")


def share(word: str) -> float:
    """Return a number from 0 to 1. Errors: ArgumentTypeError."""
    return _bounded(word, 1, "a share from 0 to 1")


def _bounded(word: str, most: float, what: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"must be {what}, not {word!r}")
    return number


def chosen_run(options: argparse.Namespace) -> Path:
    """Return RUN, or the newest run for --last. Errors: UsageError for none, for both, and if there is no run."""
    named: Path | None = getattr(options, "run", None)
    last: bool = getattr(options, "last", False)
    if named is not None and last:
        raise UsageError("RUN and --last contradict each other: give one of the two")
    if last:
        return newest(1)[0]
    if named is None:
        raise which_run()
    return named


def which_run() -> UsageError:
    """Return the error of a command that was given no run."""
    return UsageError(f"name a run: give RUN, or --last for the newest one under {RUNS_NAME}")


def newest(count: int) -> list[Path]:
    """Return the `count` newest runs, the newest first. Errors: UsageError when there are fewer."""
    found = [run.path for run in started_runs(RUNS_DIR) if run.started][:count]
    if len(found) < count:
        have = "no run" if not found else f"only {len(found)} run"
        raise UsageError(f"--last: there is {have} under {RUNS_DIR}; `arena run` makes one, or name RUN")
    return found


def started_runs(folder: Path) -> Sequence[StartedRun]:
    """Return every run directory in a folder, the one with the newest session first; unreadable ones come last.

    A run directory is a folder with a manifest.json. A folder that does not exist holds none.
    """
    found = [_started(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST_FILE}"))]
    return sorted(found, key=lambda run: (run.started, run.path.name), reverse=True)


def _started(path: Path) -> StartedRun:
    try:
        manifest = parse_json(read_bytes(path / MANIFEST_FILE), str(path / MANIFEST_FILE))
        started = [session["started_utc"] for session in manifest["sessions"]] or [manifest["created_utc"]]
        return StartedRun(max(map(str, started)), path, manifest)
    except (DataError, ValueError, KeyError, TypeError):  # listed as unreadable; verify reports why
        return StartedRun("", path, {})
