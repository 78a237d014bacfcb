"""Makes the results of a run while it is played: each record is handed over in plan order, as soon as it can be.

So a record need not be read again at the end of the session, only what could not be handed over in time. Trials finish
in another order than the plan's where several are played at once, and those that are ahead wait in memory. It is
bounded: where too much waits, or where something goes wrong, no results are made here, and the end of the session
makes them from the file, where an error ends the command and no trial.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from arena.engine.early_index import EarlyIndex
from arena.engine.request import Taking
from arena.engine.results import Played, ResultFiles
from arena.engine.runner import When
from arena.errors import ArenaError
from arena.records import Json, Record
from arena.store.bundles import Bundle
from arena.store.journal import AppendFile

MOST_WAITING_BYTES = 4 << 20
"""Of the lines of records that wait for one before them; as objects they take several times as much."""


MET_AGAIN = (OSError, ArenaError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What goes wrong while results are made goes wrong again when the end of the session makes them."""


class InOrder:
    """The results of a run of which no trial was played before. Thread-safe."""

    def __init__(self, played: Played, planned: int, taking: Taking | None = None, judges_only: bool = False) -> None:
        """`planned`: number of planned trials.  `taking`: as of ResultFiles.  `judges_only`: as of EarlyIndex.  Errors:
        OSError."""
        self._index = EarlyIndex(judges_only)
        self._journal: AppendFile | None = None
        self._made: ResultFiles | None = ResultFiles(played, planned, rebuilt=False, taking=taking)
        self._keys = iter(played.keys())
        self._next = next(self._keys, None)
        self._waiting: dict[str, tuple[bytes, Record, Bundle | None, When | None]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, line: bytes, record: Record, bundle: Bundle | None, when: When | None = None) -> None:
        """Take in a record that was just stored, with its line in the file, its bundle, and when it was played."""
        with self._lock:
            if self._made is None:
                return
            self._waiting[record.key] = line, record, bundle, when
            self._bytes += len(line)
            self._hand_over(self._made, finished=False)
            if self._bytes > MOST_WAITING_BYTES:
                self._give_up()

    def results(self, stopped_by: str | None = None) -> ResultFiles | None:
        """Return the results of all records, once no trial is played any more; None if they are not made here.

        `stopped_by`: as of Taking.ended.
        """
        with self._lock:
            if self._made is not None:
                self._made.ended(stopped_by)
                self._hand_over(self._made, finished=True)
            return self._made

    def calls_to(self, journal: AppendFile) -> Callable[[Mapping[str, Json]], None]:
        """Return what takes in each line that was appended to the journal."""
        self._journal = journal
        return self._index.call

    def write_index(self, run_dir: Path) -> bool:
        """Write the resume index, once the results are complete; return whether it need not be made from the files.

        Errors: OSError.
        """
        with self._lock:
            return self._made is not None and self._journal is not None and self._index.write(run_dir, self._journal)

    def discard(self) -> None:
        """Make no results; leave nothing half written."""
        with self._lock:
            self._give_up()

    def _hand_over(self, made: ResultFiles, finished: bool) -> None:
        """Hand over what comes next in the plan; `finished`: what is not there was not played and is passed over."""
        try:
            while self._next is not None and (finished or self._next in self._waiting):
                if self._next in self._waiting:
                    line, record, bundle, when = self._waiting.pop(self._next)
                    self._bytes -= len(line)
                    size = made.add(line, record.as_stored(), bundle, when)
                    self._index.record(record, size)
                self._next = next(self._keys, None)
        except MET_AGAIN:
            self._give_up()

    def _give_up(self) -> None:
        if self._made is not None:
            self._made.discard()
        self._made = None
        self._waiting.clear()
