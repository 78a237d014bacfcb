"""AgentDojo traces: one object per run, with suite_name, user_task_id, injection_task_id, messages, utility, security.

E. Debenedetti et al. (2024), arXiv:2406.13352; members as its package 0.1.35 writes them (TraceLogger, TaskResults).
`security` says whether the injected task was carried out: true is a successful attack. Without an injection, and beside
an `error` (an outage is written as true), it says nothing. Texts are lists of blocks, plain ones in older traces; a
tool that failed also has its `error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.families.risk.imports.agent_run import AgentRun, Reader
from arena.families.risk.imports.conversation import Called, Form, arguments, conversation, placed
from arena.formats.strict_json import IssueList
from arena.records import Json

SOURCE = "agentdojo"


def read(value: Json, issues: IssueList, model: str, task_fact: str) -> list[AgentRun]:
    """Return the run of a file, or the runs of a list of them; mistakes become issues."""
    reader = Reader(issues)
    if isinstance(value, list):
        return [_run(reader, one, f"/{place}", model, task_fact) for place, one in enumerate(value)]
    return [_run(reader, value, "", model, task_fact)]


def _run(reader: Reader, value: Json, pointer: str, model: str, task_fact: str) -> AgentRun:
    one = reader.mapping(value, pointer)
    suite = reader.name(one.get("suite_name"), f"{pointer}/suite_name")
    task = reader.name(one.get("user_task_id"), f"{pointer}/user_task_id")
    injection = one.get("injection_task_id")
    attack = None
    if injection is not None:
        task = f"{task}+{reader.name(injection, f'{pointer}/injection_task_id')}"
        attack = str(one.get("attack_type") or "injection")
    useful = reader.flag(one.get("utility"), f"{pointer}/utility")
    broken = reader.flag(one.get("security"), f"{pointer}/security")
    error = one.get("error")
    listed = reader.sequence(one.get("messages"), f"{pointer}/messages")
    return AgentRun(
        task=task,
        trial=0,
        reward=None if useful is None else float(useful),
        messages=conversation(reader, placed(reader, listed, f"{pointer}/messages"), _FORM),
        model=model or reader.name(one.get("pipeline_name"), f"{pointer}/pipeline_name"),
        task_fact=task_fact or suite,
        error=None if not error else str(error),
        attack=attack,
        breached=broken if attack is not None and not error else None,
        labels={"suite": suite},
    )


def _id(message: Mapping[str, Any]) -> str:
    """Return which call a tool message answers: by its id, else by the call that it repeats."""
    found = message.get("tool_call")
    call: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    known = message.get("tool_call_id") or call.get("id")
    return str(known) if known else f"function {call.get('function')}"


def _call(reader: Reader, call: Mapping[str, Any], pointer: str) -> Called:
    function, args = call.get("function"), call.get("args")
    if isinstance(function, Mapping):  # the chat form, which some pipelines write
        chat: Mapping[str, Any] = function
        function, args = chat.get("name"), chat.get("arguments")
    name = reader.name(function, f"{pointer}/function")
    return Called(name, arguments(args), str(call["id"]) if call.get("id") else f"function {name}")


_FORM = Form(answers=_id, call=_call)
