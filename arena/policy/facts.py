"""What a condition can look at: facts by dotted path, and the calls of the trial so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from arena.records import Json


class _Missing:
    """The value of a fact that is not there."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()

Path = tuple[str, ...]


class PastCall(NamedTuple):
    """A call of this trial; `verdict` is what followed (a denial in shadow mode is `allow`)."""

    kind: str
    tool: str | None
    seat: str
    verdict: str
    args: Json


class Facts:
    """Facts by name, in three layers: `fixed` overrides `computed` (called once, when asked for) and over `given`.

    `fixed` becomes the object's own: what is computed is kept there.
    `calls`: the calls of the trial so far, the present one included, in their order.
    """

    __slots__ = ("_given", "_fixed", "_computed", "calls")

    def __init__(
        self,
        given: Mapping[str, Json],
        calls: Sequence[PastCall] = (),
        fixed: dict[str, Any] | None = None,
        computed: Mapping[str, Callable[[Facts], Any]] | None = None,
    ) -> None:
        self._given = given
        self._fixed: dict[str, Any] = {} if fixed is None else fixed
        self._computed = computed or {}
        self.calls = calls

    def get(self, path: Path) -> Any:
        """Return the value at a path, MISSING where there is none. A path goes through mappings alone."""
        name = path[0]
        value = self._fixed.get(name, MISSING)
        if value is MISSING:
            value = self._top(name)
        if len(path) == 1:
            return value
        for name in path[1:]:
            if not isinstance(value, Mapping):
                return MISSING
            value = value.get(name, MISSING)
        return value

    def _top(self, name: str) -> Any:
        """Return a fact that is not fixed."""
        compute = self._computed.get(name)
        if compute is not None:
            found = compute(self)
            if found is not MISSING:
                self._fixed[name] = found
                return found
        return self._given.get(name, MISSING)

    def given(self, name: str) -> Any:
        """Return a fact as it was given, without what is computed."""
        return self._given.get(name, MISSING)

    @property
    def text(self) -> str:
        """The fact `text`; empty if it is missing or no text."""
        found = self._fixed.get("text")
        if type(found) is str:
            return found
        found = self.get(("text",))
        return found if isinstance(found, str) else ""

    @property
    def text_lower(self) -> str:
        found = self._fixed.get("text_lower")
        if found is None:
            self._fixed["text_lower"] = found = self.text.lower()
        return str(found)


def number_of(value: Any) -> float | None:
    """Return a value as a number: of numbers and of texts that are one; None for all others (also true, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, a missing value equals null."""
    if type(one) is type(other):
        return bool(one == other)
    one, other = (None if value is MISSING else value for value in (one, other))
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)
