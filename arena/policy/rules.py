"""A policy as objects: rules in their order, and their decision about the facts of a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from arena.policy.conditions import Condition, Seen
from arena.policy.facts import Facts
from arena.policy.gates import END_TRIAL, Decision
from arena.records import GateVerdict, Json

STAGES: Mapping[str, str] = {"before": "pre_call", "after": "post_call"}
"""Phase of a call -> the list of rules that decides about it."""

VERDICTS: tuple[GateVerdict, ...] = ("deny", "warn", "allow")
"""The order in which the actions of a rule are tried."""

MODES: Mapping[str, GateVerdict] = {"allow": "allow", "warn": "warn", "strict": "deny", "deny": "deny"}
"""Default mode -> its verdict if no rule decides."""

DEFAULT_RULE = "policy.default"


@dataclass(frozen=True, slots=True)
class Action:
    """A rule's verdict if its condition is true."""

    verdict: GateVerdict
    condition: Condition
    reason_code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `calls`: the kinds of call that it sees.  `line`: its line in its file, 0 if unknown.

    `fails`: a trial in which it denies something is not a success.  `labels`: catalogue (`owasp`, `atlas`) -> entries.
    """

    id: str
    applies_if: Condition
    actions: tuple[Action, ...]
    calls: tuple[str, ...] = ("model", "tool")
    on_deny: str = END_TRIAL
    fails: bool = False
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """A gates file.

    `mode`: of MODES.  `shadow`: decisions are recorded and have no effect.  `limits`: name -> bound.  `values`: facts
    that the file itself gives, which override those of a trial.  `digest`: SHA-256 over all of it (gates_file.py).
    """

    rules: Mapping[str, tuple[Rule, ...]]
    mode: str = "allow"
    mode_source: str = "default"
    shadow: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Json] = field(default_factory=dict)
    digest: str = ""
    name: str = "gates"
    source: str = field(default="", repr=False, compare=False)
    """The text of the file, which a run copies."""

    @property
    def mark(self) -> str:
        """The beginning of the digest, as recorded with decisions."""
        return self.digest[:16]

    def all_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rules in self.rules.values() for rule in rules)

    def decide(self, stage: str, facts: Facts, kind: str | None = None) -> Decision:
        """Return the decision of the first rule that decides; the default's if none does.

        `stage`: `pre_call` or `post_call`.  `kind`: only rules for calls of this kind are asked; None: all.
        """
        rules = self.rules[stage]
        asked = rules if kind is None else tuple(rule for rule in rules if kind in rule.calls)
        return self.first(asked, facts) or self.default()

    def first(self, rules: Iterable[Rule], facts: Facts) -> Decision | None:
        """Return the decision of the first of these rules that decides; None if none does."""
        for rule in rules:
            if rule.applies_if.holds(facts):
                for action in rule.actions:
                    if action.condition.holds(facts):
                        return self.decision(rule, action, facts)
        return None

    def decision(self, rule: Rule, action: Action, facts: Facts) -> Decision:
        """Return what a rule decides by one of its actions."""
        observed, bound = self._seen(rule, action, facts)
        return Decision(
            action.verdict, action.reason_code, rule.id, action.message, rule.on_deny, not self.shadow, observed, bound,
            self.mark, rule.fails and action.verdict == "deny" and not self.shadow,
        )  # fmt: skip

    @staticmethod
    def _seen(rule: Rule, action: Action, facts: Facts) -> Seen:
        return action.condition.seen(facts) or rule.applies_if.seen(facts) or (None, None)

    def default(self) -> Decision:
        verdict = MODES[self.mode]
        return Decision(
            verdict, f"policy_default_{verdict}", DEFAULT_RULE, enforced=not self.shadow, policy=self.mark
        )  # fmt: skip

    def facts(self, given: Mapping[str, Json], **more: Json) -> Facts:
        """Return facts as a case or a recorded call gives them, with the file's own values."""
        return Facts(given, fixed={**self.values, **more})

    def shadowed(self) -> Policy:
        """Return this policy in shadow mode."""
        return replace(self, shadow=True)
