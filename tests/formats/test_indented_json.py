"""Indented JSON is byte for byte what the standard library writes."""

from __future__ import annotations

import json
import math
import random
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from arena.formats.indented_json import indented


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


def drawn(source: random.Random, depth: int) -> Any:
    kinds = [
        lambda: source.choice(["", "plain", '\u00e9"\\\n\x00\u2028', "\ud83d\ude00"]),
        lambda: source.choice([0, -1, 10**40, 0.1, -0.0, 1e300, 5e-324, 2.0]),
        lambda: source.choice([True, False, None]),
    ]
    if depth:
        kinds += [
            lambda: [drawn(source, depth - 1) for _ in range(source.randrange(4))],
            lambda: tuple(drawn(source, depth - 1) for _ in range(source.randrange(3))),
            lambda: {f"k{n}\u00e9": drawn(source, depth - 1) for n in range(source.randrange(4))},
        ]
    return source.choice(kinds)()


@pytest.mark.parametrize("seed", range(200))
def test_drawn_values_are_written_as_json_dumps_does(seed: int) -> None:
    value = drawn(random.Random(seed), 5)
    assert indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    "value",
    [{}, [], {"a": {}}, [[]], {7: 2, None: 3, True: 4, 1.5: 5}, Colour.RED, Size.BIG, {Colour.RED: [Size.BIG]},
     math.nan, [math.inf, -math.inf]],
)  # fmt: skip
def test_values_at_the_edges_are_written_as_json_dumps_does(value: Any) -> None:
    assert indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        indented({"a": [object()]})
