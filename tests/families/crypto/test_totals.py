"""A number said that is a plain sum: its candidates are found as by trying each, and faster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arena.families.crypto.secrecy.check import _fitting
from arena.families.crypto.secrecy.inference import Clue
from arena.families.crypto.secrecy.said_numbers import _Fits, _total
from arena.records import Json

INSTANCE: dict[str, Json] = {"values": {name: {"draw": "int", "from": 0, "to": 9} for name in "abc"}}


def clue(expression: Json, number: int, known: dict[str, Json], unknown: str) -> Clue:
    fits = _Fits(expression, number, known, INSTANCE)
    keys = frozenset((name, False) for name in unknown)
    return Clue(1, "Ann", "said", keys, fits, 1, _total(expression, number, known, set(unknown)))


@pytest.mark.parametrize(
    ("expression", "known", "unknown", "total"),
    [
        ({"sum": ["a", "b", 100]}, {}, "ab", 50),
        ({"sum": ["a", "b", "c"]}, {"c": 4}, "ab", 146),
        ({"sum": ["a", "a"]}, {}, "a", None),
        ({"sum": ["a", {"product": ["b", 2]}]}, {}, "ab", None),
        ({"sum": ["a", 0.5]}, {}, "a", None),
        ({"sum": ["a"]}, {}, "a", None),
        ({"sum": ["a", "c"]}, {"c": True}, "a", None),
        ({"minus": ["a", "b"]}, {}, "ab", None),
        ({"sum": ["b", 1]}, {"b": 3}, "a", None),
    ],
)
def test_only_a_plain_sum_has_a_total(expression: Json, known: dict[str, Any], unknown: str, total: int | None) -> None:
    assert clue(expression, 150, known, unknown).total == total


@pytest.mark.parametrize("tried", [list(range(40, 60)), [45, "x", 50], [45, 50.0, True]])
@pytest.mark.parametrize("others", [[3, 5, 8], [3, "y"], [2.5, 5]])
def test_a_total_finds_what_trying_finds(tried: list[Json], others: list[Json]) -> None:
    found = clue({"sum": ["a", "b", 100]}, 153, {}, "ab")
    assert found.total == 53
    rest = [(("b", False), others)]
    assert _fitting("a", tried, rest, found) == _fitting("a", tried, rest, replace(found, total=None))


def test_a_total_of_one_value_leaves_that_value() -> None:
    assert _fitting("a", list(range(100)), [], clue({"sum": ["a", 100]}, 153, {}, "a")) == [53]
