"""OpenAI Responses: the API of `openai`, which other servers speak too.

Shape: https://platform.openai.com/docs/api-reference/responses.
"""

from __future__ import annotations

from arena.errors import ConfigError
from arena.messages import ModelRequest, NativeCall, Sampling, Usage
from arena.providers.bodies import field_of, text_of
from arena.providers.chat import SCHEMA_NAME, cache_key, native_call, with_own_ids
from arena.providers.exchange import Api, HttpProvider, Layout, Reading, Unusable
from arena.providers.settings import Endpoint, ProviderSettings, access, open_transport
from arena.providers.turns import SEPARATOR, Turn, turns_of
from arena.providers.usage import read_usage
from arena.records import Json

MIN_OUTPUT_TOKENS = 16
"""The API refuses a smaller `max_output_tokens`."""

ENDPOINT = Endpoint(
    "openai",
    "https://api.openai.com/v1",
    "OPENAI_API_KEY",
    ("OPENAI_BASE_URL",),
    "https://platform.openai.com/docs/models",
    path="/responses",
    token_parameter="max_output_tokens",
    seed_parameter=None,
    key_header_variable="OPENAI_KEY_HEADER",
    cache_key=True,
)

ENDPOINTS = {ENDPOINT.name: ENDPOINT}

INCOMPLETE = {"max_output_tokens": "length", "max_tokens": "length", "content_filter": "refusal"}
"""`incomplete_details.reason` -> ModelReply.finish; any other word is passed on."""


def build(name: str, settings: ProviderSettings) -> HttpProvider:
    """Make the provider. Raises ConfigError if its key or address is missing."""
    place = access(ENDPOINTS[name], settings.environ)
    return HttpProvider(place, batch_api(name), {}, open_transport(settings, place))


def batch_api(name: str) -> Api:
    """Return the pure functions of the API, also for requests that are sent and answered as files."""
    return Api(payload, read, check)


def check(sampling: Sampling) -> None:
    """Raise ConfigError for fewer output tokens than the API accepts."""
    if sampling.max_tokens is not None and sampling.max_tokens < MIN_OUTPUT_TOKENS:
        raise ConfigError(
            f"max_tokens is {sampling.max_tokens}, but the Responses API (provider openai) accepts no less than "
            f"{MIN_OUTPUT_TOKENS}: raise it, or use the provider openai-chat"
        )


def payload(request: ModelRequest) -> Layout:
    """Build the payload of a request; raises what `check` raises."""
    conversation, sampling = request.conversation, request.sampling
    check(sampling)
    items: list[Json] = []
    for turn in turns_of(request):
        items += _items(turn)
    # Some compatible servers stream by default; and answers are stored here, not at the vendor.
    result: dict[str, Json] = {"model": request.model, "input": items, "stream": False, "store": False}
    if conversation.system:
        result["instructions"] = conversation.system
    schema = {"type": "json_schema", "name": SCHEMA_NAME, "schema": request.schema, "strict": True}
    fields: dict[str, Json] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": sampling.max_tokens,
        "reasoning": {"effort": sampling.reasoning_effort} if sampling.reasoning_effort is not None else None,
        "prompt_cache_key": cache_key(request),
        # `strict` would require every argument, and is on by default.
        "tools": [{"type": "function", **tool._asdict(), "strict": False} for tool in request.tools] or None,
        "text": {"format": schema} if request.schema is not None else None,
    }
    result.update((name, value) for name, value in fields.items() if value is not None)
    if sampling.seed is not None:
        return Layout(result, ("seed not sent: the API has none",), ("seed",))
    return Layout(result)


def _items(turn: Turn) -> list[Json]:
    """Return the input items of one turn: results, text, calls."""
    items: list[Json] = [
        {"type": "function_call_output", "call_id": result.id, "output": result.text} for result in turn.results
    ]
    if turn.text or not (turn.results or turn.calls):
        items.append({"type": "message", "role": turn.role, "content": turn.text})
    items += [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        for call in turn.calls
    ]
    return items


def read(value: dict[str, Json], request: ModelRequest) -> Reading:
    """Read a reply; raises Unusable if it has no list of output items."""
    output = value.get("output")
    if not isinstance(output, list):
        raise Unusable("`output` is missing")
    status = text_of(value.get("status")) or "completed"
    if status in ("failed", "cancelled", "queued", "in_progress"):
        raise Unusable(f"the response is {status}")
    said: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    calls: list[NativeCall] = []
    for item in output:
        kind = field_of(item, "type")
        if kind == "reasoning":
            thoughts += [*_texts(item.get("summary")), *_texts(item.get("content"))]
        elif kind == "message" and item.get("phase") == "commentary":  # as in harmony: only what is final is public
            thoughts += _texts(item.get("content"))
        elif kind == "message":
            said.append("".join(_texts(item.get("content"))))
            refusals += [text_of(field_of(part, "refusal")) for part in _parts(item) if _is(part, "refusal")]
        elif kind == "function_call":
            calls.append(native_call(field_of(item, "call_id"), item))
    usage = read_usage(value.get("usage"))
    finish, notes = _finish(value, status, usage, request)
    if refusals:
        finish = "refusal"
        notes += (f"refusal: {''.join(refusals)[:300]}",)
    model = text_of(value.get("model")) or request.model
    return Reading(
        SEPARATOR.join(text for text in said if text),
        finish,
        model,
        usage,
        "\n".join(thoughts),
        notes,
        with_own_ids(calls),
    )


def _finish(
    value: dict[str, Json], status: str, usage: Usage | None, request: ModelRequest
) -> tuple[str, tuple[str, ...]]:
    reason = text_of(field_of(value, "incomplete_details", "reason"))
    if reason:
        return INCOMPLETE.get(reason, reason), ()
    if status != "completed":
        return status, ()
    limit = request.sampling.max_tokens
    if limit is not None and usage is not None and usage.completion_tokens >= limit:
        return "length", ("called completed, but the output limit was reached",)
    return "stop", ()


def _parts(item: Json) -> list[Json]:
    content = field_of(item, "content")
    return content if isinstance(content, list) else []


def _is(part: Json, kind: str) -> bool:
    return bool(field_of(part, "type") == kind)


def _texts(parts: Json) -> list[str]:
    """Return the texts of content parts (`output_text`, `text`, `summary_text`, `reasoning_text`), or of a string."""
    if isinstance(parts, str):
        return [parts]
    if not isinstance(parts, list):
        return []
    return [text for text in (text_of(field_of(part, "text")) for part in parts) if text]
