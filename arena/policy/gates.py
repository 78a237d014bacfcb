"""The contract of gates: a decision before a call is made and after it was answered.

A gate sees the facts of a call and allows, warns or denies. The rule chooses the effect of a denial: the trial ends,
the agent gets an error, or the reply is withheld. Every decision except ALLOW itself is in the journal, denials
included, and the policy's digest is part of the run's identity. A policy with a memory returns its own decision objects
even for allowed calls, because only decisions in the journal can be recalled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from arena.records import CallKind, GateDecision, GateVerdict, Json, Phase, Trial

END_TRIAL, TOOL_ERROR, REFUSE_REPLY = "end_trial", "tool_error", "refuse_reply"
ON_DENY = (END_TRIAL, TOOL_ERROR, REFUSE_REPLY)
"""Effects of a denial: the trial ends as `denied`, a tool call is answered with an error, a reply is withheld."""


class CallFacts(NamedTuple):
    """The facts of a call that a gate knows.

    `phase`: `before` or `after`.  `kind`: `model`, `judge` or `tool`.  `text`: of a model call the last message that is
    sent, after it the reply; of a tool call the answer as JSON text, empty before it.  `op`, `args`: of a tool call.
    """

    phase: Phase
    kind: CallKind
    seat: str
    turn: int
    step: int
    text: str
    op: str | None = None
    args: Json = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a gate. `verdict` is `allow`, `warn` or `deny`; the other fields give the reason.

    `on_deny`: one of ON_DENY.  `enforced` is False in shadow mode: the decision is recorded and has no effect.
    `observed`, `bound`: the value that the rule looked at, and its bound if it has one.
    `policy`: the beginning of the policy's digest.  `fails`: a trial with this decision is not a success.
    """

    verdict: GateVerdict
    reason_code: str
    rule_id: str
    message: str = ""
    on_deny: str = END_TRIAL
    enforced: bool = True
    observed: Json = None
    bound: Json = None
    policy: str = ""
    fails: bool = False

    @property
    def effective(self) -> str:
        """The verdict that is enforced: in shadow mode every call proceeds."""
        return self.verdict if self.enforced else "allow"

    @property
    def denies(self) -> bool:
        """Return whether the decision has an effect."""
        return self.verdict == "deny" and self.enforced

    def noted(self, facts: CallFacts) -> GateDecision:
        """Return the decision as it is stored: with the call's place, without texts, which are stored next to it."""
        phase, kind, seat, turn, step, _, op, _ = facts
        if self.observed is not None or self.bound is not None:
            return _noted(self, phase, kind, seat, turn, step, op)
        place = id(self), phase, kind, seat, turn, step, op
        held = _held.get(place)
        if held is None or held[0] is not self:
            if len(_held) >= MOST_HELD:
                _held.clear()
            held = _held[place] = self, _noted(self, phase, kind, seat, turn, step, op)
        return held[1]

    @staticmethod
    def recalled(noted: GateDecision) -> Decision:
        """Return a stored decision."""
        return Decision(
            noted.decision,
            noted.reason_code,
            noted.rule_id,
            noted.message,
            noted.on_deny,
            noted.enforced,
            noted.observed,
            noted.bound,
            noted.policy,
            noted.fails,
        )


def _noted(
    one: Decision, phase: Phase, kind: CallKind, seat: str, turn: int, step: int, op: str | None
) -> GateDecision:
    return GateDecision(
        phase, kind, seat, turn, step, op, one.verdict, one.reason_code, one.rule_id, one.message, one.on_deny,
        one.enforced, one.observed, one.bound, one.policy, one.fails,
    )  # fmt: skip


MOST_HELD = 4096
_held: dict[tuple[object, ...], tuple[Decision, GateDecision]] = {}
"""id of a decision without a value that was looked at, and a place -> the decision, and how it is stored there. Most
decisions of a run are the default's, at the same few places."""

ALLOW = Decision("allow", "policy_default_allow", "policy.default")

ALLOW_ALL = "allow-all"
"""Name of the policy of a run without one."""


class TrialGate(Protocol):
    """A gate for one trial; it remembers what happened in it."""

    def decide(self, facts: CallFacts) -> Decision: ...

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        """Remember a call that an earlier session decided about; `decision` is ALLOW if none is recorded."""
        ...


class Gate(Protocol):
    """The policy of a run. Thread-safe. `identity` is what a resumed run must have in common with its first session."""

    @property
    def name(self) -> str: ...

    def open(self, trial: Trial) -> TrialGate: ...

    @property
    def limits(self) -> Mapping[str, int]:
        """Limits of the run that the policy sets: name of a setting (`max_calls`) -> bound."""
        ...

    def identity(self) -> Mapping[str, Json]: ...

    def inputs(self) -> Mapping[str, bytes]:
        """Return file name -> content of the policy's files in the run's `inputs/`."""
        ...


@dataclass(frozen=True)
class AllowAll:
    """The gate that allows every call."""

    @property
    def name(self) -> str:
        return ALLOW_ALL

    @property
    def limits(self) -> Mapping[str, int]:
        return {}

    def open(self, trial: Trial) -> AllowAll:
        return self

    def decide(self, facts: CallFacts) -> Decision:
        return ALLOW

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        """Nothing to remember."""

    def identity(self) -> Mapping[str, Json]:
        return {"name": self.name}

    def inputs(self) -> Mapping[str, bytes]:
        return {}


@dataclass(frozen=True)
class Decided(AllowAll):
    """The policy of a run whose trials are scored again: it decided when they were played. It limits nothing.

    `run_identity`, `files`: its identity, and its files in the run's `inputs/`.
    """

    run_identity: Mapping[str, Json]
    files: Mapping[str, bytes]

    @property
    def name(self) -> str:
        return str(self.run_identity.get("name"))

    def identity(self) -> Mapping[str, Json]:
        return self.run_identity

    def inputs(self) -> Mapping[str, bytes]:
        return self.files
