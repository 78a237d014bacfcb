"""The forms of training rows that trainers and services document, and a check of each. Pure.

`messages`: chat rows for supervised fine-tuning (TRL documentation, "Dataset formats and types", conversational
language modeling; Fireworks documentation, "Supervised fine tuning", "Preparing the dataset"; OpenAI documentation,
"Supervised fine-tuning"). `preference`: `prompt`, `chosen`, `rejected` (TRL, explicit prompt, conversational).
`reward`: `prompt`, `completion`, `reward`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.records import Json

ROLES = ("system", "user", "assistant", "tool")


def problems_with_messages(messages: Json, pointer: str = "/messages") -> Iterator[tuple[str, str]]:
    """Yield (pointer, problem) of a chat that a service would refuse, or could not learn from."""
    if not isinstance(messages, list) or not messages:
        yield pointer, "must be a list of messages that is not empty"
        return
    asked: set[str] = set()
    previous = ""
    for place, message in enumerate(messages):
        at = f"{pointer}/{place}"
        if not isinstance(message, dict):
            yield at, "must be an object"
            continue
        role, calls = message.get("role"), message.get("tool_calls")
        if role not in ROLES:
            yield f"{at}/role", f"must be one of {', '.join(ROLES)}"
            continue
        unknown = sorted(set(message) - {"role", "content", "tool_calls", "tool_call_id", "weight"})
        if unknown:
            yield f"{at}/{unknown[0]}", "is not a member of a chat message"
        if role == "system" and place:
            yield f"{at}/role", "a system message must be the first message"
        if calls is None and not (isinstance(message.get("content"), str) and message["content"].strip()):
            yield f"{at}/content", "must be text that is not empty"
        if calls is not None:
            yield from _problems_with_calls(calls, role, at, asked)
        if role == "tool" and message.get("tool_call_id") not in asked:
            yield f"{at}/tool_call_id", "names no call that was made before"
        if role == previous and role != "tool":
            yield f"{at}/role", f"two messages of the role {role} follow each other"
        previous = role
    if previous != "assistant":
        yield f"{pointer}/{len(messages) - 1}/role", "the last message must be the assistant's: it is what is learnt"


def _problems_with_calls(calls: Json, role: str, at: str, asked: set[str]) -> Iterator[tuple[str, str]]:
    if role != "assistant" or not isinstance(calls, list) or not calls:
        yield f"{at}/tool_calls", "must be a list that is not empty, of an assistant message"
        return
    for place, call in enumerate(calls):
        where = f"{at}/tool_calls/{place}"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or call.get("type") != "function" or not isinstance(function, dict):
            yield where, 'must be {"id": ..., "type": "function", "function": {...}}'
        elif not isinstance(function.get("name"), str) or not isinstance(function.get("arguments"), str):
            yield f"{where}/function", "must hold a name, and the arguments as a text of JSON"
        elif not isinstance(call.get("id"), str) or call["id"] in asked:
            yield f"{where}/id", "must be a string that no other call of the row has"
        else:
            asked.add(call["id"])


def problems_with_row(row: Mapping[str, Json], kind: str) -> Iterator[tuple[str, str]]:
    """Yield (pointer, problem) of a row of one kind: `messages`, `preference` or `reward`."""
    if kind == "messages":
        yield from problems_with_messages(row.get("messages"))
        yield from _problems_with_tools(row)
        return
    members = ("chosen", "rejected") if kind == "preference" else ("completion",)
    prompt = row.get("prompt")
    for member in members:
        said = row.get(member)
        if not isinstance(prompt, list) or not isinstance(said, list) or not said:
            yield f"/{member}", "prompt and answers must be lists of messages"
            return
        yield from problems_with_messages([*prompt, *said], f"/prompt+{member}")
    if kind == "preference" and row.get("chosen") == row.get("rejected"):
        yield "/rejected", "is the same as /chosen: there is no preference"
    if kind == "reward" and (isinstance(row.get("reward"), bool) or not isinstance(row.get("reward"), int | float)):
        yield "/reward", "must be a number"


def _problems_with_tools(row: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the problems with the tools of a row: each called tool is offered once (OpenAI documentation, "Supervised
    fine-tuning", "Tool calling": `tools` next to `messages`)."""
    messages, tools = row.get("messages"), row.get("tools")
    calls = (
        [call for one in messages if isinstance(one, dict) for call in one.get("tool_calls") or ()]
        if isinstance(messages, list)
        else []
    )
    called = {call["function"].get("name") for call in calls if isinstance(call, dict)
              and isinstance(call.get("function"), dict)}  # fmt: skip
    offered = [one["function"].get("name") for one in tools or () if isinstance(one, dict)
               and one.get("type") == "function" and isinstance(one.get("function"), dict)]  # fmt: skip
    if tools is not None and (not isinstance(tools, list) or len(offered) != len(tools)):
        yield "/tools", 'must be a list of {"type": "function", "function": {...}}'
    elif len(set(offered)) < len(offered):
        yield "/tools", "offers a tool twice"
    elif missing := sorted(str(name) for name in called - set(offered)):
        yield "/tools", f"lacks the tool {missing[0]}, which is called"


def text_of(messages: Sequence[Mapping[str, Json]]) -> str:
    """Return all texts of a chat, one a line, for comparing and counting."""
    return "\n".join(str(message.get("content") or "") for message in messages)
