"""One letter and one colour class for how a match ended, so that no colour stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.records import Record

SHADES = 4
"""Colour classes `o0` (best outcome) to `o3` (worst)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """`letter` is unique in a run, `shade` a CSS class, `word` the text for readers."""

    letter: str
    shade: str
    word: str


STATUS_MARKS: Mapping[str, Mark] = {
    "error": Mark("!", "xe", "error"),
    "denied": Mark("D", "xd", "denied"),
    "limit": Mark("L", "xl", "limit"),
    "aborted": Mark("A", "xa", "aborted"),
    "pending": Mark("W", "xp", "awaits its judge"),
}
UNSCORED = Mark("?", "xu", "unscored")
SCORED = Mark("=", "xs", "scored")
"""A match of a family without outcomes."""
NOT_PLAYED = Mark("\N{MIDDLE DOT}", "xn", "not played")
_TAKEN = "!DLAW?="


class Marks:
    """The marks of one run. An outcome gets the first letter of its label that is free, else a digit."""

    def __init__(self, outcomes: Sequence[str]) -> None:
        self._outcomes: dict[str, Mark] = {}
        used = set(_TAKEN)
        last = max(1, len(outcomes) - 1)
        for rank, label in enumerate(outcomes):
            letters = [sign for sign in label.upper() if sign.isascii() and sign.isalpha()]
            free = [sign for sign in [*letters, *"123456789ZYXWVUTSRQPONMKJIHGFECB"] if sign not in used]
            letter = free[0] if free else "+"
            used.add(letter)
            self._outcomes[label] = Mark(letter, f"o{round(rank * (SHADES - 1) / last)}", label)

    def outcome(self, label: str) -> Mark:
        """Return the mark of an outcome; one that is not in the run's list stands with the unscored."""
        return self._outcomes.get(label, Mark(UNSCORED.letter, UNSCORED.shade, label))

    def of(self, record: Record) -> Mark:
        """Return the mark of a record."""
        found = STATUS_MARKS.get(record.status)
        if found is not None:
            return found
        if record.score.unscored is not None:
            return UNSCORED
        outcome = record.score.outcome
        return SCORED if outcome is None else self.outcome(outcome)

    def legend(self) -> list[Mark]:
        """Return all marks in the order of legends."""
        return [*self._outcomes.values(), STATUS_MARKS["aborted"], UNSCORED, STATUS_MARKS["error"],
                STATUS_MARKS["denied"], STATUS_MARKS["limit"], STATUS_MARKS["pending"], NOT_PLAYED]  # fmt: skip
