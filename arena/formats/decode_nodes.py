"""The types that decode.py knows, one class each: what a JSON value of the type becomes, and what is wrong with it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from arena.formats.json_types import Json
from arena.formats.strict_json import child

Problem = tuple[str, str]
"""A JSON pointer (RFC 6901), and what is wrong there."""

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
_MAX_LAYOUTS = 64
"""Orders of members that are remembered per class; a hostile file may hold any number of them."""
_MAX_SHOWN = 40


class MemberError(ValueError):
    """Raised in `__post_init__`: a member has the right type, and a value that does not fit the others.

    `member` is its name in JSON; empty for the object itself.
    """

    def __init__(self, member: str, message: str) -> None:
        self.member = member
        super().__init__(message)


def _shown(value: Json) -> str:
    """Return what was found where only some texts or numbers are allowed."""
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


class Mismatch(Exception):
    """A value does not fit; `explain` finds out where."""


class Node:
    """One type. `types`: the types of JSON values (as json.loads gives them) that it takes.

    `convert` returns what a value of these types becomes, and raises Mismatch where it does not fit; None: the value
    itself.  `explain` yields every problem of a value, whose own type is not yet checked.
    """

    types: frozenset[type] = frozenset()
    convert: Convert | None = None
    expected = ""

    def decode(self, value: Json) -> Any:
        """Return what the value becomes. Errors: Mismatch."""
        if type(value) not in self.types:
            raise Mismatch
        return value if self.convert is None else self.convert(value)

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        """Return what many values become. Errors: Mismatch."""
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        return values if self.convert is None else list(map(self.convert, values))

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
    """Literal texts or an Enum: JSON value -> what it becomes."""

    def __init__(self, values: Mapping[Json, Any]) -> None:
        self.values = values
        self.same = all(value is made for value, made in values.items())
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
    """A list of a fixed length whose elements have types of their own, as a tuple."""

    types = frozenset({list})

    def __init__(self, elements: Sequence[Node]) -> None:
        self.elements = elements
        self.convert = self.make
        self.expected = f"a list of {len(elements)}"

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

    def choose(self, value: Json) -> Any:
        convert = self.by_type[type(value)].convert
        return value if convert is None else convert(value)

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        yield from self.by_type[type(value)].inner(value, pointer)


class JsonText(Node):
    """A value that stands as JSON inside a text; pointers go on into it."""

    types = frozenset({str})
    expected = "text that holds JSON"

    def __init__(self, held: Node) -> None:
        self.held = held
        self.convert = self.parse

    def parse(self, text: str) -> Any:
        return self.column((text,))[0]

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        try:
            found = [_scan(text) if text else (None, 0) for text in values]
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


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON can hold")


_scan = json.JSONDecoder(parse_constant=_refuse).raw_decode


def parse_json(text: str) -> Json:
    """Return the value of a JSON text without anything around it. Errors: ValueError saying what is wrong."""
    try:
        value, end = _scan(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if end != len(text):
        raise ValueError(f"it goes on after the JSON value, at column {end + 1}")
    return value


class _Layout:
    """Names that objects have in one order: how their values become an object of the class.

    `places` of the members among the values of the object.  `straight`: these are the arguments of the class.
    """

    __slots__ = ("names", "straight", "allowed", "converts", "fitting", "places")

    def __init__(self, members: Sequence[Member], places: Sequence[int], straight: bool) -> None:
        self.names = [one.field for one in members]
        self.places, self.straight = places, straight
        self.allowed = [one.node.types for one in members]
        self.converts = [(place, one.node.convert) for place, one in enumerate(members) if one.node.convert is not None]
        self.fitting: set[tuple[type, ...]] = set()
        """Tuples of types that were found to fit: at most as many as the class allows."""


class Member(NamedTuple):
    """One field: its name in the class, its type, and whether it may be missing."""

    field: str
    node: Node
    optional: bool


class ObjectNode(Node):
    """A dataclass."""

    types = frozenset({dict})
    expected = TYPE_NAMES[dict]

    def __init__(self, cls: type, unknown: bool) -> None:
        self.cls, self.unknown = cls, unknown
        self.members: dict[str, Member] = {}
        self.positional = True
        """Whether the members in their order are the arguments of the class."""
        self.pick: Callable[[dict[str, Json]], tuple[Json, ...]] = tuple
        """Returns the values of the members in their order. Errors: KeyError where one is missing."""
        self.layouts: dict[tuple[str, ...], _Layout] = {}
        self.convert = self.make

    def make(self, value: dict[str, Json]) -> Any:
        names = tuple(value)
        layout = self.layouts.get(names) or self.layout(names)
        values = list(value.values())
        if not layout.straight:
            values = [values[place] for place in layout.places]
        found = tuple(map(type, values))
        if found not in layout.fitting:
            if not all(map(frozenset.__contains__, layout.allowed, found)):
                raise Mismatch
            layout.fitting.add(found)
        for place, convert in layout.converts:
            values[place] = convert(values[place])
        try:
            if layout.straight:
                return self.cls(*values)
            return self.cls(**dict(zip(layout.names, values, strict=True)))
        except MemberError:
            raise Mismatch from None

    def column(self, values: Sequence[Json]) -> Sequence[Any]:
        if not self.types.issuperset(map(type, values)):
            raise Mismatch
        if not values or not self.positional or set(map(len, values)) != {len(self.members)}:
            return list(map(self.make, values))
        try:
            rows = list(map(self.pick, values))
        except KeyError:
            return list(map(self.make, values))
        columns = zip(*rows, strict=True)
        made = [one.node.column(column) for one, column in zip(self.members.values(), columns, strict=True)]
        try:
            return list(map(self.cls, *made))
        except MemberError:
            raise Mismatch from None

    def layout(self, names: tuple[str, ...]) -> _Layout:
        """Return how an object with these names is read. Errors: Mismatch for missing and unknown ones."""
        known = [name for name in names if name in self.members]
        if not self.unknown and len(known) < len(names):
            raise Mismatch
        if any(not one.optional and name not in names for name, one in self.members.items()):
            raise Mismatch
        members = [self.members[name] for name in known]
        layout = _Layout(
            members, [names.index(name) for name in known], self.positional and names == tuple(self.members)
        )
        if len(self.layouts) < _MAX_LAYOUTS:
            self.layouts[names] = layout
        return layout

    def inner(self, value: Json, pointer: str) -> Iterator[Problem]:
        sound = True
        for name, one in self.members.items():
            place = child(pointer, name)
            if name in value:
                for problem in one.node.explain(value[name], place):
                    sound = False
                    yield problem
            elif not one.optional:
                sound = False
                yield place, f"is missing; it must be {one.node.expected or 'there'}"
        for name in value if not self.unknown else ():
            if name not in self.members:
                sound = False
                yield child(pointer, name), f"is unknown here; the members are {', '.join(self.members)}"
        if sound:
            yield from self.refused(value, pointer)

    def refused(self, value: dict[str, Json], pointer: str) -> Iterator[Problem]:
        """Yield what the class itself says of members that fit one by one."""
        found = {one.field: one.node.decode(value[name]) for name, one in self.members.items() if name in value}
        try:
            self.cls(**found)
        except MemberError as error:
            yield child(pointer, error.member) if error.member else pointer, str(error)
