"""Ways to reveal a value without writing it: spelled, in parts, as a sum, in a list with decoys. Pure.

Each is looked for in one public turn, folded (leaks.py). All are lower bounds, because a player can always find another
way. docs/challenges.md lists the known misses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from arena.families.crypto.checks.folding import ascii_words

SPELLING = (
    "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima",
    "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey",
    "x-ray", "yankee", "zulu",
)  # fmt: skip
"""The spelling alphabet of radio traffic (ITU Radio Regulations, appendix 14)."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_SIGNS = {
    **{word: chr(ord("a") + place) for place, word in enumerate(SPELLING)},
    **{word: str(place) for place, word in enumerate(DIGITS)},
    "alpha": "a", "juliet": "j", "xray": "x", "oh": "0", "nought": "0",
}  # fmt: skip
_SIGNS_OF_ASCII = frozenset(map(str.encode, (*_SIGNS, *"abcdefghijklmnopqrstuvwxyz0123456789")))
_WORD = re.compile(r"x-ray|[^\W_]+")
_HYPHENED = "x-ray"


def _sign_words() -> re.Pattern[str]:
    """Return a pattern for the words that represent signs, in words without a hyphen."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(_SIGNS, key=len, reverse=True):
        if word != _HYPHENED:
            by_first.setdefault(word[0], []).append(word[1:])
    words = "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in by_first.items())
    return re.compile(rf"(?<![^\W_])(?:{words}|[^\W_])(?![^\W_])")


_SIGN_WORD = _sign_words()
_NUMBER = re.compile(r"(?<![\w.])\d{1,12}(?![\w])")

SPLIT = "|"
_PAUSE = frozenset(",;:./")
MIN_SPELLED = 3
"""Shorter rows of digit words are everyday talk (`one or two`)."""

MIN_PART = 3
MAX_BETWEEN_PARTS = 40
MIN_SUM = 100
"""Two numbers near each other add up to a smaller one by chance too often."""

MAX_BETWEEN_NUMBERS = 24
LEAST_TOLD = 0.75
LEAST_TRUE = 0.6
"""Shares. A turn reveals a secret list in spite of decoys if it names at least this share of the list, and if at least
this share of what it names is true."""


def spelled(folded: str) -> str:
    """Return the spellings in a folded text (radio alphabet, digit words, single signs), one row a line.

    SPLIT marks punctuation between two signs. Rows of fewer than MIN_SPELLED signs are left out.
    """
    if not _may_spell(folded):
        return ""
    rows, row, end = [], "", 0
    # A word that is no sign ends a row. It cannot be in a gap of three characters, which ends a row anyway. So it need
    # not be looked at, unless a hyphen in a word makes words follow each other without a gap.
    for match in (_WORD if _HYPHENED in folded else _SIGN_WORD).finditer(folded):
        word = match[0]
        sign = _SIGNS.get(word) or (word if len(word) == 1 else "")
        if row and (not sign or match.start() - end > 3):
            rows.append(row)
            row = ""
        if row and not _PAUSE.isdisjoint(folded[end : match.start()]):
            row += SPLIT
        row += sign
        end = match.end()
    rows.append(row)
    return "\n".join(row for row in rows if len(row.replace(SPLIT, "")) >= MIN_SPELLED)


def _may_spell(folded: str) -> bool:
    """Return whether a text has enough words in a row that represent signs. Most talk has none; this test is quick."""
    words = None if _HYPHENED in folded else ascii_words(folded)
    return words is None or b"\1" * MIN_SPELLED in bytes(map(_SIGNS_OF_ASCII.__contains__, words))


def is_spelled(bare: str, rows: str) -> bool:
    """Return whether a spelled text contains an atom without separators: between pauses or, for a longer atom,
    anywhere."""
    if len(bare) < MIN_SPELLED or not rows:
        return False
    for row in rows.split("\n"):
        whole = row.replace(SPLIT, "")
        if whole == bare or bare in row.split(SPLIT) or (len(bare) > MIN_SPELLED and bare in whole):
            return True
    return False


def is_in_parts(atom: str, folded: str) -> bool:
    """Return whether a text contains both halves of a text atom, the second soon after the first."""
    if atom[-MIN_PART:] not in folded:
        return False
    for cut in range(MIN_PART, len(atom) - MIN_PART + 1):
        head, tail = atom[:cut], atom[cut:]
        at = folded.find(head)
        if at < 0:
            return False  # nor does a longer head
        while at >= 0:
            after = at + cut
            near = folded[after : after + MAX_BETWEEN_PARTS + len(tail)]
            place = near.find(tail)
            if place > 0 and _apart(folded, at, after) and _apart(near, place, place + len(tail)):
                return True
            at = folded.find(head, at + 1)
    return False


def _apart(text: str, start: int, end: int) -> bool:
    """Return whether a part occurs as a separate word."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (before.isalnum() or after.isalnum())


def is_sum(number: int, folded: str) -> bool:
    """Return whether the sum or the difference of two numbers near each other is a given number."""
    return abs(number) >= MIN_SUM and number in near_sums(folded)


def near_sums(folded: str) -> set[int]:
    """Return the sums and the differences of all pairs of numbers that are near each other in a folded text."""
    return {found for a, b in _neighbours(folded) for found in (a + b, abs(a - b))}


def _neighbours(folded: str) -> Iterator[tuple[int, int]]:
    before: re.Match[str] | None = None
    for match in _NUMBER.finditer(folded):
        if before is not None and match.start() - before.end() <= MAX_BETWEEN_NUMBERS:
            yield int(before[0]), int(match[0])
        before = match


def told_among_decoys(
    secret: Collection[str | int], universe: Collection[str | int], said: Collection[str | int]
) -> bool:
    """Return whether a turn that names the entries `said` of a list reveals most of its secret part, with few other
    entries.

    A turn that names more than half of the list reveals nothing.
    """
    true = [atom for atom in said if atom in secret]
    if len(secret) < 2 or len(true) == len(said) or 2 * len(said) > len(universe):
        return False
    return len(true) >= LEAST_TOLD * len(secret) and len(true) >= LEAST_TRUE * len(said)
