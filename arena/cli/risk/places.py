"""The folders of the risk lab: one per run in the results folder, and LATEST, a copy of the newest."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from arena.analysis.risk.results import RUN_JSON, SUMMARY_CSV, SUMMARY_SVG, TOP_FILES
from arena.errors import ConfigError, DataError, StorageFault, UsageError
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.settings import places
from arena.store.files import require_folder, require_plain, write_atomic

LATEST = "LATEST"
CELLS_DIR = "cells"
"""In the folder of a sweep: its runs."""

RUN_ID = "RUN_ID"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def results_root(given: Path | None) -> Path:
    """Return the results folder: --results-dir, else the usual one."""
    return places.RESULTS_DIR if given is None else given


def checked_id(name: str) -> str:
    """Return the name of a run. Errors: ConfigError for one that is not a plain folder name."""
    if not _NAME.fullmatch(name) or name == LATEST:
        raise ConfigError(f"{RUN_ID}: must be letters, digits, _ . - after a letter or digit and not {LATEST}, not "
                          f"{name!r}")  # fmt: skip
    return name


def new_folder(root: Path, mode: str) -> Path:
    """Return the folder of a run without a name: UTC time and mode, plus a number if two start within one second."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    first = path = root / f"{stamp}-{mode.lower()}"
    number = 1
    while path.exists():
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


@contextmanager
def writing(folder: Path, again: str | None = None) -> Iterator[None]:
    """Turn a fault while the results of `folder` are written into a StorageFault that says what is kept, and what to
    do.

    `again`: the command that writes them; None: `arena risk report`.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of the output has gone
    except OSError as error:
        report = f"python3 -m arena risk report {shlex.quote(str(folder))}"
        raise StorageFault(
            f"cannot write the results of {folder}: {error.strerror or error}; everything played is kept. When it is"
            f" writable again, write them with: {again or report}"
        ) from None


def latest_place(folder: Path, root: Path) -> Path | None:
    """Return LATEST for a run in the results folder; None for one elsewhere.

    Errors: UsageError if LATEST is a link or not a folder.
    """
    if folder.resolve().parent != root.resolve():
        return None
    require_folder(root / LATEST)
    return root / LATEST


def keep_latest(folder: Path, root: Path) -> bool:
    """Copy the results of a run to LATEST if the run is in the results folder; return whether it is.

    Errors: UsageError if LATEST is a link or not a folder; OSError.
    """
    latest = latest_place(folder, root)
    if latest is None:
        return False
    latest.mkdir(exist_ok=True)
    for name in TOP_FILES:
        source = folder / name
        if source.is_file():
            write_atomic(latest / name, read_bytes(source))
        else:
            (latest / name).unlink(missing_ok=True)
    return True


class FoundRun(NamedTuple):
    """A folder of the results. `started`: UTC, empty if its run.json does not say; `valid`: has its summary."""

    path: Path
    started: str
    valid: bool


def runs_in(root: Path) -> list[FoundRun]:
    """Return the runs of a results folder, the newest first; folders without results come last."""
    found = [
        FoundRun(path, started_of(path), all((path / name).is_file() for name in (SUMMARY_CSV, SUMMARY_SVG)))
        for path in sorted(root.iterdir() if root.is_dir() else ())
        if path.is_dir() and not path.is_symlink() and path.name != LATEST
    ]
    return sorted(found, key=lambda run: (run.started, run.path.name), reverse=True)


def started_of(folder: Path) -> str:
    """Return when a run started according to its run.json; empty if unknown."""
    return str(_run_json(folder).get("started") or "")


def _run_json(folder: Path) -> Mapping[str, object]:
    path = folder / RUN_JSON
    try:
        value = parse_json(read_bytes(path), str(path)) if path.is_file() else {}
    except (DataError, OSError):  # listed as damaged; `risk report` says why
        return {}
    return value if isinstance(value, dict) else {}


def latest_valid(root: Path) -> Path:
    """Return the newest run that has its results. Errors: UsageError if there is none."""
    for run in runs_in(root):
        if run.valid:
            return run.path
    raise UsageError(f"there is no finished run in {root}; `arena risk run` makes one")


def chosen_folder(options: argparse.Namespace, environ: Mapping[str, str]) -> Path:
    """Return the folder of the chosen run: RUN, --run-id, the variable RUN_ID, else the run that LATEST is a copy of.

    Errors: UsageError if it does not exist, or RUN and --run-id are both given; ConfigError for a bad name.
    """
    root = results_root(options.results_dir)
    if options.run is not None and options.run_id is not None:
        raise UsageError("RUN and --run-id contradict each other: give one of the two")
    if options.run is not None:
        folder: Path = options.run
    else:
        named = options.run_id or environ.get(RUN_ID, "").strip() or _run_json(root / LATEST).get("run_id")
        folder = latest_valid(root) if not named else root / checked_id(str(named))
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; `arena risk list` lists the runs")
    require_plain(folder)
    return folder


def names_below(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, with `/`, sorted."""
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            yield Path(place, name).relative_to(folder).as_posix()


__all__: Sequence[str] = (
    "CELLS_DIR",
    "FoundRun", "LATEST", "RUN_ID", "checked_id", "chosen_folder", "keep_latest", "latest_place",
    "latest_valid", "names_below", "new_folder", "results_root", "runs_in", "started_of", "writing",
)  # fmt: skip
