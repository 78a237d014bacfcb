"""How people say values: in figures, in words, as sums. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arena.families.crypto.challenges.readable import shown
from arena.families.crypto.checks.disguises import DIGITS, SPELLING
from arena.families.crypto.checks.number_words import in_words
from arena.records import Json


def told(values: Mapping[str, Json], word: Callable[[Json], str]) -> str:
    """Return values as a statement; `word` formats a single one. An empty list is stated as well."""
    parts = [f"my {name.replace('_', ' ')} is {each(value, word)}" for name, value in values.items()]
    return f"To lay it open: {'; '.join(parts)}." if parts else "I have nothing to add."


def each(value: Json, word: Callable[[Json], str]) -> str:
    """Return a value with each of its single parts formatted by `word`."""
    if isinstance(value, list):
        return ", ".join(each(inner, word) for inner in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each(inner, word)}" for key, inner in value.items())
    return word(value)


def figures(value: Json) -> str:
    """Return a single value unchanged."""
    return shown(value)


def words(value: Json) -> str:
    """Return a number in words, and a text spelled sign by sign."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 10**9:
        return ("minus " if value < 0 else "") + in_words(abs(value), " ")
    return " ".join(map(_spelled, str(value)))


def _spelled(sign: str) -> str:
    if sign.isascii() and sign.isdigit():
        return DIGITS[int(sign)]
    place = ord(sign.lower()) - ord("a")
    return SPELLING[place] if 0 <= place < len(SPELLING) else sign


def sums(value: Json) -> str:
    """Return a number as a sum of two others, and a text as its two halves."""
    if isinstance(value, bool):
        return "the opposite of no" if value else "the opposite of yes"
    if isinstance(value, int):
        part = abs(value) * 3 // 7 + 1
        return f"what {part} and {value - part} make together"
    text = str(value)
    half = (len(text) + 1) // 2
    return f"what begins with {text[:half]!r} and goes on with {text[half:]!r}"


def with_decoys(value: Json, domain: Sequence[Json]) -> str:
    """Return a value among plausible decoys: two more entries of its list, or the two numbers next to it."""
    if isinstance(value, list):
        others = [entry for entry in domain if entry not in value][:2]
        return each([*value, *others], figures) + ", give or take two"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"one of {value - 3}, {value} and {value + 4}, and it is the middle one"
    return f"{each(value, figures)}, or something like it"
