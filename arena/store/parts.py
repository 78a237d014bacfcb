"""The logs of a run that several processes play: each process appends to its own files, in `processes/<n>/` of the run.

At the end of a session, or when a run is resumed after a kill, `absorb` appends them to the run's own logs and removes
them. It may be killed at any point and called again: no line is lost or repeated.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from arena.store.files import AtomicFile, opened_folder, reading
from arena.store.journal import JOURNAL_FILE, JOURNAL_MODE, cut_torn_line
from arena.store.rundir import LOGS, lock_folder

PARTS_DIR = "processes"
_PIECE = 1 << 20


def part_folder(run_dir: Path, number: int) -> Path:
    """Return the folder of the logs of one process."""
    return run_dir / PARTS_DIR / f"{number:03d}"


def make_parts(run_dir: Path, count: int) -> list[Path]:
    """Make a folder for each of `count` processes and return them. Errors: OSError."""
    folders = [part_folder(run_dir, number) for number in range(count)]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def absorb(run_dir: Path, notify: Callable[[str], None]) -> None:
    """Append the logs of all processes to those of the run, and remove them; do nothing if there are none.

    Errors: UsageError if one of the processes is still running; OSError.
    """
    top = run_dir / PARTS_DIR
    if not top.is_dir():
        return
    folders = sorted(path for path in top.iterdir() if path.is_dir())
    for folder in folders:
        with opened_folder(folder) as held:
            lock_folder(held, folder)
    for name in sorted(LOGS):
        parts = [folder / name for folder in folders if (folder / name).exists()]
        for part in parts:
            cut_torn_line(part, notify)
        parts = [part for part in parts if part.stat().st_size]
        if parts and not _ends_with(run_dir / name, parts):
            _append(run_dir / name, parts)
    for folder in folders:  # in this order: the remaining parts are still the end of the run's logs
        shutil.rmtree(folder)
    shutil.rmtree(top)


def _ends_with(whole: Path, parts: Sequence[Path]) -> bool:
    """Return whether the last bytes of a file are those of all parts, one after the other."""
    if not whole.exists():
        return False
    size = sum(part.stat().st_size for part in parts)
    with reading(whole) as file:
        if file.seek(0, os.SEEK_END) < size:
            return False
        file.seek(-size, os.SEEK_END)
        for part in parts:
            with reading(part) as other:
                while piece := other.read(_PIECE):
                    if file.read(len(piece)) != piece:
                        return False
    return True


def _append(whole: Path, parts: Sequence[Path]) -> None:
    out = AtomicFile(whole, mode=JOURNAL_MODE if whole.name == JOURNAL_FILE else 0o666)
    try:
        for path in (whole, *parts):
            if path.exists():
                with reading(path) as file:
                    shutil.copyfileobj(file, out, _PIECE)
        out.close()
    finally:
        out.discard()
