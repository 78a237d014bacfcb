"""Anthropic Messages: the API of `anthropic`, in its two versions.

Shape: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

import re

from arena.errors import ConfigError
from arena.messages import ModelRequest, Usage
from arena.providers.exchange import Api, HttpProvider, Reading, Unusable, count, field_of, text_of
from arena.providers.settings import Endpoint, ProviderSettings, access, open_transport
from arena.records import Json

DEFAULT_VERSION = "2023-06-01"
BEARER_SINCE = "2026-10-21"
"""From this API version on the key goes into `Authorization: Bearer`, and sampling parameters are refused."""

DEFAULT_MAX_TOKENS = 4096
"""Sent where no limit is asked for: the API requires one."""

NO_TEXT = "(no text)"
"""Stands for an empty message, which the API refuses."""

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
    """Make the provider. Raises ConfigError where key or address is missing or ANTHROPIC_VERSION is no date."""
    place = access(ENDPOINTS[name], settings.environ)
    version = settings.environ.get("ANTHROPIC_VERSION", "").strip() or DEFAULT_VERSION
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", version):
        raise ConfigError(f"ANTHROPIC_VERSION must be a date such as {DEFAULT_VERSION}, not {version!r}")
    api = MessagesApi(version)
    key = {"Authorization": f"Bearer {place.key}"} if api.bearer else {"x-api-key": place.key}
    headers = {"anthropic-version": version, **key}
    return HttpProvider(place, Api(api.payload, read), headers, open_transport(settings, place))


class MessagesApi:
    """The payload of one version of the API."""

    def __init__(self, version: str) -> None:
        self._version = version
        self.bearer = version >= BEARER_SINCE

    def payload(self, request: ModelRequest) -> tuple[dict[str, Json], tuple[str, ...]]:
        """Lay out a request; notes name what the version does not take."""
        conversation, sampling = request.conversation, request.sampling
        messages = [{"role": message.role, "content": message.text} for message in conversation.messages]
        notes: list[str] = []
        for message in messages:
            if not message["content"].strip():
                message["content"] = NO_TEXT
                if not notes:
                    notes.append(f"empty messages sent as {NO_TEXT}")
        limit = sampling.max_tokens if sampling.max_tokens is not None else DEFAULT_MAX_TOKENS
        payload: dict[str, Json] = {
            "model": request.model,
            "messages": messages,
            "max_tokens": limit,
            "stream": False,
        }
        if conversation.system:
            payload["system"] = conversation.system
        for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
            if value is None:
                continue
            if self.bearer:
                notes.append(f"{name} not sent: API version {self._version} takes none")
            else:
                payload[name] = value
        if sampling.reasoning_effort is not None:
            payload["output_config"] = {"effort": sampling.reasoning_effort}
        if sampling.seed is not None:
            notes.append("seed not sent: the API has none")
        return payload, tuple(notes)


def read(value: dict[str, Json], request: ModelRequest) -> Reading:
    """Read a reply; raises Unusable where it holds no list of content blocks."""
    content = value.get("content")
    if not isinstance(content, list):
        raise Unusable("`content` is missing")
    said: list[str] = []
    thoughts: list[str] = []
    for block in content:
        kind = field_of(block, "type")
        if kind == "text":
            said.append(text_of(block.get("text")))
        elif kind == "thinking":
            thoughts.append(text_of(block.get("thinking")))
    word = text_of(value.get("stop_reason"))
    finish = FINISH.get(word, word) or "unknown"
    model = text_of(value.get("model")) or request.model
    return Reading("".join(said), finish, model, _usage(value.get("usage")), "\n".join(thoughts))


def _usage(usage: Json) -> Usage | None:
    prompt, completion = count(field_of(usage, "input_tokens")), count(field_of(usage, "output_tokens"))
    if prompt is None or completion is None:
        return None
    # Tokens that the server cached are counted beside `input_tokens`, but they were read all the same.
    cached = (count(field_of(usage, name)) or 0 for name in ("cache_creation_input_tokens", "cache_read_input_tokens"))
    return Usage(prompt + sum(cached), completion, 0)
