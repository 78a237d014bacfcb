"""An observer's view of a match: the words, codes and numbers that it knows, and from which turn on. Pure.

Observers are the roles from whom a value must be kept secret and who do not own it, and PUBLIC: the public turns, the
text for all roles and the values known to all. An observer also has arguments and results of its own calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache

from arena.families.crypto.challenges.instance import fill, known_names, own_names
from arena.families.crypto.challenges.members.instance import texts_by_reader
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.checks.codes import leaves
from arena.families.crypto.checks.folding import WORD, Reading, Said, fold, words_of
from arena.families.crypto.checks.keys import guessable
from arena.families.crypto.checks.verifications import answered
from arena.records import EVERYBODY, Entry, Json

PUBLIC = "(public)"
NEVER = 10**9
_HEX = re.compile("[0-9a-f]{16,}")
MIN_CODE = 8
"""Number of signs from which a row of letters and digits may be a random code."""


class Hearing:
    """The messages that some observers hear alike, and their content, which is computed once for all of these
    observers."""

    def __init__(self, said: list[Said]) -> None:
        self.said = said
        self._seats: dict[Callable[[Reading], object], frozenset[str]] = {}

    def seats(self, look: Callable[[Reading], object]) -> frozenset[str]:
        """Return the seats in whose messages a function finds something."""
        found = self._seats.get(look)
        if found is None:
            found = self._seats[look] = frozenset([one.seat for one in self.said if one.reading.once(look)])
        return found

    @cached_property
    def words(self) -> dict[str, int]:
        """Word, number or code -> the turn in which it was first said."""
        found: dict[str, int] = {}
        for one in self.said:
            found = dict.fromkeys(one.words, one.turn) | found
        return found

    @cached_property
    def by_seat(self) -> dict[str, dict[str, int]]:
        """Seat -> word -> the first turn in which that seat said it."""
        found: dict[str, dict[str, int]] = {}
        for one in self.said:
            found[one.seat] = dict.fromkeys(one.plain_words, one.turn) | found.get(one.seat, {})
        return found

    @cached_property
    def numbers(self) -> dict[int, tuple[int, str]]:
        """Number -> turn and seat that said it first."""
        found: dict[int, tuple[int, str]] = {}
        for one in self.said:
            for number in one.numbers:
                found.setdefault(number, (one.turn, one.seat))
        return found


class Shown:
    """The part that the views of one match share; each text is folded once. `said`: its messages, in order."""

    def __init__(
        self,
        entries: Sequence[Entry],
        said: Sequence[Said],
        challenge: Mapping[str, Json],
        values: Mapping[str, Json],
    ) -> None:
        self.challenge, self.values = challenge, values
        self.listeners = challenge.get("channels", {}).get("listeners", ())
        left = iter(said)
        self.entries = [(entry, next(left) if entry.kind == "say" else None) for entry in entries]
        self._told: dict[str | None, list[tuple[str, ...]]] = {}
        self._hearings: dict[tuple[int, ...], Hearing] = {}

    def told(self, reader: str | None) -> list[tuple[str, ...]]:
        """Return the words of each text that a role is shown, or that all roles are shown (`role` None)."""
        if not self._told:
            for text, one in texts_by_reader(Same(self.challenge)):
                words = _fixed_words(text) if "{" not in text else words_of(fold(fill(text, self.values)))
                self._told.setdefault(one, []).append(words)
        return self._told.get(reader, [])

    def hearing(self, observer: str, last: float) -> Hearing:
        """Return the messages that an observer hears up to a turn."""
        all_hear = observer in self.listeners
        heard = [
            one for _, one in self.entries
            if one is not None and one.turn <= last
            and (all_hear or one.to == EVERYBODY or observer in one.to or one.seat == observer)
        ]  # fmt: skip
        return self._hearings.setdefault(tuple(map(id, heard)), Hearing(heard))


@lru_cache(maxsize=4096)
def _fixed_words(text: str) -> tuple[str, ...]:
    return words_of(fold(text))


class View:
    """One observer's view.

    `values`: drawn values that it knows from the start. `last`: the last turn that counts. In most matches nothing has
    to be looked up, so words are gathered when the first one is asked for.
    """

    def __init__(self, observer: str, shown: Shown, last: float) -> None:
        instance, values = shown.challenge["instance"], shown.values
        self.observer, self.last, self._shown = observer, last, shown
        names = known_names(instance) if observer == PUBLIC else own_names(instance, observer)
        self.values = {name: values[name] for name in names if name in values}

    @cached_property
    def hearing(self) -> Hearing:
        """The content of the messages that the observer hears."""
        return self._shown.hearing(self.observer, self.last)

    @property
    def heard(self) -> list[Said]:
        """The messages that the observer hears."""
        return self.hearing.said

    @cached_property
    def _own(self) -> dict[str, int]:
        """Word, number or code -> the turn from which the observer has it from its texts, values and calls."""
        found: dict[str, int] = {}
        for words in (*self._shown.told(None), *self._shown.told(self.observer)):
            found.update(dict.fromkeys(words, 0))
        for value in self.values.values():
            for text in leaves(value):
                found.update(dict.fromkeys(_fixed_words(text), 0))
        for entry, _ in self._shown.entries:
            if entry.kind == "call" and entry.seat == self.observer and entry.turn <= self.last:
                for _, args, result in answered(entry):
                    words = words_of(fold(" ".join(leaves([args, result]))))
                    found.update(dict.fromkeys([word for word in words if word not in found], entry.turn))
        return found

    @cached_property
    def _codes(self) -> list[tuple[str, int]]:
        """Codes, and the turns from which the observer has them: longer ones first; equally long ones by turn."""
        own, heard = self._own, self.hearing.words
        found = [(word, turn) for word, turn in own.items() if turn <= heard.get(word, NEVER)]
        found += [(word, turn) for word, turn in heard.items() if turn < own.get(word, NEVER)]
        codes = [one for one in found if len(one[0]) >= 16 and _HEX.fullmatch(one[0])]
        return sorted(codes, key=lambda one: (-len(one[0]), one[1]))

    def since(self, word: str) -> int:
        """Return the turn from which the observer knows a word, a number or a code; NEVER if it does not.

        A code of a few repeated bytes is tried by everybody. A longer code is known if it is a concatenation of known
        codes.
        """
        word = word.casefold()
        found = min(self._own.get(word, NEVER), self.hearing.words.get(word, NEVER))
        if found < NEVER:
            return found
        if guessable(word):
            return 0
        if len(word) >= 32 and _HEX.fullmatch(word):
            return self._put_together(word)
        return NEVER

    def said_by(self, seat: str, text: str) -> int:
        """Return the first turn in which a seat had said every part of a code or number; NEVER if it did not."""
        said = self.hearing.by_seat.get(seat, {})
        return max([said.get(word, NEVER) for word in _parts(text)], default=NEVER)

    def _put_together(self, word: str) -> int:
        turn, rest = 0, word
        for code, since in self._codes:
            if code in rest:
                rest = rest.replace(code, " ")
                turn = max(turn, since)
            if not rest.strip():
                return turn
        return NEVER

    def since_all(self, text: str) -> int:
        """Return the turn from which the observer has every word of a text; words of few letters or digits, which can
        be guessed, count as known."""
        return max(map(self.since, _rare_words(text)), default=0)


@lru_cache(maxsize=4096)
def _parts(text: str) -> list[str]:
    return WORD.findall(text.casefold())


@lru_cache(maxsize=4096)
def _rare_words(text: str) -> list[str]:
    """Return the words of a text, except for those of few letters or digits."""
    return [word for word in WORD.findall(fold(text)) if len(word) > 3 or (word.isdigit() and len(word) > 1)]
