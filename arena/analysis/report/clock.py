"""How long matches and calls took, from timings.jsonl and the journal. These values differ between equal runs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.store.journal import JOURNAL_FILE, read_calls, read_rows
from arena.store.rundir import TIMINGS_FILE, Timing


@dataclass(frozen=True, slots=True)
class CallTime:
    """How many calls of one kind were made, and how long they took together."""

    kind: str
    name: str
    calls: int
    seconds: float


class Clock:
    """Seconds of each match. The list of keys is let go once every record was counted."""

    def __init__(self, run_dir: Path) -> None:
        """Read the timings. Errors: DataError naming line and pointer of a malformed one."""
        self._run_dir = run_dir
        self._of_key: dict[str, float] = {}
        self.plays = array("d")
        """Seconds of each play; a match that was played again has several."""
        self.matches = array("d")
        """Seconds of each match from number `first` of the page on, all its plays together; below 0: not known."""
        self.first: int | None = None
        path = run_dir / TIMINGS_FILE
        for row in read_rows(path, Timing) if path.exists() else ():
            self.plays.append(row.seconds)
            self._of_key[row.key] = self._of_key.get(row.key, 0.0) + row.seconds

    def add(self, key: str, number: int) -> None:
        """Note a match and its number in the page; matches come in order."""
        if self.first is None:
            self.first = number
        self.matches.append(self._of_key.pop(key, -1.0))

    def known(self) -> Iterator[tuple[int, float]]:
        """Yield (number in the page, seconds) of the matches whose time is known."""
        for number, taken in enumerate(self.matches, self.first or 0):
            if taken >= 0:
                yield number, taken

    def calls(self) -> list[CallTime]:
        """Return the total time of calls, the longest first: models by name, tools by op. Repeated calls count each
        time. Errors: DataError naming file, line and pointer of a malformed call."""
        found: dict[tuple[str, str], list[float]] = {}
        for _, line in read_calls(self._run_dir / JOURNAL_FILE):
            entry = found.setdefault((line.kind, line.op if line.kind == "tool" else line.provider), [0, 0.0])
            entry[0] += 1
            entry[1] += line.ms / 1000
        ranked = sorted(found.items(), key=lambda one: (-one[1][1], one[0]))
        return [CallTime(kind, name, int(n), taken) for (kind, name), (n, taken) in ranked]
