"""Anthropic Messages: the API of `anthropic`, in its two versions.

Shape: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from arena.errors import ConfigError
from arena.messages import ModelRequest, NativeCall
from arena.providers.bodies import field_of, text_of
from arena.providers.chat import with_own_ids
from arena.providers.exchange import NO_ROOM, Api, HttpProvider, Layout, Reading, Unusable
from arena.providers.settings import Endpoint, ProviderSettings, access, open_transport
from arena.providers.turns import Turn, turns_of
from arena.providers.usage import read_usage
from arena.records import Json

DEFAULT_VERSION = "2023-06-01"
BEARER_SINCE = "2026-10-21"
"""From this API version on the key goes into `Authorization: Bearer`, and sampling parameters are refused."""

DEFAULT_MAX_TOKENS = 4096
"""Sent if no limit is given: the API requires one."""

BREAKPOINT = {"type": "ephemeral"}
"""Marks the end of the text that the API should keep in its prompt cache (5 minutes)."""

NO_TEXT = "(no text)"
"""Replaces an empty message, which the API refuses."""

ENDPOINT = Endpoint(
    "anthropic",
    "https://api.anthropic.com/v1",
    "ANTHROPIC_API_KEY",
    ("ANTHROPIC_BASE_URL",),
    "https://docs.anthropic.com/en/docs/about-claude/models",
    path="/messages",
    seed_parameter=None,
)

ENDPOINTS = {ENDPOINT.name: ENDPOINT}

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
"""`stop_reason` -> ModelReply.finish; any other word is passed on."""


def build(name: str, settings: ProviderSettings) -> HttpProvider:
    """Make the provider. Raises ConfigError if key or address is missing or ANTHROPIC_VERSION is not a date."""
    place = access(ENDPOINTS[name], settings.environ)
    version = settings.environ.get("ANTHROPIC_VERSION", "").strip() or DEFAULT_VERSION
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", version):
        raise ConfigError(f"ANTHROPIC_VERSION must be a date such as {DEFAULT_VERSION}, not {version!r}")
    api = MessagesApi(version)
    place = replace(place, key_header="Authorization" if api.bearer else "x-api-key")
    headers = {"anthropic-version": version}
    return HttpProvider(place, Api(api.payload, read, version=version), headers, open_transport(settings, place))


class MessagesApi:
    """The payload of one version of the API."""

    def __init__(self, version: str) -> None:
        self._version = version
        self.bearer = version >= BEARER_SINCE

    def payload(self, request: ModelRequest) -> Layout:
        """Build the payload of a request; notes name the settings that the version does not accept.

        There are two cache breakpoints: after the system text, and after the last message, from which a player's next
        call continues. A judge's question is asked only once.
        """
        system, sampling = request.conversation.system, request.sampling
        messages: list[dict[str, Json]] = [_message(turn) for turn in turns_of(request)]
        notes: list[str] = []
        if any(block == _text(NO_TEXT) for message in messages for block in message["content"]):
            notes.append(f"empty messages sent as {NO_TEXT}")
        if messages and request.kind == "model":
            messages[-1]["content"][-1]["cache_control"] = dict(BREAKPOINT)
        limit = sampling.max_tokens if sampling.max_tokens is not None else DEFAULT_MAX_TOKENS
        payload: dict[str, Json] = {
            "model": request.model,
            "messages": messages,
            "max_tokens": limit,
            "stream": False,
        }
        if system:
            payload["system"] = [{**_text(system), "cache_control": dict(BREAKPOINT)}]
        if request.tools:
            payload["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in request.tools
            ]
        output: dict[str, Json] = {}
        if sampling.reasoning_effort is not None:
            output["effort"] = sampling.reasoning_effort
        if request.schema is not None:
            output["format"] = {"type": "json_schema", "schema": request.schema}
        if output:
            payload["output_config"] = output
        not_sent: list[str] = []
        for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
            if value is None:
                continue
            if self.bearer:
                notes.append(f"{name} not sent: API version {self._version} takes none")
                not_sent.append(name)
            else:
                payload[name] = value
        if sampling.seed is not None:
            notes.append("seed not sent: the API has none")
            not_sent.append("seed")
        return Layout(payload, tuple(notes), tuple(not_sent))


def _text(text: str) -> dict[str, Json]:
    return {"type": "text", "text": text}


def _message(turn: Turn) -> dict[str, Json]:
    """Return one message as content blocks: results first, as the API requires, then text, then calls."""
    blocks: list[Json] = [
        {"type": "tool_result", "tool_use_id": result.id, "content": result.text} for result in turn.results
    ]
    if turn.text.strip() or not (turn.results or turn.calls):
        blocks.append(_text(turn.text if turn.text.strip() else NO_TEXT))
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)} for call in turn.calls
    ]
    return {"role": turn.role, "content": blocks}


def _input(arguments: str) -> dict[str, Json]:
    """Return the arguments of a call as the object that the API requires; other arguments go under `unreadable`."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        value = arguments
    return value if isinstance(value, dict) else {"unreadable": value}


def read(value: dict[str, Json], request: ModelRequest) -> Reading:
    """Read a reply; raises Unusable if it has no list of content blocks."""
    content = value.get("content")
    if not isinstance(content, list):
        raise Unusable("`content` is missing")
    said: list[str] = []
    thoughts: list[str] = []
    calls: list[NativeCall] = []
    for block in content:
        kind = field_of(block, "type")
        if kind == "text":
            said.append(text_of(block.get("text")))
        elif kind == "thinking":
            thoughts.append(text_of(block.get("thinking")))
        elif kind == "tool_use":
            arguments = json.dumps(block.get("input"), ensure_ascii=False)
            calls.append(NativeCall(text_of(block.get("id")), text_of(block.get("name")), arguments))
    word = text_of(value.get("stop_reason"))
    finish = FINISH.get(word, word) or "unknown"
    if word == "model_context_window_exceeded" and not said and not calls:
        finish = NO_ROOM
    model = text_of(value.get("model")) or request.model
    usage = read_usage(value.get("usage"), cache_beside=True)
    reasoning = "\n".join(thought for thought in thoughts if thought)
    return Reading("".join(said), finish, model, usage, reasoning, calls=with_own_ids(calls))
