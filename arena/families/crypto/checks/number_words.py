"""Whole numbers in English words. Pure."""

from __future__ import annotations

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS_FROM, _WORDS_TO = 21, 10**9
"""Smaller numbers are everyday words (`two of us`); larger ones nobody says."""


def number_words(number: int) -> tuple[str, ...]:
    """Return a whole number in English words, in the ways to write it, and digit by digit; none for small ones."""
    if not _WORDS_FROM <= number < _WORDS_TO:
        return ()
    with_and, bare = in_words(number, " and "), in_words(number, " ")
    digits = " ".join(_ONES[int(digit)] for digit in str(number)) if number >= 100 else ""
    forms = (with_and, bare, with_and.replace("-", " "), bare.replace("-", " "), digits)
    return tuple(dict.fromkeys(form for form in forms if form))


def in_words(number: int, joint: str) -> str:
    """Return a number from 0 to below 10^9 in words; `joint` stands after hundreds (` and `, or a space)."""
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
