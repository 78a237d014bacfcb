"""What a resume keeps of each record: its place, how it ended, and how many calls it counts. About 90 bytes a trial."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import NamedTuple

from arena.records import Record
from arena.stops import Stop
from arena.store.journal import Place
from arena.store.key_table import KeyTable

_STOPS = tuple(Stop)
_NUMBER_OF_STOP = {stop: number for number, stop in enumerate(_STOPS)}
"""A stop reason is kept as its place among all."""


class Calls(NamedTuple):
    """Numbers of answered calls: of players, of judges, and of the tools of both."""

    model: int = 0
    judge: int = 0
    tool: int = 0
    judge_tool: int = 0

    @staticmethod
    def of(record: Record) -> Calls:
        """Return the counts of a record; the journal has a line for each call."""
        usage, judging = record.transcript.usage.values(), record.score.judging.usage
        players = sum(seat.calls for seat in usage), sum(seat.tool_calls for seat in usage)
        return Calls(players[0], judging.calls, players[1], judging.tool_calls)


@dataclass(frozen=True, slots=True)
class Stored:
    """The place of the newest record of a trial, and the members that resume needs."""

    place: Place
    stop: Stop
    attempt: int
    calls: Calls = Calls()

    @property
    def status(self) -> str:
        return self.stop.status


class StoredRecords(MutableMapping[str, Stored]):
    """Key -> what is kept of its record, in the order in which the keys were first entered. Records may be removed
    while they are iterated over."""

    __slots__ = ("_keys", "_here", "_count", "_lines", "_offsets", "_stops", "_attempts", "_calls", "_large")

    def __init__(self, stored: Mapping[str, Stored] | Iterable[tuple[str, Stored]] = ()) -> None:
        self._keys = KeyTable()
        self._here = bytearray()
        """Number of a key -> whether it has a record: removed ones keep their number."""
        self._count = 0
        self._offsets, self._lines, self._attempts = array("Q"), array("I"), array("I")
        self._stops, self._calls = array("b"), array("I")
        self._large: dict[int, Stored] = {}
        """Number of a key -> what is kept, if it has counts that are too large for a column."""
        for key, one in stored.items() if isinstance(stored, Mapping) else stored:
            self[key] = one

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (self._keys.key(number) for number, here in enumerate(self._here) if here)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.number(key) is not None

    def __getitem__(self, key: str) -> Stored:
        number = self.number(key)
        if number is None:
            raise KeyError(key)
        if number in self._large:
            return self._large[number]
        place = Place(self._lines[number], self._offsets[number])
        return Stored(place, _STOPS[self._stops[number]], self._attempts[number], self.calls(number))

    def __setitem__(self, key: str, one: Stored) -> None:
        number = self._keys.add(key)
        if number == len(self._here):
            self._here.append(0)
            for column in (self._lines, self._offsets, self._attempts):
                column.append(0)
            self._stops.append(0)
            self._calls.extend((0,) * len(Calls._fields))
        self._count += not self._here[number]
        self._here[number] = 1
        try:
            self._lines[number], self._offsets[number] = one.place
            self._stops[number], self._attempts[number] = _NUMBER_OF_STOP[one.stop], one.attempt
            first = number * len(Calls._fields)
            self._calls[first : first + len(Calls._fields)] = array("I", one.calls)
            self._large.pop(number, None)
        except OverflowError:
            self._large[number] = one

    def __delitem__(self, key: str) -> None:
        number = self.number(key)
        if number is None:
            raise KeyError(key)
        self._here[number] = 0
        self._count -= 1

    def number(self, key: str) -> int | None:
        """Return a number below `numbers` that no other key has; None without a record."""
        number = self._keys.number(key)
        return number if number is not None and self._here[number] else None

    @property
    def numbers(self) -> int:
        """The numbers of all keys are below this."""
        return len(self._here)

    def attempt(self, number: int) -> int:
        """Return the attempt of the record of the key with a number."""
        return self._large[number].attempt if number in self._large else self._attempts[number]

    def calls(self, number: int) -> Calls:
        """Return the counts of the record of the key with a number."""
        if number in self._large:
            return self._large[number].calls
        first = number * len(Calls._fields)
        return Calls(*self._calls[first : first + len(Calls._fields)])
