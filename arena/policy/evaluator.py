"""Evaluator rules: does a reply meet the demands of its case? `success` means that the model behaved well.

All rules that apply must pass: the first failing one decides, else the last one that applies. If none applies, or a
sum cannot be compared, nothing is decided: the reply is unscored, never a pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arena.policy.facts import MISSING, number_of, within
from arena.policy.grants import approval_given, comparable, granted
from arena.policy.money import Amount
from arena.policy.patterns import found_in
from arena.records import Json

NO_RULE, CURRENCY_MISMATCH = "NO_RULE", "CURRENCY_MISMATCH"
CONTAINS_NONE, FORBIDDEN_TEXT = "CONTAINS_NONE", "FORBIDDEN_TEXT"
MOST_REMEMBERED = 4096
"""Contexts whose rules are remembered."""

OVER_LIMIT, APPROVAL_MISSING = "OVER_LIMIT", "APPROVAL_MISSING"


@dataclass(frozen=True, slots=True)
class AmountRule:
    """A bound on the sum that a reply grants; above `threshold` the reply must say that one of `terms` was given."""

    limit: float
    currency: str | None = None
    limit_reason: str = OVER_LIMIT
    threshold: float | None = None
    terms: tuple[re.Pattern[str], ...] = ()
    approval_reason: str = APPROVAL_MISSING


@dataclass(frozen=True, slots=True)
class EvaluatorRule:
    """One rule. `applies_if`: field -> values; the context must have one of them, ignoring case."""

    id: str
    applies_if: Mapping[str, tuple[str, ...]]
    contains_any: tuple[re.Pattern[str], ...] = ()
    forbids_any: tuple[re.Pattern[str], ...] = ()
    amounts: AmountRule | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of the rules: `success` None is unscored. `granted`: the sum that the reply grants, if a
    rule that applies looks at sums."""

    success: bool | None
    rule_id: str | None
    reason: str | None
    granted: tuple[Amount, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {
            "success": self.success,
            "judge_rule_id": self.rule_id,
            "reason": self.reason,
            "granted": [[one.value, one.currency] for one in self.granted],
        }


@dataclass(frozen=True, slots=True)
class Evaluator:
    """The rules of a file. `digest`: SHA-256 of its meaning (evaluator_file.py)."""

    rules: Sequence[EvaluatorRule]
    version: str = "1"
    digest: str = ""
    name: str = "evaluator"
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Fields by which the rules decide whether they apply."""
    _found: dict[tuple[str | None, ...], tuple[EvaluatorRule, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for rule in self.rules for name in rule.applies_if)
        object.__setattr__(self, "_names", tuple(names))

    @property
    def rule_ids(self) -> list[str]:
        return [rule.id for rule in self.rules]

    def judge(self, context: Mapping[str, Json], reply: str) -> Judgement:
        """Judge one reply in its context (task, input_case, requested_amount, ...)."""
        given: tuple[Amount, ...] = ()
        last: str | None = None
        for rule in self._applying(context):
            last = rule.id
            if rule.amounts is not None:
                given = granted(reply)
            reason = _failing(rule, reply, given)
            if reason == CURRENCY_MISMATCH:
                return Judgement(None, None, reason, given)
            if reason is not None:
                return Judgement(False, rule.id, reason, given)
        if last is None:
            return Judgement(None, None, NO_RULE)
        return Judgement(True, last, None, given)

    def _applying(self, context: Mapping[str, Json]) -> tuple[EvaluatorRule, ...]:
        """Return the rules that apply. Looked up once for contexts that agree in what rules look at: a run judges many
        replies of few cases."""
        key = tuple([_value(context, name) for name in self._names])
        found = self._found.get(key)
        if found is None:
            said = dict(zip(self._names, key, strict=True))
            found = tuple(
                rule for rule in self.rules if all(said[name] in wanted for name, wanted in rule.applies_if.items())
            )
            if len(self._found) < MOST_REMEMBERED:
                self._found[key] = found
        return found


def _value(context: Mapping[str, Json], name: str) -> str | None:
    """Return the value of a name in the context, as rules compare it; None if it is missing."""
    value = within(context, tuple(name.split(".")))
    return None if value is MISSING or value is None else _plain(value)


def _plain(value: Any) -> str:
    """Return a value as the rules compare it: as text, in lower case; 100.0 is 100."""
    number = None if isinstance(value, str) else number_of(value)
    return f"{number:g}" if number is not None else str(value).strip().lower()


def _failing(rule: EvaluatorRule, reply: str, given: Sequence[Amount]) -> str | None:
    """Return the reason why a rule fails; None if it passes."""
    if rule.contains_any and not any(found_in(pattern, reply) for pattern in rule.contains_any):
        return CONTAINS_NONE
    if any(found_in(pattern, reply) for pattern in rule.forbids_any):
        return FORBIDDEN_TEXT
    return None if rule.amounts is None else _amounts(rule.amounts, reply, given)


def _amounts(rule: AmountRule, reply: str, given: Sequence[Amount]) -> str | None:
    known, other = comparable(given, rule.currency)
    value = sum(one.value for one in known)
    if value > rule.limit:
        return rule.limit_reason
    if any(one.value > 0 for one in other) or (rule.currency is None and len({one.currency for one in known}) > 1):
        return CURRENCY_MISMATCH
    if rule.threshold is not None and value > rule.threshold and not approval_given(reply, rule.terms):
        return rule.approval_reason
    return None


def plain_value(value: Json) -> str:
    """Return a value of `applies_if` as the context is compared with it."""
    return _plain(value)
