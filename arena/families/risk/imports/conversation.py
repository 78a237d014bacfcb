"""A recorded conversation as messages with tool calls: the common part of the formats.

A format defines the call of an answer, the answer itself, and the notation of a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from arena.families.risk.imports.agent_run import AGENT, Answers, Message, Reader, ToolUse
from arena.records import Json

_ROLES = {"system": "system", "user": "user", "assistant": AGENT}
Placed = tuple[str, Mapping[str, Any]]
"""A JSON pointer, and the object there."""


class Called(NamedTuple):
    """A tool call as it is written. `key`: by which its answer is known."""

    name: str
    args: Json
    key: str


class Form(NamedTuple):
    """How a format writes tool calls. `answers(message)`: the key of the call that a message of the role `tool`
    answers.  `call(reader, value, pointer)`: one call."""

    answers: Callable[[Mapping[str, Any]], str]
    call: Callable[[Reader, Mapping[str, Any], str], Called]


def placed(reader: Reader, listed: Sequence[Any], pointer: str) -> Iterator[Placed]:
    """Yield the objects of a list, each with its pointer."""
    for place, one in enumerate(listed):
        where = f"{pointer}/{place}"
        yield where, reader.mapping(one, where)


def conversation(reader: Reader, messages: Iterable[Placed], form: Form) -> tuple[Message, ...]:
    """Return the messages of a conversation, in which each call has its answer. Calls of the user are left out: their
    answers go to the user alone."""
    listed = list(messages)
    answers = Answers()
    for where, message in listed:
        if message.get("role") == "tool":
            said = reader.text(message.get("content"), f"{where}/content")
            answers.add(form.answers(message), said or str(message.get("error") or ""))
    found = []
    for where, message in listed:
        role = message.get("role")
        if isinstance(role, str) and role in _ROLES:
            text = reader.text(message.get("content"), f"{where}/content")
            calls = _calls(reader, message.get("tool_calls"), f"{where}/tool_calls", form, answers)
            found.append(Message(_ROLES[role], text, calls if role == "assistant" else ()))
        elif role != "tool" and message:
            reader.issues.add(f"{where}/role", f"must be system, user, assistant or tool, not {role!r}")
    return tuple(found)


def _calls(reader: Reader, value: Json, pointer: str, form: Form, answers: Answers) -> tuple[ToolUse, ...]:
    found = []
    for where, one in placed(reader, reader.sequence(value or [], pointer), pointer):
        call = form.call(reader, one, where)
        found.append(ToolUse(call.name, call.args, answers.take(call.key)))
    return tuple(found)


def arguments(value: Json) -> Json:
    """Return the arguments of a call: an object, or a text that contains one; other texts stay under `text`, because an
    agent may write text that is not JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"text": value}
    return value if isinstance(value, Mapping) else {"value": value}
