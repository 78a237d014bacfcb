"""Typed decoding: a JSON value becomes a dataclass, or every place where it does not fit is listed.

    @dataclass(slots=True)
    class Row:
        seat: str = field(metadata=member("from"))
        counts: Mapping[str, int] = field(default_factory=dict)

    decode(Row, {"from": "Ada", "counts": {"calls": "3"}}, "rows.json")
    # DataError: rows.json: /counts/calls: must be a whole number, not text

Field types: bool, int, float (takes whole numbers, too), str, None, Any, Literal, Enum, dataclasses, NamedTuples,
`tuple[X, ...]`, `tuple[X, Y]`, `list[X]`, `Mapping[str, X]`, `dict[str, X]`, and unions of types that look different in
JSON (`int | None`, `str | tuple[str, ...]`). A field with a default may be missing. What a class checks in
`__post_init__` is reported too, if it raises MemberError. `encode` is the way back.

A class is compiled once. A valid value is decoded without a step of Python for each member: for one object, the tuple
of its members' types is looked up among those that were valid before; a list of objects is decoded member by member,
all objects at once. Only an invalid value is walked again, with pointers.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from itertools import islice
from operator import itemgetter
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from arena.errors import DataError, Issue
from arena.formats.decode_nodes import (
    TYPE_NAMES,
    Anything,
    Either,
    Fixed,
    JsonText,
    Many,
    Members,
    Mismatch,
    Node,
    OneOf,
    Problem,
    Scalar,
    SharedText,
)
from arena.formats.decode_objects import Member, ObjectNode
from arena.formats.json_types import Json

T = TypeVar("T")

MAX_ISSUES = 100
"""A broken file of many megabytes must not become an error message of many gigabytes."""


def member(name: str = "", text: bool = False, shared: bool = False) -> dict[str, object]:
    """Return the metadata of a dataclass field whose JSON member differs from it.

    `name`: the member's name if it differs from the field's.  `text`: the member is a text that contains the value as
    JSON (`json_text`), so that table readers see one type for any value; empty text stands for None.  `shared`:
    equal texts become one object, for values that nobody changes and that occur often.
    """
    return {"json_name": name, "json_text": text, "shared": shared}


def decode(cls: type[T], value: Json, file: str, place: str = "", at: str = "", unknown: bool = False) -> T:
    """Return `value` as an object of the dataclass `cls`.

    `file`, `place` (such as `line 3`) name it in errors, `at` is its own pointer there.  `unknown`: whether unknown
    members are ignored; otherwise they are refused, like every invalid value.
    Errors: DataError with all issues, each at a JSON pointer; TypeError if `cls` has a field that cannot be decoded.
    """
    node = _compiled(cls, unknown)
    try:
        return typing.cast(T, node.decode(value))
    except Mismatch:
        found = problems(cls, value, unknown)
    raise DataError([Issue(file, _joined(place, at + pointer), message) for pointer, message in found])


def encode(value: object) -> dict[str, Json]:
    """Return an object of a dataclass as JSON for `decode`, with all members in the order of the fields."""
    return _compiled(type(value), False).as_dict(value)


def problems(cls: type, value: Json, unknown: bool = False) -> list[Problem]:
    """Return the places where a value does not fit a dataclass, at most MAX_ISSUES; none if `decode` accepts it."""
    found = list(islice(_compiled(cls, unknown).explain(value, ""), MAX_ISSUES + 1))
    if len(found) > MAX_ISSUES:
        found[MAX_ISSUES] = ("", f"only the first {MAX_ISSUES} problems are listed")
    return found


def _joined(place: str, pointer: str) -> str:
    return f"{place}: {pointer}" if place and pointer else place or pointer


def _compiled(cls: type, unknown: bool) -> ObjectNode:
    key = (cls, unknown)
    if key not in _nodes:
        _nodes[key] = _Compiler(unknown).object(cls)
    return _nodes[key]


_nodes: dict[tuple[type, bool], ObjectNode] = {}
"""All compiled classes; threads that compile the same class at once make equal nodes."""


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_field_defaults")


def _getter(names: Sequence[str]) -> Callable[[dict[str, Json]], tuple[Json, ...]]:
    """Return a function that picks several members at once, as a tuple, also of one or none."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda value: tuple([value[name] for name in names])


class _Compiler:
    """Compiles a class and those that its fields name; a class that contains itself is compiled once."""

    def __init__(self, unknown: bool) -> None:
        self.unknown = unknown
        self.objects: dict[type, ObjectNode] = {}

    def object(self, cls: type) -> ObjectNode:
        if cls not in self.objects:
            node = self.objects[cls] = ObjectNode(cls, self.unknown)
            hints = typing.get_type_hints(cls)
            if _is_named_tuple(cls):
                defaults = cls._field_defaults  # type: ignore[attr-defined]
                for name in hints:
                    node.members[name] = Member(
                        name, self.node(hints[name], f"{cls.__name__}.{name}"), name in defaults
                    )
            else:
                for one in fields(cls):
                    if one.init:
                        self.add(node, one, hints[one.name])
            node.pick = _getter(list(node.members))
        return self.objects[cls]

    def add(self, node: ObjectNode, one: Field[Any], hint: Any) -> None:
        name = str(one.metadata.get("json_name") or one.name)
        inner = self.node(hint, f"{node.cls.__name__}.{one.name}")
        if one.metadata.get("json_text"):
            inner = SharedText(inner) if one.metadata.get("shared") else JsonText(inner)
        optional = one.default is not MISSING or one.default_factory is not MISSING
        node.members[name] = Member(one.name, inner, optional)
        node.positional &= not one.kw_only

    def node(self, hint: Any, where: str) -> Node:
        """Return the node of a type. Errors: TypeError naming the field that cannot be decoded."""
        origin, args = get_origin(hint), get_args(hint)
        if hint is Any or (origin in (Union, types.UnionType) and Any in args):
            return Anything()
        if hint is None or hint in TYPE_NAMES and hint not in (list, dict):
            return Scalar(type(None) if hint is None else hint)
        if origin is Literal:
            return OneOf({value: value for value in args})
        if origin in (Union, types.UnionType):
            kinds = [arg for arg in args if not (arg is int and float in args)]  # a float may be whole
            return Either([self.node(kind, where) for kind in kinds], where)
        if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
            return Many(self.node(args[0], where), tuple)
        if origin is tuple:
            return Fixed([self.node(arg, where) for arg in args])
        if origin is list:
            return Many(self.node(args[0], where), list)
        if origin in (dict, typing.get_origin(Mapping[str, int])) and args[0] is str:
            return Members(self.node(args[1], where))
        if isinstance(hint, type) and issubclass(hint, Enum):
            return OneOf({one.value: one for one in hint})
        if isinstance(hint, type) and (is_dataclass(hint) or _is_named_tuple(hint)):
            return self.object(hint)
        raise TypeError(f"{where}: a field of type {hint} cannot be decoded")
