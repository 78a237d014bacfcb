"""The end of a session: matches.jsonl rewritten in plan order, each line bound to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from arena.records import Json, Record
from arena.store.chain import chained, first_link, unchained
from arena.store.files import AtomicFile
from arena.store.reader import RecordFile


class ChainedRecords:
    """matches.jsonl as it is once a session has ended, written line by line; it appears under its name at `close`."""

    def __init__(self, path: Path, identity: Json) -> None:
        """`identity`: that of the run's manifest. Errors: OSError."""
        self._previous = first_link(identity)
        self._file = AtomicFile(path)

    def add(self, stored: bytes) -> int:
        """Write the line of the next trial in plan order, chained or not; return its length now. Errors: OSError."""
        line = chained(unchained(stored), self._previous)
        self._previous = hashlib.sha256(line).hexdigest()
        self._file.write(line)
        return len(line)

    def close(self) -> None:
        """Errors: OSError."""
        self._file.close()

    def discard(self) -> None:
        """Leave nothing of an unfinished file behind."""
        self._file.discard()


def close_records(records: RecordFile, identity: Json, keys: Iterable[str], each: Callable[[Record], None]) -> int:
    """Rewrite the file: the newest record of each key, in the order of `keys`; hand each record to `each`.

    `identity`: that of the manifest. Return the number of records. Errors: DataError for a line that
    is not a record; then the file stays as it was.
    """
    count = 0
    out = ChainedRecords(records.path, identity)
    try:
        for stored, record in records.chosen(keys):
            out.add(stored)
            each(record)
            count += 1
    except BaseException:
        out.discard()
        raise
    out.close()
    return count
