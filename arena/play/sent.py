"""The messages sent to a seat, call by call: a trial is replayed from its recorded calls, and every question is kept.

No other code reconstructs the conversation of a model. The family's own `play` builds the conversations, as in the run,
and each must have the digest in the journal, so they equal the sent ones byte for byte. No model is called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from arena.errors import DataError, Issue, ServiceFault, TrialEnded
from arena.messages import Conversation, Message, ModelReply, ModelRequest, Provider, Sampling, ToolAnswer
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.past import Past
from arena.play.services import Services, TrialServices, recorded_fault
from arena.play.services_over import ServicesOver
from arena.play.toolbox import CalculatorToolbox
from arena.records import STOPS, CallKind, Json, Score, Stop, Transcript, Trial
from arena.store.calls import CallLine, Slot
from arena.store.journal import JOURNAL_FILE, NOWHERE, AppendFile, JournalIndex, Recorded

Play = Callable[[Trial, Services, Past], Transcript]
Grade = Callable[[Trial, Transcript, Services], Score]


class Sent(NamedTuple):
    """One question to a model. `messages`: all of the conversation; `new`: how many of them came since the call before.

    `system`: the text before the messages.  `reply`: the answer, None if there was none.
    """

    kind: CallKind
    seat: str
    turn: int
    step: int
    system: str
    messages: tuple[Message, ...]
    new: int
    reply: str | None


def sent_calls(trial: Trial, lines: Iterable[CallLine], past: Past, play: Play, score: Grade | None) -> list[Sent]:
    """Return every question of one attempt of a trial in the order of asking, those to the judge at the end.

    `lines`: the journal's lines of this attempt.  `past`: the earlier records of the trial's series.  `play`, `score`:
    the family's; without `score` the judge's questions are left out.
    Errors: DataError if a question has another digest than in the journal: then the run's inputs or this version's
    prompts differ from those of the run. An attempt that was stopped gives its questions up to that call.
    """
    listener = _Listener(trial, list(lines))
    try:
        transcript = play(trial, listener, past)
        stop = transcript.stop
        if score is not None and stop is not None and STOPS[stop].scored:
            score(trial, transcript, listener)
    except TrialEnded:  # the last recorded call: later questions were never asked
        pass
    finally:
        listener.close()
    return listener.found


class _Listener(ServicesOver):
    """The services of a replayed trial: they answer from the journal and note each question."""

    def __init__(self, trial: Trial, lines: list[CallLine]) -> None:
        self.found: list[Sent] = []
        self._trial = trial
        self._settled = {line.slot: line for line in lines if line.settled}
        self._faults = {line.slot: line for line in lines if line.slot not in self._settled}
        self._lengths: dict[str, int] = {}
        self._sink = AppendFile(NOWHERE, False)
        attempt = lines[0].attempt if lines else 0
        silent = _Silent(self._faults)
        model = Model(silent, "", "recorded", Sampling())
        context = RunContext(
            Budget(Limits()), self._sink, JournalIndex(NOWHERE), threading.Event(), player=lambda trial, seat: model,
            panel=(model,), toolbox=CalculatorToolbox(silent),
        )  # fmt: skip
        super().__init__(TrialServices(context, trial, attempt, Recorded(self._settled)), has_tools=True)

    def close(self) -> None:
        self._sink.close()

    def hears(self, kind: CallKind, seat: str, turn: int, step: int, conversation: Conversation) -> None:
        """Note a question. Errors: DataError for another digest; TrialEnded if it was never asked."""
        slot = Slot(kind, seat, turn, step, 0)
        line = self._settled.get(slot) or self._faults.get(slot)
        if line is None:
            raise ServiceFault(Stop.JOURNAL, f"the {kind} call of {slot.seat} at turn {slot.turn} is not recorded")
        if line.digest != conversation.digest():
            message = (
                f"{kind} call of {slot.seat}, turn {slot.turn}, step {slot.step}: this version asks something else"
            )
            raise DataError([Issue(JOURNAL_FILE, self._trial.key, message)])
        messages = tuple(conversation.messages)
        before = self._lengths.get(slot.seat, 0)
        new = len(messages) - before if len(messages) > before else len(messages)
        self._lengths[slot.seat] = len(messages)
        reply = None if line.reply is None else line.reply.text
        self.found.append(Sent(kind, slot.seat, slot.turn, slot.step, conversation.system, messages, new, reply))


class _Silent(Provider):
    """Players, judge and tools of a replayed trial: a call that failed then fails again."""

    name = "recorded"
    offline = True
    seeded = True

    def __init__(self, faults: Mapping[Slot, CallLine]) -> None:
        self._faults = faults

    def complete(self, request: ModelRequest) -> ModelReply:
        key = request.key
        line = self._faults.get(Slot(request.kind, key.seat, key.turn, key.step, 0))
        raise _as_recorded(line, f"{request.kind} call of {key.seat} at turn {key.turn}, step {key.step}")

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        failed = (line for line in self._faults.values() if line.kind == "tool" and line.op == op and line.args == args)
        raise _as_recorded(next(failed, None), f"tool call {op}")

    def catalogue(self) -> list[dict[str, Json]]:
        return []

    def identity(self) -> dict[str, Json]:
        return {}


def _as_recorded(line: CallLine | None, what: str) -> TrialEnded:
    if line is None or line.fault is None:
        return ServiceFault(Stop.JOURNAL, f"{JOURNAL_FILE} holds no {what}")
    return recorded_fault(line.fault)
