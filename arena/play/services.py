"""The calls that a family may make while it plays or scores one trial.

The runner provides one `Services` object per trial. It applies the journal, the limits and the gates, so a family
cannot make a call that is not recorded, limited and allowed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from arena.errors import ContextExceeded, GateDenied, Interrupted, ServiceFault, StorageFault, TrialEnded, ended
from arena.messages import (
    CallKey,
    Conversation,
    HttpAttempt,
    ModelReply,
    ModelRequest,
    Sampling,
    Tool,
    ToolAnswer,
)
from arena.play.context import Model, RunContext, no_player
from arena.play.gated import asked_text, denial_text, denied_answer, recalled_facts, withheld
from arena.play.limits import Asked, Hold
from arena.play.native_tools import size
from arena.play.toolbox import Tools
from arena.policy.gates import ALLOW, TOOL_ERROR, AllowAll, CallFacts, Decision, TrialGate
from arena.records import Counters, GateDecision, Json, Stop, Trial
from arena.store.calls import CallLine, Fault, Slot
from arena.store.journal import (
    Recorded,
    attempts_to_json,
    call_fields,
    dumps,
    encode_line,
    reply_to_json,
    tool_digest,
    usage_to_json,
)

JUDGE_SEAT = "(judge)"
"""Seat name of the judge in the journal; seat names may hold any text, but parentheses mark it for readers."""

ABANDONED = "abandoned: the run was ended before the answer came"

SETUP_SEAT = "(setup)"
"""Seat name under which the values of a trial are drawn that need a tool."""


class Services(Protocol):
    """The calls of one trial. All of them may raise TrialEnded or Interrupted."""

    def ask(
        self,
        seat: str,
        turn: int,
        step: int,
        conversation: Conversation,
        sampling: Sampling | None = None,
        tools: tuple[Tool, ...] = (),
    ) -> ModelReply:
        """Ask the player of `seat`; `step` counts the calls of this seat's turn (tool rounds and re-asks alike).

        `sampling`: of this call, if it differs from the run's settings.  `tools`: see ModelRequest.
        """
        ...

    def judge(
        self, turn: int, step: int, conversation: Conversation, schema: dict[str, Json] | None = None
    ) -> ModelReply:
        """Ask the judge; `turn` counts its questions, `step` the calls of one question.  `schema`: see ModelRequest."""
        ...

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        """Carry out the `index`-th call of the message that `seat` wrote at `turn`, `step`, with the toolbox.

        `seat` is JUDGE_SEAT when the judge recomputes something, SETUP_SEAT when a value of the trial is drawn.
        """
        ...

    @property
    def has_tools(self) -> bool:
        """Whether `tool` has a toolbox, and players were shown it."""
        ...

    @property
    def gate_decisions(self) -> Sequence[GateDecision]:
        """The decisions of the policy about the calls of this trial so far; empty in a run without a policy."""
        ...


class TrialServices:
    """The `Services` of one attempt of one trial."""

    def __init__(self, context: RunContext, trial: Trial, attempt: int, past_calls: Recorded | None = None) -> None:
        self._context = context
        self._trial = trial
        self._attempt = attempt
        self._recorded = past_calls if past_calls is not None else context.recorded.recorded(trial.key, attempt)
        # Checked before each call, for speed: most runs resume nothing and have no gate.
        self._replays = bool(self._recorded)
        self._gate: TrialGate | None = None if isinstance(context.gate, AllowAll) else context.gate.open(trial)
        self._tools: Tools | None = None
        self.gate_decisions: list[GateDecision] = []
        self.last_call: float | None = None  # Unix time of this trial's newest line in the journal
        self.judged = Counters(JUDGE_SEAT)
        """The use of the judge's answers so far, recorded ones too: for a trial that ends before it has a score."""

    @property
    def has_tools(self) -> bool:
        return self._context.has_tools

    def ask(
        self,
        seat: str,
        turn: int,
        step: int,
        conversation: Conversation,
        sampling: Sampling | None = None,
        tools: tuple[Tool, ...] = (),
    ) -> ModelReply:
        model = self._context.player(self._trial, seat)
        sampled = model.sampling if sampling is None else sampling
        key = self._place(seat, turn, step)
        return self._model_call(
            ModelRequest("model", model.name, conversation, sampled, key, self._trial.seed, tools), model
        )

    def judge(
        self, turn: int, step: int, conversation: Conversation, schema: dict[str, Json] | None = None
    ) -> ModelReply:
        model = self._context.judge_of(turn)
        if model is None:
            raise ServiceFault(Stop.JUDGE, "this run has no judge")
        key = self._place(JUDGE_SEAT, turn, step)
        schema = schema if self._context.judge_bound else None
        request = ModelRequest("judge", model.name, conversation, model.sampling, key, self._trial.seed, (), schema)
        try:
            return self._model_call(request, model)
        except ServiceFault as fault:
            if fault.stop is Stop.PROVIDER:
                raise ServiceFault(Stop.JUDGE, str(fault), fault.attempts) from fault
            raise
        except ContextExceeded as fault:  # not the player's fault: the judge's own context window was too small
            raise ServiceFault(Stop.JUDGE, f"the judge: {fault}", fault.attempts) from fault

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        digest = tool_digest(op, args)
        key = self._place(seat, turn, step)
        line = self._recorded.find(Slot("tool", seat, turn, step, index), digest)
        if line is not None:
            return self._recalled_tool(line, op, args)
        fields = call_fields("tool", key, digest) | {"index": index, "op": op, "args": args}
        denied = self._admit(CallFacts("before", "tool", seat, turn, step, "", op, args), fields)
        if denied is not None:
            return ToolAnswer(denied_answer(denied), 0.0)
        try:
            answer = self._compute(key, index, op, args, fields)
        except ServiceFault as fault:
            self._write_fault(fields, fault)
            raise
        fields["answer"] = answer.answer
        if answer.attempts:
            fields["http"] = attempts_to_json(answer.attempts)
        if self._gate is not None:
            facts = CallFacts("after", "tool", seat, turn, step, dumps(answer.answer), op, args)
            denied = self._decide(facts, fields)
        self._write(fields, answer.ms)
        if denied is not None:
            return ToolAnswer(self._after_denial(denied), answer.ms, answer.attempts)
        return answer

    def _recalled_tool(self, line: CallLine, op: str, args: Json) -> ToolAnswer:
        """Return the answer of a recorded call, and update the state of the trial's tools with it."""
        denied = self._recall_gates(line, "")
        if line.answer is None:
            return ToolAnswer(self._after_denial(denied), 0.0)
        tools = self._open_tools()
        if tools is not None:
            tools.recall(op, args, line.seed, line.answer)
        if denied is not None:
            return ToolAnswer(self._after_denial(denied), line.ms)
        return ToolAnswer(dict(line.answer), line.ms)

    def _after_denial(self, decision: Decision | None) -> dict[str, Json]:
        """Return the answer to a tool call after a denial that does not end the trial."""
        if decision is None:
            raise ServiceFault(Stop.JOURNAL, "a recorded tool call has neither an answer nor a denial")
        if decision.on_deny != TOOL_ERROR:
            raise GateDenied(denial_text(decision))
        return denied_answer(decision)

    def _open_tools(self) -> Tools | None:
        if self._tools is None and self._context.toolbox is not None:
            self._tools = self._context.toolbox.open(self._trial)
        return self._tools

    def _compute(self, key: CallKey, index: int, op: str, args: Json, fields: dict[str, Json]) -> ToolAnswer:
        """Get the answer to a tool call: from the recording of a replayed seat, else from the toolbox."""
        if key.seat == JUDGE_SEAT:
            model = self._context.judge_of(key.turn)
        elif key.seat == SETUP_SEAT and self._context.player is no_player:
            model = None
        else:
            model = self._context.player(self._trial, key.seat)
        if model is not None and model.recording is not None:
            return model.recording.tool(key, index, op, args)
        tools = self._open_tools()
        if tools is None:
            raise ServiceFault(Stop.CALCULATOR, "this run has no tools")
        seed = ""
        if tools.seeded:
            fields["seed"] = seed = tool_seed(self._trial.seed, key, index)
        return tools.call(op, args, seed)

    def _place(self, seat: str, turn: int, step: int) -> CallKey:
        return CallKey(self._trial.key, self._attempt, seat, turn, step)

    def _model_call(self, request: ModelRequest, model: Model) -> ModelReply:
        kind, key, conversation = request.kind, request.key, request.conversation
        digest = conversation.digest()
        if self._replays:
            line = self._recorded.find(Slot(kind, key.seat, key.turn, key.step, 0), digest)
            if line is not None:
                return self._recalled_reply(line, conversation)
        fields = call_fields(kind, key, digest)
        fields |= {"provider": model.label, "messages": len(conversation.messages)}
        if self._gate is not None:
            self._admit(CallFacts("before", kind, key.seat, key.turn, key.step, asked_text(conversation)), fields)
        elif self._context.stop.is_set():
            raise Interrupted("stopped before the next call")
        if kind == "model" and key.step == 0:
            self._context.activity.turns += 1
        return self._complete(request, model, fields)

    def _complete(self, request: ModelRequest, model: Model, fields: dict[str, Json]) -> ModelReply:
        """Call a provider; journal the reply before it is used, and settle its use."""
        context, budget = self._context, self._context.budget
        chars = request.conversation.chars + (size(request.tools) if request.tools else 0)
        hold = budget.reserve(Asked(model.label, model.price, chars, request.sampling.max_tokens))
        started = context.timer()
        try:
            reply = self._answer(request, model, fields, hold)
        except TrialEnded as fault:
            self._settle_fault(fields, fault, hold)
            raise
        except BaseException:
            budget.settle(hold, None)
            raise
        context.left_out.add(model.label, reply.not_sent)
        if request.kind == "judge":
            merge_usage(self.judged, reply)
        fields["reply"] = reply_to_json(reply)
        if reply.raw is not None:
            fields["raw"] = reply.raw
        if reply.attempts:
            fields["http"] = attempts_to_json(reply.attempts)
            context.activity.retries += len(reply.attempts) - 1
        denied = None
        if self._gate is not None:
            _, _, seat, turn, step = request.key
            denied = self._decide(CallFacts("after", request.kind, seat, turn, step, reply.text), fields)
        assumed = budget.settle(hold, reply.usage, reply.attempts)
        if assumed is not None:
            fields["assumed"] = usage_to_json(assumed)
        self._write(fields, (context.timer() - started) * 1000)
        return reply if denied is None else withheld(reply, denied)

    def _answer(self, request: ModelRequest, model: Model, fields: dict[str, Json], hold: Hold) -> ModelReply:
        """Let a provider answer, in a call that can be abandoned. Errors: the provider's; Interrupted if it was
        abandoned."""
        activity, provider = self._context.activity, model.provider
        flight = None
        if not provider.offline:
            request = ModelRequest(*request[:-1], partial(self._context.budget.again, hold))
            flight = activity.departs(partial(self._abandon, fields, hold))
        activity.in_flight += 1
        try:
            return provider.complete(request)
        finally:
            activity.in_flight -= 1
            if flight is not None and not activity.lands(flight):
                raise Interrupted("the call was abandoned")

    def _recalled_reply(self, line: CallLine, conversation: Conversation) -> ModelReply:
        """Return a recorded reply as the family received it."""
        if line.kind == "judge" and line.reply is not None:
            merge_usage(self.judged, line.reply)
        denied = self._recall_gates(line, asked_text(conversation))
        if line.reply is None:
            if denied is None:
                raise ServiceFault(Stop.JOURNAL, "a recorded call has neither a reply nor a denial")
            raise GateDenied(denial_text(denied))
        return line.reply if denied is None else withheld(line.reply, denied)

    def _recall_gates(self, line: CallLine, said: str) -> Decision | None:
        """Adopt the decisions recorded with a call whose text was `said`; return the enforced denial, if any. Errors:
        ServiceFault(journal) if they cannot belong to this call."""
        if not line.gates and self._gate is None:
            return None
        self.gate_decisions.extend(line.gates)
        stored = {one.phase: one for one in line.gates}
        misplaced = any(one.place != (line.kind, *line.slot[1:4], line.op or None) for one in line.gates)
        if misplaced or len(stored) < len(line.gates):
            raise ServiceFault(Stop.JOURNAL, f"{line.seat}, turn {line.turn}, step {line.step}: decisions of two calls")
        denied = None
        for facts in recalled_facts(line, said):
            noted = stored.get(facts.phase)
            decision = ALLOW if noted is None else Decision.recalled(noted)
            if self._gate is not None:
                self._gate.recall(facts, decision)
            if decision.denies:
                denied = decision
        return denied

    def _admit(self, facts: CallFacts, fields: dict[str, Json]) -> Decision | None:
        """Let the gate decide before a call; refuse to start a call after the user asked to stop.

        Return a denial that does not end the trial. A denied call is journalled here, because no other line is written.
        Errors: GateDenied, Interrupted.
        """
        if self._context.stop.is_set():
            raise Interrupted("stopped before the next call")
        if self._gate is None:
            return None
        denied = self._decide(facts, fields)
        if denied is None:
            return None
        self._write(fields, 0.0)
        if facts.kind == "tool" and denied.on_deny == TOOL_ERROR:
            return denied
        raise GateDenied(denial_text(denied))

    def _decide(self, facts: CallFacts, fields: dict[str, Json]) -> Decision | None:
        """Ask the gate, keep its decision (except a plain allow), and return the decision if it has consequences."""
        if self._gate is None:
            return None
        decision = self._gate.decide(facts)
        if decision is ALLOW:
            return None
        stored = decision.noted(facts)
        fields.setdefault("gates", []).append(stored)
        self.gate_decisions.append(stored)
        return decision if decision.denies else None

    def _settle_fault(self, fields: dict[str, Json], fault: TrialEnded, hold: Hold) -> None:
        attempts = tuple(attempt for attempt in fault.attempts if isinstance(attempt, HttpAttempt))
        assumed = self._context.budget.settle(hold, None, attempts)
        if assumed is not None:
            fields["assumed"] = usage_to_json(assumed)
        self._context.activity.retries += max(0, len(fault.attempts) - 1)
        self._write_fault(fields, fault)
        if fault.stop is Stop.INTERRUPTED:
            raise Interrupted("stopped while waiting for an answer") from fault

    def _abandon(self, fields: dict[str, Json], hold: Hold) -> None:
        """Journal a call whose answer is no longer awaited, as an attempt of unknown cost."""
        attempt = HttpAttempt(None, 0.0, ABANDONED, may_be_billed=True)
        with contextlib.suppress(Interrupted, StorageFault):  # the process ends either way
            self._settle_fault(dict(fields), ServiceFault(Stop.INTERRUPTED, ABANDONED, (attempt,)), hold)

    def _write_fault(self, fields: dict[str, Json], fault: TrialEnded) -> None:
        fields["fault"] = {"reason": fault.stop, "message": str(fault)}
        if fault.attempts:
            fields["http"] = attempts_to_json(fault.attempts)
        self._write(fields, 0.0)

    def _write(self, fields: dict[str, Json], ms: float) -> None:
        fields["ms"] = round(ms, 3)
        fields["unix"] = self.last_call = round(self._context.clock(), 3)
        self._context.append(fields)


def recorded_fault(fault: Fault) -> TrialEnded:
    """Return the exception for the fault of a journal line."""
    return ended(fault.reason, fault.message)


def tool_seed(trial_seed: str, key: CallKey, index: int) -> str:
    """Return the calculator seed (64 hex digits) of one call: a function of its place in the run alone."""
    place = encode_line([trial_seed, key.attempt, key.seat, key.turn, key.step, index])
    return hashlib.sha256(b"arena-tool-seed/1\0" + place).hexdigest()


def merge_usage(into: Counters, reply: ModelReply) -> None:
    """Add one reply's counts to a seat's counters."""
    usage = reply.usage
    into.calls += 1
    into.prompt_tokens += usage.prompt_tokens
    into.completion_tokens += usage.completion_tokens
    into.reasoning_tokens += usage.reasoning_tokens
    into.cached_prompt_tokens += usage.cached_prompt_tokens
    into.cache_write_tokens += usage.cache_write_tokens
    into.estimated += usage.estimated
