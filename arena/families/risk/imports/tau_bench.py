"""tau-bench results: a list of runs with task_id, trial, reward, info and traj, a conversation in chat form.

S. Yao et al. (2024), arXiv:2406.12045. A run that raised has an empty traj and `info.error`. The list does not name the
model, so the importer is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from arena.families.risk.imports.agent_run import AGENT, AgentRun, Answers, Message, Reader, ToolUse
from arena.formats.strict_json import IssueList
from arena.records import Json

SOURCE = "tau-bench"
_ROLES = {"system": "system", "user": "user", "assistant": AGENT}


def read(value: Json, issues: IssueList, model: str, task_fact: str) -> list[AgentRun]:
    """Return the runs of a file; what is wrong becomes issues."""
    reader = Reader(issues)
    return [
        _run(reader, reader.mapping(one, f"/{place}"), f"/{place}", model, task_fact)
        for place, one in enumerate(reader.sequence(value, ""))
    ]


def _run(reader: Reader, one: Mapping[str, Any], pointer: str, model: str, task_fact: str) -> AgentRun:
    info = one.get("info")
    error = info.get("error") if isinstance(info, Mapping) else None
    messages = chat(reader, reader.sequence(one.get("traj", []), f"{pointer}/traj"), f"{pointer}/traj")
    if error is None and not messages:
        error = "the run has no conversation"
    return AgentRun(
        task=reader.name(one.get("task_id"), f"{pointer}/task_id"),
        trial=reader.whole(one.get("trial", 0), f"{pointer}/trial"),
        reward=reader.number(one.get("reward"), f"{pointer}/reward"),
        messages=messages,
        model=model,
        task_fact=task_fact or SOURCE,
        error=None if error is None else str(error),
    )


def chat(reader: Reader, listed: Sequence[Any], pointer: str) -> tuple[Message, ...]:
    """Return a conversation in chat form: `tool_calls` with functions, answers in messages of the role `tool`."""
    answers = Answers()
    for place, one in enumerate(listed):
        message = reader.mapping(one, f"{pointer}/{place}")
        if message.get("role") == "tool":
            said = reader.text(message.get("content"), f"{pointer}/{place}/content")
            answers.add(str(message.get("tool_call_id")), said)
    found = []
    for place, one in enumerate(listed):
        message, where = reader.mapping(one, f"{pointer}/{place}"), f"{pointer}/{place}"
        role = message.get("role")
        if isinstance(role, str) and role in _ROLES:
            calls = _calls(reader, message.get("tool_calls"), f"{where}/tool_calls", answers)
            found.append(Message(_ROLES[role], reader.text(message.get("content"), f"{where}/content"), calls))
        elif role != "tool" and message:
            reader.issues.add(f"{where}/role", f"must be system, user, assistant or tool, not {role!r}")
    return tuple(found)


def _calls(reader: Reader, value: Json, pointer: str, answers: Answers) -> tuple[ToolUse, ...]:
    found = []
    for place, one in enumerate(reader.sequence(value or [], pointer)):
        call, where = reader.mapping(one, f"{pointer}/{place}"), f"{pointer}/{place}"
        function = reader.mapping(call.get("function"), f"{where}/function")
        name = reader.name(function.get("name"), f"{where}/function/name")
        args = arguments(function.get("arguments"))
        found.append(ToolUse(name, args, answers.take(str(call.get("id")))))
    return tuple(found)


def arguments(value: Json) -> Json:
    """Return the arguments of a call: an object, or a text that holds one; other texts stay under `text`, since an
    agent may write what is no JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"text": value}
    return value if isinstance(value, Mapping) else {"value": value}
