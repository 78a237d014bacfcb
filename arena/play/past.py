"""The earlier records of a trial's series, and the state that a family folds from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from arena.records import Record

State = TypeVar("State")


class Past:
    """The records of a series before one trial, in plan order; empty for a trial without a series.

    One Past serves a whole series: the runner appends each record after its play, and `fold` continues where it
    stopped, so a series of n trials costs n steps and not n squared.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = list(records)
        self._folded: dict[Callable[[Any, Record], Any], tuple[int, Any]] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __getitem__(self, place: int) -> Record:
        return self._records[place]

    def append(self, record: Record) -> None:
        self._records.append(record)

    def fold(self, start: State, step: Callable[[State, Record], State]) -> State:
        """Return `step` applied to all records in order, from `start`.

        `step` must be pure and must not change its argument; pass the same function (not a new lambda) for each trial.
        """
        done, state = cast("tuple[int, State]", self._folded.get(step, (0, start)))
        for record in self._records[done:] if done else self._records:
            state = step(state, record)
        self._folded[step] = (len(self._records), state)
        return state
