"""The common shape of a recorded agent run, and the readers' tools: each reports mistakes at their pointers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from arena.formats.strict_json import IssueList
from arena.policy.gates import CallFacts
from arena.records import Json, Trial
from arena.store.journal import dumps

AGENT = "agent"
CLOSE = 1e-6
"""A reward within this of 1 is a success: rewards are products of numbers, which need not be 1 exactly."""


class ToolUse(NamedTuple):
    """A tool call of an agent; `answer` None if none is recorded."""

    name: str
    args: Json
    answer: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `role`: `system`, `user` or `agent`.  `calls`: tool calls, of an agent's message only."""

    role: str
    text: str
    calls: tuple[ToolUse, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One recorded run of an agent on one task.

    `reward`: None if it has none.  `error`: why it ended without a result; None for one that finished.
    `attack`: name of the attack, None without one.  `breached`: whether the attack reached its goal; None: not known.
    `task_fact`: the value of the fact `task` for policies.  `labels`: further labels of its cell.
    """

    task: str
    trial: int
    reward: float | None
    messages: tuple[Message, ...]
    model: str
    task_fact: str
    error: str | None = None
    attack: str | None = None
    breached: bool | None = None
    seed: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def success(self) -> bool | None:
        """Return whether the task was done; None if unknown."""
        return None if self.error is not None or self.reward is None else abs(self.reward - 1) <= CLOSE

    @property
    def fraction(self) -> bool:
        """Return whether the reward is neither 0 nor 1."""
        return self.success is False and self.reward is not None and abs(self.reward) > CLOSE


def calls_of(run: AgentRun) -> Iterator[CallFacts]:
    """Yield the facts of the calls of a run, each before it was made and after it was answered.

    A turn begins with a message of the user; a step is a message of the agent in it.
    """
    turn, step, sent = -1, 0, ""
    for message in run.messages:
        if message.role != AGENT:
            if message.role == "user":
                turn, step = turn + 1, 0
            sent = message.text
            continue
        place = AGENT, max(turn, 0), step
        yield CallFacts("before", "model", *place, sent)
        yield CallFacts("after", "model", *place, message.text)
        for call in message.calls:
            yield CallFacts("before", "tool", *place, "", call.name, call.args)
            if call.answer is not None:
                yield CallFacts("after", "tool", *place, dumps(call.answer), call.name, call.args)
                sent = call.answer
        step += 1


def trial_of(run: AgentRun, source: str) -> Trial:
    """Return the facts of a run for policies, besides its calls; `source` is the name of its format."""
    attack = run.attack or "none"
    cell = {"slice": source, "attack": attack, "defence": "none", "mode": "IMPORTED", "model": run.model, **run.labels}
    facts = {"task": run.task_fact, "input_case": run.task, "persona": ""}
    plan = {"slice": source, "case": run.task, "attack": attack, "defence": "none", "seed": run.seed, "facts": facts}
    key = "/".join([source, *run.labels.values(), run.task, attack, f"trial_{run.trial}"])
    return Trial(key, "risk", cell, f"{source}/{run.task}", None, "0" * 64, plan)


class Reader:
    """Reads members of JSON objects and notes their problems; a file with problems is refused in the end."""

    def __init__(self, issues: IssueList) -> None:
        self.issues = issues

    def mapping(self, value: Json, pointer: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.issues.add(pointer, f"must be an object, not {type(value).__name__}")
        return {}

    def sequence(self, value: Json, pointer: str) -> Sequence[Any]:
        if isinstance(value, list):
            return value
        self.issues.add(pointer, f"must be a list, not {type(value).__name__}")
        return []

    def number(self, value: Json, pointer: str) -> float | None:
        """Return a finite number, or None for null."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.issues.add(pointer, f"must be a number or null, not {value!r}")
            return None
        return float(value)

    def whole(self, value: Json, pointer: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.issues.add(pointer, f"must be a whole number from 0, not {value!r}")
        return 0

    def name(self, value: Json, pointer: str) -> str:
        """Return a text that names something; a whole number does too."""
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        self.issues.add(pointer, f"must be a name, not {value!r}")
        return "?"

    def flag(self, value: Json, pointer: str) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        self.issues.add(pointer, f"must be true, false or null, not {value!r}")
        return None

    def text(self, value: Json, pointer: str) -> str:
        """Return the text of a message: a text, null, or a list of parts with texts."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        parts = []
        for place, part in enumerate(self.sequence(value, pointer)):
            inner = self.mapping(part, f"{pointer}/{place}")
            said = inner.get("text", inner.get("content"))
            if isinstance(said, str):
                parts.append(said)
        return "\n".join(parts)


class Answers:
    """Tool answers of a conversation by the id of their call; each is taken once, in order."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}

    def add(self, call_id: str, text: str) -> None:
        self._waiting.setdefault(call_id, []).append(text)

    def take(self, call_id: str) -> str | None:
        waiting = self._waiting.get(call_id)
        return waiting.pop(0) if waiting else None
