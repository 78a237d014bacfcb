"""The types that decode.py knows, one class each: how to convert a JSON value of the type, and how to find its
mistakes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from arena.formats.json_text import json_text, parse_json, scan
from arena.formats.json_types import Json
from arena.formats.strict_json import child

Problem = tuple[str, str]
"""A JSON pointer (RFC 6901) and the mistake there."""

Convert = Callable[[Any], Any]

TYPE_NAMES: Mapping[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
_MAX_SHOWN = 40


class MemberError(ValueError):
    """Raised in `__post_init__`: a member has the right type, but its value does not fit the others.

    `member` is its name in JSON; empty for the object itself.
    """

    def __init__(self, member: str, message: str) -> None:
        self.member = member
        super().__init__(message)


def _shown(value: Json) -> str:
    """Return a value for a message, for types that allow only certain texts or numbers."""
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


_PLAIN = frozenset({type(None), bool, int, float, str})


def encoded(node: Node, value: Any) -> Json:
    return value if node.encode is None else node.encode(value)


class Mismatch(Exception):
    """A value does not fit; `explain` finds out where."""


class Node:
    """One type. `types`: the types of JSON values (as json.loads returns them) that it accepts.

    `convert` converts a value of these types, and raises Mismatch if it does not fit; None: the value is used
    unchanged.  `encode` is the way back.  `explain` yields every problem of a value, whose type is not yet checked.
    """

    types: frozenset[type] = frozenset()
    convert: Convert | None = None
    encode: Convert | None = None
    expected = ""

    def decode(self, value: Json) -> Any:
        """Convert a value. Errors: Mismatch."""
        if type(value) not in self.types:
            raise Mismatch
        return value if self.convert is None else self.convert(value)

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        """Convert many values. Errors: Mismatch."""
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        return values if self.convert is None else list(map(self.convert, values))

    def encode_column(self, values: Sequence[Any]) -> Sequence[Json]:
        """Encode many values."""
        return values if self.encode is None else list(map(self.encode, values))

    def explain(self, value: Json, pointer: str) -> Iterator[Problem]:
        if type(value) not in self.types:
            yield pointer, f"must be {self.expected}, not {TYPE_NAMES.get(type(value), type(value).__name__)}"
        else:
            yield from self.inner(value, pointer)

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        """Yield the problems of a value of a right type."""
        yield from ()


class Scalar(Node):
    def __init__(self, kind: type) -> None:
        self.types = frozenset({int, float}) if kind is float else frozenset({kind})
        self.expected = TYPE_NAMES[kind]
        if kind is float:
            self.convert = _finite

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        if type(value) is float and not math.isfinite(value):
            yield pointer, "must be a finite number"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Mismatch
    return value


class Anything(Node):
    types = frozenset(TYPE_NAMES)


class OneOf(Node):
    """Literal texts or an Enum: JSON value -> Python value."""

    def __init__(self, values: Mapping[Json, Any]) -> None:
        self.values = values
        self.same = all(value is made for value, made in values.items())
        self.encode = None if self.same else {made: value for value, made in values.items()}.__getitem__
        self.types = frozenset(map(type, values))
        self.convert = self.look_up
        self.expected = _listed([json.dumps(value) for value in values])

    def look_up(self, value: Json) -> Any:
        if value not in self.values:
            raise Mismatch
        return self.values[value]

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        return values if self.same and self.values.keys() >= set(values) else list(map(self.look_up, values))

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        if value not in self.values:
            yield pointer, f"must be {self.expected}, not {_shown(value)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


class Many(Node):
    """A list of one type, as a tuple or a list."""

    types = frozenset({list})
    expected = TYPE_NAMES[list]

    def __init__(self, element: Node, make: type) -> None:
        self.element, self.make = element, make
        self.convert = self.scalars if element.convert is None else self.others
        self.encode = self.as_list

    def as_list(self, value: Sequence[Any]) -> list[Json]:
        return list(self.element.encode_column(value))

    def scalars(self, value: list[Json]) -> Any:
        if not self.element.types.issuperset(map(type, value)):
            raise Mismatch
        return self.make(value)

    def others(self, value: list[Json]) -> Any:
        return self.make(self.element.column(value))

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        if self.element.convert is not None or not self.types.issuperset(map(type, values)):
            return super().column(values)
        if not self.element.types.issuperset(map(type, chain.from_iterable(values))):
            raise Mismatch
        return list(map(self.make, values))

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        for place, element in enumerate(value):
            yield from self.element.explain(element, child(pointer, place))


class Fixed(Node):
    """A list of a fixed length with a type for each element, as a tuple."""

    types = frozenset({list})

    def __init__(self, elements: Sequence[Node]) -> None:
        self.elements = elements
        self.convert, self.encode = self.make, self.as_list
        self.expected = f"a list of {len(elements)}"

    def as_list(self, value: Sequence[Any]) -> list[Json]:
        return [encoded(node, inner) for node, inner in zip(self.elements, value, strict=True)]

    def make(self, value: list[Json]) -> Any:
        if len(value) != len(self.elements):
            raise Mismatch
        return tuple([node.decode(inner) for node, inner in zip(self.elements, value, strict=True)])

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        if len(value) != len(self.elements):
            yield pointer, f"must be {self.expected}, not of {len(value)}"
        for place, (node, inner) in enumerate(zip(self.elements, value, strict=False)):
            yield from node.explain(inner, child(pointer, place))


class Members(Node):
    """An object with any names and members of one type."""

    types = frozenset({dict})
    expected = TYPE_NAMES[dict]

    def __init__(self, element: Node) -> None:
        self.element = element
        self.convert = self.scalars if element.convert is None else self.others
        self.encode = None if element.encode is None else self.as_dict

    def as_dict(self, value: Mapping[str, Any]) -> dict[str, Json]:
        return {name: encoded(self.element, inner) for name, inner in value.items()}

    def scalars(self, value: dict[str, Json]) -> Any:
        if not self.element.types.issuperset(map(type, value.values())):
            raise Mismatch
        return value

    def others(self, value: dict[str, Json]) -> Any:
        return dict(zip(value, self.element.column(list(value.values())), strict=True))

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        for name, inner in value.items():
            yield from self.element.explain(inner, child(pointer, name))


class Either(Node):
    """A union of types that look different in JSON."""

    def __init__(self, nodes: Sequence[Node], where: str) -> None:
        self.by_type: dict[type, Node] = {}
        for node in nodes:
            for kind in node.types:
                if kind in self.by_type:
                    raise TypeError(f"{where}: two types of a union are both {TYPE_NAMES[kind]} in JSON")
                self.by_type[kind] = node
        self.types = frozenset(self.by_type)
        self.expected = " or ".join(node.expected for node in nodes)
        if any(node.convert is not None for node in nodes):
            self.convert = self.choose
        self.encoders = {kind: node.encode for kind, node in self.by_type.items() if kind in (list, dict)}
        if any(self.encoders.values()):
            self.encode = self.chosen

    def chosen(self, value: Any) -> Json:
        """Encode a value; any value that is not plain was a list or an object."""
        if type(value) in _PLAIN:
            return value
        kind = list if isinstance(value, tuple | list) and not hasattr(value, "_fields") else dict
        encode = self.encoders[kind]
        return value if encode is None else encode(value)

    def choose(self, value: Json) -> Any:
        convert = self.by_type[type(value)].convert
        return value if convert is None else convert(value)

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        yield from self.by_type[type(value)].inner(value, pointer)


_EMPTY: Mapping[type, str] = {type(None): "", tuple: "[]", list: "[]", dict: "{}"}
"""Type of a value without content -> its text: most records have several."""


class JsonText(Node):
    """A value that is JSON inside a text; pointers continue into it."""

    types = frozenset({str})
    expected = "text that holds JSON"

    def __init__(self, held: Node) -> None:
        self.held = held
        self.convert, self.encode = self.parse, self.as_text

    def as_text(self, value: Any) -> str:
        if not value and type(value) in _EMPTY:
            return _EMPTY[type(value)]
        return json_text(encoded(self.held, value))

    def encode_column(self, values: Sequence[Any]) -> Sequence[Json]:
        return ["" if value is None else self.as_text(value) for value in values]

    def parse(self, text: str) -> Any:
        return self.column((text,))[0]

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        try:
            found = [scan(text) if text else (None, 0) for text in values]
        except (ValueError, RecursionError):
            raise Mismatch from None
        if [end for _, end in found] != list(map(len, values)):
            raise Mismatch
        return self.held.column([value for value, _ in found])

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        try:
            held = parse_json(value) if value else None
        except ValueError as error:
            yield pointer, f"must be {self.expected}: {error}"
        else:
            yield from self.held.explain(held, pointer)


class SharedText(JsonText):
    """A text whose value is decoded once and shared by all that hold the same text, among those that were met last."""

    def __init__(self, held: Node) -> None:
        super().__init__(held)
        self._met: dict[str, Any] = {}

    def parse(self, text: Json) -> Any:
        return self.column((text,))[0]

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        return list(map(self._value, values))

    def _value(self, text: Json) -> Any:
        if type(text) is not str:
            raise Mismatch
        found = self._met.get(text, self)
        if found is self:
            (found,) = super().column((text,))
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            if len(text) <= _LONGEST_MET:
                self._met[text] = found
        return found


_MOST_MET, _LONGEST_MET = 512, 16_384
"""Texts that one SharedText remembers, and their characters: at most some 8 MB."""
