"""What an observer has of a match: which words, codes and numbers, and from which turn on. Pure.

Observers are the roles that are to keep a value from others' eyes without owning it, and PUBLIC, which has public
turns, what all roles are told and the values known to all. Of its own calls an observer has arguments and results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.instance import fill, known_names, own_names
from arena.families.crypto.challenges.members.instance import player_texts
from arena.families.crypto.checks.leaks import fold
from arena.families.crypto.checks.verifications import answered
from arena.families.crypto.views import spoken
from arena.records import EVERYBODY, Entry, Json

PUBLIC = "(public)"
WORD = re.compile(r"[^\W_]+")
NEVER = 10**9
_HEX = re.compile("[0-9a-f]{16,}")
MIN_CODE = 8
"""Signs from which a row of letters and digits may be a random code."""


def texts_of(value: Json) -> Iterator[str]:
    """Yield the texts and numbers of a JSON value as texts."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class View:
    """What one observer has. `values`: drawn values that it knows from the start.  `heard`: turn, seat and folded text
    of what was said in its hearing.  `last`: the last turn that counts."""

    def __init__(
        self,
        observer: str,
        entries: Sequence[Entry],
        challenge: Mapping[str, Json],
        values: Mapping[str, Json],
        last: float,
    ) -> None:
        instance = challenge["instance"]
        self.observer, self.last = observer, last
        names = known_names(instance) if observer == PUBLIC else own_names(instance, observer)
        self.values = {name: values[name] for name in names if name in values}
        self._words: dict[str, int] = {}
        self._codes: list[str] = []
        self._said: dict[tuple[str, str], int] = {}
        self.heard: list[tuple[int, str, str]] = []
        for _, text, reader in player_texts(challenge, ""):
            if reader in (None, observer):
                self._take(fill(text, values), 0)
        for value in self.values.values():
            for text in texts_of(value):
                self._take(text, 0)
        listeners = challenge.get("channels", {}).get("listeners", ())
        for entry in entries:
            if entry.turn <= last:
                self._entry(entry, observer in listeners)

    def _entry(self, entry: Entry, listens: bool) -> None:
        if entry.kind == "say":
            hears = entry.to == EVERYBODY or listens or self.observer in entry.to or entry.seat == self.observer
            if hears:
                text = spoken(entry)
                self._take(text, entry.turn)
                self.heard.append((entry.turn, entry.seat, fold(text)))
                for word in WORD.findall(fold(text).replace(",", "")):
                    self._said.setdefault((entry.seat, word), entry.turn)
        elif entry.kind == "call" and entry.seat == self.observer:
            for _, args, result in answered(entry):
                for text in texts_of([args, result]):
                    self._take(text, entry.turn)

    def _take(self, text: str, turn: int) -> None:
        for word in WORD.findall(fold(text)):
            if word not in self._words:
                self._words[word] = turn
                if len(word) >= 16 and _HEX.fullmatch(word):
                    self._codes.append(word)

    def since(self, word: str) -> int:
        """Return the turn from which the observer has a word, a number or a code; NEVER where it has not.

        A longer code is had where it is put together of codes that are.
        """
        word = word.casefold()
        found = self._words.get(word)
        if found is not None:
            return found
        if len(word) >= 32 and _HEX.fullmatch(word):
            return self._put_together(word)
        return NEVER

    def said_by(self, seat: str, text: str) -> int:
        """Return the first turn in which a seat said every part of a code or number; NEVER where it did not."""
        return max((self._said.get((seat, word), NEVER) for word in WORD.findall(text.casefold())), default=NEVER)

    def _put_together(self, word: str) -> int:
        turn, rest = 0, word
        for code in sorted(self._codes, key=len, reverse=True):
            if code in rest:
                rest = rest.replace(code, " ")
                turn = max(turn, self._words[code])
            if not rest.strip():
                return turn
        return NEVER

    def since_all(self, text: str) -> int:
        """Return the turn from which the observer has every word of a text; signs of which there are few count as had:
        who tries finds them."""
        words = [word for word in WORD.findall(fold(text)) if len(word) > 3 or (word.isdigit() and len(word) > 1)]
        return max((self.since(word) for word in words), default=0)
