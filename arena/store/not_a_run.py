"""The message about a path that is not a run directory: the reason, and a run that the user may have meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from arena.formats.suggest import suggest
from arena.settings.places import RUNS_DIR
from arena.store.rundir import MANIFEST_FILE

MOST_LOOKED_AT = 1000
"""In a folder with more entries than this, no run is suggested."""


def not_a_run(path: Path) -> str:
    """Return the message: there is no such folder, it is a file, or it has no manifest; then a run that may be meant: a
    neighbour of `path` or a run under state/runs."""
    if not os.path.exists(path):  # unlike Path.exists, it raises nothing for a name that is too long
        why = "there is no such folder" + _meant(path)
    elif not os.path.isdir(path):
        why = "it is a file"
    else:
        inner = next(iter(_runs_in(path)), None)
        why = f"it has no {MANIFEST_FILE}" + (f"; it holds runs, such as {inner}: name one of them" if inner else "")
    return f"{path} is not a run directory: {why}"


def _meant(path: Path) -> str:
    """Return `; did you mean X?`, or nothing if no run has a name like this one."""
    near = suggest(str(path), (str(run) for run in _runs_in(path.parent)))
    if near or path.parent != Path():
        return near
    return suggest(_shown(RUNS_DIR / path.name), (_shown(run) for run in _runs_in(RUNS_DIR)))


def _shown(run: Path) -> str:
    """Return a path as a user would type it: relative to the working directory if it is below it."""
    here = Path.cwd()
    return str(run.relative_to(here) if run.is_relative_to(here) else run)


def _runs_in(folder: Path) -> Iterator[Path]:
    """Yield the runs of a folder by name; none if it cannot be read or holds too many."""
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return
    if len(found) <= MOST_LOOKED_AT:
        yield from (path for path in found if _is_run(path))


def _is_run(path: Path) -> bool:
    try:
        return (path / MANIFEST_FILE).is_file()
    except OSError:
        return False
