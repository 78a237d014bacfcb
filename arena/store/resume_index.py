"""resume_index.jsonl: the data that a resume needs from records and journal, so that it need not read a large run.

    {"index_format":1,"records":[bytes,"sha256"],"journal":[bytes,"sha256"],"spent":{...},"not_sent":{...}}
    ["crypto/c1/rep_0",1,0,"max_turns",0,12,1,0,0]
    ...
    {"sha256":"of all bytes before"}

Each line is a trial: key, line and offset of its record, stop reason, attempt, and the number of its calls
(reader.Calls).  `spent`: model -> attempts, attempts of unknown cost, most completion tokens of an answer, and the
usage of all answers.

It is derived from the two files and written at the end of a session of a large run. It is used only if it is complete
and its digests match both files; otherwise they are read, as without it. No result is taken from it: the end of a
session reads the records themselves.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from arena.formats.decode import decode, encode
from arena.messages import Usage
from arena.stops import Stop
from arena.store.calls import CallLine
from arena.store.files import AtomicFile, reading
from arena.store.journal import JOURNAL_FILE, Place, encode_line, parse_line, read_calls, read_lines, readable
from arena.store.reader import RecordFile
from arena.store.rundir import RECORDS_FILE
from arena.store.stored import Calls, Stored, StoredRecords

INDEX_FILE = "resume_index.jsonl"
INDEX_FORMAT = 1
_ROWS_AT_ONCE = 1000
INDEX_FROM = 5000
"""An index is written from this number of records; a resume reads fewer in about a second."""


@dataclass(slots=True)
class Spent:
    """The use of one model. `largest`: most completion tokens of an answer; `sums`: whether the total price equals the
    price of the summed usage, which is not so if a server counts more cached tokens than prompt tokens."""

    attempts: int = 0
    unknown: int = 0
    largest: int = 0
    usage: Usage = Usage()
    sums: bool = True

    def add(self, line: CallLine) -> None:
        """Count one line of the journal."""
        self.attempts += max(1, len(line.http))
        self.unknown += line.unknown
        for usage in (line.reply and line.reply.usage, line.assumed):
            if usage is not None:
                self.take(usage)
        if line.reply is not None:
            self.largest = max(self.largest, line.reply.usage.completion_tokens)

    def take(self, usage: Usage) -> None:
        """Add the usage of an answer, or an estimate."""
        self.sums &= usage.cached_prompt_tokens + usage.cache_write_tokens <= usage.prompt_tokens
        self.usage = self.usage.plus(usage)


@dataclass(slots=True)
class _Head:
    index_format: int
    records: tuple[int, str]
    journal: tuple[int, str]
    spent: dict[str, Spent]
    not_sent: dict[str, tuple[str, ...]]


@dataclass(slots=True)
class ResumeIndex:
    """The content of the index. `stored`: key -> record; `not_sent`: model -> settings that were not sent."""

    stored: StoredRecords
    spent: dict[str, Spent] = field(default_factory=dict)
    not_sent: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Counter(Protocol):
    """Counts the lines of a journal against the records."""

    def see(self, line: CallLine) -> None: ...

    def short(self) -> list[str]:
        """Return the recorded trials that have calls missing from the journal."""
        ...


def write(run_dir: Path, counter: Callable[[StoredRecords], Counter]) -> bool:
    """Write the index of a run whose session has ended, unless the run is small. Return whether there is one.

    `counter` makes the counter of the journal against the records; if calls are missing, no index is written, so that a
    resume notices it.  Errors: DataError for a damaged file; OSError.
    """
    discard(run_dir)
    lines = made(run_dir, counter)
    if lines is None:
        return False
    out = AtomicFile(run_dir / INDEX_FILE)
    try:
        for line in lines:
            out.write(line)
        out.close()
    finally:
        out.discard()
    return True


def discard(run_dir: Path) -> None:
    """Remove the index: the run continues."""
    (run_dir / INDEX_FILE).unlink(missing_ok=True)


def made(run_dir: Path, counter: Callable[[StoredRecords], Counter] | None = None) -> Iterator[bytes] | None:
    """Return the lines of the index, derived from records and journal; None if no index is to be written."""
    records = RecordFile(run_dir / RECORDS_FILE)
    if records.shape.matches < INDEX_FROM or not records.shape.closed:
        return None
    stored = records.stored(checked=True)
    count = None if counter is None else counter(stored)
    spent: dict[str, Spent] = {}
    not_sent: dict[str, set[str]] = {}
    for _, line in read_calls(run_dir / JOURNAL_FILE, checked=True):
        if count is not None:
            count.see(line)
        if line.provider:
            spent.setdefault(line.provider, Spent()).add(line)
            if line.reply is not None and line.reply.not_sent:
                not_sent.setdefault(line.provider, set()).update(line.reply.not_sent)
    if (count is not None and count.short()) or not all(one.sums for one in spent.values()):
        return None
    head = _Head(
        INDEX_FORMAT,
        _print(run_dir / RECORDS_FILE),
        _print(run_dir / JOURNAL_FILE),
        dict(sorted(spent.items())),
        {model: tuple(sorted(names)) for model, names in sorted(not_sent.items())},
    )
    return _sealed(head, stored)


def _sealed(head: _Head, stored: Mapping[str, Stored]) -> Iterator[bytes]:
    seal = hashlib.sha256()
    for line in itertools.chain([encode_line(encode(head))], map(_row, stored.items())):
        seal.update(line)
        yield line
    yield encode_line({"sha256": seal.hexdigest()})


def _row(item: tuple[str, Stored]) -> bytes:
    key, stored = item
    return encode_line([key, *stored.place, stored.stop, stored.attempt, *stored.calls])


def read(run_dir: Path, notify: Callable[[str], None]) -> ResumeIndex | None:
    """Return the index of a run; None if there is none. A damaged or outdated one is reported and ignored."""
    path = run_dir / INDEX_FILE
    if not readable(path):
        return None
    why = "is damaged"
    try:
        rows = _rows(path)
        head = decode(_Head, parse_line(path, 1, next(rows)), INDEX_FILE, "line 1")
        with ThreadPoolExecutor(2) as pool:  # hashing releases the interpreter lock
            now = tuple(pool.map(_print, (run_dir / RECORDS_FILE, run_dir / JOURNAL_FILE)))
        if head.index_format == INDEX_FORMAT and (head.records, head.journal) == now:
            return ResumeIndex(StoredRecords(_stored(rows)), head.spent, head.not_sent)
        why = "belongs to other records or another journal"
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    notify(f"{INDEX_FILE} {why}: it is not used, and {RECORDS_FILE} and {JOURNAL_FILE} are read instead")
    return None


def _rows(path: Path) -> Iterator[bytes]:
    """Yield all lines but the last, at least one. Errors: ValueError, TypeError, KeyError if the last one is not the
    seal of the others."""
    seal, count, last = hashlib.sha256(), 0, b""
    for _, line in read_lines(path):
        seal.update(last)
        count, last = count + 1, line
    if json.loads(last)["sha256"] != seal.hexdigest() or count == 1:
        raise ValueError
    return (line for _, line in itertools.islice(read_lines(path), count - 1))


def _stored(rows: Iterator[bytes]) -> Iterator[tuple[str, Stored]]:
    while some := list(itertools.islice(rows, _ROWS_AT_ONCE)):
        for key, number, offset, stop, attempt, *calls in json.loads(b"[" + b",".join(some) + b"]"):
            yield key, Stored(Place(number, offset), Stop(stop), attempt, Calls(*calls))


def _print(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 of a file; a missing file counts as empty."""
    if not readable(path):
        return 0, hashlib.sha256().hexdigest()
    with reading(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


class Early(NamedTuple):
    """What a session knows of a run that it has played in one go. `records`, `size`: number of records, and bytes of
    their file.  `journal`: bytes and SHA-256 of what was appended to it.  `spent`, `not_sent`: as of the index."""

    records: int
    size: int
    journal: tuple[int, str]
    spent: Mapping[str, Spent]
    not_sent: dict[str, tuple[str, ...]]


def write_early(run_dir: Path, index: Early, rows: bytearray) -> bool:
    """Write the index of a run whose session has ended, unless the run is small. `rows`: its lines about the records.

    Return False if the files are others than those of the session. Errors: OSError.
    """
    discard(run_dir)
    if index.records < INDEX_FROM:
        return True
    records, journal = _print(run_dir / RECORDS_FILE), _print(run_dir / JOURNAL_FILE)
    if records[0] != index.size or journal != index.journal:
        return False
    head = encode_line(encode(_Head(INDEX_FORMAT, records, journal, dict(sorted(index.spent.items())), index.not_sent)))
    seal = hashlib.sha256(head)
    seal.update(rows)
    out = AtomicFile(run_dir / INDEX_FILE)
    try:
        for part in (head, rows, encode_line({"sha256": seal.hexdigest()})):
            out.write(part)
        out.close()
    finally:
        out.discard()
    return True
