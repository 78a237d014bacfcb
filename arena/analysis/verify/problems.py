"""The problems of a run, with their places; each is listed once, and their number is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arena.engine.finished import MALFORMED
from arena.errors import ArenaError, DataError, Issue
from arena.store.journal import JOURNAL_FILE
from arena.store.rundir import RECORDS_FILE

OTHER_BYTES = "malformed: order, spacing or escapes differ from what the arena writes for the same data"

MAX_LISTED = 100
"""A run in which everything is wrong must not print millions of lines."""

MAX_CHARS = 400

_READ_BY_ALL = (RECORDS_FILE, JOURNAL_FILE)
"""If one of these cannot be read, every command refuses the run. (A malformed manifest ends a verification at once.)"""


@dataclass(slots=True)
class Problems:
    """Problems in the order in which they were found. `notes`: information that is not a problem;
    `unreadable`: whether a record or a line of the journal is not of the shape that the arena writes."""

    root: Path
    listed: list[Issue] = field(default_factory=list)
    count: int = 0
    unreadable: bool = False
    notes: list[str] = field(default_factory=list)

    def add(self, file: str, place: str, message: str) -> None:
        """Note a problem of a file (its path below the run) at a place: `line 7`, a JSON pointer, a trial's key."""
        short = message if len(message) <= MAX_CHARS else message[: MAX_CHARS - 3] + "..."
        issue = Issue(file, place, short)
        if issue in self.listed:
            return
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(issue)

    def absorb(self, other: Problems) -> None:
        """Append the problems of another list."""
        for issue in other.listed:
            self.add(issue.file, issue.pointer, issue.message)
        self.count += other.count - len(other.listed)
        self.unreadable |= other.unreadable
        self.notes += [note for note in other.notes if note not in self.notes]

    @contextmanager
    def guard(self, file: str, place: str) -> Iterator[None]:
        """Turn the exception of reading a damaged part of a run into a problem."""
        try:
            yield
        except DataError as error:
            for issue in error.issues:
                name = issue.file.removeprefix(f"{self.root}/")
                self.unreadable |= name in _READ_BY_ALL
                self.add(name, f"{place} {issue.pointer}".strip(), issue.message)
        except ArenaError as error:
            self.add(file, place, str(error))
        except OSError as error:
            self.add(file, place, f"cannot be read: {error.strerror or error}")
        except MALFORMED as error:
            self.add(file, place, f"malformed: {type(error).__name__}: {error}")
