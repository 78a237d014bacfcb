"""Regular expressions of policy files, with a bound on their time: texts come from players, who may be hostile.

Python's engine goes back and tries again, so some expressions take exponential time on a text that was made for them.
They are refused when they are read: a repetition within a repetition (`(a+)+`), alternatives within one that can begin
alike (`(?:a|a)*`), and repetitions that can take each other's text (`a.*b.*c`) in more than MOST_WAYS ways. Long texts
are searched in pieces, so that the time is at most a constant (some seconds for the worst that is let in, and
microseconds for most) for each piece.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

MOST_WAYS = 2**17
"""Ways in which repetitions may share one text between them: `(?:\\d[ -]?){15,16}` has 2^17,
`.{0,80}a.{0,80}` 81 * 81; a repetition without a bound counts as WINDOW."""

WINDOW, OVERLAP = 4096, 1024
"""A longer text is searched in pieces of so many characters, each of which begins so many before the last one ended: a
match that is longer than OVERLAP may not be found in such a text."""

_LARGE = 256
"""A repetition of up to this length counts as unbounded."""

_PARSER: Any = importlib.import_module("re._parser")
_ALPHABET = frozenset(map(chr, range(9, 127))) | frozenset("\u00a0\u00e9\u00df\u20ac\u2013\u4e2d")
"""Characters by which sets are compared: they represent all others of their kind."""

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_SINGLES = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def found_in(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a pattern matches somewhere in a text, as `search` looks for it; what was looked up is remembered."""
    return _remembered(pattern, text) if len(text) <= WINDOW else search(pattern, text) is not None


@lru_cache(maxsize=4096)
def _remembered(pattern: re.Pattern[str], text: str) -> bool:
    """Look a short text up: cues, refusals and answers of tools come again in many trials."""
    return pattern.search(text) is not None


def search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the first match of a pattern in a text; of a long text, piece by piece."""
    if len(text) <= WINDOW:
        return pattern.search(text)
    for begin in range(0, len(text) - OVERLAP, WINDOW - OVERLAP):
        found = pattern.search(text, begin, begin + WINDOW)
        if found is not None:
            return found
    return None


def slow_because(source: str) -> str:
    """Return why an expression might take too long; empty if it cannot. Errors: re.error for what is none."""
    try:
        tree = _PARSER.parse(source, re.IGNORECASE)
    except RecursionError:
        return "it is nested too deep"
    for node in _nodes(tree):
        problem = _repeat_problem(node) if str(node[0]) in _REPEATS else ""
        if problem:
            return problem
    gaps = _Gaps()
    gaps.walk(tree)
    if gaps.most > MOST_WAYS:
        return "several repetitions can take each other's text; give them lower bounds, as in .{0,80}"
    return ""


def _nodes(sequence: Any) -> Iterator[Any]:
    """Yield all nodes of an expression."""
    for node in sequence:
        yield node
        for part in _parts(node):
            yield from _nodes(part)


def _parts(node: Any) -> list[Any]:
    """Return the sequences that a node is made of."""
    name, value = str(node[0]), node[1]
    if name in _REPEATS:
        return [value[2]]
    if name == "SUBPATTERN":
        return [value[3]]
    if name == "BRANCH":
        return list(value[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [value[1]]
    if name == "ATOMIC_GROUP":
        return [value]
    if name == "GROUPREF_EXISTS":
        return [part for part in value[1:] if part is not None]
    return []


def _repeat_problem(node: Any) -> str:
    low, high, body = node[1]
    high = int(high)
    if high <= 1:
        return ""
    for inner in _nodes(body):
        name = str(inner[0])
        if name in _REPEATS and inner[1][0] != inner[1][1] and max(int(inner[1][1]), high) >= _LARGE:
            return "it repeats a part that repeats something itself; write the inner part with a fixed length"
        if name == "BRANCH" and high >= _LARGE and _ambiguous(inner[1][1]):
            return "it repeats alternatives that can begin alike; let each begin with another character"
    if high < _LARGE and _ways(_nodes(body)) ** high > MOST_WAYS:
        return f"it repeats a part of several forms up to {high} times; write fewer repetitions, or one form"
    return ""


def _ways(nodes: Iterable[Any]) -> int:
    """Return in how many lengths or forms a part can be read, at most."""
    ways = 1
    for node in nodes:
        name = str(node[0])
        if name in _REPEATS:
            ways *= int(node[1][1]) - int(node[1][0]) + 1
        elif name == "BRANCH":
            ways *= len(node[1][1])
    return ways


def _ambiguous(branches: Sequence[Any]) -> bool:
    seen: frozenset[str] = frozenset()
    for branch in branches:
        first = _first(branch)
        if not first or first & seen:
            return True
        seen |= first
    return False


def _first(sequence: Any) -> frozenset[str]:
    """Return the characters that a sequence can begin with; empty if it can be empty or begins with a condition."""
    for node in sequence:
        name = str(node[0])
        if name in _SINGLES:
            return _set(node)
        if name == "AT":
            continue
        if name == "BRANCH":
            parts = [_first(part) for part in node[1][1]]
            return frozenset().union(*parts) if all(parts) else frozenset()
        if name == "SUBPATTERN" or (name in _REPEATS and int(node[1][0]) > 0):
            return _first(_parts(node)[0])
        return frozenset()
    return frozenset()


def _set(node: Any) -> frozenset[str]:
    """Return which characters of the alphabet one node of a character takes, whatever the case."""
    name, value = str(node[0]), node[1]
    if name == "ANY":
        return _ALPHABET - {"\n"}
    if name == "LITERAL":
        found = frozenset(chr(value))
    elif name == "NOT_LITERAL":
        return _ALPHABET - _either_case(frozenset(chr(value)))
    else:
        negated = bool(value) and str(value[0][0]) == "NEGATE"
        found = frozenset().union(*(_item(*one) for one in value[negated:]))
        if negated:
            return _ALPHABET - _either_case(found)
    return _either_case(found)


def _item(kind: Any, value: Any) -> frozenset[str]:
    name = str(kind)
    if name == "LITERAL":
        return frozenset(chr(value))
    if name == "RANGE":
        low, high = value
        return frozenset(one for one in _ALPHABET if low <= ord(one) <= high) | {chr(low), chr(high)}
    tests: dict[str, Callable[[str], bool]] = {
        "DIGIT": str.isdigit,
        "SPACE": str.isspace,
        "WORD": lambda one: one.isalnum() or one == "_",
    }
    word = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
    test = tests[word.removeprefix("NOT_")]
    return frozenset(one for one in _ALPHABET if test(one) is not word.startswith("NOT_"))


def _either_case(found: frozenset[str]) -> frozenset[str]:
    return found | {form for one in found for form in (one.lower(), one.upper())}


@dataclass(slots=True)
class _Gaps:
    """Multiplies the ways of repetitions that can take each other's text: the text between two of them is text that
    the first one takes too."""

    most: int = 1
    chain: int = 1
    last: frozenset[str] = field(default_factory=frozenset)

    def walk(self, sequence: Any) -> None:
        for node in sequence:
            name = str(node[0])
            if name in _SINGLES:
                self.pass_text(_set(node))
            elif name in _REPEATS:
                self.repeat(int(node[1][0]), int(node[1][1]), node[1][2])
            elif name == "BRANCH":
                self.branch(node[1][1])
            elif name in ("ASSERT", "ASSERT_NOT"):
                self.aside(node[1][1])
            else:
                for part in _parts(node):
                    self.walk(part)

    def pass_text(self, taken: frozenset[str]) -> None:
        if not self.last & taken:
            self.last, self.chain = frozenset(), 1

    def repeat(self, low: int, high: int, body: Any) -> None:
        inner = [node for node in _nodes(body) if str(node[0]) in _REPEATS or str(node[0]) == "BRANCH"]
        if high <= 1 and inner:
            self.branch([body] if low else [[], body])
            return
        taken = frozenset().union(*(_set(node) for node in _nodes(body) if str(node[0]) in _SINGLES))
        ways = WINDOW if high >= _LARGE else high - low + 1
        if inner and high < _LARGE:
            ways *= _ways(inner) ** high
        if ways > 1:
            self.chain = self.chain * ways if self.last & taken else ways
            self.last |= taken
            self.most = max(self.most, self.chain)
        else:
            self.walk(body)

    def branch(self, parts: Sequence[Any]) -> None:
        """Continue from the alternative that leaves the longest chain."""
        chain, last = self.chain, self.last
        ends: list[tuple[int, frozenset[str]]] = []
        for part in parts:
            self.chain, self.last = chain, last
            self.walk(part)
            ends.append((self.chain, self.last))
        self.chain, self.last = max(ends, key=lambda end: (end[0], len(end[1])))

    def aside(self, part: Any) -> None:
        chain, last = self.chain, self.last
        self.chain, self.last = 1, frozenset()
        self.walk(part)
        self.chain, self.last = chain, last
