"""tau2-bench results: one object with `info`, `tasks` and `simulations`.

V. Barres et al. (2025), arXiv:2506.07982. A simulation has task_id, trial, seed, messages, termination_reason and
reward_info, which may be null. The user calls tools too; only those of the agent are calls of a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arena.families.risk.imports.agent_run import AgentRun, Reader
from arena.families.risk.imports.conversation import Called, Form, Placed, arguments, conversation, placed
from arena.formats.strict_json import IssueList
from arena.records import Json

SOURCE = "tau2"
OUTAGES = ("infrastructure_error", "unexpected_error")
"""Reasons for an end that the agent did not cause."""


def read(value: Json, issues: IssueList, model: str, task_fact: str) -> list[AgentRun]:
    """Return the runs of a file; mistakes become issues. `model`, `task_fact` override the file."""
    reader = Reader(issues)
    top = reader.mapping(value, "")
    info = _inner(top, "info")
    who = model or str(_inner(info, "agent_info").get("llm") or "")
    if not who:
        issues.add("/info/agent_info/llm", "names no model; give --model")
    domain = task_fact or str(_inner(info, "environment_info").get("domain_name") or SOURCE)
    return [
        _run(reader, reader.mapping(one, f"/simulations/{place}"), f"/simulations/{place}", who, domain)
        for place, one in enumerate(reader.sequence(top.get("simulations"), "/simulations"))
    ]


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _run(reader: Reader, one: Mapping[str, Any], pointer: str, model: str, domain: str) -> AgentRun:
    reason = one.get("termination_reason")
    listed = reader.sequence(one.get("messages") or [], f"{pointer}/messages")
    seed = one.get("seed")
    scored = _inner(one, "reward_info")
    return AgentRun(
        task=reader.name(one.get("task_id"), f"{pointer}/task_id"),
        trial=reader.whole(one.get("trial", 0), f"{pointer}/trial"),
        reward=reader.number(scored.get("reward"), f"{pointer}/reward_info/reward"),
        messages=conversation(reader, _each(reader, listed, f"{pointer}/messages"), _FORM),
        model=model,
        task_fact=domain,
        error=str(reason) if reason in OUTAGES else None,
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
    )


def _each(reader: Reader, listed: Sequence[Any], pointer: str) -> Iterator[Placed]:
    """Yield each message; several tool answers may be in one, under `tool_messages`."""
    for where, message in placed(reader, listed, pointer):
        inner = message.get("tool_messages")
        if isinstance(inner, list):
            yield from placed(reader, inner, f"{where}/tool_messages")
        else:
            yield where, message


def _call(reader: Reader, call: Mapping[str, Any], pointer: str) -> Called:
    name = reader.name(call.get("name"), f"{pointer}/name")
    return Called(name, arguments(call.get("arguments")), str(call.get("id")))


_FORM = Form(answers=lambda message: str(message.get("id")), call=_call)
