"""Possible worlds of a policy: is there a call for which certain conditions are true and others false?

A world gives each fact that the policy looks at one of the values at which something changes: at, below and above each
bound, each named value, another one, none. Terms and patterns are treated as independent: each may be in a text or not.
The search assigns one fact after the other and abandons a branch as soon as its goal cannot be true (Kleene's three
values).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arena.policy.conditions import (
    ORDER,
    After,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    InTrial,
    Leaf,
    Not,
    Selector,
    TextContains,
    TextMatches,
    leaves,
)
from arena.policy.facts import MISSING, Facts, Path, number_of
from arena.policy.rules import Policy, Rule

MOST_NODES = 20_000
"""Assignments that one search tries before it gives up."""

OTHER = "(another value)"
_ALIASES: Mapping[Path, Path] = {("op",): ("tool",), ("op_name",): ("tool",)}
_KIND, _TOOL = ("kind",), ("tool",)
_BOUNDS = (100, 200, 300)
"""Values tried for a bound that comes from the trial."""

Key = tuple[Hashable, ...]
World = dict[Key, Any]
Truth = bool | None
Goal = Callable[[World], Truth]


class GaveUp(Exception):
    """The search tried MOST_NODES assignments without an answer."""


def _fact(path: Path) -> Key:
    return ("fact", _ALIASES.get(path, path))


def _selected(leaf: InTrial) -> Key:
    return ("in trial", leaf.selector, leaf.path)


@dataclass(slots=True)
class Worlds:
    """The worlds of one stage of a policy."""

    policy: Policy
    rules: Sequence[Rule]
    domains: dict[Key, list[Any]] = field(default_factory=dict)
    terms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.domains[_fact(_KIND)] = ["model", "tool"]
        for rule in self.rules:
            for condition in (rule.applies_if, *(action.condition for action in rule.actions)):
                for leaf in leaves(condition):
                    self._take(leaf)
        for key, values in self.domains.items():
            if key[0] in ("fact", "in trial"):
                self.domains[key] = _with_neighbours(values, key)

    def _take(self, leaf: Leaf) -> None:
        if isinstance(leaf, Compare):
            self._take_comparison(leaf)
        elif isinstance(leaf, TextContains):
            for term in (*leaf.any_of, *leaf.all_of, *leaf.none_of):
                self.domains.setdefault(("term", term), [False, True])
                self.terms.append(term)
        elif isinstance(leaf, TextMatches):
            self.domains.setdefault(("pattern", leaf.pattern.pattern), [False, True])
        elif isinstance(leaf, After):
            self.domains.setdefault(("after", leaf.selector), [False, True])
        elif isinstance(leaf, InTrial):
            bounds = [leaf.value] if leaf.bound_path is None else list(_BOUNDS)
            self.domains.setdefault(_selected(leaf), []).extend(bounds)
            self._take_bound(leaf.bound_path)
            self.domains.setdefault(_fact(_TOOL), []).extend(leaf.selector.tools or ())

    def _take_comparison(self, leaf: Compare) -> None:
        if leaf.op == "contains":
            self.domains.setdefault(("contains", leaf.path, repr(leaf.value)), [False, True])
            return
        values = self.domains.setdefault(_fact(leaf.path), [])
        if leaf.bound_path is not None:
            self._take_bound(leaf.bound_path)
            known = self._known(leaf.bound_path)
            values.extend(_BOUNDS if known is MISSING else [known])
        elif leaf.op != "exists":
            values.extend(leaf.value if isinstance(leaf.value, list) else [leaf.value])

    def _take_bound(self, path: Path | None) -> None:
        if path is not None and self._known(path) is MISSING:
            self.domains.setdefault(_fact(path), []).extend(_BOUNDS)

    def _known(self, path: Path) -> Any:
        return Facts({}, fixed=dict(self.policy.values)).get(path)

    # True or false in a world, None if not yet decided

    def value(self, world: World, path: Path) -> Any:
        """Return a fact in a world; None if it is not assigned yet."""
        known = self._known(path)
        return known if known is not MISSING else world.get(_fact(path))

    def holds(self, condition: Condition, world: World) -> Truth:
        if isinstance(condition, Constant):
            return condition.value
        if isinstance(condition, Not):
            inner = self.holds(condition.condition, world)
            return None if inner is None else not inner
        if isinstance(condition, All | AnyOf):
            return _joined(isinstance(condition, All), [self.holds(part, world) for part in condition.parts()])
        if isinstance(condition, Compare):
            return self._compares(condition, world)
        if isinstance(condition, TextContains):
            return self._text(condition, world)
        if isinstance(condition, TextMatches):
            return self._flag(("pattern", condition.pattern.pattern), world)
        if isinstance(condition, After):
            return self._flag(("after", condition.selector), world)
        assert isinstance(condition, InTrial)
        return self._in_trial(condition, world)

    def _compares(self, leaf: Compare, world: World) -> Truth:
        if leaf.op == "contains":
            return self._flag(("contains", leaf.path, repr(leaf.value)), world)
        value = self.value(world, leaf.path)
        bound = leaf.value if leaf.bound_path is None else self.value(world, leaf.bound_path)
        if value is None or (bound is None and leaf.bound_path is not None):
            return None
        return leaf.test(None if value is NULL else value, bound)

    def _flag(self, key: Key, world: World) -> Truth:
        found = world.get(key)
        return None if found is None else bool(found)

    def _term(self, term: str, world: World) -> Truth:
        """Return whether a term is in the text: also if a longer term that contains it is."""
        own = self._flag(("term", term), world)
        return _joined(
            False, [own, *(self._flag(("term", one), world) for one in set(self.terms) if term in one and one != term)]
        )

    def _text(self, leaf: TextContains, world: World) -> Truth:
        parts: list[Truth] = [self._term(term, world) for term in leaf.all_of]
        if leaf.any_of:
            parts.append(_joined(False, [self._term(term, world) for term in leaf.any_of]))
        for term in leaf.none_of:
            found = self._term(term, world)
            parts.append(None if found is None else not found)
        return _joined(True, parts)

    def _in_trial(self, leaf: InTrial, world: World) -> Truth:
        number = world.get(_selected(leaf))
        bound = leaf.value if leaf.bound_path is None else self.value(world, leaf.bound_path)
        enough: Truth = None
        if number is not None and bound is not None:
            one, other = number_of(number), number_of(bound)
            enough = one is not None and other is not None and ORDER[leaf.op](one, other)
        return _joined(True, [enough, self._picked(leaf.selector, world)])

    def _picked(self, selector: Selector, world: World) -> Truth:
        """Return whether a selector selects the current call, judging by tool and kind."""
        parts: list[Truth] = []
        if selector.tools is not None:
            tool = self.value(world, _TOOL)
            parts.append(None if tool is None else tool in selector.tools)
        if selector.kind is not None:
            kind = self.value(world, _KIND)
            parts.append(None if kind is None else kind == selector.kind)
        return _joined(True, parts)

    def possible(self, world: World) -> bool:
        """Return whether a world is possible: a model's call has no tool and no arguments, a tool call has a tool."""
        kind = world.get(_fact(_KIND))
        tool = world.get(_fact(_TOOL))
        if kind == "tool" and tool is MISSING:
            return False
        if kind == "model":
            if tool is not None and tool is not MISSING:
                return False
            return all(
                value is MISSING for key, value in world.items() if key[0] == "fact" and _path(key)[0] == "args"
            )  # fmt: skip
        return True

    def decides(self, rule: Rule, world: World) -> Truth:
        """Return whether a rule decides if no earlier one does."""
        kind = self.value(world, _KIND)
        sees = None if kind is None else kind in rule.calls
        actions = _joined(False, [self.holds(action.condition, world) for action in rule.actions])
        return _joined(True, [sees, self.holds(rule.applies_if, world), actions])

    def _order(self, first: Rule) -> list[Key]:
        """Return all facts, those of one rule first, so that its needs are decided before those of earlier rules."""
        own = Worlds(self.policy, (first,)).domains
        return [*(key for key in own if key in self.domains), *(key for key in self.domains if key not in own)]

    def find(self, goal: Goal, first: Rule) -> World | None:
        """Return a world in which the goal, which is about the rule `first`, is true; None if there is none.

        Errors: GaveUp.
        """
        keys = self._order(first)
        nodes = 0

        def search(world: World, place: int) -> World | None:
            nonlocal nodes
            nodes += 1
            if nodes > MOST_NODES:
                raise GaveUp
            if not self.possible(world):
                return None
            truth = goal(world)
            if truth is False:
                return None
            if truth is True or place == len(keys):
                return dict(world) if truth else None
            for value in self.domains[keys[place]]:
                world[keys[place]] = value
                found = search(world, place + 1)
                if found is not None:
                    return found
            del world[keys[place]]
            return None

        return search({}, 0)


NULL = "(null)"


def _path(key: Key) -> Path:
    path = key[1]
    assert isinstance(path, tuple)
    return path


def _joined(every: bool, parts: Sequence[Truth]) -> Truth:
    """Return whether all parts (`every`) or any of them are true, in Kleene's logic."""
    if (not every) in parts:
        return not every
    return None if None in parts else every


def _with_neighbours(values: Sequence[Any], key: Key) -> list[Any]:
    """Return the values at which something changes: those named, those next to each number, another one, none."""
    named = [NULL if value is None else value for value in values]
    numbers = sorted({float(one) for one in named if isinstance(one, int | float) and not isinstance(one, bool)})
    found: list[Any] = list(dict.fromkeys(one for one in named if not isinstance(one, int | float)))
    found += [one for one in named if isinstance(one, bool) and one not in found]
    if numbers:
        between = [(low + high) / 2 for low, high in zip(numbers, numbers[1:], strict=False)]
        found += sorted({numbers[0] - 1, *numbers, *between, numbers[-1] + 1})
    if key == _fact(_KIND):
        return ["model", "tool"]
    return [*found, *([] if key[0] == "in trial" else [OTHER]), MISSING]


def describe_world(world: World) -> dict[str, Any]:
    """Return a world for readers: the facts that matter, by name."""
    shown: dict[str, Any] = {}
    for key, value in world.items():
        if value is MISSING or value is False:
            continue
        if key[0] == "fact":
            shown[".".join(_path(key))] = None if value == NULL else _whole(value)
        elif key[0] in ("term", "pattern"):
            shown.setdefault("text holds", []).append(key[1])
        elif key[0] == "in trial":
            selector = key[2] and ".".join(key[2])  # type: ignore[arg-type]  # a path
            shown["calls in trial" if not selector else f"sum of {selector}"] = _whole(value)
        elif key[0] == "after":
            shown["earlier call"] = _selector_text(key[1])
        else:
            shown[f"{'.'.join(key[1])} contains"] = key[2]  # type: ignore[arg-type]  # a path
    return shown


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _selector_text(selector: Any) -> str:
    assert isinstance(selector, Selector)
    return ", ".join(selector.tools or ()) or selector.kind or selector.seat or selector.verdict or "any"
