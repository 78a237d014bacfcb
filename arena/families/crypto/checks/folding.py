"""Folding: the form in which texts are compared. Look-alike signs, case and blanks make no difference. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from arena.families.crypto.views import spoken
from arena.records import EVERYBODY, Entry

Found = TypeVar("Found")
WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"(?<![\w.])\d{3,12}(?![\w])")


def clean(text: str) -> str:
    """Return a text in NFKC, with the decimal digits of all scripts as 0 to 9. Format characters (such as zero-width
    ones) and combining marks are removed."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", "".join(map(_clean_sign, unicodedata.normalize("NFKD", text))))


def fold(text: str) -> str:
    """Return a text as it is compared: clean, in one case, with single spaces."""
    return " ".join(clean(text).casefold().split())


@lru_cache(maxsize=4096)
def _clean_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    return "" if unicodedata.category(sign) in ("Cf", "Mn", "Me", "Mc") else sign


class Reading:
    """A text as checks compare it: `clean`, and `folded` as of `fold`. What else they read in it is computed once."""

    __slots__ = ("text", "clean", "folded", "_found")

    def __init__(self, text: str) -> None:
        self.text = text
        self.clean = clean(text)
        self.folded = " ".join(self.clean.casefold().split())
        self._found: dict[Callable[[Reading], Any], Any] = {}

    def once(self, look: Callable[[Reading], Found]) -> Found:
        """Return what a pure function gives for this reading; the caller does not change it."""
        found: Found
        try:
            found = self._found[look]
        except KeyError:
            found = self._found[look] = look(self)
        return found


@lru_cache(maxsize=64)
def reading(text: str) -> Reading:
    """Return the reading of a text; all checks of a match, which read the same messages, share it."""
    return Reading(text)


class Said:
    """The message of one turn: `text` as others heard it, by `seat`. `to`: everybody, or the seats that heard it."""

    __slots__ = ("turn", "seat", "text", "to", "reading", "clean", "folded")

    def __init__(self, turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> None:
        self.turn, self.seat, self.text, self.to = turn, seat, text, to
        found = self.reading = reading(text)
        self.clean, self.folded = found.clean, found.folded

    @property
    def words(self) -> tuple[str, ...]:
        """The words, codes and numbers of the folded text, each once."""
        return self.reading.once(words_in)

    @property
    def plain_words(self) -> tuple[str, ...]:
        """The same, with commas inside numbers removed, so that a number is one word."""
        return self.reading.once(_plain_words)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The whole numbers of 3 to 12 digits in the folded text, with or without commas, in order."""
        return self.reading.once(_numbers)


def words_in(read: Reading) -> tuple[str, ...]:
    """Return the words, codes and numbers of a folded text, each once."""
    return words_of(read.folded)


def _plain_words(read: Reading) -> tuple[str, ...]:
    return read.once(words_in) if "," not in read.folded else words_of(read.folded.replace(",", ""))


def _numbers(read: Reading) -> tuple[int, ...]:
    if not _DIGIT.search(read.folded):
        return ()
    return tuple([int(digits) for digits in _NUMBER.findall(read.folded.replace(",", ""))])


_SPACES = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))


@lru_cache(maxsize=16)
def ascii_words(text: str) -> list[bytes] | None:
    """Return the words of a text in order (not to be changed), or None if it has signs other than ASCII.

    Looking at these words first takes a tenth of the time of a pattern.
    """
    return text.encode().translate(_SPACES).split() if text.isascii() else None


def words_of(folded: str) -> tuple[str, ...]:
    """Return the words of a folded text, each once, in order."""
    if not folded.isascii():
        return tuple(dict.fromkeys(WORD.findall(folded)))
    return tuple(dict.fromkeys(folded.encode().translate(_SPACES).decode().split()))


def said_in(entries: Sequence[Entry]) -> list[Said]:
    """Return the messages of a match, in order."""
    return [Said(entry.turn, entry.seat, spoken(entry), entry.to) for entry in entries if entry.kind == "say"]


def folded_together(said: Sequence[Said]) -> str:
    """Return several texts as one folded text, one a line. Each is folded independently of the others."""
    return " ".join([one.folded for one in said if one.folded])
