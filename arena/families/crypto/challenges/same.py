"""A key for caches about a challenge: the identity of the loaded object. Pure.

Challenges contain lists and objects, so they cannot be keys themselves. A loaded challenge and the drawn values of a
match never change; a changed one is a new object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.records import Json


class Same:
    """Equal to another key of the same object. It keeps the object alive, so its id is not reused."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __hash__(self) -> int:
        return id(self.held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.held is self.held


class Written:
    """Values by name, equal to others with the same spelling."""

    __slots__ = ("values", "_text")

    def __init__(self, values: Mapping[str, Json]) -> None:
        self.values = values
        self._text = repr(values)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and other._text == self._text
