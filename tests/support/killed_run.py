"""Runs the arena in a process that SIGKILLs itself at the k-th byte it writes into the run directory.

    python -m tests.support.killed_run K FLAGS...            (arena run)
    python -m tests.support.killed_run K COMMAND FLAGS...    (arena COMMAND)

Bytes of the journal, the records, the timings and every derived file count; the k-th is the last one written, so lines
are torn wherever k falls.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from arena.cli.commands import COMMANDS
from arena.cli.entry import main as commands
from arena.run import main
from arena.store import files, journal


class Killer:
    """Counts bytes over all files and kills the process after the k-th."""

    def __init__(self, at: int) -> None:
        self._left = at
        self._lock = threading.Lock()

    def write(self, data: bytes, put: Callable[[bytes], object]) -> None:
        """Write `data`, or as much of it as is left, and then die."""
        with self._lock:
            if self._left > len(data):
                self._left -= len(data)
                put(data)
                return
            put(data[: self._left])
            os.kill(os.getpid(), signal.SIGKILL)


def arm(killer: Killer) -> None:
    """Count every write into a run directory."""

    def append(self: journal.AppendFile, data: bytes) -> None:
        killer.write(data, lambda part: os.write(self._fd, part))

    started = files.AtomicFile.__init__

    def start(self: files.AtomicFile, path: Path, below: Path | None = None) -> None:
        started(self, path, below)
        put = self._file.write

        def whole(part: bytes) -> None:
            put(part)
            self._file.flush()

        def write(data: bytes) -> int:
            killer.write(data, whole)
            return len(data)

        self.write = write

    journal.AppendFile.append = append  # type: ignore[method-assign]
    files.AtomicFile.__init__ = start  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(Killer(int(sys.argv[1])))
    words = sys.argv[2:]
    sys.exit(commands(words) if words[0] in COMMANDS else main(words))
