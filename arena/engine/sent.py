"""What each seat was sent in a finished match: played again out of its journal, and checked against the digests there.

This is the one source of what a model was shown. A conversation that is put together from the transcript would be an
imitation: re-asks, cues, tool results and the order of messages belong to how a family plays.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.engine.finished import family_of_run
from arena.engine.plan import SeriesIndex
from arena.errors import DataError, Issue, ServiceFault, TrialEnded
from arena.messages import Conversation, Message, ModelReply, ModelRequest, Provider, Sampling, ToolAnswer
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.past import Past
from arena.play.services import Services, TrialServices
from arena.play.toolbox import CalculatorToolbox
from arena.records import Json, Record, Stop
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex


@dataclass(frozen=True, slots=True)
class SentCall:
    """One question to a player: what it was sent, and what it replied."""

    seat: str
    turn: int
    step: int
    system: str
    messages: tuple[Message, ...]
    reply: ModelReply


class _Nobody(Provider):
    """Stands for players and tools: every answer comes from the journal."""

    name = "recorded"
    offline = True
    seeded = True

    def complete(self, request: ModelRequest) -> ModelReply:
        key = request.key
        raise ServiceFault(Stop.JOURNAL, f"no call of {key.seat} at turn {key.turn}, step {key.step}")

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        raise ServiceFault(Stop.JOURNAL, f"no tool call {op}")

    def catalogue(self) -> list[dict[str, Json]]:
        return []

    def identity(self) -> dict[str, Json]:
        return {}

    def close(self) -> None:
        """There is nothing to close."""


class _Listening(Services):
    """Passes all calls on, and keeps what players were sent."""

    def __init__(self, inner: TrialServices) -> None:
        self._inner = inner
        self.calls: list[SentCall] = []

    def ask(
        self, seat: str, turn: int, step: int, conversation: Conversation, sampling: Sampling | None = None
    ) -> ModelReply:
        reply = self._inner.ask(seat, turn, step, conversation, sampling)
        self.calls.append(SentCall(seat, turn, step, conversation.system, tuple(conversation.messages), reply))
        return reply

    def judge(self, turn: int, step: int, conversation: Conversation) -> ModelReply:
        return self._inner.judge(turn, step, conversation)

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        return self._inner.tool(seat, turn, step, index, op, args)

    @property
    def has_tools(self) -> bool:
        return self._inner.has_tools


def sent_calls(run: FinishedRun, keys: Collection[str] | None = None) -> Iterator[tuple[Record, list[SentCall]]]:
    """Yield each record (of `keys`; None: of all that were played to an end) with the calls of its players in order.

    Errors: DataError where the journal does not hold a call, or one whose digest is another.
    """
    family = family_of_run(run.path, run.identity)
    series = SeriesIndex(family.trials())
    index = JournalIndex(run.path / JOURNAL_FILE)
    index.scan(None if keys is None else set(keys))
    sink = AppendFile(Path(os.devnull), False)
    nobody = _Nobody()
    model = Model(nobody, "", "recorded", Sampling())
    shown = run.manifest.identity.tools_sha256 is not None
    context = RunContext(
        player=lambda trial, seat: model,
        panel=(model,),
        toolbox=CalculatorToolbox(nobody),
        has_tools=shown or family.toolbox(None) is not None,
        budget=Budget(Limits()),
        journal=sink,
        recorded=index,
        stop=threading.Event(),
    )
    try:
        for record in run.records:
            if record.status not in ("done", "aborted") or (keys is not None and record.key not in keys):
                continue
            earlier = [run.records.get(key) for key in series.before(record.trial)]
            listening = _Listening(TrialServices(context, record.trial, record.attempt))
            past = Past(one for one in earlier if one is not None)
            try:
                played = family.play(record.trial, listening, past)
            except TrialEnded as end:
                raise DataError([Issue(str(run.path / JOURNAL_FILE), record.key, str(end))]) from None
            if played.stop is not record.stop:
                problem = f"does not give the match again: {played.stop} {played.detail}".rstrip()
                raise DataError([Issue(str(run.path / JOURNAL_FILE), record.key, problem)])
            yield record, listening.calls
    finally:
        sink.close()
