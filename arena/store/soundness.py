"""Refuse a run whose records or journal are damaged, for every command, even one that reads only other files.

If a file matches the run's list of digests, it is as a session left it, and it need not be read. If it does not match,
it is first read record by record and call by call, so that a malformed line is reported with its place. A run without a
list is not finished, and its records are read whole.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from arena.errors import DataError, Issue
from arena.store import digests
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, read_calls
from arena.store.rundir import RECORDS_FILE, SUMMARY_FILE, file_digest

_READ = (RECORDS_FILE, JOURNAL_FILE, SUMMARY_FILE)


def require_sound(run: FinishedRun) -> None:
    """Refuse a run with a malformed record or journal line, or whose records, journal or summary have changed since the
    last session.

    The journal of a run that is not finished is not read: its last session may be writing to it, and --resume checks
    every line of it.
    Errors: DataError naming file, line and pointer, or the files that differ from the list of digests.
    """
    listed = _listed(run)
    vouched = {name: _vouched(run, name, listed or {}) for name in _READ}
    if not vouched[RECORDS_FILE]:
        deque(run.records, 0)
    if listed is not None and not vouched[JOURNAL_FILE]:
        deque(read_calls(run.path / JOURNAL_FILE), 0)
    changed = [name for name in _READ if name in (listed or {}) and not vouched[name]]
    if changed:
        said = f"was changed after the run; `arena verify {run.path}` lists the problems"
        raise DataError([Issue(str(run.path / name), "", said) for name in changed])


def is_vouched(run_dir: Path) -> bool:
    """Return whether records and journal are byte for byte what a session left, which had checked each line."""
    if not (run_dir / digests.DIGESTS_FILE).is_file():
        return False
    try:
        listed = digests.read(run_dir, _READ)
    except DataError:
        return False
    names = (RECORDS_FILE, JOURNAL_FILE)
    return all(name in listed and (run_dir / name).is_file() for name in names) and all(
        file_digest(run_dir / name) == listed[name].sha256 for name in names
    )


def _listed(run: FinishedRun) -> dict[str, digests.Digest] | None:
    """Return the run's list, empty if the list itself is damaged; None for a run that is not finished."""
    if not (run.path / digests.DIGESTS_FILE).is_file():
        return None
    try:
        return digests.read(run.path, _READ)
    except DataError:
        return {}


def _vouched(run: FinishedRun, name: str, listed: dict[str, digests.Digest]) -> bool:
    """Return whether a file need not be read: it is missing, or has the digest in the list."""
    path = run.path / name
    return not path.is_file() or (name in listed and file_digest(path) == listed[name].sha256)
