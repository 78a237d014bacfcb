"""Conditions of gate rules, as objects: each is true or false for the facts of a call.

condition_reading.py makes them from a policy file. docs/policy.md has the grammar.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from arena.policy.facts import MISSING, Facts, PastCall, Path, number_of, reader, same
from arena.policy.patterns import found_in
from arena.records import Json

Seen = tuple[Json, Json]
"""The value that a condition looked at, and its bound."""

ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
SPELLINGS: Mapping[str, str] = {
    **{name: name for name in ORDER},
    "gt": ">", "ge": ">=", "lt": "<", "le": "<=",
    "==": "==", "=": "==", "eq": "==", "!=": "!=", "ne": "!=",
    "in": "in", "not_in": "not_in", "contains": "contains", "exists": "exists",
}  # fmt: skip
"""Spelling in a policy -> operator."""


Test = Callable[[Facts], bool]
"""Whether a condition is true. Made once, when a policy is read, because every call of every trial asks it."""


def _made() -> Any:
    """Return the field of a condition's test, which follows from the other fields."""
    return field(init=False, repr=False, compare=False)


class Condition(Protocol):
    @property
    def holds(self) -> Test: ...

    def seen(self, facts: Facts) -> Seen | None:
        """Return the evidence of the first comparison that is true; None if it compares nothing."""
        ...

    def parts(self) -> tuple[Condition, ...]: ...


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool
    holds: Test = _made()

    def __post_init__(self) -> None:
        value = self.value
        object.__setattr__(self, "holds", lambda facts: value)

    def seen(self, facts: Facts) -> Seen | None:
        return None

    def parts(self) -> tuple[Condition, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]
    holds: Test = _made()

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", _joined(self.conditions, True))

    def seen(self, facts: Facts) -> Seen | None:
        return next((found for one in self.conditions if (found := one.seen(facts)) is not None), None)

    def parts(self) -> tuple[Condition, ...]:
        return self.conditions


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]
    holds: Test = _made()

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", _joined(self.conditions, False))

    def seen(self, facts: Facts) -> Seen | None:
        holding = (one for one in self.conditions if one.holds(facts))
        return next((found for one in holding if (found := one.seen(facts)) is not None), None)

    def parts(self) -> tuple[Condition, ...]:
        return self.conditions


def _joined(conditions: tuple[Condition, ...], whole: bool) -> Test:
    """Return whether all conditions are true (`whole`), or any of them."""
    tests = tuple(one.holds for one in conditions)

    def holds(facts: Facts) -> bool:
        for test in tests:  # noqa: SIM110 - takes half the time of `all` and `any`
            if test(facts) is not whole:
                return not whole
        return whole

    return holds


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition
    holds: Test = _made()

    def __post_init__(self) -> None:
        test = self.condition.holds
        object.__setattr__(self, "holds", lambda facts: not test(facts))

    def seen(self, facts: Facts) -> Seen | None:
        return None

    def parts(self) -> tuple[Condition, ...]:
        return (self.condition,)


def _ordered(op: str) -> Callable[[Any, Any], bool]:
    """Return the test of an order. It is false if a value is missing or not a number."""
    order = ORDER[op]

    def test(value: Any, bound: Any) -> bool:
        one, other = number_of(value), number_of(bound)
        return one is not None and other is not None and order(one, other)

    return test


def _exists(value: Any, bound: Any) -> bool:
    return (value is not MISSING and value is not None) is (bound is not False)


def _in(value: Any, bound: Any) -> bool:
    if not isinstance(bound, list):
        return False
    return value in bound if type(value) is str else any(same(value, one) for one in bound)


def _contains(value: Any, wanted: Any) -> bool:
    """Return whether a text contains a text, or a list an element; of several wanted ones any is enough."""
    if not isinstance(value, str | list):
        return False
    for one in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(value, str):
            if isinstance(one, str) and one in value:
                return True
        elif any(same(element, one) for element in value):
            return True
    return False


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    **{op: _ordered(op) for op in ORDER},
    "==": same,
    "!=": lambda value, bound: not same(value, bound),
    "in": _in,
    "not_in": lambda value, bound: not _in(value, bound),
    "contains": _contains,
    "exists": _exists,
}
"""Operator -> whether a value has this relation to a bound."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact against a value, or against another fact (`bound_path`)."""

    path: Path
    op: str
    value: Json = None
    bound_path: Path | None = None
    holds: Test = _made()

    def __post_init__(self) -> None:
        test, read, value = _TESTS[self.op], reader(self.path), self.value
        if self.bound_path is None:
            object.__setattr__(self, "holds", lambda facts: test(read(facts), value))
        else:
            bound = reader(self.bound_path)
            object.__setattr__(self, "holds", lambda facts: test(read(facts), bound(facts)))

    @property
    def orders(self) -> bool:
        """Return whether it compares numbers."""
        return self.op in ORDER

    def bound(self, facts: Facts) -> Any:
        return self.value if self.bound_path is None else facts.get(self.bound_path)

    def test(self, value: Any, bound: Any) -> bool:
        """Return whether a value has this relation to a bound."""
        return _TESTS[self.op](value, bound)

    def seen(self, facts: Facts) -> Seen | None:
        value, bound = facts.get(self.path), self.bound(facts)
        if not self.test(value, bound):
            return None
        return (None if value is MISSING else value), (None if self.op == "exists" or bound is MISSING else bound)

    def parts(self) -> tuple[Condition, ...]:
        return ()


def _one_in(terms: tuple[str, ...], text: str) -> bool:
    for term in terms:  # noqa: SIM110 - takes half the time of `any`
        if term in text:
            return True
    return False


@dataclass(frozen=True, slots=True)
class TextContains:
    """Terms in the text, in lower case: one of `any_of`, all of `all_of`, none of `none_of`."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def holds(self, facts: Facts) -> bool:
        text = facts.text_lower
        if self.any_of and not _one_in(self.any_of, text):
            return False
        return all([term in text for term in self.all_of]) and not _one_in(self.none_of, text)

    def seen(self, facts: Facts) -> Seen | None:
        text = facts.text_lower
        found = next((term for term in (*self.any_of, *self.all_of) if term in text), None)
        return None if found is None else (found, None)

    def parts(self) -> tuple[Condition, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class TextMatches:
    """A regular expression in the text, ignoring case. The match is not reported: it may be a secret."""

    pattern: re.Pattern[str]
    holds: Test = _made()

    def __post_init__(self) -> None:
        pattern = self.pattern
        object.__setattr__(self, "holds", lambda facts: found_in(pattern, facts.text))

    def seen(self, facts: Facts) -> Seen | None:
        return None

    def parts(self) -> tuple[Condition, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Selector:
    """Selects calls of a trial; None: any. Denied calls count only if `verdict` names them."""

    tools: tuple[str, ...] | None = None
    kind: str | None = None
    seat: str | None = None
    verdict: str | None = None

    def picks(self, call: PastCall) -> bool:
        if self.tools is not None and call.tool not in self.tools:
            return False
        if self.kind is not None and call.kind != self.kind:
            return False
        if self.seat is not None and call.seat != self.seat:
            return False
        return call.verdict != "deny" if self.verdict is None else call.verdict == self.verdict


@dataclass(frozen=True, slots=True)
class After:
    """True if an earlier call of the trial is one of the selected ones."""

    selector: Selector

    def holds(self, facts: Facts) -> bool:
        return any(self.selector.picks(call) for call in facts.calls[:-1])

    def seen(self, facts: Facts) -> Seen | None:
        return None

    def parts(self) -> tuple[Condition, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class InTrial:
    """A number over the calls of the trial, the current one included: how many, or the sum of one argument."""

    selector: Selector
    op: str
    value: float
    path: Path | None = None
    bound_path: Path | None = None

    def number(self, facts: Facts) -> float:
        picked = [call for call in facts.calls if self.selector.picks(call)]
        if self.path is None:
            return len(picked)
        total = sum(number_of(_argument(call.args, self.path)) or 0 for call in picked)
        return int(total) if float(total).is_integer() else round(total, 6)

    def bound(self, facts: Facts) -> Any:
        return self.value if self.bound_path is None else facts.get(self.bound_path)

    def holds(self, facts: Facts) -> bool:
        # The current call must be one of them: the rule is about the call that makes the number too high.
        if not facts.calls or not self.selector.picks(facts.calls[-1]):
            return False
        bound = number_of(self.bound(facts))
        return bound is not None and ORDER[self.op](self.number(facts), bound)

    def seen(self, facts: Facts) -> Seen | None:
        return (self.number(facts), self.bound(facts)) if self.holds(facts) else None

    def parts(self) -> tuple[Condition, ...]:
        return ()


def _argument(args: Json, path: Path) -> Any:
    value: Any = args
    for name in path:
        if not isinstance(value, Mapping):
            return MISSING
        value = value.get(name, MISSING)
    return value


Leaf = Constant | Compare | TextContains | TextMatches | After | InTrial


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield the conditions that have no parts."""
    if isinstance(condition, Leaf):
        yield condition
    for part in condition.parts():
        yield from leaves(part)
