"""Chat Completions: the API that most servers speak, hosted or local.

Format: https://platform.openai.com/docs/api-reference/chat. How servers differ from it: docs/providers.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from arena.messages import ModelRequest, NativeCall
from arena.providers.bodies import field_of, text_of
from arena.providers.exchange import NO_ROOM, Api, HttpProvider, Layout, Reading, Unusable
from arena.providers.settings import Endpoint, ProviderSettings, access, open_transport
from arena.providers.turns import Turn, turns_of
from arena.providers.usage import counts_nothing, read_usage
from arena.records import Json

ENDPOINTS = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint(
            "fireworks",
            "https://api.fireworks.ai/inference/v1",
            "FIREWORKS_API_KEY",
            ("FIREWORKS_BASE_URL",),
            "https://fireworks.ai/models",
        ),
        Endpoint(
            "groq",
            "https://api.groq.com/openai/v1",
            "GROQ_API_KEY",
            ("GROQ_BASE_URL",),
            "https://console.groq.com/docs/models",
            token_parameter="max_completion_tokens",
        ),
        Endpoint(
            "openrouter",
            "https://openrouter.ai/api/v1",
            "OPENROUTER_API_KEY",
            ("OPENROUTER_BASE_URL",),
            "https://openrouter.ai/models",
        ),
        Endpoint(
            "together",
            "https://api.together.xyz/v1",
            "TOGETHER_API_KEY",
            ("TOGETHER_BASE_URL",),
            "https://docs.together.ai/docs/serverless-models",
        ),
        Endpoint(
            "mistral",
            "https://api.mistral.ai/v1",
            "MISTRAL_API_KEY",
            ("MISTRAL_BASE_URL",),
            "https://docs.mistral.ai/getting-started/models",
            seed_parameter="random_seed",
        ),
        Endpoint(
            "deepseek",
            "https://api.deepseek.com/v1",
            "DEEPSEEK_API_KEY",
            ("DEEPSEEK_BASE_URL",),
            "https://api-docs.deepseek.com/quick_start/pricing",
            seed_parameter=None,
        ),
        Endpoint(
            "openai-chat",
            "https://api.openai.com/v1",
            "OPENAI_API_KEY",
            ("OPENAI_CHAT_BASE_URL", "OPENAI_BASE_URL"),
            "https://platform.openai.com/docs/models",
            token_parameter="max_completion_tokens",
            key_header_variable="OPENAI_KEY_HEADER",
            cache_key=True,
        ),
        Endpoint(
            "local",
            "http://127.0.0.1:8000/v1",
            "ARENA_LOCAL_API_KEY",
            ("ARENA_LOCAL_BASE_URL",),
            "the server's own /v1/models",
            key_required=False,
            key_header_variable="ARENA_LOCAL_KEY_HEADER",
        ),
    )
}

FINISH = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
    "sensitive": "refusal",
    **dict.fromkeys(("safety", "recitation", "blocklist", "prohibited_content", "spii"), "refusal"),
}
"""Servers' spellings of finish_reason, in any letter case -> ModelReply.finish; any other word is passed on."""

REFUSALS = frozenset(word for word, finish in FINISH.items() if finish == "refusal")

CONTEXT_WORDS = frozenset({"model_length", "model_context_window_exceeded"})
"""finish_reason of Mistral and Z.ai if the window, not a limit of the user, ended the answer."""

OUTAGES = frozenset({"error", "abort", "aborted", "insufficient_system_resource", "network_error", "load"})
"""finish_reason if the server, not the model, ended the answer: OpenRouter, vLLM and SGLang, DeepSeek, Z.ai,
Ollama (which only loaded the model)."""

SCHEMA_NAME = "answer"
"""Name of a JSON schema, which the APIs require and nobody sees."""


def build(name: str, settings: ProviderSettings) -> HttpProvider:
    """Make the provider `name` (a row of ENDPOINTS). Raises ConfigError if its key or address is missing."""
    endpoint = ENDPOINTS[name]
    place = access(endpoint, settings.environ)
    return HttpProvider(place, ChatApi(endpoint).api(), {}, open_transport(settings, place))


def batch_api(name: str) -> Api:
    """Return the pure functions of an endpoint, for requests that are sent and answered as files."""
    return ChatApi(ENDPOINTS[name]).api()


class ChatApi:
    """The payload and the parser of one endpoint's Chat Completions."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def api(self) -> Api:
        """Return the two functions for the exchange."""
        return Api(self.payload, read)

    def payload(self, request: ModelRequest) -> Layout:
        """Build the payload of a request; sampling fields that are None are not sent."""
        system, sampling = request.conversation.system, request.sampling
        messages: list[Json] = [{"role": "system", "content": system}] if system else []
        for turn in turns_of(request):
            if turn.calls or turn.results:
                messages += _native_messages(turn)
            else:
                messages.append({"role": turn.role, "content": turn.text})
        payload: dict[str, Json] = {"model": request.model, "messages": messages, "stream": False}
        fields: dict[str, Json] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self._endpoint.token_parameter: sampling.max_tokens,
            "reasoning_effort": sampling.reasoning_effort,
            "prompt_cache_key": cache_key(request) if self._endpoint.cache_key else None,
        }
        if request.tools:
            fields["tools"] = [{"type": "function", "function": tool._asdict()} for tool in request.tools]
        if request.schema is not None:
            schema = {"name": SCHEMA_NAME, "schema": request.schema, "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
        seed_name = self._endpoint.seed_parameter
        if seed_name is not None:
            fields[seed_name] = sampling.seed
        payload.update([(name, value) for name, value in fields.items() if value is not None])
        if seed_name is None and sampling.seed is not None:
            return Layout(payload, ("seed not sent: the API has none",), ("seed",))
        return Layout(payload)


def cache_key(request: ModelRequest) -> str:
    """Return a key under which the calls of one seat of one trial share a prompt cache; it reveals neither of them."""
    place = f"{request.seed}\0{request.kind}\0{request.key.seat}"
    return "arena-" + hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _native_messages(turn: Turn) -> list[Json]:
    """Return the messages of a turn with native calls or results: each result is a separate message, before the user's
    text."""
    found: list[Json] = [{"role": "tool", "tool_call_id": result.id, "content": result.text} for result in turn.results]
    if turn.calls:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.calls
        ]
        found.append({"role": turn.role, "content": turn.text or None, "tool_calls": calls})
    elif turn.text:
        found.append({"role": turn.role, "content": turn.text})
    return found


def read(value: dict[str, Json], request: ModelRequest) -> Reading:
    """Read a reply; raises Unusable if it has no choice with a message."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        raise Unusable("`choices` is empty or missing")
    choice = choices[0]
    if field_of(choice, "error"):
        raise Unusable(f"the model stopped with an error: {str(choice['error'])[:200]}")
    message = field_of(choice, "message")
    if not isinstance(message, dict):
        if _plain(field_of(choice, "finish_reason")) not in REFUSALS:
            raise Unusable("the first choice has no message")
        message = {}  # Azure, if its filter removed the answer
    text, thoughts, refusal = _content(message.get("content"))
    thoughts = "\n".join(part for part in (_reasoning(message), thoughts) if part)
    notes: list[str] = []
    refusal = text_of(message.get("refusal")) or refusal
    calls = _calls(message)
    finish = _finish(choice, value.get("usage"), silent=not (text.strip() or calls or thoughts or refusal))
    if refusal:
        finish = "refusal"
        notes.append(f"refusal: {refusal[:300]}")
    model = text_of(value.get("model")) or request.model
    usage = read_usage(value.get("usage"))
    return Reading(text, finish, model, usage, thoughts, tuple(notes), calls)


def _finish(choice: dict[str, Json], usage: Json, silent: bool) -> str:
    """Return ModelReply.finish, or NO_ROOM. Raises Unusable if the server broke off, or did not ask the model."""
    word = text_of(choice.get("finish_reason"))
    plain = _plain(word)
    if plain in OUTAGES:
        raise Unusable(f"the server ended the answer: finish_reason {word!r}")
    if silent and plain in CONTEXT_WORDS:
        return NO_ROOM
    if silent and counts_nothing(usage):
        raise Unusable("no text, and by its usage no token was read or written")
    return FINISH.get(plain, word) or "unknown"


def _plain(word: Json) -> str:
    """Return a finish_reason in the spelling of FINISH; Gemini writes "content_filter: PROHIBITED_CONTENT"."""
    return text_of(word).partition(":")[0].strip().lower()


def _calls(message: dict[str, Json]) -> tuple[NativeCall, ...]:
    """Return the calls of a message, `function_call` of the older API included."""
    listed = message.get("tool_calls")
    calls = [
        native_call(field_of(call, "id"), field_of(call, "function"))
        for call in (listed if isinstance(listed, list) else ())
        if isinstance(call, dict)
    ]
    if not calls and isinstance(message.get("function_call"), dict):
        calls = [native_call(None, message["function_call"])]
    return with_own_ids(calls)


def with_own_ids(calls: Sequence[NativeCall]) -> tuple[NativeCall, ...]:
    """Return the calls of a message with an id each: the APIs refuse a missing or repeated id."""
    ids: set[str] = set()
    found: list[NativeCall] = []
    for number, call in enumerate(calls):
        name = call.id or f"call_{number}"
        name = f"{name}_{number}" if name in ids else name
        ids.add(name)
        found.append(call._replace(id=name))
    return tuple(found)


def native_call(call_id: Json, function: Json) -> NativeCall:
    """Return a call from {name, arguments}; arguments that are not text are written as JSON, a missing id is empty."""
    arguments = field_of(function, "arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
    return NativeCall(text_of(call_id), text_of(field_of(function, "name")), arguments)


def _content(content: Json) -> tuple[str, str, str]:
    """Return (text, reasoning, refusal) of a message's content: a string, null, a part, or a list of parts."""
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return text_of(content), "", ""
    found: dict[str, list[str]] = {"text": [], "thinking": [], "refusal": []}
    for part in content:
        if isinstance(part, str):
            found["text"].append(part)
            continue
        kind = field_of(part, "type")
        if isinstance(kind, str) and ("think" in kind or "reason" in kind):
            inner = part.get("thinking") or part.get("reasoning") or part.get("text")
            found["thinking"].append(_content(inner)[0])
        elif kind == "refusal":
            found["refusal"].append(text_of(part.get("refusal")))
        else:
            found["text"].append(text_of(field_of(part, "text")))
    return "".join(found["text"]), "".join(found["thinking"]), "".join(found["refusal"])


def _reasoning(message: dict[str, Json]) -> str:
    """Return the reasoning in a server's message: `reasoning_content` (DeepSeek, older vLLM), `reasoning` (newer vLLM,
    Groq, OpenRouter, Together) or the texts of `reasoning_details` (OpenRouter)."""
    plain = text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))
    if plain:
        return plain
    details = message.get("reasoning_details")
    texts = [text_of(field_of(part, "text")) for part in (details if isinstance(details, list) else ())]
    return "\n".join(text for text in texts if text)
