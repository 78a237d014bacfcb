"""The data that `verify` keeps for every trial and record: as little as possible, for runs of a hundred thousand
matches."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from arena.records import Trial
from arena.stops import Stop
from arena.store.journal import Place
from arena.store.key_table import KeyTable

_STOPS = tuple(Stop)
_SEED_BYTES, _HEX = 32, frozenset("0123456789abcdef")


class Planned:
    """The trials of a plan, counted from 0 in its order: key, seed and cast of each, in about 100 bytes. The trials
    themselves are made again when they are asked for."""

    def __init__(self, trials: Callable[[], Iterable[Trial]] = tuple) -> None:
        self.trials = trials
        self._keys = KeyTable()
        self._seeds = bytearray()
        self._other_seeds: dict[int, str] = {}
        """Number of a trial -> its seed, if that is not what `trial_seed` gives: 64 hex digits."""
        self._cast_of, self._casts = array("I"), list[Mapping[str, str]]()
        casts: dict[tuple[tuple[str, str], ...], int] = {}
        for trial in trials():
            number = self._keys.add(trial.key)
            if number < len(self._cast_of):
                continue
            self._add_seed(number, trial.seed)
            cast = casts.setdefault(tuple(trial.cast.items()), len(casts))
            if cast == len(self._casts):
                self._casts.append(trial.cast)
            self._cast_of.append(cast)

    def _add_seed(self, number: int, seed: str) -> None:
        plain = len(seed) == 2 * _SEED_BYTES and _HEX.issuperset(seed)
        if not plain:
            self._other_seeds[number] = seed
        self._seeds += bytes.fromhex(seed) if plain else bytes(_SEED_BYTES)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, in plan order."""
        return iter(self._keys)

    def number(self, key: str) -> int | None:
        """Return a trial's place in the plan; None for one that is not in it."""
        return self._keys.number(key)

    def seed(self, key: str) -> str | None:
        """Return a trial's seed; None for one that is not in the plan."""
        number = self._keys.number(key)
        if number is None:
            return None
        if number in self._other_seeds:
            return self._other_seeds[number]
        return self._seeds[_SEED_BYTES * number : _SEED_BYTES * (number + 1)].hex()

    def cast(self, key: str) -> Mapping[str, str]:
        """Return the cast of a trial; empty if it is not in the plan."""
        number = self._keys.number(key)
        return {} if number is None else self._casts[self._cast_of[number]]


class Row(NamedTuple):
    """The place of a record, its stop reason, and its attempt."""

    key: str
    place: Place
    stop: Stop
    attempt: int


class RecordRows:
    """The records that can be read, one per trial, in the order of the file."""

    def __init__(self, planned: Planned) -> None:
        self._planned = planned
        self._rows = array("i", [-1]) * len(planned)
        """Trial of the plan -> its row, -1 without a record."""
        self._offsets, self._lines, self._stops = array("q"), array("q"), array("b")
        self._attempts: dict[int, int] = {}
        """Row -> attempt, if it is not 0."""
        self._others: dict[str, int] = {}
        """Key -> row of a record that is not in the plan."""

    def __len__(self) -> int:
        return len(self._offsets)

    def __contains__(self, key: str) -> bool:
        return self.row(key) >= 0

    def row(self, key: str) -> int:
        """Return the row of a trial's record, -1 without one."""
        number = self._planned.number(key)
        return self._others.get(key, -1) if number is None else self._rows[number]

    def add(self, row: Row) -> None:
        """Enter the first record of a trial."""
        number = self._planned.number(row.key)
        if number is None:
            self._others[row.key] = len(self)
        else:
            self._rows[number] = len(self)
        if row.attempt:
            self._attempts[len(self)] = row.attempt
        self._offsets.append(row.place.offset)
        self._lines.append(row.place.number)
        self._stops.append(_STOPS.index(row.stop))

    def place(self, row: int) -> Place:
        return Place(self._lines[row], self._offsets[row])

    def attempt(self, row: int) -> int:
        return self._attempts.get(row, 0)

    def stop(self, row: int) -> Stop:
        return _STOPS[self._stops[row]]

    def of_plan(self) -> Iterator[tuple[Trial, int]]:
        """Yield each trial of the plan that has a record, with its row, in plan order."""
        for trial, row in zip(self._planned.trials(), self._rows, strict=True):
            if row >= 0:
                yield trial, row
