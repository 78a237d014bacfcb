"""The three model APIs as a strict server sees them: the allowed requests, and good replies.

Written from the vendors' API references, independently of the providers, so that each checks the other; the vendors'
own clients read the replies in tests/providers/test_official_clients.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.api_turns import problem_with_tools, problem_with_turns, roles_and_texts

NUMBER = (int, float)

SAMPLING = {"temperature": NUMBER, "top_p": NUMBER, "stream": bool, "tools": list, "tool_choice": (str, dict)}
CHAT = {
    **SAMPLING, "model": str, "messages": list, "max_tokens": int, "max_completion_tokens": int, "seed": int,
    "random_seed": int, "reasoning_effort": str, "response_format": dict, "prompt_cache_key": str, "store": bool,
    "stop": (str, list), "n": int, "user": str,
}  # fmt: skip
RESPONSES = {
    **SAMPLING, "model": str, "input": (str, list), "instructions": str, "max_output_tokens": int, "reasoning": dict,
    "store": bool, "text": dict, "prompt_cache_key": str, "metadata": dict,
}  # fmt: skip
MESSAGES = {
    **SAMPLING, "model": str, "messages": list, "system": (str, list), "max_tokens": int, "top_k": int,
    "output_config": dict, "stop_sequences": list, "metadata": dict,
}  # fmt: skip

RANGES = {
    "chat": {"temperature": (0, 2), "top_p": (0, 1), "n": (1, 1)},
    "responses": {"temperature": (0, 2), "top_p": (0, 1), "max_output_tokens": (16, 10**9)},
    "messages": {"temperature": (0, 1), "top_p": (0, 1), "max_tokens": (1, 10**9)},
}
"""API -> parameter -> lowest and highest value."""

BEARER_SINCE = "2026-10-21"
"""From this version of the Messages API on: a bearer token, and no sampling parameters."""


@dataclass(frozen=True)
class Shape:
    """An API: its path, its parameters with their types, the required ones, and the place of the turns."""

    name: str
    path: str
    parameters: dict[str, Any]
    required: tuple[str, ...]
    turns: str


SHAPES = (
    Shape("chat", "/chat/completions", CHAT, ("model", "messages"), "messages"),
    Shape("responses", "/responses", RESPONSES, ("model", "input"), "input"),
    Shape("messages", "/messages", MESSAGES, ("model", "messages", "max_tokens"), "messages"),
)


@dataclass(frozen=True)
class Problem:
    """A refusal of a request; `param` names the parameter if the API would."""

    message: str
    param: str | None = None


def shape_of(path: str) -> Shape | None:
    """Return the API that a request path (without query) belongs to."""
    return next((shape for shape in SHAPES if path.endswith(shape.path)), None)


def problem_with(shape: Shape, headers: dict[str, str], payload: Any) -> Problem | None:
    """Return the API's refusal of a request, or None."""
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return Problem("Content-Type must be application/json")
    if not isinstance(payload, dict):
        return Problem("the body must be a JSON object")
    for name, value in payload.items():
        expected = shape.parameters.get(name)
        if expected is None:
            return Problem(f"Unknown parameter: {name}", name)
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            return Problem(f"wrong type of {name}", name)
    for name in shape.required:
        if name not in payload:
            return Problem(f"Missing required parameter: {name}", name)
    for name, (low, high) in RANGES[shape.name].items():
        if not low <= payload.get(name, low) <= high:
            return Problem(f"Invalid '{name}': must be at least {low} and at most {high}", name)
    if payload.get("stream"):
        return Problem("streaming is not supported by this server", "stream")
    found = problem_with_turns(shape.name, payload[shape.turns]) or problem_with_tools(shape.name, payload)
    if found is not None:
        return Problem(*found)
    return _problem_with_messages(headers, payload) if shape.name == "messages" else None


def _problem_with_messages(headers: dict[str, str], payload: dict[str, Any]) -> Problem | None:
    version = headers.get("anthropic-version", "")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        return Problem("anthropic-version: header is required")
    blocks = payload.get("system", "")
    if isinstance(blocks, list) and not all(_good_system(block) for block in blocks):
        return Problem("system: text content blocks must be non-empty", "system")
    refused = [name for name in ("temperature", "top_p", "top_k") if name in payload]
    if version >= BEARER_SINCE and refused:
        return Problem(f"{refused[0]}: Extra inputs are not permitted", refused[0])
    marks = json.dumps(payload).count('"cache_control"')
    return Problem("A maximum of 4 blocks with cache_control may be provided") if marks > 4 else None


def _good_system(block: Any) -> bool:
    return (
        isinstance(block, dict)
        and set(block) <= {"type", "text", "cache_control"}
        and block.get("type") == "text"
        and isinstance(block.get("text"), str)
        and bool(block["text"].strip())
        and block.get("cache_control", {"type": "ephemeral"}).get("type") == "ephemeral"
    )


def authorised(shape: Shape, headers: dict[str, str], key: str) -> bool:
    """Return whether a request has `key` where its API expects it, and nowhere else.

    Behind a gateway OpenAI's APIs take the header `api-key` instead.
    """
    bearer, named = headers.get("authorization"), headers.get("x-api-key")
    if shape.name == "messages" and headers.get("anthropic-version", "") < BEARER_SINCE:
        return named == key and bearer is None
    if shape.name != "messages" and headers.get("api-key") == key:
        return bearer is None and named is None
    return bearer == f"Bearer {key}" and named is None


def content_digest(shape: Shape, payload: dict[str, Any]) -> str:
    """Return 32 hex digits over model, system text and turns: equal questions have equal digests."""
    asked = [payload.get("model"), _system(payload), roles_and_texts(shape.name, payload.get(shape.turns))]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _system(payload: dict[str, Any]) -> str:
    system = payload.get("instructions") or payload.get("system") or ""
    return "".join(block["text"] for block in system) if isinstance(system, list) else str(system)


def answer_text(shape: Shape, payload: dict[str, Any]) -> str:
    """Return a text that depends on the question alone: a verdict for a judge, talk or a tool call for a player."""
    digest = content_digest(shape, payload)
    turns = roles_and_texts(shape.name, payload[shape.turns])
    system = _system(payload) or next((text for role, text in turns if role in ("system", "developer")), "")
    number = int(digest[:8], 16)
    if '"scores": {' in system:
        keys = re.findall(r'"([^"]+)": n\b', system)
        scores = {key: 1 + (number >> (3 * place)) % 5 for place, key in enumerate(keys)}
        answers = [
            {"id": name, "answer": "yes" if number >> place & 1 else "no", "turn": None}
            for place, name in enumerate(_questions(turns))
        ]
        items = {"items": answers} if answers else {}
        return json.dumps({"scores": scores, **items, "verdict": f"Verdict {digest[:8]}."})
    spoken = sum(role == "assistant" for role, _ in turns)
    if '"tool_call"' in system and spoken % 2 == 0 and number % 3 == 0:
        return "Let me check.\n" + json.dumps({"tool_call": {"op": "ping", "args": {}}})
    return f"Statement {spoken + 1}, reference {digest[:12]}: I propose that we go on step by step."


def _questions(turns: Sequence[tuple[str, str]]) -> list[str]:
    """Return the ids of the questions with yes or no that a judge is asked."""
    text = next(text for role, text in turns if role == "user")
    block = re.search(r"^<<<(\w+) questions\n(.*?)\n\1>>>", text, re.DOTALL | re.MULTILINE)
    return list(json.loads(block[2])) if block else []


def tokens_in(text: str) -> int:
    """Return how many tokens the server counts in a text: one for every four characters, rounded up."""
    return -(-len(text) // 4)


def called_tool(shape: Shape, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return the call that a model makes of the tools it is offered: at every other message, in one of three
    conversations; None if it talks."""
    tools = [tool["function"] if shape.name == "chat" else tool for tool in payload.get("tools", ())]
    spoken = sum(role == "assistant" for role, _ in roles_and_texts(shape.name, payload[shape.turns]))
    digest = content_digest(shape, payload)
    if not tools or spoken % 2 or int(digest[:8], 16) % 3:
        return None
    return {"id": f"call_{digest[:8]}", "name": "help", "arguments": {"op": "hash"}}


def good_reply(shape: Shape, payload: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    """Return a complete reply of the API to a request, cut if it allows fewer tokens; a call if a model would make
    one."""
    call = called_tool(shape, payload) if text is None else None
    if call is not None:
        return _calling(shape, good_reply(shape, payload, "Let me look that up."), call)
    said = answer_text(shape, payload) if text is None else text
    limits = [payload[name] for name in ("max_tokens", "max_completion_tokens", "max_output_tokens") if name in payload]
    cut = bool(limits) and tokens_in(said) > min(limits)
    said = said[: 4 * min(limits)] if cut else said
    asked = (
        tokens_in(_system(payload))
        + sum(len(text) for _, text in roles_and_texts(shape.name, payload[shape.turns])) // 4
    )
    counts = (asked, tokens_in(said))
    build = {"chat": _chat_reply, "responses": _response, "messages": _message}[shape.name]
    return build(payload, content_digest(shape, payload), said, cut, counts)


def _calling(shape: Shape, reply: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """Return a reply that also calls a tool."""
    arguments = json.dumps(call["arguments"])
    if shape.name == "chat":
        function = {"name": call["name"], "arguments": arguments}
        reply["choices"][0]["message"]["tool_calls"] = [{"id": call["id"], "type": "function", "function": function}]
        reply["choices"][0]["finish_reason"] = "tool_calls"
    elif shape.name == "responses":
        reply["output"].append({
            "type": "function_call", "id": f"fc_{call['id']}", "call_id": call["id"], "name": call["name"],
            "arguments": arguments, "status": "completed",
        })  # fmt: skip
    else:
        reply["content"].append(
            {"type": "tool_use", "id": call["id"], "name": call["name"], "input": call["arguments"]}
        )
        reply["stop_reason"] = "tool_use"
    return reply


def _chat_reply(payload: dict[str, Any], digest: str, said: str, cut: bool, counts: tuple[int, int]) -> dict[str, Any]:
    message = {"role": "assistant", "content": said, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "length" if cut else "stop", "logprobs": None}
    return {
        "id": f"chatcmpl-{digest}", "object": "chat.completion", "created": 0, "model": payload["model"],
        "choices": [choice],
        "usage": {
            "prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts),
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip


def _response(payload: dict[str, Any], digest: str, said: str, cut: bool, counts: tuple[int, int]) -> dict[str, Any]:
    status = "incomplete" if cut else "completed"
    part = {"type": "output_text", "text": said, "annotations": []}
    item = {"type": "message", "id": f"msg_{digest}", "status": status, "role": "assistant", "content": [part]}
    return {
        "id": f"resp_{digest}", "object": "response", "created_at": 0, "model": payload["model"],
        "status": status, "error": None, "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": payload.get("instructions"), "metadata": {}, "output": [item],
        "parallel_tool_calls": True, "temperature": payload.get("temperature", 1.0), "top_p": payload.get("top_p", 1.0),
        "tool_choice": "auto", "tools": payload.get("tools", []),
        "usage": {
            "input_tokens": counts[0], "output_tokens": counts[1], "total_tokens": sum(counts),
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip


def _message(payload: dict[str, Any], digest: str, said: str, cut: bool, counts: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": f"msg_{digest}", "type": "message", "role": "assistant", "model": payload["model"],
        "content": [{"type": "text", "text": said}], "stop_reason": "max_tokens" if cut else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": counts[0], "output_tokens": counts[1], "cache_read_input_tokens": 0,
                  "cache_creation_input_tokens": 0},
    }  # fmt: skip


def error_body(shape: Shape | None, kind: str, message: str, param: str | None = None) -> dict[str, Any]:
    """Return an error as the API words it."""
    if shape is not None and shape.name == "messages":
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}
    return {"error": {"message": message, "type": kind, "param": param, "code": None}}
