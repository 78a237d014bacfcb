"""Turns as servers take them: neighbours of one role merged, the system text where the model allows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from arena.errors import ServiceFault
from arena.messages import CallKey, Conversation, ModelRequest, Sampling
from tests.support.api_turns import roles_and_texts
from tests.support.http_rig import APIS, provider_on, question
from tests.support.http_server import ModelServer, Scripted, Seen

SHAPE_OF = {"openai": "responses", "openai-chat": "chat", "anthropic": "messages", "local": "chat"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def asked(*turns: tuple[str, str], system: str = "You are Alice.", model: str = "m-1") -> ModelRequest:
    conversation = Conversation(system)
    for role, text in turns:
        conversation.add(role, text)
    return ModelRequest("model", model, conversation, Sampling(), CallKey("t", 0, "A", 0, 0), "0" * 64)


def turns_of(name: str, seen: Seen) -> list[tuple[str, str]]:
    turns = seen.payload.get("messages", seen.payload.get("input"))
    return roles_and_texts(SHAPE_OF[name], turns)


@pytest.mark.parametrize("name", APIS)
def test_neighbours_of_one_role_are_merged(server: ModelServer, name: str) -> None:
    request = asked(
        ("user", "Bob: hello"), ("user", "Carol: hi"), ("assistant", "one"), ("assistant", ""), ("assistant", "two"),
        ("user", "Bob: so?"), ("user", "(Your last reply was empty.)"),
    )  # fmt: skip
    provider_on(server, name).complete(request)
    assert [turn for turn in turns_of(name, server.seen[0]) if turn[0] != "system"] == [
        ("user", "Bob: hello\n\nCarol: hi"), ("assistant", "one\n\ntwo"),
        ("user", "Bob: so?\n\n(Your last reply was empty.)"),
    ]  # fmt: skip
    assert server.refused == [] and len(request.conversation.messages) == 7


def refusal(message: str, param: str | None = None, status: int = 400) -> Scripted:
    return Scripted(status, {"error": {"message": message, "type": "invalid_request_error", "param": param}})


SYSTEM_REFUSED = [
    refusal("System role not supported"),
    refusal("Unsupported value: 'messages[0].role' does not support 'system' with this model.", "messages[0].role"),
    refusal("Conversation roles must alternate user/assistant/user/assistant/..."),
    refusal("Only user, assistant and tool roles are supported, got system.", status=500),
    refusal("Developer instruction is not enabled for models/gemma-3"),
    refusal("Invalid value: 'system'. Supported values are: 'user' and 'assistant'.", "messages[0].role"),
    refusal("Please use a valid role: user, model."),
    refusal("[{'type': 'literal_error', 'loc': ('body', 'messages', 0, 'role'), 'msg': \"Input should be 'user'\"}]"),
]


@pytest.mark.parametrize("name", ["local", "openai-chat", "openai"])
@pytest.mark.parametrize("behaviour", SYSTEM_REFUSED)
def test_a_refused_system_text_heads_the_first_user_message(
    server: ModelServer, name: str, behaviour: Scripted
) -> None:
    server.script(behaviour)
    provider = provider_on(server, name, max_retries=0)
    note = "system role refused, sent in the first user message"
    first, second = provider.complete(asked(("user", "Hi"))), provider.complete(asked(("user", "Hi")))
    assert note in first.notes and note in second.notes
    assert [turns_of(name, seen) for seen in server.seen[1:]] == [[("user", "You are Alice.\n\nHi")]] * 2
    assert "instructions" not in server.seen[1].payload


def test_a_refused_system_text_stands_alone_before_an_assistant(server: ModelServer) -> None:
    server.script(SYSTEM_REFUSED[0])
    provider_on(server, "local").complete(asked(("assistant", "I open."), ("user", "Hi")))
    assert turns_of("local", server.seen[1])[0] == ("user", "You are Alice.")


def test_a_refused_system_role_is_learnt_per_model(server: ModelServer) -> None:
    server.script(SYSTEM_REFUSED[0])
    provider = provider_on(server, "local")
    provider.complete(asked(("user", "Hi"), model="fussy"))
    reply = provider.complete(asked(("user", "Hi"), model="easy"))
    assert turns_of("local", server.seen[-1])[0] == ("system", "You are Alice.") and reply.notes == ()


def test_a_model_that_wants_developer_gets_it(server: ModelServer) -> None:
    server.script(refusal("'messages[0].role' does not support 'system' with this model. Use 'developer' instead."))
    reply = provider_on(server, "local").complete(asked(("user", "Hi")))
    assert turns_of("local", server.seen[1]) == [("developer", "You are Alice."), ("user", "Hi")]
    assert reply.notes == ("system role refused, sent as developer",)


def test_a_model_that_refuses_both_roles_gets_neither(server: ModelServer) -> None:
    server.script(
        refusal("'messages[0].role' does not support 'system'. Use 'developer' instead."),
        refusal("'messages[0].role' does not support 'developer' with this model."),
    )
    reply = provider_on(server, "local").complete(asked(("user", "Hi")))
    assert turns_of("local", server.seen[2]) == [("user", "You are Alice.\n\nHi")] and len(reply.attempts) == 3


def test_roles_refused_without_a_system_text_end_the_call(server: ModelServer) -> None:
    server.script(*[SYSTEM_REFUSED[2]] * 2)
    provider = provider_on(server, "local")
    with pytest.raises(ServiceFault, match="chat template refuses"):
        provider.complete(asked(("user", "Hi"), system=""))
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", ["openai", "openai-chat"])
def test_a_seat_keeps_its_cache_key_and_another_has_its_own(server: ModelServer, name: str) -> None:
    provider = provider_on(server, name)
    request = question()
    other = request._replace(key=request.key._replace(seat="B"))
    for one in (request, request._replace(key=request.key._replace(turn=3)), other):
        provider.complete(one)
    keys = [seen.payload["prompt_cache_key"] for seen in server.seen]
    assert keys[0] == keys[1] != keys[2] and all(len(key) <= 64 for key in keys)


def test_a_refused_cache_key_is_dropped(server: ModelServer) -> None:
    server.script(refusal("Unknown parameter: 'prompt_cache_key'"))
    provider = provider_on(server, "openai")
    reply = provider.complete(question())
    assert "prompt_cache_key" not in server.seen[1].payload
    assert reply.notes == ("prompt_cache_key refused, dropped",)


def marked(payload: dict[str, Any]) -> list[bool]:
    blocks = [*payload["system"], *(block for turn in payload["messages"] for block in turn["content"])]
    return ["cache_control" in block for block in blocks]


def test_anthropic_keeps_system_and_growing_history_in_its_cache(server: ModelServer) -> None:
    provider = provider_on(server, "anthropic")
    request = asked(("user", "one"), ("assistant", "two"), ("user", "three"))
    provider.complete(request)
    provider.complete(request._replace(kind="judge"))
    assert [marked(seen.payload) for seen in server.seen] == [[True, False, False, True], [True, False, False, False]]
    assert server.refused == []


def test_refused_cache_breakpoints_are_taken_out(server: ModelServer) -> None:
    server.script(refusal("system.0.cache_control: Extra inputs are not permitted"))
    provider = provider_on(server, "anthropic")
    reply = provider.complete(question())
    assert not any(marked(server.seen[1].payload))
    assert reply.notes == ("cache_control refused, sent without cache breakpoints",)
