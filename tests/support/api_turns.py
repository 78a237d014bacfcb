"""The turns of a request in the three model APIs, read as strictly as the vendors do: roles, contents, calls, tools."""

from __future__ import annotations

import json
import re
from typing import Any

CALL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

Found = tuple[str, str | None] | None
"""The mistake and the parameter that it concerns, or None."""


def problem_with_turns(api: str, turns: Any) -> Found:
    """Return the API's refusal of the turns of a request."""
    if api == "responses" and isinstance(turns, str):
        return None if turns else ("input must not be empty", "input")
    name = "input" if api == "responses" else "messages"
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return f"{name} must be a list of turns with role and text", name
    check = {"chat": _problem_in_chat, "responses": _problem_in_responses, "messages": _problem_in_messages}[api]
    return check(turns)


def _problem_in_chat(turns: list[Any]) -> Found:
    open_calls: list[str] = []
    for place, turn in enumerate(turns):
        where = f"messages[{place}]"
        role = turn.get("role")
        allowed = {"role", "content", "name"} | (
            {"tool_calls", "refusal"} if role == "assistant" else {"tool_call_id"} if role == "tool" else set()
        )
        if role not in ("system", "developer", "user", "assistant", "tool"):
            return (
                f"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'tool'",
                f"{where}.role",
            )
        if set(turn) - allowed:
            return f"Unknown parameter: '{where}.{min(set(turn) - allowed)}'", where
        if role == "tool":
            if turn.get("tool_call_id") not in open_calls:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'", where
            open_calls.remove(turn["tool_call_id"])
        elif open_calls:
            return "An assistant message with 'tool_calls' must be followed by tool messages", where
        calls = turn.get("tool_calls")
        if calls is not None and not (isinstance(calls, list) and calls and all(_good_chat_call(c) for c in calls)):
            return f"Invalid '{where}.tool_calls'", f"{where}.tool_calls"
        open_calls = [call["id"] for call in calls] if calls else open_calls
        if turn.get("content") is None and not calls:
            return f"Invalid value for 'content': expected a string, got null. ({where})", f"{where}.content"
        if turn.get("content") is not None and not _texts(turn["content"], ("text", "refusal")):
            return f"Invalid type for '{where}.content'", f"{where}.content"
    return ("An assistant message with 'tool_calls' must be followed by tool messages", None) if open_calls else None


def _good_chat_call(call: Any) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    return (
        isinstance(function, dict)
        and set(call) == {"id", "type", "function"}
        and call["type"] == "function"
        and isinstance(call["id"], str)
        and set(function) == {"name", "arguments"}
        and isinstance(function["arguments"], str)
        and CALL_NAME.fullmatch(str(function["name"])) is not None
    )


def _problem_in_responses(items: list[Any]) -> Found:
    calls: set[str] = set()
    for place, item in enumerate(items):
        where = f"input[{place}]"
        kind = item.get("type", "message")
        if kind == "message":
            if set(item) - {"type", "role", "content", "id", "status"}:
                return f"Unknown parameter: '{where}.{min(set(item))}'", where
            if item.get("role") not in ("user", "assistant", "system", "developer"):
                return f"Invalid value: '{item.get('role')}'", f"{where}.role"
            if not _texts(item.get("content"), ("input_text", "output_text", "refusal")):
                return f"Invalid type for '{where}.content'", f"{where}.content"
        elif kind == "function_call":
            keys = {"type", "id", "status", "call_id", "name", "arguments"}
            good = isinstance(item.get("arguments"), str) and CALL_NAME.fullmatch(str(item.get("name")))
            if set(item) - keys or not good or not item.get("call_id"):
                return f"Invalid '{where}': a function_call has call_id, name and arguments", where
            calls.add(item["call_id"])
        elif kind == "function_call_output":
            if item.get("call_id") not in calls or not isinstance(item.get("output"), str):
                return f"No tool call found for function call output with call_id {item.get('call_id')}.", "input"
        else:
            return f"Invalid value: '{kind}'", f"{where}.type"
    return None


BLOCKS = {
    "text": {"type", "text", "cache_control"},
    "tool_use": {"type", "id", "name", "input", "cache_control"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
}


def _problem_in_messages(turns: list[Any]) -> Found:
    wanted: set[str] = set()
    for place, turn in enumerate(turns):
        where = f"messages.{place}"
        if set(turn) != {"role", "content"} or turn["role"] not in ("user", "assistant"):
            return f"{where}: Input should have role 'user' or 'assistant', and content", None
        blocks = turn["content"]
        blocks = [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks
        if not isinstance(blocks, list) or not blocks:
            return f"{where}: content must be a non-empty list", None
        for block in blocks:
            keys = BLOCKS.get(str(block.get("type"))) if isinstance(block, dict) else None
            if keys is None or set(block) - keys:
                return f"{where}.content: Extra inputs are not permitted", None
            if block["type"] == "text" and not (isinstance(block.get("text"), str) and block["text"].strip()):
                return "messages: text content blocks must be non-empty", None
            if block["type"] == "tool_use" and not (
                isinstance(block.get("input"), dict) and CALL_NAME.fullmatch(str(block.get("name")))
            ):
                return f"{where}.content: tool_use: Input should be a valid dictionary", None
        results = {block.get("tool_use_id") for block in blocks if block["type"] == "tool_result"}
        if results != wanted:
            return f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after", None
        wanted = {block["id"] for block in blocks if block["type"] == "tool_use"}
    if turns[0]["role"] != "user":
        return 'messages: first message must use the "user" role', None
    if turns[-1]["role"] != "user":
        return "This model does not support assistant message prefill: the last turn must be the user's", None
    return None


def _texts(content: Any, kinds: tuple[str, ...]) -> bool:
    """Return whether a content is a text or a non-empty list of text parts of `kinds`."""
    if isinstance(content, str):
        return True
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(part, dict) and part.get("type") in kinds for part in content)
    )


TOOL_KEYS = {
    "chat": {"name", "description", "parameters", "strict"},
    "responses": {"type", "name", "description", "parameters", "strict"},
    "messages": {"name", "description", "input_schema", "cache_control"},
}


def problem_with_tools(api: str, payload: dict[str, Any]) -> Found:
    """Return the API's refusal of the tools and the form of the answer in a request."""
    tools = payload.get("tools", ())
    if len(tools) > 128:
        return (
            f"Invalid 'tools': array too long. Expected an array with maximum length 128, but got {len(tools)}",
            "tools",
        )
    for tool in tools:
        function = tool.get("function") if api == "chat" and isinstance(tool, dict) else tool
        schema = "input_schema" if api == "messages" else "parameters"
        if not isinstance(function, dict) or not CALL_NAME.fullmatch(str(function.get("name"))):
            return "Invalid 'tools[0].name': string does not match pattern", "tools"
        if set(function) - TOOL_KEYS[api] or (api == "chat" and set(tool) != {"type", "function"}):
            return f"Unknown parameter: 'tools[0].{min(set(function) - TOOL_KEYS[api], default='?')}'", "tools"
        if api != "messages" and tool.get("type") != "function":
            return "Missing required parameter: 'tools[0].type'", "tools"
        parameters = function.get(schema)
        if not isinstance(parameters, dict) or parameters.get("type") != "object":
            return f"Invalid schema for function '{function['name']}': schema must have type 'object'", "tools"
        if not isinstance(function.get("description", ""), str):
            return "Invalid type for 'tools[0].description'", "tools"
    names = [(tool["function"] if api == "chat" else tool)["name"] for tool in tools]
    if len(set(names)) < len(names):
        return "tools: Tool names must be unique.", "tools"
    form = {
        "chat": ("response_format", payload.get("response_format")),
        "responses": ("text.format", payload.get("text", {}).get("format")),
        "messages": ("output_config.format", payload.get("output_config", {}).get("format")),
    }[api]
    if form[1] == {"type": "json_object"} and api != "messages":
        # OpenAI API reference, "Chat", "Create", response_format: the word must be in the context.
        said = "JSON" in json.dumps(payload)
        return None if said else (f"'messages' must contain the word 'json' to use {form[0]} json_object", form[0])
    return _problem_with_form(api, *form)


def _problem_with_form(api: str, name: str, form: Any) -> Found:
    if form is None or form == {"type": "text"}:
        return None
    inner = form.get("json_schema") if api == "chat" else form
    if form.get("type") != "json_schema" or not isinstance(inner, dict):
        return f"Invalid value for {name}: expected json_schema", name
    if api != "messages" and not CALL_NAME.fullmatch(str(inner.get("name"))):
        return f"Missing required parameter: '{name}.name'", name
    return _problem_with_schema(name, inner.get("schema"))


def _problem_with_schema(name: str, schema: Any) -> Found:
    """Strict schemas forbid further keys and require all they name, at every depth."""
    if not isinstance(schema, dict):
        return f"Invalid schema for {name}", name
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return f"Invalid schema for {name}: 'additionalProperties' is required to be supplied and to be false", name
        if sorted(schema.get("required", ())) != sorted(schema.get("properties", {})):
            return f"Invalid schema for {name}: 'required' must hold every key in properties", name
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return next((found for found in (_problem_with_schema(name, one) for one in inner) if found), None)


def roles_and_texts(api: str, turns: Any) -> list[tuple[str, str]]:
    """Return role and text of each turn; calls and results count as JSON text of their side."""
    if isinstance(turns, str):
        return [("user", turns)]
    found = []
    for turn in turns:
        if api == "responses" and turn.get("type", "message") != "message":
            role = "assistant" if turn["type"] == "function_call" else "user"
            found.append((role, json.dumps(turn, sort_keys=True)))
            continue
        content = turn["content"]
        if isinstance(content, list):
            content = "".join(part["text"] if "text" in part else json.dumps(part, sort_keys=True) for part in content)
        found.append((turn["role"], content or json.dumps(turn, sort_keys=True)))
    return found
