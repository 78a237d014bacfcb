"""The rules that can decide about a kind of call, prepared for it: what is known beforehand is not asked again.

Tests of the called tool and of the task become true or false once. Rules in a row that look at the text alone are asked
about each text once. Neither changes a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from arena.policy.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Not,
    Test,
    TextContains,
    TextMatches,
    leaves,
)
from arena.policy.facts import Facts, Path
from arena.policy.gates import Decision
from arena.policy.patterns import WINDOW
from arena.policy.rules import Action, Policy, Rule

MOST_TEXTS = 2048
"""Texts of up to WINDOW characters whose decision is remembered, for each row of rules."""

Known = Mapping[Path, str]
"""Facts whose value is known before a call, by path."""


def narrowed(condition: Condition, known: Known) -> Condition:
    """Return a condition that is true for the same facts, given what is known of them."""
    if isinstance(condition, Compare) and condition.bound_path is None and condition.path in known:
        return Constant(condition.test(known[condition.path], condition.value))
    if isinstance(condition, Not):
        inner = narrowed(condition.condition, known)
        return Constant(not inner.value) if isinstance(inner, Constant) else Not(inner)
    if isinstance(condition, All | AnyOf):
        return _joined(condition, [narrowed(part, known) for part in condition.conditions])
    return condition


def _joined(whole: All | AnyOf, parts: Sequence[Condition]) -> Condition:
    """Return the conjunction or disjunction of parts, without the parts that are true or false anyway."""
    neutral = isinstance(whole, All)
    if any(isinstance(part, Constant) and part.value is not neutral for part in parts):
        return Constant(not neutral)
    open_ = tuple(part for part in parts if not isinstance(part, Constant))
    if not open_:
        return Constant(neutral)
    return open_[0] if len(open_) == 1 else type(whole)(open_)


class Asked(NamedTuple):
    """A rule with its tests. `applies`, and the test of an action: None if it is true anyway."""

    rule: Rule
    applies: Test | None
    actions: tuple[tuple[Test | None, Action], ...]


def asked(rules: Iterable[Rule], known: Known) -> Iterator[Asked]:
    """Yield the rules that can decide, in their order."""
    for rule in rules:
        applies = narrowed(rule.applies_if, known)
        if isinstance(applies, Constant) and not applies.value:
            continue
        actions = [(narrowed(action.condition, known), action) for action in rule.actions]
        open_ = [(_test(one), action) for one, action in actions if not isinstance(one, Constant) or one.value]
        if open_:
            yield Asked(rule, _test(applies), tuple(open_))


def _test(condition: Condition) -> Test | None:
    return None if isinstance(condition, Constant) and condition.value else condition.holds


def first(policy: Policy, rules: Iterable[Asked], facts: Facts) -> Decision | None:
    """Return the decision of the first of these rules that decides; None if none does."""
    for rule, applies, actions in rules:
        if applies is None or applies(facts):
            for test, action in actions:
                if test is None or test(facts):
                    return policy.decision(rule, action, facts)
    return None


class TextRules:
    """Rules in a row that look at the text alone. Thread-safe."""

    def __init__(self, policy: Policy, rules: tuple[Asked, ...]) -> None:
        self._policy, self._rules = policy, rules
        self._decided: dict[str, Decision | None] = {}

    def decide(self, text: str) -> Decision | None:
        """Return the decision of the first rule that decides about a text; None if none does."""
        found = self._decided.get(text, _UNKNOWN)
        if found is not _UNKNOWN:
            return found
        decision = first(self._policy, self._rules, Facts({}, fixed={"text": text}))
        if len(text) <= WINDOW:
            if len(self._decided) >= MOST_TEXTS:
                self._decided.clear()
            self._decided[text] = decision
        return decision


_UNKNOWN = Decision("allow", "unknown", "unknown")

Row = TextRules | tuple[Asked, ...]
"""Rules in a row: those that look at the text alone, or others."""


def rows_of(policy: Policy, rules: Iterable[Rule], known: Known) -> tuple[Row, ...]:
    """Return the rules that can decide about a call, in their order."""
    rows: list[Row] = []
    for texts_alone, group in groupby(asked(rules, known), key=lambda one: reads_text_alone(one.rule)):
        row = tuple(group)
        rows.append(TextRules(policy, row) if texts_alone else row)
    return tuple(rows)


def reads_text_alone(rule: Rule) -> bool:
    """Return whether a rule's decision follows from the text of the call."""
    conditions = (rule.applies_if, *(action.condition for action in rule.actions))
    return all(isinstance(leaf, TextContains | TextMatches | Constant) for one in conditions for leaf in leaves(one))
