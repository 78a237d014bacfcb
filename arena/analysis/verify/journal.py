"""The calls of a run as `verify` keeps them: places of answers, failures, and the total usage."""

from __future__ import annotations

import os
import struct
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from arena.analysis.verify.planned import Planned
from arena.messages import Usage
from arena.store.calls import CallLine, Slot
from arena.store.files import reading
from arena.store.journal import Place, parse_line

Attempt = tuple[str, int]
"""A trial's key, and which attempt of it."""

NO_USAGE = Usage()

_ADDED, _PLACE = struct.Struct("<QQQ"), struct.Struct("<QQ")
"""Number of the trial, number and offset of the line; the same of a trial's own answers."""


@dataclass(slots=True)
class Tally:
    """Sums over lines of a journal. `faults`: the calls that failed.  `used`: model -> usage of its answers, plus the
    estimates for its attempts of unknown cost (`unknown`).  `left_out`: model -> settings that were not sent."""

    faults: dict[Attempt, list[CallLine]] = field(default_factory=dict)
    used: dict[str, Usage] = field(default_factory=dict)
    unknown: int = 0
    left_out: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, line: CallLine) -> None:
        """Count one line."""
        if not line.settled:
            self.faults.setdefault((line.trial, line.attempt), []).append(line)
        self.unknown += line.unknown if line.provider else 0
        if line.reply is not None and line.reply.not_sent:
            self._leave_out(line.provider, frozenset(line.reply.not_sent))
        for usage in (line.reply and line.reply.usage, line.assumed):
            if usage is not None:
                self._use(line.provider, usage)

    def absorb(self, other: Tally) -> None:
        """Add the sums of the following lines."""
        for attempt, lines in other.faults.items():
            self.faults.setdefault(attempt, []).extend(lines)
        self.unknown += other.unknown
        for model, usage in other.used.items():
            self._use(model, usage)
        for model, names in other.left_out.items():
            self._leave_out(model, names)

    def _use(self, model: str, usage: Usage) -> None:
        self.used[model] = self.used.get(model, NO_USAGE).plus(usage)

    def _leave_out(self, model: str, names: frozenset[str]) -> None:
        self.left_out[model] = self.left_out.get(model, frozenset()) | names


@dataclass(slots=True)
class Answers:
    """Places of the answered and denied calls of a piece of the file: numbers of trial and line, offset of the line."""

    trials: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("Q"))
    offsets: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, trial: int, place: Place) -> None:
        self.trials.append(trial)
        self.lines.append(place.number)
        self.offsets.append(place.offset)


class Journal:
    """All calls of a run. Add the answers, then call `sort` once; `recorded` reads those of a match.

    The places of the answers are in temporary files, because a match has a dozen calls and more. They vanish with this
    object.
    """

    def __init__(self, path: Path, planned: Planned) -> None:
        self.path, self.planned = path, planned
        self.tally = Tally()
        self._added: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `sort`
        self._sorted: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - as long as this object
        self._starts = array("Q", [0]) * (len(planned) + 1)
        """Trial of the plan -> how many answers the trials before it have; before `sort`, how many it has itself."""

    def add(self, answers: Answers) -> None:
        """Add the answers of the next piece of the file."""
        for row in zip(answers.trials, answers.lines, answers.offsets, strict=True):
            self._starts[row[0]] += 1
            self._added.write(_ADDED.pack(*row))

    def sort(self) -> None:
        """Order the answers by trial; those of one trial stay in the order of the file."""
        total = 0
        for trial, count in enumerate(self._starts):
            self._starts[trial] = total
            total += count
        heads = self._starts[:]
        file = self._sorted.fileno()
        self._added.seek(0)
        while some := self._added.read(_ADDED.size << 12):
            for trial, line, offset in _ADDED.iter_unpack(some):
                os.pwrite(file, _PLACE.pack(line, offset), heads[trial] * _PLACE.size)
                heads[trial] += 1
        self._added.close()

    def places(self, trial: int) -> Iterator[Place]:
        """Yield the places of the answers of a trial of the plan, in the order of the file."""
        start, stop = self._starts[trial], self._starts[trial + 1]
        if start < stop:
            data = os.pread(self._sorted.fileno(), (stop - start) * _PLACE.size, start * _PLACE.size)
            yield from map(Place._make, _PLACE.iter_unpack(data))

    def has_calls(self, trial: int) -> bool:
        """Return whether a trial of the plan has an answered or a denied call."""
        return self._starts[trial] < self._starts[trial + 1]

    def failed(self) -> set[int]:
        """Return the trials of the plan that have failed calls."""
        numbers = {self.planned.number(key) for key, _ in self.tally.faults}
        return {number for number in numbers if number is not None}

    def recorded(self, trial: str, attempt: int) -> tuple[Mapping[Slot, CallLine], int]:
        """Return the answered and denied calls of one attempt by their slots, and the number of their lines.

        Errors: DataError.
        """
        number = self.planned.number(trial)
        found: dict[Slot, CallLine] = {}
        count = 0
        if number is None or not self.has_calls(number):
            return found, count
        with reading(self.path) as file:
            for place in self.places(number):
                file.seek(place.offset)
                value = parse_line(self.path, place.number, file.readline())
                line = CallLine.from_json(value, str(self.path), f"line {place.number}")
                if line.attempt == attempt:
                    found[line.slot] = line
                    count += 1
        return found, count
