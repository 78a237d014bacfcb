"""tau-bench results: a list of runs with task_id, trial, reward, info and traj, a conversation in chat form.

S. Yao et al. (2024), arXiv:2406.12045. A run that raised has an empty traj and `info.error`. The list does not name the
model, so the importer is given it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.families.risk.imports.agent_run import AgentRun, Reader
from arena.families.risk.imports.conversation import Called, Form, arguments, conversation, placed
from arena.formats.strict_json import IssueList
from arena.records import Json

SOURCE = "tau-bench"


def read(value: Json, issues: IssueList, model: str, task_fact: str) -> list[AgentRun]:
    """Return the runs of a file; mistakes become issues."""
    reader = Reader(issues)
    return [
        _run(reader, reader.mapping(one, f"/{place}"), f"/{place}", model, task_fact)
        for place, one in enumerate(reader.sequence(value, ""))
    ]


def _run(reader: Reader, one: Mapping[str, Any], pointer: str, model: str, task_fact: str) -> AgentRun:
    info = one.get("info")
    error = info.get("error") if isinstance(info, Mapping) else None
    listed = reader.sequence(one.get("traj", []), f"{pointer}/traj")
    messages = conversation(reader, placed(reader, listed, f"{pointer}/traj"), CHAT)
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


def _call(reader: Reader, call: Mapping[str, Any], pointer: str) -> Called:
    function = reader.mapping(call.get("function"), f"{pointer}/function")
    name = reader.name(function.get("name"), f"{pointer}/function/name")
    return Called(name, arguments(function.get("arguments")), str(call.get("id")))


CHAT = Form(answers=lambda message: str(message.get("tool_call_id")), call=_call)
"""The chat form: `tool_calls` with functions, answers in messages of the role `tool`."""
