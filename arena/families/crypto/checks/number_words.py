"""Whole numbers in English words. Pure."""

from __future__ import annotations

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS_FROM, _WORDS_TO = 21, 10**9
"""Smaller numbers are everyday words (`two of us`); larger ones are never said."""

_LARGE = ("hundred", "thousand", "million")
DIGITS = _ONES[:10]
LARGER = (*_TENS[2:], *_LARGE)
"""Every number from 21 on has one of these words."""

_AFTER_TENS = frozenset((*_ONES[1:10], *_LARGE))
_AFTER_LARGE = frozenset((*_ONES[1:], *_TENS[2:], *_LARGE))
_NEXT = re.compile(r"[- ](and )?([a-z]+)")
_LAST = re.compile(r"[a-z]+$")
MAX_NEXT = 16
"""The characters that the next word of a number and its joint take at most."""


def goes_on(form: str, rest: str) -> bool:
    """Return whether the words `form` are only the beginning of a longer number: `thirty` in `thirty-four`, `two
    hundred` in `two hundred and twelve`. `rest`: the text after them, in lower case."""
    last, after = _LAST.search(form), _NEXT.match(rest)
    if last is None or after is None:
        return False
    if last[0] in _TENS:
        return after[1] is None and after[2] in _AFTER_TENS
    return last[0] in _LARGE and after[2] in _AFTER_LARGE


def number_words(number: int) -> tuple[str, ...]:
    """Return the ways to write a whole number in English words, among them digit by digit; none for small numbers."""
    if not _WORDS_FROM <= number < _WORDS_TO:
        return ()
    with_and, bare = in_words(number, " and "), in_words(number, " ")
    digits = " ".join(_ONES[int(digit)] for digit in str(number)) if number >= 100 else ""
    forms = (with_and, bare, with_and.replace("-", " "), bare.replace("-", " "), digits)
    return tuple(dict.fromkeys(form for form in forms if form))


def in_words(number: int, joint: str) -> str:
    """Return a number from 0 to below 10^9 in words; `joint` follows hundreds (` and `, or a space)."""
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            head = f"{in_words(number // size, joint)} {name}"
            if not rest:
                return head
            return head + (joint if size == 100 or rest < 100 else " ") + in_words(rest, joint)
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


_PART = "|".join(sorted((*_ONES, *_TENS[2:], *_LARGE), key=len, reverse=True))
_WRITTEN = re.compile(rf"\b(?:{_PART})(?:(?:[- ]|[- ]and[- ])(?:{_PART}))*\b")


def in_digits(text: str) -> str:
    """Return a text in lower case with each whole number in English words replaced by digits. Words that form no number
    (`twenty thirty`) stay."""
    return _WRITTEN.sub(lambda found: _digits(found[0]), text)


def _digits(words: str) -> str:
    """Return a run of number words in digits, or unchanged if it is not a number below 10^9."""
    whole = part = 0
    for word in re.split(r"[- ]", words):
        if word in _ONES:
            part += _ONES.index(word)
        elif word in _TENS[2:]:
            part += 10 * _TENS.index(word)
        elif word == "hundred":
            part = max(1, part) * 100
        elif word in _LARGE:
            whole, part = whole + max(1, part) * (1000 if word == "thousand" else 10**6), 0
    number = whole + part
    spaced = words.replace("-", " ").replace(" and ", " ")
    written = in_words(number, " ").replace("-", " ") if number < _WORDS_TO else ""
    return str(number) if spaced in (written, written.removeprefix("one ")) else words
