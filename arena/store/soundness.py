"""Refuses a run whose records or journal are damaged, also to commands that read other files of it.

What a run's list of digests vouches for is as a session left it, so only its digest is taken. A file that the list
contradicts is read whole first, record by record and call by call, so that a malformed line is named with its place.
A run without a list is not finished, and its records are read whole.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from arena.errors import DataError, Issue
from arena.store import digests
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, read_calls
from arena.store.rundir import RECORDS_FILE, SUMMARY_FILE, file_digest


def require_sound(run: FinishedRun) -> None:
    """Refuse a run in which a record, or a line of the journal, is not what the arena writes, or in which records,
    journal or summary are not as the last session left them.

    The journal of a run that is not finished is not read: its last session may be writing to it, and --resume checks
    every line of it.
    Errors: DataError naming file, line and pointer, or the files that are not what the list of digests says.
    """
    listed = _listed(run)
    if not _vouched(run, RECORDS_FILE, listed or {}):
        deque(run.records, 0)
    if listed is not None and not _vouched(run, JOURNAL_FILE, listed):
        deque(read_calls(run.path / JOURNAL_FILE), 0)
    names = (RECORDS_FILE, JOURNAL_FILE, SUMMARY_FILE)
    changed = [name for name in names if name in (listed or {}) and not _vouched(run, name, listed or {})]
    if changed:
        said = f"was changed after the run; `arena verify {run.path}` says what does not hold"
        raise DataError([Issue(str(run.path / name), "", said) for name in changed])


def is_vouched(run_dir: Path) -> bool:
    """Return whether records and journal are, byte for byte, as a session left them, which had checked each line."""
    if not (run_dir / digests.DIGESTS_FILE).is_file():
        return False
    try:
        listed = digests.read(run_dir)
    except DataError:
        return False
    names = (RECORDS_FILE, JOURNAL_FILE)
    return all(name in listed and (run_dir / name).is_file() for name in names) and all(
        file_digest(run_dir / name) == listed[name].sha256 for name in names
    )


def _listed(run: FinishedRun) -> dict[str, digests.Digest] | None:
    """Return what the run's list says, nothing if the list itself is damaged; None of a run that is not finished."""
    if not (run.path / digests.DIGESTS_FILE).is_file():
        return None
    try:
        return digests.read(run.path)
    except DataError:
        return {}


def _vouched(run: FinishedRun, name: str, listed: dict[str, digests.Digest]) -> bool:
    """Return whether there is nothing to read in a file: it is missing, or has the digest that the list gives."""
    path = run.path / name
    return not path.is_file() or (name in listed and file_digest(path) == listed[name].sha256)
