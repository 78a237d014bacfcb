"""The end of a session: matches.jsonl rewritten in plan order, each line bound to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from arena.records import Json, Record
from arena.store.chain import chained, first_link, unchained
from arena.store.files import AtomicFile
from arena.store.reader import RecordFile


def close_records(records: RecordFile, identity: Json, keys: Iterable[str], each: Callable[[Record], None]) -> int:
    """Rewrite the file: the newest record of each key, in the order of `keys`; hand each record to `each`.

    `identity`: that of the manifest. Return the number of records. Errors: DataError for a line that
    is not a record; then the file stays as it was.
    """
    previous = first_link(identity)
    count = 0
    out = AtomicFile(records.path)
    try:
        for stored, record in records.chosen(keys):
            line = chained(unchained(stored), previous)
            previous = hashlib.sha256(line).hexdigest()
            out.write(line)
            each(record)
            count += 1
    except BaseException:
        out.discard()
        raise
    out.close()
    return count
