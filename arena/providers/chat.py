"""Chat Completions: the API that most servers speak, hosted or local.

Shape: https://platform.openai.com/docs/api-reference/chat; what servers make of it: docs/providers.md.
"""

from __future__ import annotations

from arena.messages import ModelRequest, Usage
from arena.providers.exchange import Api, HttpProvider, Reading, Unusable, count, field_of, text_of
from arena.providers.settings import Endpoint, ProviderSettings, access, open_transport
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
        ),
        Endpoint(
            "local",
            "http://127.0.0.1:8000/v1",
            "ARENA_LOCAL_API_KEY",
            ("ARENA_LOCAL_BASE_URL",),
            "the server's own /v1/models",
            key_required=False,
        ),
    )
}

FINISH = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
}
"""finish_reason as servers spell it -> ModelReply.finish; any other word is passed on."""

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


def build(name: str, settings: ProviderSettings) -> HttpProvider:
    """Make the provider `name` (a row of ENDPOINTS). Raises ConfigError where its key or address is missing."""
    endpoint = ENDPOINTS[name]
    place = access(endpoint, settings.environ)
    headers = {"Authorization": f"Bearer {place.key}"} if place.key else {}
    return HttpProvider(place, ChatApi(endpoint).api(), headers, open_transport(settings, place))


class ChatApi:
    """The payload and the reading of one endpoint's Chat Completions."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def api(self) -> Api:
        """Return the two functions for the exchange."""
        return Api(self.payload, read)

    def payload(self, request: ModelRequest) -> tuple[dict[str, Json], tuple[str, ...]]:
        """Lay out a request; sampling fields that are None are not sent."""
        conversation, sampling = request.conversation, request.sampling
        messages: list[Json] = [{"role": message.role, "content": message.text} for message in conversation.messages]
        if conversation.system:
            messages.insert(0, {"role": "system", "content": conversation.system})
        payload: dict[str, Json] = {"model": request.model, "messages": messages, "stream": False}
        notes: tuple[str, ...] = ()
        fields = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self._endpoint.token_parameter: sampling.max_tokens,
            "reasoning_effort": sampling.reasoning_effort,
        }
        if self._endpoint.seed_parameter is not None:
            fields[self._endpoint.seed_parameter] = sampling.seed
        elif sampling.seed is not None:
            notes = ("seed not sent: the API has none",)
        payload.update((name, value) for name, value in fields.items() if value is not None)
        return payload, notes


def read(value: dict[str, Json], request: ModelRequest) -> Reading:
    """Read a reply; raises Unusable where it has no choice with a message."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not choices:
        raise Unusable("`choices` is empty or missing")
    choice = choices[0]
    message = field_of(choice, "message")
    if not isinstance(message, dict):
        raise Unusable("the first choice has no message")
    if field_of(choice, "error"):
        raise Unusable(f"the model stopped with an error: {str(choice['error'])[:200]}")
    text, thoughts, refusal = _content(message.get("content"))
    thoughts = "\n".join(part for part in (_reasoning(message), thoughts) if part)
    notes: list[str] = []
    inline, text = _split_thinking(text)
    if inline is not None:
        thoughts = "\n".join(part for part in (thoughts, inline) if part)
        notes.append("think block kept apart")
    refusal = text_of(message.get("refusal")) or refusal
    word = choice.get("finish_reason")
    finish = FINISH.get(word, word) if isinstance(word, str) and word else "unknown"
    if refusal:
        finish = "refusal"
        notes.append(f"refusal: {refusal[:300]}")
    if message.get("tool_calls"):
        notes.append("native tool calls ignored: none were offered")
    model = text_of(value.get("model")) or request.model
    return Reading(text, finish, model, _usage(value.get("usage")), thoughts, tuple(notes))


def _content(content: Json) -> tuple[str, str, str]:
    """Return (text, reasoning, refusal) of a message's content: a string, null, or a list of parts."""
    if not isinstance(content, list):
        return text_of(content), "", ""
    found: dict[str, list[str]] = {"text": [], "thinking": [], "refusal": []}
    for part in content:
        if isinstance(part, str):
            found["text"].append(part)
            continue
        kind = field_of(part, "type")
        if kind in ("thinking", "reasoning"):
            inner = part.get("thinking") or part.get("reasoning") or part.get("text")
            found["thinking"].append(_content(inner)[0])
        elif kind == "refusal":
            found["refusal"].append(text_of(part.get("refusal")))
        else:
            found["text"].append(text_of(field_of(part, "text")))
    return "".join(found["text"]), "".join(found["thinking"]), "".join(found["refusal"])


def _reasoning(message: dict[str, Json]) -> str:
    """Return what a server gives as reasoning: `reasoning_content` (DeepSeek, older vLLM) or `reasoning` (newer
    vLLM, Groq, OpenRouter, Together)."""
    return text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))


def _split_thinking(text: str) -> tuple[str | None, str]:
    """Split a leading think block off; (None, text) where there is none.

    Servers without a reasoning parser leave the block in the text. Templates that open it in the prompt leave only
    its end; a reply cut within the block has no end, and then nothing was said.
    """
    lead = text.lstrip()
    if lead.startswith(THINK_OPEN):
        thoughts, close, rest = lead[len(THINK_OPEN) :].partition(THINK_CLOSE)
    elif THINK_CLOSE in text and THINK_OPEN not in text:
        thoughts, close, rest = text.partition(THINK_CLOSE)
    else:
        return None, text
    return thoughts.strip(), rest.lstrip() if close else ""


def _usage(usage: Json) -> Usage | None:
    prompt, completion = count(field_of(usage, "prompt_tokens")), count(field_of(usage, "completion_tokens"))
    if prompt is None or completion is None:
        return None
    reasoning = count(field_of(usage, "completion_tokens_details", "reasoning_tokens"))
    if reasoning is None:
        reasoning = count(field_of(usage, "reasoning_tokens"))
    return Usage(prompt, completion, reasoning or 0)
