"""Regular expressions of policy files, with a bound on their time: texts come from players, who may be hostile.

Python's engine backtracks, so some expressions take exponential time on a text that was made for them. They are refused
when they are read: a repetition within a repetition (`(a+)+`), alternatives within a repetition that can begin alike
(`(?:a|a)*`), repetitions that can match each other's text (`a.*b.*c`) in more than MOST_WAYS ways, references to a long
group, and repeated references to a group of several lengths (`(a+)\\1+`). Long texts are searched in pieces. The time
for each piece is bounded: some seconds for the worst expression that is accepted, microseconds for most.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

MOST_WAYS = 2**17
"""Limit on the ways in which repetitions may divide one text among them: `(?:a?){16}` has 2^16,
`.{0,80}a.{0,80}` 81 * 81; a repetition without a bound counts as WINDOW."""

WINDOW, OVERLAP = 4096, 1024
"""A longer text is searched in pieces of WINDOW characters that overlap by OVERLAP: in such a text, a match that is
longer than OVERLAP may be missed."""

_LARGE = 256
"""A repetition of up to this length counts as unbounded."""

_MANY = 2**64
"""Stands for any larger number of ways."""

_PARSER: Any = importlib.import_module("re._parser")
_ALPHABET = frozenset(map(chr, range(9, 127))) | frozenset("\u00a0\u00e9\u00df\u20ac\u2013\u4e2d")
"""Characters by which sets are compared: they represent all others of their kind."""

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_SINGLES = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def found_in(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a pattern matches somewhere in a text, as `search` finds it; results are cached."""
    return _remembered(pattern, text) if len(text) <= WINDOW else search(pattern, text) is not None


@lru_cache(maxsize=4096)
def _remembered(pattern: re.Pattern[str], text: str) -> bool:
    """Search a short text, with a cache: cues, refusals and answers of tools recur in many trials."""
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
    """Return why an expression might take too long; empty if it cannot. Errors: re.error for an invalid expression."""
    try:
        tree = _PARSER.parse(source, re.IGNORECASE)
    except RecursionError:
        return "it is nested too deep"
    for node in _nodes(tree):
        problem = _repeat_problem(node) if str(node[0]) in _REPEATS else ""
        if problem:
            return problem
    problem = _reference_problem(tree)
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
    """Return the sequences that a node consists of."""
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
    if high < _LARGE and _forms(body, high) > MOST_WAYS:
        return f"it repeats a part of several forms up to {high} times; write fewer repetitions, or one form"
    return ""


def _reference_problem(tree: Any) -> str:
    """Return why a reference to a group's match may take too long; empty if it cannot."""
    widths = {
        node[1][0]: tuple(map(int, node[1][3].getwidth())) for node in _nodes(tree) if str(node[0]) == "SUBPATTERN"
    }
    for node in _nodes(tree):
        if str(node[0]) == "GROUPREF" and widths[node[1]][1] >= _LARGE:
            return "it refers to a group of any length; give that a bound, as in (a{1,80})"
        if str(node[0]) in _REPEATS and int(node[1][1]) > 1:
            for inner in _nodes(node[1][2]):
                if str(inner[0]) == "GROUPREF" and widths[inner[1]][0] != widths[inner[1]][1]:
                    return "it repeats a reference to a group; give that group a fixed length"
    return ""


def _ways(sequence: Any) -> int:
    """Return the largest number of lengths or forms in which a sequence can match; _MANY stands for all above."""
    ways = 1
    for node in sequence:
        name, inner = str(node[0]), [_ways(part) for part in _parts(node)]
        if name in _REPEATS:
            ways *= _repeated_ways(int(node[1][0]), int(node[1][1]), inner[0])
        elif name == "BRANCH":
            ways *= sum(inner)
        else:
            for one in inner:
                ways *= one
        if ways >= _MANY:
            return _MANY
    return ways


def _forms(body: Any, times: int) -> int:
    """Return the number of forms in which `times` parts can match one text. If the text itself settles how each part
    matches, as in `(?:\\d[ -]?){13,16}`, only the last part has a choice."""
    return _ways(body) if _settled(body) else _ways(body) ** times


def _settled(body: Sequence[Any]) -> bool:
    """Return whether each character tells how a repeated body continues: it consists of single characters and
    repetitions of one, and no repetition can take a character that may follow it, here or in the next round."""
    if len(body) == 1 and str(body[0][0]) == "SUBPATTERN" and not any(body[0][1][1:3]):
        body = body[0][1][3]
    plain: list[tuple[frozenset[str], bool, bool]] = []
    for node in body:
        if str(node[0]) in _SINGLES:
            plain.append((_set(node), True, False))
        elif str(node[0]) in _REPEATS and len(node[1][2]) == 1 and str(node[1][2][0][0]) in _SINGLES:
            plain.append((_set(node[1][2][0]), int(node[1][0]) > 0, node[1][0] != node[1][1]))
        else:
            return False
    if not any(needed for _, needed, _ in plain):
        return False
    for at, (taken, _, varies) in enumerate(plain):
        for following, needed, _ in (plain[at + 1 :] + plain[: at + 1]) if varies else ():
            if taken & following:
                return False
            if needed:
                break
    return True


def _repeated_ways(low: int, high: int, ways: int) -> int:
    """Return the number of ways for `low` to `high` parts that can each match in `ways` ways."""
    if ways == 1:
        return min(high - low + 1, _MANY)
    total, each = 0, _MANY if low >= 64 else ways**low
    for _ in range(low, high + 1):
        total += each
        if total >= _MANY:
            return _MANY
        each *= ways
    return total


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
    """Return which characters of the alphabet a node for one character matches, ignoring case."""
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
    """Multiplies the ways of repetitions that can match each other's text: the first one also matches the text between
    two of them."""

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
            ways *= _forms(body, high)
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
