"""The vendors' own clients read the test server's replies, and know every parameter that the providers send.

So the server answers as the APIs do, and the providers that are tested against it ask as the APIs want to be asked.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from arena.messages import Sampling
from tests.providers.test_native_calls import HASH, SCHEMA, calling, with_tools
from tests.support.http_rig import provider_on
from tests.support.http_server import KEY, ModelServer

MISSING = [name for name in ("openai", "anthropic") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (`make test-long` installs them)"),
]

USER = [{"role": "user", "content": "How are you?"}]
EVERYTHING = Sampling(0.5, 0.9, 100, None, "low")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def openai_client(server: ModelServer, key: str = KEY) -> Any:
    openai = pytest.importorskip("openai")
    return openai.OpenAI(api_key=key, base_url=server.url, max_retries=0, _strict_response_validation=True)


def anthropic_client(server: ModelServer, key: str = KEY) -> Any:
    anthropic = pytest.importorskip("anthropic")
    base = server.url.removesuffix("/v1")
    return anthropic.Anthropic(api_key=key, base_url=base, max_retries=0, _strict_response_validation=True)


@pytest.mark.parametrize(("limit", "finish"), [(100, "stop"), (4, "length")])
def test_chat_replies_are_read_by_the_vendors_client(server: ModelServer, limit: int, finish: str) -> None:
    create = openai_client(server).chat.completions.create
    reply = create(model="m", messages=USER, max_completion_tokens=limit, temperature=0.5)
    choice = reply.choices[0]
    assert choice.finish_reason == finish and choice.message.content.startswith("Statement 1")
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.completion_tokens <= limit and server.refused == []


@pytest.mark.parametrize(("limit", "status"), [(100, "completed"), (16, "incomplete")])
def test_responses_are_read_by_the_vendors_client(server: ModelServer, limit: int, status: str) -> None:
    create = openai_client(server).responses.create
    reply = create(model="m", input="How are you?", instructions="Be brief.", max_output_tokens=limit)
    assert reply.status == status and reply.output_text.startswith("Statement 1")
    assert reply.usage.output_tokens <= limit and server.refused == []


@pytest.mark.parametrize(("limit", "stop"), [(100, "end_turn"), (4, "max_tokens")])
def test_messages_are_read_by_the_vendors_client(server: ModelServer, limit: int, stop: str) -> None:
    reply = anthropic_client(server).messages.create(model="m", max_tokens=limit, messages=USER, system="Be brief.")
    assert reply.stop_reason == stop and reply.content[0].text.startswith("Statement 1")
    assert reply.usage.output_tokens <= limit and server.refused == []


def test_refusals_are_the_vendors_errors(server: ModelServer) -> None:
    openai, anthropic = pytest.importorskip("openai"), pytest.importorskip("anthropic")
    with pytest.raises(openai.AuthenticationError):
        openai_client(server, "other-key-00000").chat.completions.create(model="m", messages=USER)
    with pytest.raises(openai.BadRequestError, match="at most 2") as caught:
        openai_client(server).chat.completions.create(model="m", messages=USER, temperature=3)
    assert caught.value.param == "temperature"
    with pytest.raises(anthropic.BadRequestError, match="non-empty"):
        blank = [{"role": "user", "content": " "}]
        anthropic_client(server).messages.create(model="m", max_tokens=5, messages=blank)


def test_native_calls_are_read_by_the_vendors_clients(server: ModelServer) -> None:
    server.script(calling("openai-chat"), calling("openai"), calling("anthropic"))
    tool = HASH._asdict()
    client = openai_client(server)
    chat = client.chat.completions.create(model="m", messages=USER, tools=[{"type": "function", "function": tool}])
    assert chat.choices[0].message.tool_calls[0].function.arguments == '{"msg": "a"}'
    response = client.responses.create(model="m", input=USER, tools=[{"type": "function", **tool, "strict": False}])
    assert response.output[0].name == "hash"
    blocks = [{"name": "hash", "description": "d", "input_schema": HASH.parameters}]
    message = anthropic_client(server).messages.create(model="m", max_tokens=99, messages=USER, tools=blocks)
    assert message.content[0].input == {"msg": "a"} and server.refused == []


@pytest.mark.parametrize("name", ["openai-chat", "openai", "anthropic"])
def test_providers_send_what_the_vendors_clients_know(server: ModelServer, name: str) -> None:
    """Every parameter has a place in the client's own description of a request, and its type, at every depth."""
    pydantic = pytest.importorskip("pydantic")
    completions = pytest.importorskip("openai.types.chat.completion_create_params")
    responses = pytest.importorskip("openai.types.responses.response_create_params")
    messages = pytest.importorskip("anthropic.types.message_create_params")
    request = with_tools("I look.", "")._replace(schema=SCHEMA, sampling=EVERYTHING)
    # The client speaks the newer version of the API, which takes no sampling.
    provider_on(server, name, environ={"ANTHROPIC_VERSION": "2026-10-21"}).complete(request)
    sent = server.seen[0].payload
    kind = {
        "openai-chat": completions.CompletionCreateParamsNonStreaming,
        "openai": responses.ResponseCreateParamsNonStreaming,
        "anthropic": messages.MessageCreateParamsNonStreaming,
    }[name]
    known = {field for base in (kind, *kind.__orig_bases__) for field in getattr(base, "__annotations__", {})}
    assert set(sent) <= known and server.refused == []
    pydantic.TypeAdapter(kind).validate_python(sent)
