"""The calls of a run as `verify` keeps them: places of answers, failures, and the total usage."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from arena.analysis.verify.planned import Planned
from arena.messages import Usage
from arena.store.calls import CallLine, Slot
from arena.store.files import reading
from arena.store.journal import Place, parse_line

Attempt = tuple[str, int]
"""A trial's key, and which attempt of it."""

NO_USAGE = Usage()


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
    """Places of the answered and denied calls of the plan's trials: numbers of trial and line, offset of the line."""

    trials: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("Q"))
    offsets: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, trial: int, place: Place) -> None:
        self.trials.append(trial)
        self.lines.append(place.number)
        self.offsets.append(place.offset)

    def extend(self, other: Answers) -> None:
        self.trials.extend(other.trials)
        self.lines.extend(other.lines)
        self.offsets.extend(other.offsets)


class Journal:
    """All calls of a run. Add the answers, then call `sort` once; `recorded` reads those of a match."""

    def __init__(self, path: Path, planned: Planned) -> None:
        self.path, self.planned = path, planned
        self.tally = Tally()
        self.answers = Answers()
        self._starts, self._order = array("Q"), array("Q")

    def sort(self) -> None:
        """Order the answers by trial; those of one trial stay in the order of the file."""
        counts = array("Q", [0]) * (len(self.planned) + 1)
        for trial in self.answers.trials:
            counts[trial + 1] += 1
        self._starts = array("Q", accumulate(counts))
        heads = self._starts[:]
        self._order = array("Q", [0]) * len(self.answers.trials)
        for place, trial in enumerate(self.answers.trials):
            self._order[heads[trial]] = place
            heads[trial] += 1

    def trials(self) -> set[int]:
        """Return the numbers of the plan's trials that have calls."""
        failed = {self.planned.number(key) for key, _ in self.tally.faults}
        return {number for number in {*self.answers.trials, *failed} if number is not None}

    def recorded(self, trial: str, attempt: int) -> tuple[Mapping[Slot, CallLine], int]:
        """Return the answered and denied calls of one attempt by their slots, and the number of their lines.

        Errors: DataError.
        """
        number = self.planned.number(trial)
        found: dict[Slot, CallLine] = {}
        count = 0
        if number is None or self._starts[number] == self._starts[number + 1]:
            return found, count
        with reading(self.path) as file:
            for place in self._order[self._starts[number] : self._starts[number + 1]]:
                file.seek(self.answers.offsets[place])
                value = parse_line(self.path, self.answers.lines[place], file.readline())
                line = CallLine.from_json(value, str(self.path), f"line {self.answers.lines[place]}")
                if line.attempt == attempt:
                    found[line.slot] = line
                    count += 1
        return found, count
