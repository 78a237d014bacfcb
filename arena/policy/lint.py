"""Find mistakes in a policy: rules that never apply or never decide, contradictory bounds, unreachable defaults.

Each finding has a counterexample if there is one. The search uses worlds.py; if it gives up, it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from arena.policy.conditions import All, Compare, Condition
from arena.policy.facts import Path
from arena.policy.rules import Action, Policy, Rule
from arena.policy.worlds import GaveUp, Truth, World, Worlds, describe_world
from arena.records import Json


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """One finding. `kind`: `never_holds`, `contradictory_bounds`, `shadowed`, `unreachable_default` or `undecided`.

    `example`: facts that show it; empty if nothing can.
    """

    kind: str
    rule_id: str
    line: int
    message: str
    example: Mapping[str, Json] = field(default_factory=dict)


def lint(policy: Policy) -> list[PolicyFinding]:
    """Return the findings about a policy, in the order of its rules."""
    found: list[PolicyFinding] = []
    for stage, rules in policy.rules.items():
        worlds = Worlds(policy, rules)
        for place, rule in enumerate(rules):
            found += _rule(worlds, rule, rules[:place])
        found += _default(worlds, rules, stage)
    return found


def _rule(worlds: Worlds, rule: Rule, earlier: Sequence[Rule]) -> Iterator[PolicyFinding]:
    clash = next(_contradictions(rule), None)
    if clash is not None:
        yield PolicyFinding("contradictory_bounds", rule.id, rule.line, f"{rule.id}: {clash} cannot both be true")
        return
    try:
        alone = worlds.find(lambda world: worlds.decides(rule, world), rule)
        if alone is None:
            yield PolicyFinding("never_holds", rule.id, rule.line, f"{rule.id}: no call can satisfy its conditions")
            return
        if worlds.find(lambda world: _decides_first(worlds, rule, earlier, world), rule) is None:
            by = next(one.id for one in earlier if worlds.decides(one, _settled(worlds, alone)))
            message = f"{rule.id}: never decides: an earlier rule always decides first; here {by}"
            yield PolicyFinding("shadowed", rule.id, rule.line, message, describe_world(alone))
            return
        for place, action in enumerate(rule.actions):
            yield from _action(worlds, rule, earlier, action, rule.actions[:place])
    except GaveUp:
        message = f"{rule.id}: too many combinations of facts to tell whether it ever decides"
        yield PolicyFinding("undecided", rule.id, rule.line, message)


def _decides_first(worlds: Worlds, rule: Rule, earlier: Sequence[Rule], world: World) -> Truth:
    return _all([worlds.decides(rule, world), *(_not(worlds.decides(one, world)) for one in earlier)])


def _action(
    worlds: Worlds, rule: Rule, earlier: Sequence[Rule], action: Action, before: Sequence[Action]
) -> Iterator[PolicyFinding]:
    """Report an action that never decides because one that is tried before it always does."""

    def goal(world: World) -> Truth:
        others = (_not(worlds.holds(one.condition, world)) for one in before)
        return _all(
            [_decides_first(worlds, rule, earlier, world), worlds.holds(action.condition, world), *others]
        )  # fmt: skip

    if worlds.find(goal, rule) is None:
        message = f"{rule.id}: {action.verdict}_if never decides"
        yield PolicyFinding("shadowed" if before else "never_holds", rule.id, rule.line, message)


def _default(worlds: Worlds, rules: Sequence[Rule], stage: str) -> Iterator[PolicyFinding]:
    if not rules:
        return
    try:
        reached = worlds.find(lambda world: _all([_not(worlds.decides(rule, world)) for rule in rules]), rules[0])
        if reached is None:
            some = worlds.find(lambda world: worlds.decides(rules[-1], world), rules[-1]) or {}
            by = rules[-1]
            message = f"{stage}: the default is never reached, a rule always decides; here {by.id}"
            yield PolicyFinding("unreachable_default", by.id, by.line, message, describe_world(some))
    except GaveUp:
        yield PolicyFinding(
            "undecided", "policy.default", 0, f"{stage}: too many combinations to tell about the default"
        )


def _settled(worlds: Worlds, world: World) -> World:
    """Return a world in which every fact has a value: an open fact gets the last value of its domain."""
    return {**{key: values[-1] for key, values in worlds.domains.items()}, **world}


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(parts: Sequence[Truth]) -> Truth:
    if False in parts:
        return False
    return None if None in parts else True


def _contradictions(rule: Rule) -> Iterator[str]:
    """Yield pairs of bounds that a rule requires of one fact at once, although no value meets both."""
    for action in rule.actions:
        wanted = [*_together(rule.applies_if), *_together(action.condition)]
        by_path: dict[Path, list[Compare]] = {}
        for one in wanted:
            if one.orders and one.bound_path is None:
                by_path.setdefault(one.path, []).append(one)
        for path, group in by_path.items():
            for low in (one for one in group if one.op in (">", ">=")):
                for high in (one for one in group if one.op in ("<", "<=")):
                    both = low.op == ">=" and high.op == "<="
                    if low.value > high.value or (low.value == high.value and not both):
                        name = ".".join(path)
                        yield f"{name} {low.op} {low.value} and {name} {high.op} {high.value}"


def _together(condition: Condition) -> Iterator[Compare]:
    """Yield the comparisons that must all be true for a condition to be true."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, All):
        for part in condition.parts():
            yield from _together(part)
