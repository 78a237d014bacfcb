"""Offer the known name that a mistyped one probably meant. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST_PREFIX = 3
"""A beginning of this many characters counts as an abbreviation; a shorter one matches too much."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` to append to a message, or an empty text when no known name is close.

    Close is a name with few single-character mistakes (one in three characters), else the only one that begins like
    `name`. Upper and lower case, `-` and `_` count as equal. Of equally close names the first known one is offered.
    """
    names = list(dict.fromkeys(known))
    typed = _plain(name)
    distances: dict[str, int] = {}
    for found in names:
        most = max(len(typed), len(found)) // 3
        # A name needs at least as many changes as it is longer, so one of a megabyte is not compared letter by letter.
        if abs(len(typed) - len(found)) <= most and (distance := _distance(typed, _plain(found))) <= most:
            distances[found] = distance
    near = list(distances)
    if near:
        return _question(min(near, key=distances.__getitem__))
    begins = [found for found in names if _plain(found).startswith(typed)]
    return _question(begins[0]) if len(begins) == 1 and len(typed.strip("_")) >= SHORTEST_PREFIX else ""


def _question(name: str) -> str:
    return f"; did you mean {name}?"


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")


def _distance(a: str, b: str) -> int:
    """Return the optimal string alignment distance: insertions, deletions, changes, and swaps of two neighbours."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
