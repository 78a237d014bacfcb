"""Folding: the form in which texts are compared. Look-alike signs, case and blanks make no difference. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache

from arena.families.crypto.views import spoken
from arena.records import EVERYBODY, Entry

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


class Said:
    """The message of one turn: `text` as others heard it, by `seat`. `to`: everybody, or the seats that heard it."""

    def __init__(self, turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> None:
        self.turn, self.seat, self.text, self.to = turn, seat, text, to
        self.clean = clean(text)
        self.folded = " ".join(self.clean.casefold().split())
        self._holds: dict[re.Pattern[str], bool] = {}

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words, codes and numbers of the folded text, each once."""
        return words_of(self.folded)

    @cached_property
    def plain_words(self) -> tuple[str, ...]:
        """The same, with commas inside numbers removed, so that a number is one word."""
        return self.words if "," not in self.folded else words_of(self.folded.replace(",", ""))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The whole numbers of 3 to 12 digits in the folded text, in order. Commas inside a number do not matter."""
        if not _DIGIT.search(self.folded):
            return ()
        return tuple([int(digits) for digits in _NUMBER.findall(self.folded.replace(",", ""))])

    def holds(self, pattern: re.Pattern[str]) -> bool:
        """Return whether the folded text matches a pattern. The search is made once and its result kept."""
        found = self._holds.get(pattern)
        if found is None:
            found = self._holds[pattern] = pattern.search(self.folded) is not None
        return found


_SPACES = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))


@lru_cache(maxsize=16)
def ascii_words(text: str) -> list[bytes] | None:
    """Return the words of a text in order (not to be changed), or None if it has signs other than ASCII.

    Looking at these words first takes a tenth of the time of a pattern.
    """
    return text.encode().translate(_SPACES).split() if text.isascii() else None


def words_of(folded: str) -> tuple[str, ...]:
    """Return the words of a folded text, each once, in order."""
    return tuple(dict.fromkeys(WORD.findall(folded)))


def said_in(entries: Sequence[Entry]) -> list[Said]:
    """Return the messages of a match, in order."""
    return [Said(entry.turn, entry.seat, spoken(entry), entry.to) for entry in entries if entry.kind == "say"]


def folded_together(said: Sequence[Said]) -> str:
    """Return several texts as one folded text, one a line. Each is folded independently of the others."""
    return " ".join([one.folded for one in said if one.folded])
