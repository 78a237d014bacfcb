"""The keys of a run, numbered, in about 50 bytes each: a dict of them takes four times as much.

A run of a hundred thousand trials is planned, played, resumed and verified with tables like this one, so that its
memory hardly grows with the number of trials.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

_FEWEST_SLOTS = 8


class KeyTable:
    """Texts, each once, numbered from 0 in the order in which they were added.

    The texts stand one after the other in one buffer. A table of slots, open addressing by hash, finds the number of a
    text; a slot holds the number plus 1, or 0 if it is free.
    """

    __slots__ = ("_data", "_ends", "_slots", "_mask", "_recent")

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._data = bytearray()
        self._ends = array("Q", [0])
        self._slots = array("I", bytes(4 * _FEWEST_SLOTS))
        self._mask = _FEWEST_SLOTS - 1
        self._recent: tuple[str, int] | None = None
        for key in keys:
            self.add(key)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        return map(self.key, range(len(self)))

    def __contains__(self, key: str) -> bool:
        return self.number(key) is not None

    def key(self, number: int) -> str:
        """Return the text with a number below the length. Errors: IndexError."""
        return self._data[self._ends[number] : self._ends[number + 1]].decode("utf-8", "surrogatepass")

    def number(self, key: str) -> int | None:
        """Return the number of a text, None for one that is not here."""
        recent = self._recent
        if recent is not None and recent[0] == key:  # most files have the lines of one trial together
            return recent[1]
        found = self._slots[self._slot(key.encode("utf-8", "surrogatepass"))] - 1
        if found < 0:
            return None
        self._recent = key, found
        return found

    def add(self, key: str) -> int:
        """Return the number of a text, which is added if it is not here."""
        data = key.encode("utf-8", "surrogatepass")
        slot = self._slot(data)
        found = self._slots[slot] - 1
        if found >= 0:
            return found
        number = len(self)
        self._data += data
        self._ends.append(len(self._data))
        self._slots[slot] = number + 1
        if 3 * (number + 1) > 2 * len(self._slots):
            self._grow()
        return number

    def _slot(self, data: bytes) -> int:
        """Return the slot of a text, or the free one where it belongs."""
        slots, ends, mask = self._slots, self._ends, self._mask
        slot = hash(data) & mask
        while (number := slots[slot]) and self._data[ends[number - 1] : ends[number]] != data:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        size = 2 * len(self._slots)
        slots, mask = array("I", bytes(4 * size)), size - 1
        for number in range(len(self)):
            slot = hash(bytes(self._data[self._ends[number] : self._ends[number + 1]])) & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = number + 1
        self._slots, self._mask = slots, mask
