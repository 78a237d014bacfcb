"""The three model APIs as a strict server sees them: what a request may hold, and how a good reply looks.

Written from the vendors' API references, independently of the providers, so that each checks the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

NUMBER = (int, float)

SAMPLING = {"temperature": NUMBER, "top_p": NUMBER, "stream": bool}
CHAT = {
    **SAMPLING, "model": str, "messages": list, "max_tokens": int, "max_completion_tokens": int, "seed": int,
    "random_seed": int, "reasoning_effort": str,
}  # fmt: skip
RESPONSES = {
    **SAMPLING, "model": str, "input": list, "instructions": str, "max_output_tokens": int, "reasoning": dict,
    "store": bool,
}  # fmt: skip
MESSAGES = {
    **SAMPLING, "model": str, "messages": list, "system": str, "max_tokens": int, "top_k": int, "output_config": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """An API: its path, its parameters with their types, those that must be there, and where the turns stand."""

    name: str
    path: str
    parameters: dict[str, Any]
    required: tuple[str, ...]
    turns: str
    roles: tuple[str, ...]


SHAPES = (
    Shape("chat", "/chat/completions", CHAT, ("model", "messages"), "messages", ("system", "user", "assistant")),
    Shape("responses", "/responses", RESPONSES, ("model", "input"), "input", ("user", "assistant")),
    Shape("messages", "/messages", MESSAGES, ("model", "messages", "max_tokens"), "messages", ("user", "assistant")),
)


def shape_of(path: str) -> Shape | None:
    """Return the API that a request path (without query) belongs to."""
    return next((shape for shape in SHAPES if path.endswith(shape.path)), None)


def problem_with(shape: Shape, headers: dict[str, str], payload: Any) -> str | None:
    """Return what the API would refuse about a request, or None."""
    if headers.get("content-type") != "application/json":
        return "Content-Type must be application/json"
    if not isinstance(payload, dict):
        return "the body must be a JSON object"
    for name, value in payload.items():
        expected = shape.parameters.get(name)
        if expected is None:
            return f"Unknown parameter: {name}"
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            return f"wrong type of {name}"
    for name in shape.required:
        if name not in payload:
            return f"Missing required parameter: {name}"
    turns = payload[shape.turns]
    if not turns or not all(_good_turn(shape, turn) for turn in turns):
        return f"{shape.turns} must be a list of turns with role and text"
    if turns[-1]["role"] != "user":
        return "the last turn must be the user's"
    if shape.name == "responses" and payload.get("max_output_tokens", 16) < 16:
        return "Invalid 'max_output_tokens': must be at least 16"
    if shape.name == "messages":
        return _problem_with_messages(headers, payload)
    return None


def _good_turn(shape: Shape, turn: Any) -> bool:
    keys = {"type", "role", "content"} if shape.name == "responses" else {"role", "content"}
    if not isinstance(turn, dict) or set(turn) != keys:
        return False
    return turn["role"] in shape.roles and isinstance(turn["content"], str)


def _problem_with_messages(headers: dict[str, str], payload: dict[str, Any]) -> str | None:
    version = headers.get("anthropic-version", "")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        return "anthropic-version: header is required"
    if any(not turn["content"].strip() for turn in payload["messages"]):
        return "messages: text content blocks must be non-empty"
    refused = [name for name in ("temperature", "top_p", "top_k") if name in payload]
    if version >= "2026-10-21" and refused:
        return f"{refused[0]}: Extra inputs are not permitted"
    return None


def authorised(shape: Shape, headers: dict[str, str], key: str) -> bool:
    """Tell whether a request carries `key` where its API wants it, and nowhere else."""
    if shape.name == "messages" and headers.get("anthropic-version", "") < "2026-10-21":
        return headers.get("x-api-key") == key and "authorization" not in headers
    return headers.get("authorization") == f"Bearer {key}" and "x-api-key" not in headers


def content_digest(shape: Shape, payload: dict[str, Any]) -> str:
    """Return 32 hex digits over model, system text and turns: equal questions have equal digests."""
    asked = [payload.get("model"), _system(payload), payload.get(shape.turns)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _system(payload: dict[str, Any]) -> str:
    return str(payload.get("instructions") or payload.get("system") or "")


def answer_text(shape: Shape, payload: dict[str, Any]) -> str:
    """Return a text that depends on the question alone: a verdict for a judge, talk or a tool call for a player."""
    digest = content_digest(shape, payload)
    turns = payload[shape.turns]
    system = _system(payload) or (turns[0]["content"] if turns[0]["role"] == "system" else "")
    number = int(digest[:8], 16)
    if '"scores": {' in system:
        keys = re.findall(r'"([^"]+)": n\b', system)
        scores = {key: 1 + (number >> (3 * place)) % 5 for place, key in enumerate(keys)}
        return json.dumps({"scores": scores, "verdict": f"Verdict {digest[:8]}."})
    spoken = sum(turn["role"] == "assistant" for turn in turns)
    if '"tool_call"' in system and spoken % 2 == 0 and number % 3 == 0:
        return "Let me check.\n" + json.dumps({"tool_call": {"op": "ping", "args": {}}})
    return f"Statement {spoken + 1}, reference {digest[:12]}: I propose that we go on step by step."


def good_reply(shape: Shape, payload: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    """Return a complete reply of the API to a request."""
    said = answer_text(shape, payload) if text is None else text
    digest = content_digest(shape, payload)
    asked, answered = len(json.dumps(payload[shape.turns])) // 4, len(said) // 4 + 1
    if shape.name == "chat":
        return {
            "id": f"chatcmpl-{digest}", "object": "chat.completion", "created": 0, "model": payload["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
        }  # fmt: skip
    if shape.name == "responses":
        part = {"type": "output_text", "text": said, "annotations": []}
        item = {"type": "message", "id": f"msg_{digest}", "status": "completed", "role": "assistant", "content": [part]}
        return {
            "id": f"resp_{digest}", "object": "response", "created_at": 0, "model": payload["model"],
            "status": "completed", "error": None, "incomplete_details": None, "output": [item],
            "usage": {
                "input_tokens": asked, "output_tokens": answered, "total_tokens": asked + answered,
                "output_tokens_details": {"reasoning_tokens": 0},
            },
        }  # fmt: skip
    return {
        "id": f"msg_{digest}", "type": "message", "role": "assistant", "model": payload["model"],
        "content": [{"type": "text", "text": said}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": asked, "output_tokens": answered},
    }  # fmt: skip


def error_body(shape: Shape | None, kind: str, message: str) -> dict[str, Any]:
    """Return an error as the API words it."""
    if shape is not None and shape.name == "messages":
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
