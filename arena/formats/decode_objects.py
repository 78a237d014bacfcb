"""The type of decode.py that is a class: an object with named members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from arena.formats.decode_nodes import TYPE_NAMES, Convert, MemberError, Mismatch, Node, Problem
from arena.formats.json_types import Json
from arena.formats.strict_json import child

_MAX_LAYOUTS = 64
"""Orders of members that are remembered per class; a hostile file may hold any number of them."""


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
        self.convert, self.encode = self.make, self.as_dict

    def as_dict(self, value: Any) -> dict[str, Json]:
        return self.writer(value)

    @cached_property
    def writer(self) -> Callable[[Any], dict[str, Json]]:
        """What writes an object, once all members are known: one display of a dict, as one would write it by hand.

            lambda value: {"id": value.id, "answer": encode_1(value.answer)}

        As `dataclasses` does it: a loop over the members takes three times as long.
        """
        encoders = dict(self.encoders)
        parts = [
            f"{name!r}: encode_{place}(value.{one.field})" if place in encoders else f"{name!r}: value.{one.field}"
            for place, (name, one) in enumerate(self.members.items())
        ]
        known = {f"encode_{place}": encode for place, encode in encoders.items()}
        written: Callable[[Any], dict[str, Json]] = eval(f"lambda value: {{{', '.join(parts)}}}", known)
        return written

    def encode_column(self, values: Sequence[Any]) -> Sequence[Json]:
        return list(map(self.writer, values))

    @cached_property
    def encoders(self) -> list[tuple[int, Convert]]:
        """The places of the members that are not encoded as they are, once all members are known."""
        found = [(place, one.node.encode) for place, one in enumerate(self.members.values())]
        return [(place, encode) for place, encode in found if encode is not None]

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
