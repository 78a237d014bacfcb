"""What a family may ask for while it plays or scores one trial.

The runner hands out one `Services` object per trial; behind it stand the journal, the budget and the gates, so a
family cannot make a call that is not recorded, paid for and allowed.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from arena.errors import GateDenied, Interrupted, ServiceFault
from arena.messages import Calculator, CallKey, Conversation, ModelReply, ModelRequest, Provider, Sampling, ToolAnswer
from arena.play.limits import Budget, Reservation
from arena.policy.gates import ALLOW, AllowAll, Gate
from arena.records import Json, Trial
from arena.settings.prices import FREE, Price
from arena.store.journal import (
    AppendFile,
    JournalIndex,
    Recorded,
    Slot,
    attempts_to_json,
    call_fields,
    encode_line,
    reply_from_json,
    reply_to_json,
    tool_digest,
)


class Services(Protocol):
    """The calls of one trial. All of them may raise ServiceFault, LimitReached, GateDenied or Interrupted."""

    def ask(self, seat: str, turn: int, step: int, conversation: Conversation) -> ModelReply:
        """Ask the player of `seat`; `step` counts the calls of this seat's turn (tool rounds and re-asks alike)."""
        ...

    def judge(self, turn: int, step: int, conversation: Conversation) -> ModelReply:
        """Ask the judge; `turn` counts its questions, `step` the calls of one question."""
        ...

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        """Have the calculator carry out the `index`-th call of the message that `seat` wrote at `turn`, `step`.

        `seat` is JUDGE_SEAT when the judge recomputes something, SETUP_SEAT when a value of the trial is drawn.
        """
        ...

    @property
    def has_tools(self) -> bool:
        """Whether a calculator stands behind `tool`."""
        ...


GATE_FACTS = ("kind", "trial", "seat", "turn", "step")
"""What a gate is told of a call, beside the op of a tool call."""

JUDGE_SEAT = "(judge)"
"""Seat name of the judge in the journal; role ids may hold any text, but parentheses mark it for readers."""

SETUP_SEAT = "(setup)"
"""Seat name under which the values of a trial are drawn that need the calculator."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready to be asked: `name` is what the provider is given, `label` is `provider/name`."""

    provider: Provider
    name: str
    label: str
    sampling: Sampling
    price: Price = FREE
    recording: ToolRecording | None = None
    """Where the tool calls of this model's seats come from when they are replayed."""


class ToolRecording(Protocol):
    """Recorded tool calls of another run (providers.replay), and what its players were shown of the tool."""

    def tools_text(self) -> str | None: ...

    def tool(self, key: CallKey, index: int, op: str, args: Json) -> ToolAnswer: ...


@dataclass(frozen=True, slots=True)
class Wiring:
    """What every trial of a run shares. `player` maps a seat to its Model; `panel`: the judge of each question about a
    trial, where they are not all asked of `judge`."""

    player: Callable[[str], Model]
    judge: Model | None
    calculator: Calculator | None
    has_tools: bool
    budget: Budget
    gate: Gate
    journal: AppendFile
    recorded: JournalIndex
    stop: threading.Event
    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.perf_counter
    activity: Activity = field(default_factory=lambda: Activity())
    panel: Sequence[Model] = ()

    def judge_of(self, question: int) -> Model | None:
        """Return who is asked a question (0-based) about a trial; None where the run has no judge."""
        return self.panel[question] if self.panel else self.judge


class Activity:
    """Live counters for the progress line; approximate under threads, never part of a result."""

    __slots__ = ("turns", "in_flight", "retries")

    def __init__(self) -> None:
        self.turns = 0
        self.in_flight = 0
        self.retries = 0


class TrialServices:
    """The `Services` of one attempt of one trial."""

    def __init__(self, wiring: Wiring, trial: Trial, attempt: int, past_calls: Recorded | None = None) -> None:
        self._wiring = wiring
        self._trial = trial
        self._attempt = attempt
        self._recorded = past_calls if past_calls is not None else wiring.recorded.recorded(trial.key, attempt)
        # Looked at before each call: most runs resume nothing and have no gate.
        self._replays = bool(self._recorded)
        self._gated = not isinstance(wiring.gate, AllowAll)
        self.gate_decisions: list[dict[str, Json]] = []
        self.made_calls = 0

    @property
    def has_tools(self) -> bool:
        return self._wiring.has_tools

    def ask(self, seat: str, turn: int, step: int, conversation: Conversation) -> ModelReply:
        return self._model_call("model", seat, turn, step, conversation, self._wiring.player(seat))

    def judge(self, turn: int, step: int, conversation: Conversation) -> ModelReply:
        model = self._wiring.judge_of(turn)
        if model is None:
            raise ServiceFault("judge", "this run has no judge")
        try:
            return self._model_call("judge", JUDGE_SEAT, turn, step, conversation, model)
        except ServiceFault as fault:
            if fault.reason == "provider":
                raise ServiceFault("judge", str(fault), fault.attempts) from fault
            raise

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        digest = tool_digest(op, args)
        line = self._find(Slot("tool", seat, turn, step, index), digest)
        if line is not None:
            return ToolAnswer(line["answer"], line["ms"])
        key = CallKey(self._trial.key, self._attempt, seat, turn, step)
        fields = call_fields("tool", key, digest)
        self._admit(fields, op)
        fields["index"] = index
        fields["op"] = op
        fields["args"] = args
        try:
            answer = self._compute(key, index, op, args, fields)
        except ServiceFault as fault:
            self._write_fault(fields, fault)
            raise
        fields["answer"] = answer.answer
        if answer.attempts:
            fields["http"] = attempts_to_json(answer.attempts)
        self._write(fields, answer.ms)
        return answer

    def _compute(self, key: CallKey, index: int, op: str, args: Json, fields: dict[str, Json]) -> ToolAnswer:
        """Have a tool call answered: by the recording of a replayed seat, else by the calculator."""
        model = self._wiring.judge_of(key.turn) if key.seat == JUDGE_SEAT else self._wiring.player(key.seat)
        if model is not None and model.recording is not None:
            return model.recording.tool(key, index, op, args)
        calculator = self._wiring.calculator
        if calculator is None:
            raise ServiceFault("calculator", "this run has no calculator")
        seed = ""
        if calculator.seeded:
            fields["seed"] = seed = tool_seed(self._trial.seed, key, index)
        return calculator.call(op, args, seed)

    def _model_call(
        self, kind: str, seat: str, turn: int, step: int, conversation: Conversation, model: Model
    ) -> ModelReply:
        digest = conversation.digest()
        line = self._find(Slot(kind, seat, turn, step, 0), digest) if self._replays else None
        if line is not None:
            return reply_from_json(line["reply"])
        wiring = self._wiring
        key = CallKey(self._trial.key, self._attempt, seat, turn, step)
        fields = call_fields(kind, key, digest)
        self._admit(fields, None)
        if kind == "model" and step == 0:
            wiring.activity.turns += 1
        request = ModelRequest(kind, model.name, conversation, model.sampling, key, self._trial.seed)
        reservation = wiring.budget.reserve(conversation.chars, model.sampling.max_tokens, model.price)
        fields |= {"provider": model.label, "messages": len(conversation.messages)}
        started = wiring.timer()
        wiring.activity.in_flight += 1
        try:
            reply = model.provider.complete(request)
        except ServiceFault as fault:
            self._settle_fault(fields, fault, reservation, model.price)
            raise
        except BaseException:
            wiring.budget.settle(reservation, None, model.price)
            raise
        finally:
            wiring.activity.in_flight -= 1
        fields["reply"] = reply_to_json(reply)
        if reply.raw is not None:
            fields["raw"] = reply.raw
        if reply.attempts:
            fields["http"] = attempts_to_json(reply.attempts)
            wiring.activity.retries += len(reply.attempts) - 1
        self._write(fields, (wiring.timer() - started) * 1000)
        wiring.budget.settle(reservation, reply.usage, model.price)
        return reply

    def _find(self, slot: Slot, digest: str) -> dict[str, Json] | None:
        """Return a recorded call, and with it take over what the gate decided about it then."""
        line = self._recorded.find(slot, digest)
        if line is not None and "gate" in line:
            self.gate_decisions.append(line["gate"])
        return line

    def _admit(self, fields: dict[str, Json], op: str | None) -> None:
        """Let the gate decide, and start nothing new once the user asked to stop.

        `fields` are those of the call's journal line; a decision other than a plain allow is added to them.
        """
        wiring = self._wiring
        if wiring.stop.is_set():
            raise Interrupted("stopped before the next call")
        if not self._gated:
            return
        facts: dict[str, Json] = {name: fields[name] for name in GATE_FACTS}
        facts["op"] = op
        decision = wiring.gate.decide(facts)
        if decision is ALLOW:
            return
        fields["gate"] = {**facts, **decision.to_json()}
        self.gate_decisions.append(fields["gate"])
        if decision.verdict == "deny":
            raise GateDenied(f"{decision.rule_id}: {decision.message or decision.reason_code}")

    def _settle_fault(
        self, fields: dict[str, Json], fault: ServiceFault, reservation: Reservation, price: Price
    ) -> None:
        self._wiring.budget.settle(reservation, None, price)
        self._wiring.activity.retries += max(0, len(fault.attempts) - 1)
        self._write_fault(fields, fault)
        if fault.reason == "interrupted":
            raise Interrupted("stopped while waiting for an answer") from fault

    def _write_fault(self, fields: dict[str, Json], fault: ServiceFault) -> None:
        fields["fault"] = {"reason": fault.reason, "message": str(fault)}
        if fault.attempts:
            fields["http"] = attempts_to_json(fault.attempts)
        self._write(fields, 0.0)

    def _write(self, fields: dict[str, Json], ms: float) -> None:
        fields["ms"] = round(ms, 3)
        fields["unix"] = round(self._wiring.clock(), 3)
        self.made_calls += 1
        self._wiring.journal.append(encode_line(fields))


def tool_seed(trial_seed: str, key: CallKey, index: int) -> str:
    """Return the calculator seed (64 hex digits) of one call: a function of its place in the run alone."""
    place = encode_line([trial_seed, key.attempt, key.seat, key.turn, key.step, index])
    return hashlib.sha256(b"arena-tool-seed/1\0" + place).hexdigest()


def merge_usage(into: dict[str, int], reply: ModelReply) -> None:
    """Add one reply's counts to a seat's counters (the keys of records.Transcript.usage)."""
    usage = reply.usage
    into["calls"] = into.get("calls", 0) + 1
    into["prompt_tokens"] = into.get("prompt_tokens", 0) + usage.prompt_tokens
    into["completion_tokens"] = into.get("completion_tokens", 0) + usage.completion_tokens
    if usage.reasoning_tokens:
        into["reasoning_tokens"] = into.get("reasoning_tokens", 0) + usage.reasoning_tokens
    if usage.estimated:
        into["estimated"] = into.get("estimated", 0) + 1
