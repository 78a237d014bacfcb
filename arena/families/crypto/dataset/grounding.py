"""True results in place of invented ones, in everything that was written after them. Pure.

A value is carried into a text when it is a leaf of an invented result that the writer of the text had seen: a result of
an own call, or a value that another role showed in public. It must occur whole, or as a beginning of eight signs
or more before an ellipsis. What a writer could not have seen stays as it was written, so that the checks of a match
count it as made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.checks.evidence import quotable
from arena.records import Json

MIN_CHARS = 6
"""Shorter values occur by chance: they are compared (see `differing`), never put into a text."""

_LONG_WORD = re.compile(rf"[A-Za-z0-9]{{{MIN_CHARS},}}")

MIN_BEGINNING = 8
_ELLIPSIS = ("...", "\u2026")


def pairs(invented: Json, true: Json) -> Iterator[tuple[str, str]]:
    """Yield (invented leaf, true leaf) of two results, place by place; places that only one has are left out.

    Of texts that are made of values with the same words between (a message that was opened, say) also each value.
    """
    if isinstance(invented, dict) and isinstance(true, dict):
        for key, value in invented.items():
            if key in true:
                yield from pairs(value, true[key])
    elif isinstance(invented, list) and isinstance(true, list):
        for one, other in zip(invented, true, strict=False):
            yield from pairs(one, other)
    elif _is_leaf(invented) and _is_leaf(true) and len(str(invented)) >= MIN_CHARS:
        yield str(invented), str(true)
        yield from _parts(str(invented), str(true))


def _parts(invented: str, true: str) -> Iterator[tuple[str, str]]:
    """Yield the long words in which two otherwise equal texts differ."""
    if _LONG_WORD.sub("", invented) != _LONG_WORD.sub("", true):
        return
    for one, other in zip(_LONG_WORD.findall(invented), _LONG_WORD.findall(true), strict=False):
        if one != other and one != invented:
            yield one, other


def _is_leaf(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def differing(invented: Json, true: Json) -> bool:
    """Whether two results differ in a way that cannot be corrected in a text: a truth value, a short value, the form.

    `valid: true` where the calculator says false is such a case: what was said afterwards depends on it.
    """
    if isinstance(invented, dict) and isinstance(true, dict):
        return any(key not in true or differing(value, true[key]) for key, value in invented.items())
    if isinstance(invented, list) and isinstance(true, list):
        return len(invented) != len(true) or any(map(differing, invented, true))
    if _is_leaf(invented) and _is_leaf(true) and len(str(invented)) >= MIN_CHARS:
        return False
    return invented != true or type(invented) is not type(true)


def replaced(text: str, known: Mapping[str, str]) -> str:
    """Return a text with every known invented value replaced by its true one."""
    if not known:
        return text
    for old, new in known.items():
        for mark in _ELLIPSIS:
            at = text.find(mark)
            while at >= 0:
                length = _beginning(text, at, old)
                if length and length < len(old):
                    text = text[: at - length] + new[:length] + text[at:]
                at = text.find(mark, at + len(mark))
    return _pattern(known).sub(lambda match: known[match[0]], text)


def _beginning(text: str, at: int, value: str) -> int:
    """Return how many signs before `at` are a beginning of the value, 0 for fewer than MIN_BEGINNING."""
    start = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "+/_-"):
        start -= 1
    length = at - start
    return length if length >= MIN_BEGINNING and value.startswith(text[start:at]) else 0


def _pattern(known: Mapping[str, str]) -> re.Pattern[str]:
    """Return a pattern for each known value as a whole; longer ones first, so that none is cut in two."""
    words = sorted(known, key=lambda word: (-len(word), word))
    return re.compile(r"(?<![A-Za-z0-9])(?:" + "|".join(map(re.escape, words)) + r")(?![A-Za-z0-9])")


def carried(written: str, heard: str, invented: Sequence[str]) -> dict[str, str]:
    """Return invented value -> true value, as a listener learns them from a text that had been grounded.

    `written`: the text as the model wrote it.  `heard`: the same after grounding.  `invented`: values that may be in
    it. Both texts are equal except for those values; if they are not, nothing is learnt.
    """
    candidates = dict.fromkeys((value for value in invented if value in written), "")
    if not candidates:
        return {}
    learnt: dict[str, str] = {}
    last = at = 0
    matches = list(_pattern(candidates).finditer(written))
    for place, match in enumerate(matches):
        before = written[last : match.start()]
        if not heard.startswith(before, at):
            return {}
        at += len(before)
        last = match.end()
        next_start = matches[place + 1].start() if place + 1 < len(matches) else len(written)
        after = written[last:next_start]
        end = heard.find(after, at + 1) if place + 1 < len(matches) else len(heard) - len(after)
        if end <= at or (not after and place + 1 < len(matches)):
            return {}
        learnt[match[0]] = heard[at:end]
        at = end
    return learnt if heard[at:] == written[last:] else {}


def values_of(results: Sequence[Json]) -> list[str]:
    """Return the leaves of results that may be carried into texts."""
    return [leaf for result in results for leaf in quotable(result) if len(leaf) >= MIN_CHARS]
