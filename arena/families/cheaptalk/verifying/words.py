"""Fold text to content words, so that spelling, number forms and function words make no difference. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

STOP_WORDS = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "this",
            "that",
            "these",
            "those",
            "of",
            "in",
            "on",
            "at",
            "by",
            "to",
            "for",
            "from",
            "with",
        ),
        *(
            "as",
            "and",
            "or",
            "but",
            "if",
            "so",
            "than",
            "then",
            "there",
            "here",
            "it",
            "its",
            "he",
            "she",
            "they",
            "him",
        ),
        *(
            "her",
            "his",
            "their",
            "them",
            "who",
            "whom",
            "whose",
            "which",
            "what",
            "when",
            "where",
            "while",
            "is",
            "are",
        ),
        *("was", "were", "be", "been", "being", "has", "have", "had", "do", "did", "done", "will", "would", "can"),
        *("could", "might", "shall", "should", "also", "very", "just", "such", "some", "any", "each", "into"),
        *("about", "over", "through", "during", "until", "since", "we", "i", "you", "our", "my", "your", "us", "me"),
        # The name of a source is not part of the evidence.
        *("according", "wikipedia", "source", "cited", "quote", "because", "though", "although", "however", "both"),
    )
)
"""Function words. Negations, comparatives and numbers are content and not among them."""

NEGATIONS = frozenset(
    ("not", "no", "never", "none", "nor", "neither", "without", "cannot", "nobody", "nothing", "nowhere", "hardly")
)
SCOPE = 3
"""Number of content words after a negation that it denies, up to a comma, a stop or "but"."""

_UNITS = {
    "kilometres": "km", "kilometre": "km", "kilometers": "km", "kilometer": "km", "kilograms": "kg", "kilogram": "kg",
    "%": "percent", "per cent": "percent", "centimetres": "cm", "centimeters": "cm", "tons": "tonnes",
}  # fmt: skip
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_ONES = {word: value for value, word in enumerate(re.findall(r"\w+", _SMALL))}
_TENS = {
    word: 10 * value
    for value, word in enumerate(re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH_FIRST = re.compile(rf"\b({_MONTHS})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*\d)")
_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[,' ]\d{3})+)(?![\d])")
_BRACKETS = re.compile(r"-(?:lrb|rrb|lsb|rsb|lcb|rcb)-")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)?|[,;:.!?]")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u2212": "-", "\u00df": "ss"})


@dataclass(frozen=True, slots=True)
class Words:
    """The content words of a text: in order, as a set, the numbers among them, and those that a negation denies."""

    order: tuple[str, ...]
    content: frozenset[str]
    numbers: frozenset[str]
    denied: frozenset[str]
    negated: bool


def folded(text: str) -> str:
    """Return text in lower case, without accents and separators of thousands, with the day before the month.

    Compatibility decomposition of Unicode (NFKD) with the combining marks left out; brackets of tokenised text
    (-LRB-) go. "41,000", "41 000" and "41'000" become 41000.
    """
    text = unicodedata.normalize("NFKD", text).translate(_QUOTES).casefold()
    text = "".join(character for character in text if not unicodedata.combining(character))
    text = " ".join(_BRACKETS.sub(" ", text).split())
    text = _GROUPED.sub(lambda match: match[1] + re.sub(r"\D", "", match[2]), text)
    text = _MONTH_FIRST.sub(r"\2 \1", text)
    return " ".join(re.sub(r"%|\bper cent\b", " percent ", text).split())


@lru_cache(maxsize=16_384)
def words(text: str) -> Words:
    """Return the content words of a text."""
    order: list[str] = []
    denied: set[str] = set()
    negated, left = False, 0
    for token in _numbered(_TOKEN.findall(folded(text))):
        if token in ",;:.!?" or token == "but":
            left = 0
        elif token in NEGATIONS or token.endswith("n't"):
            negated, left = True, SCOPE
        elif token not in STOP_WORDS:
            stem = _stem(token)
            order.append(stem)
            if left:
                denied.add(stem)
                left -= 1
    numbers = frozenset(word for word in order if word[0].isdigit() and word != "1")
    return Words(tuple(order), frozenset(order), numbers, frozenset(denied), negated)


def _stem(token: str) -> str:
    """Return a token without its possessive and plural ending, and units in one spelling.

    The S stemmer of D. Harman, "How effective is suffixing?", Journal of the American Society for Information Science
    42 (1991), 7-15, table 1: it joins singular and plural and nothing else.
    """
    token = token.removesuffix("'s").replace("'", "")
    if token in _UNITS:
        return _UNITS[token]
    if len(token) < 4 or not token.endswith("s"):
        return token
    if token.endswith("ies") and not token.endswith(("eies", "aies")):
        return token[:-3] + "y"
    if token.endswith("es") and not token.endswith(("aes", "ees", "oes")):
        return token[:-1]
    return token if token.endswith(("us", "ss")) else token[:-1]


def _numbered(tokens: list[str]) -> Iterator[str]:
    """Yield the tokens with every number in digits: number words are put together, 1st and 1.0 become 1.

    "one" alone stays a word ("one of them"); it is a number next to other number words.
    """
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token[0].isdigit():
            value, place = float(token), place + 1
            if place < len(tokens) and tokens[place] in ("st", "nd", "rd", "th"):
                place += 1
            while place < len(tokens) and tokens[place] in _SCALES and tokens[place] != "hundred":
                value, place = value * _SCALES[tokens[place]], place + 1
            yield f"{value:.12g}"
            continue
        value_of, used = _spelled(tokens, place)
        if used and tokens[place : place + used] != ["one"]:
            yield str(value_of)
            place += used
        else:
            yield token
            place += 1


def _spelled(tokens: list[str], place: int) -> tuple[int, int]:
    """Return the number that words spell from a place on, and how many words it takes (0: none)."""
    total = current = used = 0
    last = ""
    while place + used < len(tokens):
        token = tokens[place + used]
        if token in _ONES and last in ("", "tens", "scale") and not (last == "tens" and _ONES[token] > 9):
            current, last = current + _ONES[token], "ones"
        elif token in _TENS and last in ("", "scale"):
            current, last = current + _TENS[token], "tens"
        elif token in _SCALES and last in ("ones", "tens", "scale"):
            if token == "hundred":
                current *= 100
            else:
                total, current = total + max(1, current) * _SCALES[token], 0
            last = "scale"
        else:
            break
        used += 1
    return total + current, used
