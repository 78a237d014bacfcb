"""The gate of a policy file: it decides about the model and tool calls of a trial, and remembers them.

docs/policy.md lists the facts that rules can use. Judges are never gated. A trial whose plan says `gated: false` is not
gated, so one run can compare trials with and without the policy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from arena.policy.call_facts import COMPUTED, trial_facts
from arena.policy.facts import Facts, PastCall
from arena.policy.gate_times import GateTimes
from arena.policy.gates import ALLOW, AllowAll, CallFacts, Decision, TrialGate
from arena.policy.gates_file import GATES_INPUT
from arena.policy.narrowed import TextRules, first
from arena.policy.rule_index import RuleIndex
from arena.policy.rules import STAGES, Policy
from arena.records import Json, Trial

GATED_KINDS = ("model", "tool")
GATED = "gated"
"""Member of a trial's plan; false: the policy does not apply to the trial."""

MOST_TIMED = 100_000
"""Number of decisions whose duration is kept."""


class PolicyGate:
    """A policy as the gate of a run."""

    def __init__(self, policy: Policy, timer: Callable[[], float] = time.perf_counter) -> None:
        self.policy = policy
        self.index = RuleIndex(policy)
        self.default = policy.default()
        self.timer = timer
        self.seconds: list[float] = []
        """Durations of the first MOST_TIMED decisions of each process."""

    @property
    def name(self) -> str:
        return self.policy.name

    @property
    def limits(self) -> Mapping[str, int]:
        return self.policy.limits

    def inputs(self) -> Mapping[str, bytes]:
        return {GATES_INPUT: self.policy.source.encode()}

    def open(self, trial: Trial) -> TrialGate:
        return AllowAll() if trial.plan.get(GATED) is False else PolicyTrialGate(self, trial)

    def identity(self) -> Mapping[str, Json]:
        policy = self.policy
        return {
            "name": policy.name,
            "sha256": policy.digest,
            "mode": policy.mode,
            "mode_source": policy.mode_source,
            "enforced": not policy.shadow,
            "rules": [rule.id for rule in policy.all_rules()],
        }

    def times(self) -> GateTimes:
        """Return how long the timed decisions took."""
        return GateTimes.of(self.seconds)


class PolicyTrialGate:
    """A policy in one trial. `decide` and `recall` lead to the same state, so a resumed trial continues unchanged."""

    def __init__(self, gate: PolicyGate, trial: Trial) -> None:
        self._gate = gate
        self._policy = gate.policy
        self._given = trial_facts(trial.plan)
        self._always: dict[str, Any] = {
            "family": trial.family,
            "unit": trial.unit,
            "cell": trial.cell,
            **gate.policy.values,
        }
        self._task = self._given.get("task")
        self._calls: list[PastCall] = []
        self._before: Decision | None = None
        """The decision made before the current call."""
        self._spoken: dict[str, int] = {}
        """Seat -> how many replies there were in the trial when it last spoke."""
        self._replies = 0

    def decide(self, facts: CallFacts) -> Decision:
        if facts.kind not in GATED_KINDS:
            return ALLOW
        gate = self._gate
        started = gate.timer()
        self._begin(facts)
        decision = self._decision(facts)
        self._end(facts, decision)
        if len(gate.seconds) < MOST_TIMED:
            gate.seconds.append(gate.timer() - started)
        return decision

    def decide_again(self, facts: CallFacts, recorded: Decision) -> Decision:
        """Return this policy's decision about a call that was decided before; the trial continues as recorded."""
        if facts.kind not in GATED_KINDS:
            return ALLOW
        self._begin(facts)
        decision = self._decision(facts)
        self._end(facts, recorded)
        return decision

    def _decision(self, facts: CallFacts) -> Decision:
        rows, reads = self._gate.index.candidates(STAGES[facts.phase], facts.kind, facts.op, self._task)
        made: Facts | None = None
        for row in rows:
            if isinstance(row, TextRules):
                decision = row.decide(facts.text)
            else:
                made = self._facts(facts, reads) if made is None else made
                decision = first(self._policy, row, made)
            if decision is not None:
                return decision
        return self._gate.default

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        if facts.kind in GATED_KINDS:
            self._begin(facts)
            self._end(facts, decision)

    def _begin(self, facts: CallFacts) -> None:
        if facts.phase == "before":
            self._calls.append(PastCall(facts.kind, facts.op, facts.seat, "allow", facts.args))
            self._before = None

    def _end(self, facts: CallFacts, decision: Decision) -> None:
        if facts.phase == "before":
            self._before = decision
        elif facts.kind == "model":
            self._replies += 1
            self._spoken[facts.seat] = self._replies
        if decision.verdict != "allow" and decision.enforced and self._calls and self._calls[-1].verdict != "deny":
            self._calls[-1] = self._calls[-1]._replace(verdict=decision.verdict)

    def _facts(self, facts: CallFacts, reads: frozenset[str]) -> Facts:
        """Return the facts of a call, of those with a fixed value only what rules read."""
        fixed: dict[str, Any] = {"text": facts.text}
        for name in reads:
            if name in _OF_CALL:
                fixed[name] = _OF_CALL[name](facts)
            elif name == "origin":
                fixed[name] = self._origin(facts)
            elif name == "pre_gate" and facts.phase == "after":
                fixed[name] = _told(self._before)
            elif name in _OF_TOOL_CALL and facts.kind == "tool":
                fixed[name] = facts.args if name == "args" else facts.op
            elif name == "response_text" and facts.phase == "after":
                fixed[name] = facts.text
            elif name in self._always and name != "text":
                fixed[name] = self._always[name]
        return Facts(self._given, self._calls, fixed, COMPUTED)

    def _origin(self, facts: CallFacts) -> str:
        """Return the origin of the text: `user`, `agent` or `tool_result`.

        The last message sent to a model is a tool's answer if it called one in this turn, another seat's words if one
        has spoken since, else the user's (or the arena's) words.
        """
        if facts.kind == "tool":
            return "tool_result" if facts.phase == "after" else "agent"
        if facts.phase == "after":
            return "agent"
        if facts.step > 0:
            last = self._calls[-2] if len(self._calls) > 1 else None
            return "tool_result" if last is not None and last.kind == "tool" else "user"
        return "agent" if self._replies > self._spoken.get(facts.seat, 0) else "user"


_OF_CALL: Mapping[str, Callable[[CallFacts], Json]] = {
    "stage": lambda facts: "pre" if facts.phase == "before" else "post",
    "phase": lambda facts: facts.phase,
    "kind": lambda facts: facts.kind,
    "seat": lambda facts: facts.seat,
    "turn": lambda facts: facts.turn,
    "step": lambda facts: facts.step,
}
_OF_TOOL_CALL = frozenset({"tool", "op", "op_name", "args"})


def _told(decision: Decision | None) -> dict[str, Json] | None:
    """Return the facts about the decision before a call that a rule may use."""
    if decision is None:
        return None
    return {"decision": decision.verdict, "reason_code": decision.reason_code, "rule_id": decision.rule_id}
