"""Typed decoding: what fits becomes an object; what does not is listed with pointers, all at once."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import pytest

from arena.errors import DataError
from arena.formats.decode import MAX_ISSUES, decode, encode, member, problems
from arena.formats.decode_nodes import MemberError
from arena.formats.json_text import json_text


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(slots=True)
class Point:
    x: int
    y: float = 0.0


@dataclass(slots=True)
class Shape:
    name: str = field(metadata=member("from"))
    colour: Colour
    kind: Literal["line", "dot"]
    corners: tuple[Point, ...]
    pair: tuple[int, str]
    labels: Mapping[str, str]
    notes: list[str]
    closed: bool
    limit: int | None
    share: float | int | None
    to: str | tuple[str, ...]
    free: Any = None
    held: dict[str, int] | None = field(default=None, metadata=member(text=True))
    by_name: Mapping[str, Point] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind == "dot" and self.corners:
            raise MemberError("corners", "must be empty for a dot")


def shape(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "from": "A",
        "colour": "red",
        "kind": "line",
        "corners": [{"x": 1, "y": 2.5}, {"x": 2, "y": 3}],
        "pair": [1, "one"],
        "labels": {"a": "b"},
        "notes": ["n"],
        "closed": True,
        "limit": None,
        "share": 0.5,
        "to": ["B"],
        "free": {"any": [1, None]},
        "held": '{"n":1}',
        "by_name": {"p": {"x": 0, "y": 0}},
    }
    return {**found, **changes}


def found(value: Any, cls: type = Shape, unknown: bool = False) -> dict[str, str]:
    """Pointer -> message of everything that is wrong with a value."""
    return dict(problems(cls, value, unknown))


def test_what_fits_becomes_the_object() -> None:
    made = decode(Shape, shape(), "f")
    assert made == Shape(
        "A", Colour.RED, "line", (Point(1, 2.5), Point(2, 3)), (1, "one"), {"a": "b"}, ["n"], True, None, 0.5, ("B",),
        {"any": [1, None]}, {"n": 1}, {"p": Point(0, 0)},
    )  # fmt: skip
    assert made.colour is Colour.RED


def test_encoding_is_the_way_back() -> None:
    made = decode(Shape, shape(), "f")
    assert json.dumps(encode(made)) == json.dumps(shape())
    assert decode(Shape, encode(made), "f") == made
    plain = decode(Shape, shape(to="all", held="", kind="dot", corners=[], limit=3), "f")
    assert json.dumps(encode(plain)) == json.dumps(shape(to="all", held="", kind="dot", corners=[], limit=3))


class Pair(NamedTuple):
    left: int
    right: tuple[Point, ...] = ()


@dataclass
class Holder:
    pair: Pair | None


def test_a_named_tuple_is_an_object_in_json() -> None:
    value = {"pair": {"left": 1, "right": [{"x": 2, "y": 0.0}]}}
    assert decode(Holder, value, "f") == Holder(Pair(1, (Point(2),)))
    assert encode(Holder(Pair(1, (Point(2),)))) == value
    assert decode(Holder, {"pair": {"left": 1}}, "f") == Holder(Pair(1))
    assert found({"pair": {"right": []}}, Holder) == {"/pair/left": "is missing; it must be a whole number"}


def test_order_of_members_does_not_matter() -> None:
    assert decode(Shape, dict(reversed(shape().items())), "f") == decode(Shape, shape(), "f")


def test_members_with_defaults_may_be_missing() -> None:
    value = shape()
    for name in ("free", "held", "by_name"):
        del value[name]
    made = decode(Shape, value, "f")
    assert (made.free, made.held, made.by_name) == (None, None, {})
    assert decode(Shape, shape(corners=[{"x": 1}, {"x": 2, "y": 1.0}]), "f").corners == (Point(1), Point(2, 1.0))


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        ({"from": 3}, "/from", "must be text, not a whole number"),
        ({"closed": 1}, "/closed", "must be true or false, not a whole number"),
        ({"limit": True}, "/limit", "must be a whole number or null, not true or false"),
        ({"limit": 1.0}, "/limit", "must be a whole number or null, not a number"),
        ({"share": "1"}, "/share", "must be a number or null, not text"),
        ({"colour": "green"}, "/colour", 'must be "red" or "blue", not "green"'),
        ({"colour": None}, "/colour", 'must be "red" or "blue", not null'),
        ({"kind": "x" * 99}, "/kind", f'must be "line" or "dot", not "{"x" * 36}...'),
        ({"corners": {}}, "/corners", "must be a list, not an object"),
        ({"corners": [{"x": 1}, 2]}, "/corners/1", "must be an object, not a whole number"),
        ({"corners": [{"x": 1, "y": "2"}]}, "/corners/0/y", "must be a number, not text"),
        ({"corners": [{"x": 1, "y": float("nan")}]}, "/corners/0/y", "must be a finite number"),
        ({"corners": [{}]}, "/corners/0/x", "is missing; it must be a whole number"),
        ({"corners": [{"x": 1, "z": 2}]}, "/corners/0/z", "is unknown here; the members are x, y"),
        ({"pair": [1]}, "/pair", "must be a list of 2, not of 1"),
        ({"pair": [1, 2]}, "/pair/1", "must be text, not a whole number"),
        ({"labels": {"a/b~": 1}}, "/labels/a~1b~0", "must be text, not a whole number"),
        ({"labels": {"a\n": None}}, "/labels/a\\n", "must be text, not null"),
        ({"notes": [None]}, "/notes/0", "must be text, not null"),
        ({"to": [1]}, "/to/0", "must be text, not a whole number"),
        ({"to": {}}, "/to", "must be text or a list, not an object"),
        ({"held": "{"}, "/held", "must be text that holds JSON: "),
        ({"held": '{"a":1} 2'}, "/held", "must be text that holds JSON: it goes on after the JSON value, at column 8"),
        ({"held": '{"a":NaN}'}, "/held", "must be text that holds JSON: it holds NaN, which is not a number in JSON"),
        ({"held": "[" * 100_000}, "/held", "must be text that holds JSON: it is nested too deep"),
        ({"held": '{"a":"1"}'}, "/held/a", "must be a whole number, not text"),
        ({"held": {}}, "/held", "must be text that holds JSON, not an object"),
        ({"by_name": {"p": {"x": None}}}, "/by_name/p/x", "must be a whole number, not null"),
        ({"kind": "dot"}, "/corners", "must be empty for a dot"),
    ],
)
def test_a_wrong_member_is_named_with_both_types(change: dict[str, Any], pointer: str, message: str) -> None:
    wrong = found(shape(**change))
    assert list(wrong) == [pointer]
    assert wrong[pointer].startswith(message)
    with pytest.raises(DataError):
        decode(Shape, shape(**change), "f")


def test_all_problems_come_at_once() -> None:
    value = shape(colour="pink", corners=[{"x": "1"}, {"x": "2"}], closed=None, more=1)
    del value["from"]
    assert list(found(value)) == ["/from", "/colour", "/corners/0/x", "/corners/1/x", "/closed", "/more"]


def test_an_error_names_file_place_and_pointer() -> None:
    with pytest.raises(DataError) as caught:
        decode(Shape, shape(closed=0, limit="9"), "rows.jsonl", "line 3")
    assert str(caught.value).splitlines() == [
        "rows.jsonl: line 3: /closed: must be true or false, not a whole number",
        "rows.jsonl: line 3: /limit: must be a whole number or null, not text",
    ]
    with pytest.raises(DataError, match="^rows.jsonl: line 3: must be an object, not a list$"):
        decode(Shape, [], "rows.jsonl", "line 3")


def test_unknown_members_are_passed_over_on_request() -> None:
    value = shape(more=1, corners=[{"x": 1, "z": 2}])
    assert decode(Shape, value, "f", unknown=True).corners == (Point(1),)
    assert list(found(value)) == ["/corners/0/z", "/more"]
    assert found(value, unknown=True) == {}


def test_a_file_full_of_problems_gives_a_bounded_list() -> None:
    wrong = problems(Shape, shape(notes=[1] * 10_000))
    assert len(wrong) == MAX_ISSUES + 1
    assert wrong[-1] == ("", "only the first 100 problems are listed")


def test_any_number_of_member_orders_is_read() -> None:
    rng = random.Random(1)
    names = list(shape())
    for _ in range(300):
        rng.shuffle(names)
        assert decode(Shape, {name: shape()[name] for name in names}, "f").name == "A"


@pytest.mark.parametrize(
    "value", [None, [], {"b": [1, 2.5, "x"]}, "text", "\u00e4 \U0001f600", "half \ud83d", {"half \udc00": 1}, True, 0]
)
def test_json_text_is_encodable_and_comes_back(value: Any) -> None:
    text = json_text(value)
    text.encode()
    assert (json.loads(text) if text else None) == value


@dataclass
class Tree:
    name: str
    children: tuple[Tree, ...] = ()


def test_a_class_may_hold_itself() -> None:
    value = {"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]}
    assert decode(Tree, value, "f") == Tree("a", (Tree("b"), Tree("c")))
    assert found({"name": "a", "children": [{"name": 1}]}, Tree) == {
        "/children/0/name": "must be text, not a whole number"
    }


@dataclass
class TwoObjects:
    one: Point | Tree


@dataclass
class AnySet:
    some: set[int]


@pytest.mark.parametrize("cls", [TwoObjects, AnySet])
def test_a_type_that_json_cannot_tell_is_refused_when_compiled(cls: type) -> None:
    with pytest.raises(TypeError, match=cls.__name__):
        decode(cls, {}, "f")


WRONG = (None, True, 7, -0.5, "text", "{", [], [[]], {}, {"x": {}})


def mutations(value: Any) -> Iterator[Any]:
    """Yield copies of a value in which one place holds something else."""

    def places(inner: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        yield path
        steps = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        for step, child in steps:
            yield from places(child, (*path, step))

    for path in places(value, ()):
        for wrong in WRONG:
            if not path:
                yield wrong
                continue
            changed = copy.deepcopy(value)
            parent = changed
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = wrong
            yield changed


def test_decoding_refuses_exactly_what_has_a_problem() -> None:
    count = refused = 0
    for value in mutations(shape()):
        wrong = found(value)
        count += 1
        if wrong:
            refused += 1
            with pytest.raises(DataError):
                decode(Shape, value, "f")
        else:
            decode(Shape, value, "f")
    assert 100 < refused < count
