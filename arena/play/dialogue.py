"""The turn loop: seats speak in strict rotation, each sees only what is addressed to it.

A seat's own turns stand in its conversation as `assistant`, the others' as `user` with `Name: ` in front. A message
that holds tool calls is a private working step: the calls are carried out, the results come back to that seat alone,
and the text around them is kept as a note that nobody else sees. The first message without calls is the public turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arena.errors import GateDenied, LimitReached, PlayerFault, ServiceFault
from arena.messages import Conversation, ModelReply
from arena.play.services import Services, merge_usage
from arena.play.tool_description import HELP_OP
from arena.play.tool_protocol import Call, Malformed, Parsed, done_text, parse, results_message
from arena.records import Json, Transcript

MAX_UNUSABLE = 2
"""Replies of one turn that say nothing usable (empty or refused) before the match stops: the re-ask is the second."""

MAX_REASKS = 3
"""Messages of one turn that are malformed or break a rule and are answered with a re-ask; the next aborts the match."""

MAX_HELP_CALLS = 10
"""Calls of `help` that a turn may make, beside its other tool calls."""

EMPTY_CUE = "(Your last reply was empty. Please write your turn.)"
REFUSED_CUE = "(You declined. Please go on with your role in this everyday situation, or say what you need.)"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a dialogue needs: seats in rotation order (the first opens), the system text of each, and the limits.

    `opening_cue` stands in for a first message where a seat has heard nothing yet.
    """

    seats: tuple[str, ...]
    systems: Mapping[str, str]
    max_turns: int
    max_tool_calls_per_turn: int
    opening_cue: str


def converse(setting: Setting, services: Services) -> Transcript:
    """Play one dialogue and return its transcript, whose `stop` says why it ended (never empty).

    Faults, limits and denials end the dialogue and are told by `stop`; Interrupted is passed on to the runner.
    """
    table = _Table(setting, services)
    transcript = table.transcript
    try:
        table.play()
    except PlayerFault as fault:
        transcript.stop, transcript.detail = "player_fault", str(fault)
    except GateDenied as denial:
        transcript.stop, transcript.detail = "gate_denied", str(denial)
    except LimitReached as limit:
        transcript.stop, transcript.detail = "budget", str(limit)
    except ServiceFault as fault:
        transcript.stop, transcript.detail = fault.reason, str(fault)
    return transcript


class _Stopped(Exception):
    """A seat said nothing usable, twice: `stop` is `empty_reply` or `refusal`."""

    def __init__(self, stop: str, detail: str) -> None:
        self.stop, self.detail = stop, detail
        super().__init__(stop)


class _Table:
    """One dialogue in progress."""

    def __init__(self, setting: Setting, services: Services) -> None:
        self.setting = setting
        self.services = services
        self.transcript = Transcript(usage={seat: {} for seat in setting.seats})
        self.views = {seat: Conversation(setting.systems[seat]) for seat in setting.seats}
        self.settled: set[str] = set()

    def play(self) -> None:
        seats = self.setting.seats
        transcript = self.transcript
        for turn in range(self.setting.max_turns):
            seat = seats[turn % len(seats)]
            try:
                said, done = _SeatTurn(self, seat, turn).take()
            except _Stopped as stopped:
                transcript.stop, transcript.detail = stopped.stop, stopped.detail
                return
            self.publish(seat, said)
            if done:
                self.settled.add(seat)
                if len(self.settled) == len(seats):
                    transcript.stop = "agreed_end"
                    return
            else:
                self.settled.discard(seat)
        transcript.stop = "max_turns"

    def publish(self, seat: str, said: str) -> None:
        """Let every seat hear a public turn: the speaker as its own, the others under the speaker's name."""
        for other, view in self.views.items():
            if other == seat:
                view.add("assistant", said)
            else:
                view.add("user", f"{seat}: {said}")


class _SeatTurn:
    """One turn of one seat: as many messages as its tool calls and re-asks take, until one is public."""

    def __init__(self, table: _Table, seat: str, turn: int) -> None:
        self.table = table
        self.seat = seat
        self.turn = turn
        self.view = table.views[seat]
        self.usage = table.transcript.usage[seat]
        self.tool_calls = 0
        self.help_calls = 0
        self.unusable = 0
        self.reasks = 0

    def take(self) -> tuple[str, bool]:
        """Return the public text and whether the seat declared the matter settled."""
        if not self.view.messages:
            self.view.add("user", self.table.setting.opening_cue)
        step = 0
        while True:
            reply = self.table.services.ask(self.seat, self.turn, step, self.view)
            merge_usage(self.usage, reply)
            if reply.finish == "refusal" or not reply.text.strip():
                self.reask_unusable(reply)
            else:
                parsed = parse(reply.text)
                if parsed.items:
                    self.work(parsed, reply.text, step)
                elif parsed.say or parsed.done is not None:
                    return self.public(parsed)
                else:
                    self.reask_unusable(reply)
            step += 1

    def public(self, parsed: Parsed) -> tuple[str, bool]:
        entry = self.entry("say", "all")
        entry["text"] = said = parsed.say
        if parsed.done is None:
            return said, False
        entry["done"] = {"result": parsed.done.result}
        line = done_text(parsed.done.result)
        return (f"{said}\n{line}" if said else line), True

    def entry(self, kind: str, to: Json) -> dict[str, Json]:
        """Append an entry to the transcript and return it, to be filled in."""
        entry: dict[str, Json] = {"turn": self.turn, "from": self.seat, "to": to, "kind": kind}
        self.table.transcript.entries.append(entry)
        return entry

    def reask_unusable(self, reply: ModelReply) -> None:
        """Count a reply that says nothing; ask once more, then stop the match."""
        kind = "refusal" if reply.finish == "refusal" else "empty_reply"
        self.unusable += 1
        self.count(kind)
        entry = self.entry(kind, [self.seat])
        entry["finish"] = reply.finish
        if reply.text.strip():
            entry["text"] = reply.text
        if self.unusable >= MAX_UNUSABLE:
            raise _Stopped(kind, f"{self.seat}, turn {self.turn}: finish reason {reply.finish}")
        self.view.add("user", REFUSED_CUE if kind == "refusal" else EMPTY_CUE)

    def work(self, parsed: Parsed, text: str, step: int) -> None:
        """Carry out a working message: its calls, and what is wrong with it, are answered to this seat alone."""
        self.view.add("assistant", text)
        if parsed.say:
            self.entry("note", [self.seat])["text"] = parsed.say
        limit = self.table.setting.max_tool_calls_per_turn
        results: list[tuple[str, Json]] = []
        at_fault = 0
        for index, item in enumerate(parsed.items):
            call_id = (item.id if isinstance(item, Call) else None) or f"{self.turn}.{step}.{index}"
            if isinstance(item, Malformed):
                at_fault += 1
                answer = self.malformed(item.text, item.problem)
            elif not self.table.services.has_tools:
                at_fault += 1
                answer = self.malformed(item.op, "there is no calculator in this match; go on in plain words")
            elif item.op == HELP_OP and self.help_calls >= MAX_HELP_CALLS:
                at_fault += 1
                answer = self.malformed(
                    item.op, f"at most {MAX_HELP_CALLS} calls of help a turn; go on with what you know"
                )
            elif item.op != HELP_OP and self.tool_calls >= limit:
                at_fault += 1
                answer = self.malformed(item.op, f"at most {limit} calls a turn; write your public turn now")
            else:
                answer = self.call(item, call_id, step, index)
            results.append((call_id, answer))
        if at_fault == len(results):
            self.reasks += 1
            if self.reasks > MAX_REASKS:
                raise PlayerFault(
                    f"{self.seat}, turn {self.turn}: {self.reasks} messages of one turn broke the tool rules"
                )
        self.view.add("user", results_message(results))

    def call(self, item: Call, call_id: str, step: int, index: int) -> Json:
        if item.op == HELP_OP:
            self.help_calls += 1
        else:
            self.tool_calls += 1
        answer = self.table.services.tool(self.seat, self.turn, step, index, item.op, item.args).answer
        entry = self.entry("call", [self.seat])
        entry["id"] = call_id
        entry["step"] = step
        entry["index"] = index
        entry["op"] = item.op
        entry["args"] = item.args
        entry["answer"] = answer
        if item.repairs:
            entry["repairs"] = list(item.repairs)
        self.count("tool_calls")
        if answer.get("ok") is not True:
            self.count("tool_errors")
        return answer

    def malformed(self, text: str, problem: str) -> Json:
        entry = self.entry("malformed", [self.seat])
        entry["text"] = text
        entry["problem"] = problem
        self.count("malformed")
        return {"ok": False, "error": {"code": "malformed_call", "message": problem}}

    def count(self, name: str) -> None:
        self.usage[name] = self.usage.get(name, 0) + 1
