"""Shorten values that a tool ledger contains more than once: complete at first, then only their beginning.

Digests, keys and signatures pass from call to call, and hex takes a token for two characters. This program says that
two values are equal, so a judge need not compare 64 digits.
"""

from __future__ import annotations

from arena.records import Json

LEAST_CHARS = 40
"""Shorter texts are always shown in full: a digest has 64 digits, a mark of a seat 8."""

BEGINNING_CHARS = 12
MARK = "... [as above]"


class Repeats:
    """The long texts of one ledger so far. A text is shortened only if no other one so far begins alike."""

    def __init__(self) -> None:
        self._whole: dict[str, set[str]] = {}

    def shortened(self, value: Json) -> tuple[Json, int]:
        """Return a JSON value with earlier texts shortened, and how many were. All its texts are remembered."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            items = [self.shortened(item) for item in value]
            return [item for item, _ in items], sum(count for _, count in items)
        if isinstance(value, dict):
            members = {name: self.shortened(item) for name, item in value.items()}
            found = {name: item for name, (item, _) in members.items()}
            return found, sum(count for _, count in members.values())
        return value, 0

    def _text(self, text: str) -> tuple[str, int]:
        if len(text) < LEAST_CHARS:
            return text, 0
        beginning = text[:BEGINNING_CHARS]
        alike = self._whole.setdefault(beginning, set())
        if alike == {text}:
            return beginning + MARK, 1
        alike.add(text)
        return text, 0

    def restored(self, value: Json) -> Json:
        """Return the original of a `shortened` value; the earlier values must have been shortened in the same order."""
        if isinstance(value, list):
            return [self.restored(item) for item in value]
        if isinstance(value, dict):
            return {name: self.restored(item) for name, item in value.items()}
        if not isinstance(value, str):
            return value
        if value.endswith(MARK) and len(value) == BEGINNING_CHARS + len(MARK):
            alike = self._whole.get(value[:BEGINNING_CHARS], ())
            return next(iter(alike)) if len(alike) == 1 else value
        self._text(value)
        return value
