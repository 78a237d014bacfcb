"""The places of the lines of a file, by key: about 16 bytes a line and 75 a key."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from arena.store.key_table import KeyTable


class Place(NamedTuple):
    """The place of a line in its file: its number (1-based), and the offset of its first byte."""

    number: int
    offset: int


class LinesByKey:
    """Key -> the places of its lines, in the order of the file. Each line knows the next one of its key."""

    __slots__ = ("_keys", "_first", "_last", "_next", "_numbers", "_offsets")

    def __init__(self) -> None:
        self._keys = KeyTable()
        self._first, self._last = array("Q"), array("Q")
        """Number of a key -> its first and its last line, counted here from 1; 0: none."""
        self._next, self._numbers, self._offsets = array("I", [0]), array("I", [0]), array("Q", [0])

    def __contains__(self, key: str) -> bool:
        number = self._keys.number(key)
        return number is not None and self._first[number] > 0

    def __iter__(self) -> Iterator[str]:
        """Yield the keys that have lines, in the order of their first lines."""
        return (self._keys.key(number) for number, line in enumerate(self._first) if line)

    def __bool__(self) -> bool:
        return any(self._first)

    def add(self, key: str, place: Place) -> None:
        """Add the next line of the file."""
        line, number = len(self._next), self._keys.add(key)
        self._next.append(0)
        self._numbers.append(place.number)
        self._offsets.append(place.offset)
        if number == len(self._first):
            self._first.append(0)
            self._last.append(0)
        if self._first[number]:
            self._next[self._last[number]] = line
        else:
            self._first[number] = line
        self._last[number] = line

    def of(self, key: str) -> Iterator[Place]:
        """Yield the places of a key's lines."""
        number = self._keys.number(key)
        line = 0 if number is None else self._first[number]
        while line:
            yield Place(self._numbers[line], self._offsets[line])
            line = self._next[line]

    def forget(self, key: str) -> None:
        """Have no lines of this key any more."""
        number = self._keys.number(key)
        if number is not None:
            self._first[number] = self._last[number] = 0
