"""The one reader of matches.jsonl: typed records, one at a time or by key, of a run that is finished or not.

A finished run has one record per trial, in plan order, each line chained to the one before. During a run, or after a
kill, a later record of a trial replaces an earlier one, and the last line may be incomplete: it is left out.
A malformed line is refused with file, line and JSON pointer.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.records import Record
from arena.stops import Stop
from arena.store.chain import is_chained
from arena.store.files import reading
from arena.store.journal import Place, parse_line, read_lines, readable
from arena.store.key_table import KeyTable
from arena.store.rundir import RECORDS_FILE
from arena.store.stored import Calls as Calls
from arena.store.stored import Stored as Stored
from arena.store.stored import StoredRecords

_KEY = re.compile(rb'\{"format":[0-9]+,"key":("(?:[^"\\]|\\.)*")')
"""The beginning of a line; only its key is read if a line is not needed yet."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Figures of matches.jsonl: number of trials with a record, number of lines that a later line of the same trial
    replaces, bytes, whether the file was closed by a session, and whether its last line is torn."""

    matches: int
    replaced: int
    size: int
    closed: bool
    torn: bool


class _Places:
    """The place of the newest record of each trial, in about 70 bytes a trial."""

    __slots__ = ("keys", "_lines", "_offsets", "_again")

    def __init__(self) -> None:
        self.keys = KeyTable()
        self._lines, self._offsets = array("Q"), array("Q")
        self._again = False
        """Whether a trial has several records, so that the order of the keys is not that of the newest."""

    def enter(self, key: str, place: Place) -> None:
        """Note the place of a further record of the file."""
        number = self.keys.add(key)
        if number == len(self._lines):
            self._lines.append(place.number)
            self._offsets.append(place.offset)
        else:
            self._again = True
            self._lines[number], self._offsets[number] = place

    def of(self, key: str) -> Place | None:
        number = self.keys.number(key)
        return None if number is None else Place(self._lines[number], self._offsets[number])

    def __len__(self) -> int:
        return len(self._lines)

    def newest(self) -> Iterator[tuple[str, Place]]:
        """Yield key and place in the order of the file."""
        numbers: Iterable[int] = range(len(self))
        if self._again:
            numbers = array("Q", sorted(numbers, key=self._lines.__getitem__))
        for number in numbers:
            yield self.keys.key(number), Place(self._lines[number], self._offsets[number])


class RecordFile:
    """The records of one run. Thread-safe. Memory: for a finished run none until a record is looked up by key,
    otherwise a place per record."""

    def __init__(self, path: Path, detail: type | None = None) -> None:
        """`path`: of the file, which need not exist.  `detail`: the family's class of Score.detail.

        Errors: DataError for a file that cannot be read, or an unfinished run with a line that has no key.
        """
        self.path = path
        self._detail = detail
        self._by_key: _Places | None = None
        self.shape = self._survey()

    def _survey(self) -> Shape:
        lines, size, last = 0, 0, b""
        if readable(self.path):
            for _, line in read_lines(self.path):
                lines, size, last = lines + 1, size + len(line), line
        torn = bool(last) and not last.endswith(b"\n")
        closed = not torn and is_chained(last)
        lines -= torn
        count = lines if closed else len(self._places())
        return Shape(count, lines - count, size, closed, torn)

    def _places(self) -> _Places:
        if self._by_key is None:
            newest = _Places()
            for place, line in self._lines():
                newest.enter(self._key(place, line), place)
            self._by_key = newest
        return self._by_key

    def _lines(self) -> Iterator[tuple[Place, bytes]]:
        if readable(self.path):
            for number, (offset, line) in enumerate(read_lines(self.path), 1):
                if line.endswith(b"\n"):
                    yield Place(number, offset), line

    def _key(self, place: Place, line: bytes) -> str:
        found = _KEY.match(line)
        return str(json.loads(found[1])) if found else self.parse(place, line).key

    def at(self, place: Place) -> Record:
        """Return the record at a place of the file. Errors: DataError naming line and pointer."""
        with reading(self.path) as file:
            file.seek(place.offset)
            return self.parse(place, file.readline())

    def parse(self, place: Place, line: bytes) -> Record:
        """Return the record in a line of the file. Errors: DataError naming line and pointer."""
        value = parse_line(self.path, place.number, line)
        return Record.from_json(value, str(self.path), f"line {place.number}", self._detail)

    def __iter__(self) -> Iterator[Record]:
        """Yield the newest record of each trial. Errors: DataError naming line and pointer."""
        return (record for _, record in self.placed())

    def placed(self) -> Iterator[tuple[Place, Record]]:
        """Yield the newest record of each trial with its place."""
        if self.shape.closed:
            for place, line in self._lines():
                yield place, self.parse(place, line)
        elif self.shape.matches:
            with reading(self.path) as file:
                for _, place in self._places().newest():
                    file.seek(place.offset)
                    yield place, self.parse(place, file.readline())

    def __contains__(self, key: str) -> bool:
        return key in self._places().keys

    def keys(self) -> Iterator[str]:
        """Yield the keys of all trials with a record, in the order of the file."""
        return (key for key, _ in self._places().newest())

    def chosen(self, keys: Iterable[str]) -> Iterator[tuple[bytes, Record]]:
        """Yield the newest record of each of these trials that has one, with its line in the file, in their order.

        Errors: DataError naming line and pointer.
        """
        places = self._places()
        if places:
            with reading(self.path) as file:
                for key in keys:
                    place = places.of(key)
                    if place is not None:
                        file.seek(place.offset)
                        line = file.readline()
                        yield line, self.parse(place, line)

    def get(self, key: str) -> Record | None:
        """Return a trial's newest record, None without one. Errors: DataError naming line and pointer."""
        return next((record for _, record in self.chosen([key])), None)

    def stored(self, checked: bool = False) -> StoredRecords:
        """Read every record; return key -> members that resume needs. Errors: DataError naming line and pointer.

        `checked`: each line was checked when it was written or read before (soundness.is_vouched), so only the needed
        members are read.
        """
        if not (checked and self.shape.closed):
            return StoredRecords(_stored(place, record) for place, record in self.placed())
        return StoredRecords(
            _briefly(place, line) or _stored(place, self.parse(place, line)) for place, line in self._lines()
        )


def _stored(place: Place, record: Record) -> tuple[str, Stored]:
    return record.key, Stored(place, record.stop, record.attempt, Calls.of(record))


def _briefly(place: Place, line: bytes) -> tuple[str, Stored] | None:
    """Return the members of a checked line that resume needs; None if the line needs the full reader."""
    try:
        value = json.loads(line)
        key, attempt, usage, judged = value["key"], value["attempt"], value["usage"], value["judging"]["usage"]
        players = sum(seat["calls"] for seat in usage), sum(seat["tool_calls"] for seat in usage)
        calls = Calls(players[0], judged["calls"], players[1], judged["tool_calls"])
        stored = Stored(place, Stop(value["stop"]), attempt, calls)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    plain = type(key) is str and all(type(number) is int for number in (attempt, *calls))
    return (key, stored) if plain else None


def read_records(run_dir: Path, detail: type | None = None) -> Iterator[Record]:
    """Yield the newest record of each trial of a run directory. Errors: DataError naming file, line and pointer."""
    yield from RecordFile(run_dir / RECORDS_FILE, detail)
