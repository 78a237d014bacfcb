"""One conversation by a schedule, which says who speaks when, who hears it, and who may call tools.

A schedule is an iterable of rows. `rotation` is the usual one; a family may write its own, also a generator that looks
at the transcript so far. In a seat's conversation its own turns have the role `assistant`, the others' turns `user`. A
message with tool calls is a private working step: the calls are carried out, only that seat gets the results, and the
text around the calls is kept as a private note. The first message without calls is the public turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from arena.errors import PlayerFault, TrialEnded
from arena.messages import Conversation, ModelReply, NativeCall, Sampling, Tool
from arena.play.addressing import Address, Channels, address_line, read_address
from arena.play.call_reading import clip
from arena.play.hearing import heard, unheard
from arena.play.native_tools import echo, read_call, result_of
from arena.play.services import Services, merge_usage
from arena.play.tool_description import HELP_OP
from arena.play.tool_protocol import (
    MAX_ITEMS,
    Call,
    Done,
    Malformed,
    Parsed,
    call_text,
    done_text,
    parse,
    results_message,
)
from arena.records import EVERYBODY, Counters, Entry, Json, Kind, Stop, Transcript

MAX_UNUSABLE = 2
"""Unusable replies (empty or refused) in one turn after which the trial stops: the second one answers the re-ask."""

MAX_REASKS = 3
"""Messages of one turn that are malformed or break a rule and are answered with a re-ask; the next aborts the trial."""

MAX_HELP_CALLS = 10
"""Calls of `help` that a turn may make in addition to its other tool calls."""

NO_CALL = "(A call that could not be read.)"
"""Replaces, in the conversation, a message that contains only such a call."""

EMPTY_CUE = "(Your last reply was empty. Please write your turn.)"
REFUSED_CUE = "(You declined. Please go on with your role in this everyday situation, or say what you need.)"


@dataclass(frozen=True, slots=True)
class Row:
    """One turn of a schedule.

    `cue`: message to the seat before it speaks.  `hears`: the seats that hear the turn; None: all.  `tools`:
    whether calls are carried out.  `fresh`: the seat starts again from its system text.  `sampling`: of this turn.
    """

    seat: str
    cue: str | None = None
    hears: tuple[str, ...] | None = None
    tools: bool = True
    fresh: bool = False
    sampling: Sampling | None = None


def rotation(seats: Sequence[str], max_turns: int, cue: Callable[[int], str] | None = None) -> Iterator[Row]:
    """Yield turns in strict rotation; the first seat opens, all seats hear everything.

    `cue`: turn -> message to its seat before it speaks; None: no message.
    """
    for turn, seat in enumerate(itertools.islice(itertools.cycle(seats), max_turns)):
        yield Row(seat, None if cue is None else cue(turn))


@dataclass(frozen=True, slots=True)
class DialogueSetup:
    """The inputs of a dialogue: the system text of each seat (in the order of seats), its schedule, and the limits.

    `opening_cue` replaces the first message of a seat that has heard nothing yet.  `agreed_end`: whether the dialogue
    ends when the latest turn of every seat declares the matter settled.  `nonces`: seat -> the mark of its tool results
    (play/hearing.py), which its system text must name; a seat without one has unmarked results.
    """

    systems: Mapping[str, str]
    schedule: Iterable[Row]
    max_tool_calls_per_turn: int
    opening_cue: str
    agreed_end: bool = True
    tools: tuple[Tool, ...] = ()
    """Tools offered in the provider's own form; without them, calls are part of the text."""
    nonces: Mapping[str, str] = field(default_factory=dict)
    refusal: Callable[[str, Json], str] | None = None
    """(op, args) -> why players may not make this call, empty if they may; None: all calls are carried out."""
    instead: Callable[[str, int, str, Json], Json] | None = None
    """(seat, turn, op, args) -> the arena's answer to a call that must wait, which is not the player's fault; None: the
    call is carried out. It must follow from the earlier calls, because it is not in the journal."""
    channels: Channels | None = None
    """Who may write to whom in private; None: nobody, and an address line is ordinary text."""


def converse(setting: DialogueSetup, services: Services, transcript: Transcript | None = None) -> Transcript:
    """Play one dialogue and return its transcript, whose `stop` says why it ended.

    `transcript`: receives the entries, for a schedule that reads them; None: a new one. An exception that ends the
    trial (errors.TrialEnded) becomes its stop reason here; Interrupted is passed on to the runner.
    """
    dialogue = _Dialogue(setting, services, Transcript() if transcript is None else transcript)
    end_with(dialogue.transcript, dialogue.play)
    return dialogue.transcript


def end_with(transcript: Transcript, play: Callable[[], None]) -> None:
    """Call `play`; an exception that ends the trial becomes the transcript's stop reason."""
    try:
        play()
    except TrialEnded as end:
        transcript.stop, transcript.detail = end.stop, str(end)


class _Unusable(TrialEnded):
    """A seat gave no usable reply, twice."""

    def __init__(self, stop: Stop, detail: str) -> None:
        self.stop = stop
        super().__init__(detail)


class _Dialogue:
    """One dialogue in progress."""

    def __init__(self, setting: DialogueSetup, services: Services, transcript: Transcript) -> None:
        self.setting = setting
        self.services = services
        self.transcript = transcript
        for seat in setting.systems:
            transcript.usage.setdefault(seat, Counters(seat))
        self.views = {seat: Conversation(system) for seat, system in setting.systems.items()}
        self.agreed: set[str] = set()

    def play(self) -> None:
        """Play every row of the schedule. Errors: TrialEnded."""
        for turn, row in enumerate(self.setting.schedule):
            spoken = _SeatTurn(self, row, turn).play()
            self.publish(row, spoken)
            if spoken.done:
                self.agreed.add(row.seat)
                if self.setting.agreed_end and len(self.agreed) == len(self.views):
                    self.transcript.stop = Stop.AGREED_END
                    return
            else:
                self.agreed.discard(row.seat)
        self.transcript.stop = Stop.MAX_TURNS

    def publish(self, row: Row, spoken: _Spoken) -> None:
        """Add a turn to the conversations: unchanged for the speaker, for the others with the speaker in front of every
        line. Seats that do not hear a private message get a note that there was one."""
        to = spoken.to
        for other, view in self.views.items():
            if other == row.seat:
                view.add("assistant", spoken.text if to is None else f"{address_line(to)}\n{spoken.text}")
            elif to is not None:
                view.add("user", heard(row.seat, spoken.text, to) if other in to else unheard(row.seat, to))
            elif row.hears is None or other in row.hears:
                view.add("user", heard(row.seat, spoken.text))


class _Spoken(NamedTuple):
    """A turn: its text with the done line, whether it declares the matter settled, and the audience of a private
    one."""

    text: str
    done: bool
    to: tuple[str, ...] | None


class _SeatTurn:
    """One turn of one seat: messages with tool calls, and re-asks, until one message is public."""

    def __init__(self, dialogue: _Dialogue, row: Row, turn: int) -> None:
        self.dialogue = dialogue
        self.row = row
        self.seat = row.seat
        self.turn = turn
        if row.fresh:
            dialogue.views[row.seat] = Conversation(dialogue.setting.systems[row.seat])
        self.view = dialogue.views[row.seat]
        self.usage = dialogue.transcript.usage[row.seat]
        self.tools = dialogue.setting.tools if row.tools else ()
        self.nonce = dialogue.setting.nonces.get(row.seat, "")
        self.tool_calls = 0
        self.help_calls = 0
        self.unusable = 0
        self.reasks = 0

    def play(self) -> _Spoken:
        """Play the turn and return it. Errors: TrialEnded."""
        if self.row.cue is not None:
            self.view.add("user", self.row.cue)
        elif not self.view.messages:
            self.view.add("user", self.dialogue.setting.opening_cue)
        step = 0
        while True:
            reply = self.ask(step)
            merge_usage(self.usage, reply)
            if reply.finish == "refusal" or not (reply.text.strip() or reply.calls):
                self.reask_unusable(reply, step)
            else:
                parsed = parse(reply.text)
                if parsed.items or reply.calls:
                    self.work(parsed, reply, step)
                elif parsed.say or parsed.done is not None:
                    channels = self.dialogue.setting.channels
                    address = Address(None, parsed.say)
                    if channels is not None:
                        address = read_address(parsed.say, self.seat, channels)
                    if not address.problem:
                        return self.spoken(address, parsed.done, step)
                    self.work(Parsed("", (Malformed(address.line, address.problem),), None), reply, step)
                else:
                    self.reask_unusable(reply, step)
            step += 1

    def ask(self, step: int) -> ModelReply:
        services, sampling = self.dialogue.services, self.row.sampling
        if self.tools:
            return services.ask(self.seat, self.turn, step, self.view, sampling, self.tools)
        return services.ask(self.seat, self.turn, step, self.view, sampling)

    def spoken(self, address: Address, done: Done | None, step: int) -> _Spoken:
        said, hears = address.text, self.row.hears if address.to is None else address.to
        to = EVERYBODY if hears is None else hears
        if done is None:
            self.add(Entry(self.turn, self.seat, to, "say", step, said))
            return _Spoken(said, False, address.to)
        self.add(Entry(self.turn, self.seat, to, "say", step, said, True, done.result))
        line = done_text(done.result)
        return _Spoken(f"{said}\n{line}" if said else line, True, address.to)

    def add(self, entry: Entry) -> None:
        self.dialogue.transcript.entries.append(entry)

    def reask_unusable(self, reply: ModelReply, step: int) -> None:
        """Count an empty or refused reply; ask once more, then stop the trial."""
        self.unusable += 1
        kind: Kind = "empty_reply"
        if reply.finish == "refusal":
            kind = "refusal"
            self.usage.refusal += 1
        else:
            self.usage.empty_reply += 1
        text = reply.text if reply.text.strip() else ""
        self.add(Entry(self.turn, self.seat, (self.seat,), kind, step, text, problem=reply.finish))
        if self.unusable >= MAX_UNUSABLE:
            stop = Stop.MAX_TOKENS if reply.finish == "length" else Stop(kind)
            raise _Unusable(stop, f"{self.seat}, turn {self.turn}: finish reason {reply.finish}")
        self.view.add("user", REFUSED_CUE if kind == "refusal" else EMPTY_CUE)

    def work(self, parsed: Parsed, reply: ModelReply, step: int) -> None:
        """Carry out a working message: only this seat gets the results of its calls and the list of its mistakes.

        Calls of the text come first, then those in the provider's own form.
        """
        if parsed.say:
            self.add(Entry(self.turn, self.seat, (self.seat,), "note", step, parsed.say))
        native = reply.calls[: max(0, MAX_ITEMS - len(parsed.items))]
        texts = (*parsed.items, *self.too_many(reply.calls[len(native) :]))
        items = (*texts, *(read_call(call, self.tools) for call in native))
        results = self.answers(items, step)
        written = len(texts)
        if self.tools:
            said = results_message(results[:written], self.nonce) if written else ""
            told = [result_of(call, answer) for call, (_, answer) in zip(native, results[written:], strict=True)]
            self.view.add("assistant", reply.text, calls=tuple(echo(call) for call in native))
            self.view.add("user", said, results=tuple(told))
        else:
            calls = [call_text(item.op, item.args, item.id) for item in items[written:] if isinstance(item, Call)]
            self.view.add("assistant", "\n".join(part for part in (reply.text, *calls) if part.strip()) or NO_CALL)
            self.view.add("user", results_message(results, self.nonce))

    def too_many(self, calls: Sequence[NativeCall]) -> list[Malformed]:
        """Return one problem about all calls beyond the most that a message may hold."""
        if not calls:
            return []
        names = clip(", ".join(call.name for call in calls))
        problem = f"a message may hold {MAX_ITEMS} calls, and {len(calls)} more were left out: send them in another."
        return [Malformed(names, problem)]

    def answers(self, items: Sequence[Call | Malformed], step: int) -> list[tuple[str | None, Json]]:
        """Return each call's own id (None if it has none) and answer. Errors: PlayerFault past the allowed re-asks."""
        results: list[tuple[str | None, Json]] = []
        at_fault = 0
        for index, item in enumerate(items):
            given = item.id if isinstance(item, Call) else None
            problem = item.problem if isinstance(item, Malformed) else self.refused(item)
            if problem or isinstance(item, Malformed):
                at_fault += 1
                answer = self.malformed(step, item.text if isinstance(item, Malformed) else item.op, problem)
            else:
                answer = self.call(item, given or f"{self.turn}.{step}.{index}", step, index)
            results.append((given, answer))
        if at_fault == len(results):
            self.reasks += 1
            if self.reasks > MAX_REASKS:
                raise PlayerFault(
                    f"{self.seat}, turn {self.turn}: {self.reasks} messages of one turn broke the tool rules"
                )
        return results

    def refused(self, item: Call) -> str:
        """Return why a call is not carried out; empty if it is."""
        setting = self.dialogue.setting
        limit = setting.max_tool_calls_per_turn
        if not (self.row.tools and self.dialogue.services.has_tools):
            return "there are no tools in this turn; go on in plain words"
        if item.op == HELP_OP and self.help_calls >= MAX_HELP_CALLS:
            return f"at most {MAX_HELP_CALLS} calls of help a turn; go on with what you know"
        if item.op != HELP_OP and self.tool_calls >= limit:
            return f"at most {limit} calls a turn; write your public turn now"
        return "" if setting.refusal is None else setting.refusal(item.op, item.args)

    def call(self, item: Call, call_id: str, step: int, index: int) -> Json:
        if item.op == HELP_OP:
            self.help_calls += 1
        else:
            self.tool_calls += 1
        withheld = self.dialogue.setting.instead
        answer = None if withheld is None else withheld(self.seat, self.turn, item.op, item.args)
        carried_out = answer is None
        if answer is None:
            answer = self.dialogue.services.tool(self.seat, self.turn, step, index, item.op, item.args).answer
        self.add(
            Entry(
                self.turn,
                self.seat,
                (self.seat,),
                "call",
                step,
                id=call_id,
                index=index,
                op=item.op,
                args=item.args,
                answer=answer,
                problem="; ".join(item.repairs),
            )
        )
        self.usage.tool_calls += 1
        if carried_out and answer.get("ok") is not True:
            self.usage.tool_errors += 1
        return answer

    def malformed(self, step: int, text: str, problem: str) -> Json:
        self.add(Entry(self.turn, self.seat, (self.seat,), "malformed", step, text, problem=problem))
        self.usage.malformed += 1
        return {"ok": False, "error": {"code": "malformed_call", "message": problem}}
