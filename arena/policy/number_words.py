"""Numbers in English words, up to millions: `two hundred and fifty` -> 250."""

from __future__ import annotations

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
NUMBER_WORDS: dict[str, int] = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    **_SCALES,
}


def number_from_words(text: str) -> float | None:
    """Return the number that words say; None if they say none."""
    words = [word for word in re.split(r"[\s-]+", text.lower()) if word and word != "and"]
    if not words or words == ["a"] or any(word not in NUMBER_WORDS and word != "a" for word in words):
        return None
    total = part = 0
    for word in words:
        value = 1 if word == "a" else NUMBER_WORDS[word]
        if word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total += max(part, 1) * value
            part = 0
        else:
            part += value
    return float(total + part)
