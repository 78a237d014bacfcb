"""Quick ways of decoding take nothing that the slow ways refuse: long numbers, shared texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from arena.errors import DataError
from arena.formats.bounded import MAX_DIGITS, parse_json
from arena.formats.decode import decode, encode, member
from arena.formats.json_text import parse_json as parse_text


class Point(NamedTuple):
    x: int
    y: float | None = None


@dataclass
class Shape:
    points: tuple[Point, ...] = field(metadata=member(text=True, shared=True))


@pytest.mark.parametrize("sign", ["", "-"])
def test_integers_up_to_the_limit_are_read_and_longer_ones_refused(sign: str) -> None:
    longest = sign + "7" * (MAX_DIGITS - len(sign))
    assert parse_json(f'{{"n": {longest}}}'.encode(), "f") == {"n": int(longest)}
    assert parse_text(longest) == int(longest)
    for more in (longest + "7", longest + "7" * 400):
        with pytest.raises(DataError, match="characters; the most is 300"):
            parse_json(f'{{"n": {more}}}'.encode(), "f")
        with pytest.raises(ValueError, match="characters; the most is 300"):
            parse_text(more)


def test_digits_in_a_text_are_no_number() -> None:
    digits = "9" * 1000
    assert parse_json(f'["{digits}", 1]'.encode(), "f") == [digits, 1]


def test_numbers_that_no_float_holds_are_refused_in_short_texts_too() -> None:
    for text in ("1e999", "NaN", "-Infinity"):
        with pytest.raises(DataError):
            parse_json(text.encode(), "f")


def test_equal_texts_become_one_object_and_others_their_own() -> None:
    first, again, other = (
        decode(Shape, {"points": text}, "f").points
        for text in ('[{"x":1,"y":2.5}]', '[{"x":1,"y":2.5}]', '[{"x":1,"y":3}]')
    )
    assert first is again and first == (Point(1, 2.5),) and other == (Point(1, 3),)


def test_a_shared_text_that_does_not_fit_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(DataError, match="/points/0/x: must be a whole number"):
            decode(Shape, {"points": '[{"x":"1","y":null}]'}, "f")
    with pytest.raises(DataError, match="/points: must be text"):
        decode(Shape, {"points": [1]}, "f")


def test_what_is_decoded_from_a_shared_text_is_written_as_it_was() -> None:
    value = {"points": '[{"x":1,"y":2.0},{"x":2,"y":null}]'}
    assert encode(decode(Shape, value, "f")) == value
