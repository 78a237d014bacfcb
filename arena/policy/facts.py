"""The facts that a condition can look at, by dotted path, and the calls of the trial so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from arena.records import Json


class _Missing:
    """The value of a missing fact; it counts as false."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()

Path = tuple[str, ...]


class PastCall(NamedTuple):
    """A call of this trial; `verdict` is the one that took effect (a denial in shadow mode is `allow`)."""

    kind: str
    tool: str | None
    seat: str
    verdict: str
    args: Json


class Facts:
    """Facts by name, in three layers: `fixed` overrides `computed` (called once, when asked for), and both override
    `given`.

    The object owns `fixed` and keeps computed facts in it.
    `calls`: the calls of the trial so far, the current one included, in their order.
    """

    __slots__ = ("_given", "fixed", "_computed", "calls", "text", "_text_lower")

    def __init__(
        self,
        given: Mapping[str, Json],
        calls: Sequence[PastCall] = (),
        fixed: dict[str, Any] | None = None,
        computed: Mapping[str, Callable[[Facts], Any]] | None = None,
    ) -> None:
        self._given = given
        self.fixed: dict[str, Any] = {} if fixed is None else fixed
        self._computed = computed or {}
        self.calls = calls
        text = self.fixed.get("text")
        if type(text) is not str:
            text = self.get(("text",))
            text = text if isinstance(text, str) else ""
        self.text: str = text
        """The fact `text`; empty if it is missing or not a text."""
        self._text_lower: str | None = None

    def get(self, path: Path) -> Any:
        """Return the value at a path, MISSING if there is none. A path leads only through mappings."""
        name = path[0]
        value = self.fixed.get(name, MISSING)
        if value is MISSING:
            value = self.unfixed(name)
        return value if len(path) == 1 else within(value, path[1:])

    def unfixed(self, name: str) -> Any:
        """Return a fact that is not fixed."""
        compute = self._computed.get(name)
        if compute is not None:
            found = compute(self)
            if found is MISSING:
                found = self._given.get(name, MISSING)
            self.fixed[name] = found
            return found
        return self._given.get(name, MISSING)

    def given(self, name: str) -> Any:
        """Return a fact as it was given, without what is computed."""
        return self._given.get(name, MISSING)

    @property
    def text_lower(self) -> str:
        found = self._text_lower
        if found is None:
            found = self._text_lower = self.text.lower()
        return found


def reader(path: Path) -> Callable[[Facts], Any]:
    """Return `get` for one path, for callers that ask about every call."""
    name, rest = path[0], path[1:]

    def read(facts: Facts) -> Any:
        value = facts.fixed.get(name, MISSING)
        return facts.unfixed(name) if value is MISSING else value

    return read if not rest else lambda facts: within(read(facts), rest)


def within(value: Any, names: Path) -> Any:
    """Return the value at a path below a value, MISSING if there is none."""
    for name in names:
        if type(value) is not dict and not isinstance(value, Mapping):
            return MISSING
        value = value.get(name, MISSING)
    return value


def number_of(value: Any) -> float | None:
    """Return a number, or a text that is one, as a number; None for all other values (also true, NaN)."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: true is not 1, a missing value equals null."""
    if type(one) is type(other):
        return bool(one == other)
    one, other = (None if value is MISSING else value for value in (one, other))
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)
