"""Statements of a seat about its own number that do not name it: above 40, between 300 and 350, even, ends in 7. Pure.

A sentence counts under four conditions. Its seat speaks of itself. It is about one whole number of that seat, named by
a word of the value's name, or as `mine` or `my number` if the seat keeps only one. It is neither a question nor a
condition. Everything that it says is true, because a false statement reveals nothing. So a candidate that does not fit
is certainly ruled out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from arena.families.crypto.checks.folding import Reading, words_in
from arena.families.crypto.checks.number_words import in_digits
from arena.families.crypto.secrecy.forms import Key
from arena.families.crypto.secrecy.inference import Clue
from arena.families.crypto.secrecy.view import View
from arena.records import Json

COMPARED = "a comparison"
"""`by` of a step that is based on a comparison in words."""

MIN_WORD = 3
"""A shorter part of a value's name does not count as a reference to the value."""

Fits = Callable[[int], bool]

_SENTENCE = re.compile(r"(?<=[.;!?])\s+")
_WORD = re.compile(r"[a-z]+")
_OWN = frozenset({"i", "me", "my", "mine", "our", "ours", "us", "we"})
_OPEN = frozenset({"if", "whether", "unless", "suppose", "supposing", "imagine", "perhaps", "maybe", "might"})
_GENERIC = re.compile(
    r"\b(?:mine|(?:my|our) (?:own )?(?:number|figure|value|amount|sum|secret|limit|offer|bid|price|share|count))\b"
)
_ABOVE = r"above|over|beyond|exceeds|(?:more|greater|higher|larger|bigger) than"
_BELOW = r"below|under|(?:less|lower|smaller|fewer) than"
_NUMBER = r"(?:the |eur |[\u20ac$\u00a3] ?)?(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]*\d)"
_NOT = r"(?P<no>\b(?:not|never|no)\s+|n['\u2019]t\s+(?:be\s+|go\s+)?)?"
_BEFORE = re.compile(
    rf"{_NOT}\b(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|(?P<least>at least|a minimum of)"
    rf"|(?P<most>at most|up to|a maximum of))\s+{_NUMBER}"
)
_BEHIND = re.compile(
    rf"(?<![\d.,]){_NUMBER}(?: \w+)? (?:(?P<least>or (?:more|above|over|higher)|at least)"
    r"|(?P<most>or (?:less|below|under|lower)|at (?:the )?most))\b"
)
_BETWEEN = re.compile(r"(?<!not )\bbetween (\d[\d,]*) and (\d[\d,]*)\b")
_PARITY = re.compile(
    r"\b(?:is|are|was)\s+(?P<no>not\s+)?(?:an?\s+)?(?P<which>even|odd)\b(?=\s+number|\s*[.,;!]|\s+and\b|$)"
)
_MULTIPLE = re.compile(r"(?P<no>\bnot\s+)?(?:an?\s+)?\b(?:multiple of|divisible by)\s+(?P<number>[1-9]\d{0,5})\b")
_EDGE = re.compile(r"\b(?P<where>end|begin|start)s?\s+(?:in|with)\s+(?:an?\s+|the\s+digits?\s+)?(?P<digits>\d{1,6})\b")
_COMPARES = re.compile(
    rf"\b(?:{_ABOVE}|{_BELOW}|at (?:the )?(?:least|most)|a (?:minimum|maximum) of|up to|or (?:more|above|over|higher"
    r"|less|below|under|lower)|between|even|odd|multiple of|divisible by|(?:end|begin|start)s? (?:in|with))\b"
)
_OTHERS = re.compile(
    rf"{_NOT}\b(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW})|(?P<least>at least)|(?P<most>at most))\s+"
    r"(?:as much as\s+)?(?P<whose>yours|[a-z][\w-]*(?=['\u2019]s\b))"
)

_WORDS_OF_COMPARISON = frozenset((
    "above", "over", "beyond", "exceeds", "than", "below", "under", "least", "most", "minimum", "maximum", "up", "more",
    "higher", "less", "lower", "between", "even", "odd", "multiple", "divisible", "end", "ends", "begin", "begins",
    "start", "starts",
))  # fmt: skip
"""One of these is in whatever _COMPARES finds."""

_PATTERNS = (_BEFORE, _BEHIND, _BETWEEN, _PARITY, _MULTIPLE, _EDGE, _OTHERS)
"""A sentence without any of these is ignored. Each of them holds what _COMPARES finds, and what _OBJECT finds."""

_OBJECT = re.compile(r"\d|even|odd|yours|['\u2019]s")
"""What is compared with, in a sentence with numbers in digits."""


def compares(view: View) -> bool:
    """Return whether anybody else said a comparison that an observer heard. Most talk has no word of one."""
    return not view.hearing.seats(_comparing) <= {view.observer}


def _comparing(read: Reading) -> tuple[str, ...]:
    """Return the sentences of a folded text that contain a comparison, with numbers in digits."""
    if _WORDS_OF_COMPARISON.isdisjoint(read.once(words_in)) or not _COMPARES.search(read.folded):
        return ()
    near = [in_digits(one) for one in _SENTENCE.split(read.folded) if _COMPARES.search(one)]
    return tuple(one for one in near if _OBJECT.search(one) and any(pattern.search(one) for pattern in _PATTERNS))


def comparisons_of(view: View, instance: Mapping[str, Json], wanted: Sequence[tuple[Key, Json, str]]) -> Iterator[Clue]:
    """Yield the seats' statements in words about the size of numbers that an observer does not know.

    `wanted`: the values that it does not have: key -> value and owner.
    """
    own: Mapping[str, Sequence[str]] = instance.get("own", {})
    numbers: dict[str, dict[str, int]] = {}
    for (name, entry), value, seat in wanted:
        if not entry and type(value) is int:
            numbers.setdefault(seat, {})[name] = value
    kept = {name for names in instance.get("secret", {}).values() for name in names}
    for one in view.heard:
        mine = numbers.get(one.seat)
        if not mine or one.seat == view.observer:
            continue
        for sentence in one.reading.once(_comparing):
            about = _meant(sentence, mine, kept, own)
            if about is None:
                continue
            said = [*_said(sentence), *_relative(sentence, about, view, own)]
            if all(fits(mine[about]) for fits in said):
                for fits in said:
                    yield Clue(one.turn, one.seat, COMPARED, frozenset({(about, False)}), _about(about, fits), 1)


def _about(name: str, fits: Fits) -> Callable[[Mapping[Key, Json]], bool]:
    def asked(given: Mapping[Key, Json]) -> bool:
        value = given[(name, False)]
        return type(value) is not int or fits(value)

    return asked


def _meant(sentence: str, mine: Mapping[str, int], kept: set[str], own: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name of the one number that a sentence of its owner is about; None if that is uncertain."""
    words = set(_WORD.findall(sentence))
    if sentence.rstrip().endswith("?") or not words & _OWN or words & _OPEN:
        return None
    roles = {word for role in own for word in _WORD.findall(role.casefold())}
    named = [name for name in mine if (_words(name) - roles) & words]
    if len(named) == 1:
        return named[0]
    secret = [name for name in mine if name in kept]
    return secret[0] if not named and len(secret) == 1 and _GENERIC.search(sentence) else None


def _words(name: str) -> set[str]:
    return {word for word in _WORD.findall(name.casefold()) if len(word) >= MIN_WORD}


def _said(sentence: str) -> Iterator[Fits]:
    """Yield each comparison in a sentence about a number."""
    for pattern in (_BEFORE, _BEHIND):
        for found in pattern.finditer(sentence):
            yield _compared(found.groupdict(), _int(found["number"]))
    for found in _BETWEEN.finditer(sentence):
        yield _within(_int(found[1]), _int(found[2]))
    for found in _PARITY.finditer(sentence):
        yield _rest(2, int(found["which"] == "odd") ^ (found["no"] is not None))
    for found in _MULTIPLE.finditer(sentence):
        if found["no"] is None:
            yield _rest(int(found["number"]), 0)
    for found in _EDGE.finditer(sentence):
        yield _edged(found["digits"], found["where"] == "end")


def _relative(sentence: str, name: str, view: View, own: Mapping[str, Sequence[str]]) -> Iterator[Fits]:
    """Yield comparisons with a number of the same kind that the observer has itself: `mine is above yours`."""
    kind = name.partition("_")[0]
    for found in _OTHERS.finditer(sentence):
        whose = found["whose"]
        if whose != "yours" and whose != view.observer.casefold():
            continue
        if whose == "yours" and len(own) != 2:
            continue
        other = [one for one in own.get(view.observer, ()) if one.partition("_")[0] == kind and one != name]
        number = view.values.get(other[0]) if len(other) == 1 else None
        if type(number) is int:
            yield _compared(found.groupdict(), number)


def _compared(found: Mapping[str, str | None], number: int) -> Fits:
    no = found.get("no") is not None
    if found.get("above"):
        return _within(None, number) if no else _within(number + 1, None)
    if found.get("below"):
        return _within(number, None) if no else _within(None, number - 1)
    if found.get("least"):
        return _within(None, number - 1) if no else _within(number, None)
    return _within(number + 1, None) if no else _within(None, number)


def _within(low: int | None, high: int | None) -> Fits:
    return lambda value: (low is None or low <= value) and (high is None or value <= high)


def _rest(by: int, rest: int) -> Fits:
    return lambda value: value % by == rest


def _edged(digits: str, at_end: bool) -> Fits:
    return lambda value: str(value).endswith(digits) if at_end else str(value).startswith(digits)


def _int(text: str) -> int:
    return int(text.replace(",", ""))
