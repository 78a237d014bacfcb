"""AgentDojo traces: one object per run, with suite_name, user_task_id, injection_task_id, messages, utility, security.

E. Debenedetti et al. (2024), arXiv:2406.13352; members as its package 0.1.35 writes them (TraceLogger, TaskResults).
`security` says whether the injected task was carried out: true is a successful attack. Without an injection, and beside
an `error` (an outage is written as true), it says nothing. Texts are lists of blocks, plain ones in older traces; a
tool that failed has its `error` beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arena.families.risk.imports.agent_run import AGENT, AgentRun, Answers, Message, Reader, ToolUse
from arena.families.risk.imports.tau_bench import arguments
from arena.formats.strict_json import IssueList
from arena.records import Json

SOURCE = "agentdojo"
_ROLES = {"system": "system", "user": "user", "assistant": AGENT}


def read(value: Json, issues: IssueList, model: str, task_fact: str) -> list[AgentRun]:
    """Return the run of a file, or the runs of a list of them; what is wrong becomes issues."""
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
    return AgentRun(
        task=task,
        trial=0,
        reward=None if useful is None else float(useful),
        messages=_messages(reader, reader.sequence(one.get("messages"), f"{pointer}/messages"), f"{pointer}/messages"),
        model=model or reader.name(one.get("pipeline_name"), f"{pointer}/pipeline_name"),
        task_fact=task_fact or suite,
        error=None if not error else str(error),
        attack=attack,
        breached=broken if attack is not None and not error else None,
        labels={"suite": suite},
    )


def _messages(reader: Reader, listed: Sequence[Any], pointer: str) -> tuple[Message, ...]:
    answers = Answers()
    for place, one in enumerate(listed):
        message = reader.mapping(one, f"{pointer}/{place}")
        if message.get("role") == "tool":
            said = reader.text(message.get("content"), f"{pointer}/{place}/content")
            answers.add(_id(message), said or str(message.get("error") or ""))
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


def _id(message: Mapping[str, Any]) -> str:
    """Return which call a tool message answers: by its id, else by the call that it repeats."""
    found = message.get("tool_call")
    call: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    known = message.get("tool_call_id") or call.get("id")
    return str(known) if known else f"function {call.get('function')}"


def _calls(reader: Reader, value: Json, pointer: str, answers: Answers) -> tuple[ToolUse, ...]:
    found = []
    for place, one in enumerate(reader.sequence(value or [], pointer)):
        call, where = reader.mapping(one, f"{pointer}/{place}"), f"{pointer}/{place}"
        function, args = call.get("function"), call.get("args")
        if isinstance(function, Mapping):  # the chat form, which some pipelines write
            chat: Mapping[str, Any] = function
            function, args = chat.get("name"), chat.get("arguments")
        name = reader.name(function, f"{where}/function")
        answer = answers.take(str(call["id"])) if call.get("id") else answers.take(f"function {name}")
        found.append(ToolUse(name, arguments(args), answer))
    return tuple(found)
