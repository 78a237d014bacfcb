"""One short word, one letter and one colour class for how a match ended, so that colour is never the only sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.records import Record

SHADES = 4
"""Colour classes `o0` (best outcome) to `o3` (worst)."""
SHORT = 4
"""Letters of the short form of an outcome."""


@dataclass(frozen=True, slots=True)
class Mark:
    """`short` (a few letters) and `letter` are unique in a run, `shade` is a CSS class, `word` the text for readers."""

    letter: str
    shade: str
    word: str
    short: str


STATUS_MARKS: Mapping[str, Mark] = {
    "error": Mark("!", "xe", "error", "error"),
    "denied": Mark("D", "xd", "denied", "denied"),
    "limit": Mark("L", "xl", "limit", "limit"),
    "aborted": Mark("A", "xa", "aborted", "abort"),
    "pending": Mark("W", "xp", "awaits its judge", "waits"),
}
UNSCORED = Mark("?", "xu", "unscored", "no score")
SCORED = Mark("=", "xs", "scored", "scored")
"""A match of a family without outcomes."""
NOT_PLAYED = Mark("\N{MIDDLE DOT}", "xn", "not played", "\N{MIDDLE DOT}")
_FIXED = (*STATUS_MARKS.values(), UNSCORED, SCORED, NOT_PLAYED)
_TAKEN = "!DLAW?="


class Marks:
    """The marks of one run. An outcome gets the first letter of its label that is free, else a digit; and its first
    four letters, more where another outcome begins alike."""

    def __init__(self, outcomes: Sequence[str]) -> None:
        self._outcomes: dict[str, Mark] = {}
        used = set(_TAKEN)
        shorts = {mark.short for mark in _FIXED}
        last = max(1, len(outcomes) - 1)
        for rank, label in enumerate(outcomes):
            letters = [sign for sign in label.upper() if sign.isascii() and sign.isalpha()]
            free = [sign for sign in [*letters, *"123456789ZYXWVUTSRQPONMKJIHGFECB"] if sign not in used]
            letter = free[0] if free else "+"
            used.add(letter)
            short = _short(label, letter, shorts)
            shorts.add(short)
            self._outcomes[label] = Mark(letter, f"o{round(rank * (SHADES - 1) / last)}", label, short)

    def outcome(self, label: str) -> Mark:
        """Return the mark of an outcome; one that is not in the run's list counts as unscored."""
        return self._outcomes.get(label, Mark(UNSCORED.letter, UNSCORED.shade, label, UNSCORED.short))

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


def _short(label: str, letter: str, used: set[str]) -> str:
    """Return the beginning of a label that no other mark has; a letter if there is none, or if many begin alike."""
    text = " ".join(label.split())
    if not text.isprintable():
        return letter
    for size in range(SHORT, 3 * SHORT):
        short = text[:size].capitalize().strip()
        if short and short not in used:
            return short
    return letter
