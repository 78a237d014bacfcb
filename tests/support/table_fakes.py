"""Fakes for tests of the dialogue, the runner and the services: players with scripted messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from arena.messages import Conversation, ModelReply, ModelRequest, Sampling, ToolAnswer, Usage
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.toolbox import CalculatorToolbox
from arena.policy.gates import AllowAll, Gate
from arena.records import Json
from arena.store.journal import AppendFile, JournalIndex

Said = str | ModelReply | BaseException


def reply(text: str, finish: str = "stop") -> ModelReply:
    return ModelReply(text, finish, "fake", Usage(10, 5))


class FakeServices:
    """Services that answer from lists: seat -> its messages, call by call."""

    def __init__(self, lines: Mapping[str, Sequence[Said]], tools: bool = True) -> None:
        self._lines = {seat: list(said) for seat, said in lines.items()}
        self.has_tools = tools
        self.seen: list[tuple[str, int, int, list[tuple[str, str]]]] = []
        self.tool_calls: list[tuple[str, int, int, int, str, Json]] = []

    def ask(
        self, seat: str, turn: int, step: int, conversation: Conversation, sampling: Sampling | None = None
    ) -> ModelReply:
        self.seen.append((seat, turn, step, [tuple(message) for message in conversation.messages]))
        said = self._lines[seat].pop(0)
        if isinstance(said, BaseException):
            raise said
        return reply(said) if isinstance(said, str) else said

    def judge(self, turn: int, step: int, conversation: Conversation, schema: Json = None) -> ModelReply:
        return self.ask("(judge)", turn, step, conversation)

    def tool(self, seat: str, turn: int, step: int, index: int, op: str, args: Json) -> ToolAnswer:
        self.tool_calls.append((seat, turn, step, index, op, args))
        return ToolAnswer({"ok": True, "result": {"echo": args}}, 0.1)


class FakeProvider:
    """A provider that answers by a function of the request, and counts its calls."""

    name = "fake"
    offline = True

    def __init__(self, answer: Callable[[ModelRequest], Said]) -> None:
        self._answer = answer
        self.requests: list[ModelRequest] = []
        self._lock = threading.Lock()

    def complete(self, request: ModelRequest) -> ModelReply:
        with self._lock:
            self.requests.append(request)
        said = self._answer(request)
        if isinstance(said, BaseException):
            raise said
        return reply(said) if isinstance(said, str) else said

    def close(self) -> None:
        pass


class FakeCalculator:
    """A calculator that echoes, and counts its calls."""

    name = "fake"
    seeded = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json, str]] = []

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        self.calls.append((op, args, seed))
        return ToolAnswer({"ok": True, "result": {"op": op, "seed": seed[:8]}}, 0.5)

    def catalogue(self) -> list[dict[str, Json]]:
        return []

    def identity(self) -> dict[str, Json]:
        return {"provider": "fake"}

    def close(self) -> None:
        pass


def run_context(
    folder: Path,
    provider: FakeProvider,
    calculator: FakeCalculator | None = None,
    limits: Limits | None = None,
    gate: Gate | None = None,
) -> RunContext:
    """Return the context of a run in `folder`, with everything that is already in the journal there."""
    model = Model(provider, "fake", "fake/fake", Sampling())
    index = JournalIndex(folder / "api_calls.jsonl")
    index.scan(None)
    return RunContext(
        player=lambda trial, seat: model,
        panel=(model,),
        toolbox=None if calculator is None else CalculatorToolbox(calculator),
        has_tools=calculator is not None,
        budget=Budget(limits or Limits()),
        gate=gate or AllowAll(),
        journal=AppendFile(folder / "api_calls.jsonl", fsync=False),
        recorded=index,
        stop=threading.Event(),
        clock=lambda: 1000.0,
        timer=lambda: 0.0,
    )
