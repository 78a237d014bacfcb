"""Tools in each provider's own form, calls that come back, answers bound to a schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from arena.errors import ConfigError
from arena.formats.decode import decode
from arena.messages import Conversation, ModelReply, ModelRequest, NativeCall, NativeResult, Sampling, Tool
from arena.store.journal import reply_to_json
from tests.support.http_rig import APIS, provider_on, question
from tests.support.http_server import ModelServer, Scripted

HASH = Tool("hash", "Digest of a message.", {"type": "object", "properties": {"msg": {"type": "string"}}})
CALL = NativeCall("c1", "hash", '{"msg": "a"}')
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def calling(name: str, call: NativeCall = CALL) -> Scripted:
    """A reply in which the model makes a call in the form of the provider's API."""

    def edit(reply: dict[str, Any]) -> None:
        if name == "openai":
            item = {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
            reply["output"] = [item]
        elif name == "anthropic":
            block = {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
            reply.update(content=[block], stop_reason="tool_use")
        else:
            function = {"name": call.name, "arguments": call.arguments}
            message = {"role": "assistant", "content": None,
                       "tool_calls": [{"id": call.id, "type": "function", "function": function}]}  # fmt: skip
            reply["choices"][0].update(message=message, finish_reason="tool_calls")

    return Scripted(edit=edit)


def with_tools(*rounds: str) -> ModelRequest:
    """A request that offers tools; each of `rounds` is what was said with an earlier call and its result."""
    request = question()
    for said in rounds:
        request.conversation.add("assistant", said, calls=(CALL,))
        request.conversation.add("user", "", results=(NativeResult("c1", '{"ok": true}'),))
    return request._replace(tools=(HASH,))


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("openai-chat", {"type": "function", "function": HASH._asdict()}),
        ("openai", {"type": "function", **HASH._asdict(), "strict": False}),
        ("anthropic", {"name": "hash", "description": HASH.description, "input_schema": HASH.parameters}),
    ],
)
def test_tools_are_offered_in_the_providers_own_form(server: ModelServer, name: str, tool: dict[str, Any]) -> None:
    server.script(calling(name))
    reply = provider_on(server, name).complete(with_tools())
    assert server.seen[0].payload["tools"] == [tool] and server.refused == []
    assert reply.calls == (CALL,) and reply.text == "" and reply.notes == ()


@pytest.mark.parametrize("name", APIS)
def test_earlier_calls_and_results_go_back_in_the_same_form(server: ModelServer, name: str) -> None:
    request = with_tools("I look it up.", "")
    request.conversation.add("user", "Bob: well?")
    provider_on(server, name).complete(request)
    assert server.refused == [], "the server refuses calls without results and results without calls"
    sent = json.dumps(server.seen[0].payload)
    kinds = {"openai": "function_call_output", "openai-chat": "tool_call_id", "anthropic": "tool_result"}
    assert sent.count(f'"{kinds[name]}"') == 2 and "Bob: well?" in sent


@pytest.mark.parametrize("name", APIS)
def test_calls_become_text_where_no_tools_are_offered(server: ModelServer, name: str) -> None:
    provider_on(server, name).complete(with_tools("I look.")._replace(tools=()))
    sent = json.dumps(server.seen[0].payload)
    assert server.refused == [] and "tool_use" not in sent and "function_call" not in sent and "tool_calls" not in sent
    assert "tool_call" in sent and "I look." in sent


@pytest.mark.parametrize("name", APIS)
def test_native_calls_without_an_offer_are_kept_and_noted(server: ModelServer, name: str) -> None:
    server.script(calling(name))
    reply = provider_on(server, name).complete(question())
    assert reply.calls == (CALL,) and reply.notes == ("native tool calls, though none were offered",)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}, [("call_0", "f", '{"a": 1}')]),
        ({"tool_calls": [{"id": "x", "function": {"name": "f", "arguments": ""}}]}, [("x", "f", "")]),
        ({"tool_calls": [{"id": "x", "function": {"name": "f"}}]}, [("x", "f", "")]),
        ({"tool_calls": [{}, None, "f"]}, [("call_0", "", "")]),
        ({"tool_calls": {"f": 1}}, []),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [("call_0", "f", "{}")]),
    ],
)
def test_calls_are_read_however_they_are_written(server: ModelServer, message: Any, expected: Any) -> None:
    server.script(Scripted(edit=lambda reply: reply["choices"][0]["message"].update(message)))
    reply = provider_on(server, "local").complete(with_tools())
    assert [tuple(call) for call in reply.calls] == expected


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (400, "registry.ollama.ai/library/gemma does not support tools"),
        (404, "No endpoints found that support tool use."),
        (400, "Unsupported parameter: 'tools' is not supported with this model."),
    ],
)
def test_a_model_without_tools_is_a_configuration_error(server: ModelServer, status: int, message: str) -> None:
    server.script(Scripted(status, {"error": {"message": message}}))
    with pytest.raises(ConfigError, match="takes no tools .* --tool-calls text"):
        provider_on(server, "local").complete(with_tools())


def test_a_conversation_with_calls_has_a_digest_of_its_own() -> None:
    plain, calls, results = Conversation("s"), Conversation("s"), Conversation("s")
    plain.add("assistant", "a")
    calls.add("assistant", "a", calls=(CALL,))
    results.add("assistant", "a", results=(NativeResult("c1", "{}"),))
    assert len({plain.digest(), calls.digest(), results.digest()}) == 3


def test_the_journal_keeps_calls_and_cached_tokens(server: ModelServer) -> None:
    server.script(calling("anthropic"))
    reply = provider_on(server, "anthropic").complete(with_tools())
    reply = reply._replace(usage=reply.usage._replace(cached_prompt_tokens=5, cache_write_tokens=3))
    again = decode(ModelReply, json.loads(json.dumps(reply_to_json(reply))), "api_calls.jsonl")
    assert again == reply._replace(raw=None, attempts=())


def bound(name: str, payload: dict[str, Any]) -> Any:
    """What binds the answer in a request of the provider, or None."""
    if name == "openai":
        return payload.get("text", {}).get("format")
    if name == "anthropic":
        return payload.get("output_config", {}).get("format")
    return payload.get("response_format")


@pytest.mark.parametrize("name", [*APIS, "local"])
def test_a_schema_binds_the_answer(server: ModelServer, name: str) -> None:
    provider_on(server, name).complete(question()._replace(schema=SCHEMA))
    form = bound(name, server.seen[0].payload)
    inner = form.get("json_schema", form)
    assert form["type"] == "json_schema" and inner["schema"] == SCHEMA and server.refused == []
    assert name == "anthropic" or inner["strict"] is True


FORM_REFUSED = {
    "openai": ("Invalid parameter: 'text.format' of type 'json_schema' is not supported.", "text.format"),
    "openai-chat": ("This response_format type is unavailable now", None),
    "local": ("response_format: only text is known", None),
    "anthropic": ("output_config.format: Extra inputs are not permitted", None),
}


@pytest.mark.parametrize("name", FORM_REFUSED)
def test_a_refused_schema_is_dropped_learnt_and_told(server: ModelServer, name: str) -> None:
    message, param = FORM_REFUSED[name]
    server.script(Scripted(400, {"error": {"message": message, "param": param}}))
    provider = provider_on(server, name)
    request = question(sampling=Sampling(reasoning_effort="low"))._replace(schema=SCHEMA)
    for _ in range(2):
        reply = provider.complete(request)
        assert any("refused, dropped" in note for note in reply.notes) and reply.not_sent == ("schema",)
    assert [bound(name, seen.payload) is None for seen in server.seen] == [False, True, True]
    assert "low" in json.dumps(server.seen[1].payload), "only the schema is left out"
