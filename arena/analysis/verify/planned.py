"""The data that `verify` keeps for every trial and record: as little as possible, for runs of a hundred thousand
matches."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from arena.records import Trial
from arena.stops import Stop
from arena.store.journal import Place

_STOPS = tuple(Stop)


class Planned:
    """The trials of a plan, counted from 0 in its order: key, seed and cast of each. The trials themselves are made
    again when they are asked for."""

    def __init__(self, trials: Callable[[], Iterable[Trial]] = tuple) -> None:
        self.trials = trials
        self._numbers: dict[str, int] = {}
        self._seeds: list[str] = []
        self._casts: list[Mapping[str, str]] = []
        casts: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
        for trial in trials():
            self._numbers[trial.key] = len(self._seeds)
            self._seeds.append(trial.seed)
            self._casts.append(casts.setdefault(tuple(trial.cast.items()), trial.cast))

    def __len__(self) -> int:
        return len(self._seeds)

    def __contains__(self, key: str) -> bool:
        return key in self._numbers

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, in plan order."""
        return iter(self._numbers)

    def number(self, key: str) -> int | None:
        """Return a trial's place in the plan; None for one that is not in it."""
        return self._numbers.get(key)

    def seed(self, key: str) -> str | None:
        """Return a trial's seed; None for one that is not in the plan."""
        number = self._numbers.get(key)
        return None if number is None else self._seeds[number]

    def cast(self, key: str) -> Mapping[str, str]:
        """Return the cast of a trial; empty if it is not in the plan."""
        number = self._numbers.get(key)
        return {} if number is None else self._casts[number]


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
