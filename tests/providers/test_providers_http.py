"""The HTTP providers in good weather: what they send (the server is strict) and how they read every kind of reply."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from arena.errors import ConfigError
from arena.messages import Conversation, ModelReply, ModelRequest, Sampling, Usage
from arena.providers import anthropic, openai
from arena.providers import chat as chat_api
from arena.providers.exchange import Reading, Unusable
from tests.support.api_shapes import SHAPES, good_reply
from tests.support.api_turns import roles_and_texts
from tests.support.http_rig import APIS, provider_on, question
from tests.support.http_server import KEY, ModelServer, Scripted


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running
        assert running.refused == []


MARK = {"type": "ephemeral"}
ALL = Sampling(temperature=0.5, top_p=0.9, max_tokens=100, seed=7, reasoning_effort="low")


@pytest.mark.parametrize("name", APIS)
def test_a_question_is_answered(server: ModelServer, name: str) -> None:
    reply = provider_on(server, name).complete(question())
    assert reply.text.startswith("Statement 1, reference ")
    assert (reply.finish, reply.model, reply.reasoning, reply.notes) == ("stop", "m-1", "", ())
    assert reply.usage.prompt_tokens > 0 and not reply.usage.estimated
    assert [attempt.status for attempt in reply.attempts] == [200]
    assert isinstance(reply.raw, dict) and reply.raw["model"] == "m-1"


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("openai-chat", {"messages": [{"role": "system", "content": "You are Alice."},
                                      {"role": "user", "content": "Hi"}]}),
        ("openai", {"instructions": "You are Alice.", "store": False,
                    "input": [{"type": "message", "role": "user", "content": "Hi"}]}),
        ("anthropic", {"system": [{"type": "text", "text": "You are Alice.", "cache_control": MARK}],
                       "max_tokens": 4096, "messages": [{"role": "user", "content": [
                           {"type": "text", "text": "Hi", "cache_control": MARK}]}]}),
    ],
)  # fmt: skip
def test_sampling_that_is_not_asked_for_is_not_sent(server: ModelServer, name: str, payload: dict[str, Any]) -> None:
    provider_on(server, name).complete(question("Hi"))
    sent = server.seen[0].payload
    sent.pop("prompt_cache_key", None)
    assert sent == {"model": "m-1", "stream": False, **payload}


@pytest.mark.parametrize(
    ("name", "fields", "notes"),
    [
        ("openai-chat", {"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 100, "seed": 7,
                         "reasoning_effort": "low"}, ()),
        ("openai", {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 100, "reasoning": {"effort": "low"}},
         ("seed not sent: the API has none",)),
        ("anthropic", {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100, "output_config": {"effort": "low"}},
         ("seed not sent: the API has none",)),
    ],
)  # fmt: skip
def test_sampling_goes_out_under_the_names_of_the_api(
    server: ModelServer, name: str, fields: dict[str, Any], notes: tuple[str, ...]
) -> None:
    reply = provider_on(server, name).complete(question(sampling=ALL))
    sent = server.seen[0].payload
    assert {key: sent[key] for key in sent if key not in {"model", "messages", "input", "instructions", "system",
                                                          "stream", "store", "prompt_cache_key"}} == fields  # fmt: skip
    assert reply.notes == notes


@pytest.mark.parametrize("name", APIS)
def test_the_whole_conversation_goes_out_in_order(server: ModelServer, name: str) -> None:
    conversation = Conversation("")
    for role, text in (("user", "Bob: hello"), ("assistant", "hi"), ("user", "Bob: “so?” \ud83d\ude00\n")):
        conversation.add(role, text.encode("utf-16", "surrogatepass").decode("utf-16"))
    base = question()
    request = ModelRequest("model", "m-1", conversation, Sampling(), base.key, base.seed)
    provider_on(server, name).complete(request)
    sent = server.seen[0].payload
    turns = roles_and_texts({"openai": "responses", "openai-chat": "chat"}.get(name, "messages"), turns_in(sent))
    assert turns == [(message.role, message.text) for message in conversation.messages]
    assert "system" not in sent and "instructions" not in sent


def test_the_newer_anthropic_version_takes_a_bearer_and_no_sampling(server: ModelServer) -> None:
    provider = provider_on(server, "anthropic", environ={"ANTHROPIC_VERSION": "2026-10-21"})
    reply = provider.complete(question(sampling=Sampling(temperature=0.5, top_p=0.9)))
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.seen[0].headers["anthropic-version"] == "2026-10-21"
    assert "temperature" not in server.seen[0].payload and "top_p" not in server.seen[0].payload
    assert reply.notes == (
        "temperature not sent: API version 2026-10-21 takes none", "top_p not sent: API version 2026-10-21 takes none",
    )  # fmt: skip


def test_an_empty_message_is_sent_to_anthropic_as_a_placeholder(server: ModelServer) -> None:
    request = question()
    request.conversation.add("assistant", " ")
    request.conversation.add("user", "again?")
    reply = provider_on(server, "anthropic").complete(request)
    assert roles_and_texts("messages", server.seen[0].payload["messages"])[1] == ("assistant", "(no text)")
    assert reply.notes == ("empty messages sent as (no text)",)


def test_too_few_output_tokens_for_the_responses_api_are_refused_before_the_call(server: ModelServer) -> None:
    provider = provider_on(server, "openai")
    few = Sampling(max_tokens=15)
    for attempt in (lambda: provider.check_sampling(few), lambda: provider.complete(question(sampling=few))):
        with pytest.raises(ConfigError, match="no less than 16"):
            attempt()
    assert server.seen == []
    provider.check_sampling(Sampling(max_tokens=16))


def turns_in(payload: dict[str, Any]) -> list[Any]:
    """The turns of a request, without the system text that Chat Completions puts among them."""
    turns = payload.get("messages", payload.get("input"))
    assert isinstance(turns, list)
    return [turn for turn in turns if turn["role"] != "system"]


def chat(**message: Any) -> Callable[[dict[str, Any]], object]:
    """Change the message of a Chat Completions reply; `finish` sets finish_reason."""

    def edit(reply: dict[str, Any]) -> None:
        choice = reply["choices"][0]
        choice["finish_reason"] = message.get("finish", choice["finish_reason"])
        choice["message"].update((name, value) for name, value in message.items() if name != "finish")

    return edit


def whole(**fields: Any) -> Callable[[dict[str, Any]], object]:
    """Replace fields at the top of a reply."""
    return lambda reply: reply.update(fields)


def item(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "status": "completed", "content": list(parts)}


THINKING = {"type": "thinking", "thinking": "hm", "signature": "s"}
COMMENTARY = item({"type": "output_text", "text": "hm"}) | {"phase": "commentary"}
REASONING = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "hm"}]}

# (provider, change of the good reply, text, finish, reasoning, beginnings of the notes)
READINGS: list[tuple[str, Callable[[dict[str, Any]], object], str, str, str, tuple[str, ...]]] = [
    ("openai-chat", chat(content="hi"), "hi", "stop", "", ()),
    ("openai-chat", chat(content=None), "", "stop", "", ()),
    ("openai-chat", chat(content="", finish="length"), "", "length", "", ()),
    ("openai-chat", chat(content="hi", finish="model_length"), "hi", "length", "", ()),
    ("openai-chat", chat(content="hi", finish="eos"), "hi", "stop", "", ()),
    ("openai-chat", chat(content="hi", finish="tool_calls", tool_calls=[{}]), "hi", "tool_calls", "", ("native tool",)),
    ("openai-chat", chat(content="hi", finish=None), "hi", "unknown", "", ()),
    ("openai-chat", chat(content=[{"type": "text", "text": "h"}, "i"]), "hi", "stop", "", ()),
    ("openai-chat", chat(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                                  {"type": "text", "text": "hi"}]), "hi", "stop", "hm", ()),
    ("openai-chat", chat(content={"type": "text", "text": "hi"}), "hi", "stop", "", ()),
    ("openai-chat", chat(content=[{"type": "refusal", "refusal": "no"}]), "", "refusal", "", ("refusal: no",)),
    ("openai-chat", chat(content=None, reasoning_content="hm"), "", "stop", "hm", ()),
    ("openai-chat", chat(content="hi", reasoning="hm"), "hi", "stop", "hm", ()),
    ("openai-chat", chat(content="<think>hm</think>\n\nhi"), "hi", "stop", "hm", ("think block",)),
    ("openai-chat", chat(content="hm\n</think>\n\nhi"), "hi", "stop", "hm", ("think block",)),
    ("openai-chat", chat(content="<think>hm", finish="length"), "", "length", "hm", ("think block",)),
    ("openai-chat", chat(content="a <think> b"), "a <think> b", "stop", "", ()),
    ("openai-chat", chat(content=None, refusal="I will not"), "", "refusal", "", ("refusal: I will not",)),
    ("openai-chat", chat(content="", finish="content_filter"), "", "refusal", "", ()),
    ("openai-chat", whole(model="tiny@main"), "*", "stop", "", ()),
    ("openai-chat", whole(usage=None), "*", "stop", "", ("usage estimated",)),
    ("openai", whole(output=[item({"type": "output_text", "text": "h"}, {"type": "output_text", "text": "i"})]),
     "hi", "stop", "", ()),
    ("openai", whole(output=[REASONING, item({"type": "output_text", "text": "hi"})]), "hi", "stop", "hm", ()),
    ("openai", whole(output=[COMMENTARY, item({"type": "output_text", "text": "hi"})]), "hi", "stop", "hm", ()),
    ("openai", whole(output=[item({"type": "output_text", "text": "h"}), item({"type": "output_text", "text": "i"})]),
     "h\n\ni", "stop", "", ()),
    ("openai", whole(output=[REASONING]), "", "stop", "hm", ()),
    ("openai", whole(output=[{"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]}]),
     "", "stop", "hm", ()),
    ("openai", whole(output=[], status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
     "", "length", "", ()),
    ("openai", whole(incomplete_details={"reason": "max_output_tokens"}), "*", "length", "", ()),
    ("openai", whole(usage={"input_tokens": 5, "output_tokens": 100}), "*", "length", "", ("called completed",)),
    ("openai", whole(status="incomplete", incomplete_details={"reason": "content_filter"}), "*", "refusal", "", ()),
    ("openai", whole(output=[item({"type": "refusal", "refusal": "no"})]), "", "refusal", "", ("refusal: no",)),
    ("openai", whole(usage={}), "*", "stop", "", ("usage estimated",)),
    ("openai", whole(model="tiny@main"), "*", "stop", "", ()),
    ("anthropic", whole(content=[THINKING, {"type": "text", "text": "h"}, {"type": "text", "text": "i"}]),
     "hi", "stop", "hm", ()),
    ("anthropic", whole(content=[THINKING, {"type": "redacted_thinking", "data": "x"}], stop_reason="max_tokens"),
     "", "length", "hm", ()),
    ("anthropic", whole(content=[], stop_reason="refusal"), "", "refusal", "", ()),
    ("anthropic", whole(content=[], stop_reason="end_turn"), "", "stop", "", ()),
    ("anthropic", whole(stop_reason="pause_turn"), "*", "pause_turn", "", ()),
    ("anthropic", whole(stop_reason=None), "*", "unknown", "", ()),
    ("anthropic", whole(usage=None), "*", "stop", "", ("usage estimated",)),
    ("anthropic", whole(model="claude@x"), "*", "stop", "", ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "text", "finish", "reasoning", "notes"), READINGS)
def test_every_kind_of_reply_is_read(
    server: ModelServer, name: str, edit: Any, text: str, finish: str, reasoning: str, notes: tuple[str, ...]
) -> None:
    server.script(Scripted(edit=edit))
    reply = provider_on(server, name).complete(question(sampling=Sampling(max_tokens=100)))
    assert len(server.seen) == 1, "an answer with a strange reply is still an answer"
    assert reply.text.startswith("Statement") if text == "*" else reply.text == text
    assert (reply.finish, reply.reasoning) == (finish, reasoning)
    assert len(reply.notes) == len(notes) and all(a.startswith(b) for a, b in zip(reply.notes, notes, strict=True))


def reply_to(server: ModelServer, name: str, edit: Callable[[dict[str, Any]], object]) -> ModelReply:
    server.script(Scripted(edit=edit))
    return provider_on(server, name).complete(question())


@pytest.mark.parametrize("name", APIS)
def test_the_model_may_come_back_under_another_name(server: ModelServer, name: str) -> None:
    assert reply_to(server, name, whole(model="tiny@main")).model == "tiny@main"


@pytest.mark.parametrize(
    ("name", "usage", "expected"),
    [
        ("openai-chat", {"prompt_tokens": 11, "completion_tokens": 9,
                         "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(11, 9, 4)),
        ("openai-chat", {"prompt_tokens": 11, "completion_tokens": 0}, Usage(11, 0, 0)),
        ("openai", {"input_tokens": 11, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 4}},
         Usage(11, 9, 4)),
        ("anthropic", {"input_tokens": 11, "output_tokens": 9, "cache_read_input_tokens": 100,
                       "cache_creation_input_tokens": 10}, Usage(121, 9, 0, False, 100, 10)),
    ],
)  # fmt: skip
def test_usage_is_taken_as_reported(server: ModelServer, name: str, usage: dict[str, Any], expected: Usage) -> None:
    assert reply_to(server, name, whole(usage=usage)).usage == expected


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "many"}, {"prompt_tokens": True}, {"total_tokens": 9}])
def test_missing_usage_is_estimated_and_flagged(server: ModelServer, usage: Any) -> None:
    def edit(reply: dict[str, Any]) -> None:
        reply["usage"] = usage
        reply["choices"][0]["message"].update(content="12345", reasoning="123456789")

    reply = reply_to(server, "openai-chat", edit)
    asked = len("You are Alice.") + len("How are you?")  # 26 characters
    assert asked == 26 and reply.usage == Usage(7, 2 + 3, 3, estimated=True)


JUNK: tuple[Any, ...] = (
    None, True, -1, float("inf"), "junk", [], {}, [None], [[]], {"type": "text"}, {"text": {}},
)  # fmt: skip


def broken_replies(name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The good reply with each of its values, at every depth, replaced by each kind of junk."""
    shape = next(shape for shape in SHAPES if shape.name == name)
    turn = {"type": "message", "role": "user", "content": "hi"}
    good = good_reply(shape, {"model": "m", shape.turns: [turn], "max_tokens": 9})

    def places(node: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, inner in entries:
            yield (*way, key)
            yield from places(inner, (*way, key))

    for way in places(good, ()):
        for junk in JUNK:
            reply = copy.deepcopy(good)
            node: Any = reply
            for key in way[:-1]:
                node = node[key]
            node[way[-1]] = junk
            yield reply, f"{way} = {junk!r}"


@pytest.mark.parametrize(
    ("name", "read"), [("chat", chat_api.read), ("responses", openai.read), ("messages", anthropic.read)]
)
def test_a_reply_with_junk_anywhere_is_read_or_called_unusable(
    name: str, read: Callable[[dict[str, Any], ModelRequest], Reading]
) -> None:
    outcomes = {"read": 0, "unusable": 0}
    for reply, label in broken_replies(name):
        try:
            reading = read(reply, question())
        except Unusable:
            outcomes["unusable"] += 1
            continue
        outcomes["read"] += 1
        texts = (reading.text, reading.finish, reading.model, reading.reasoning, *reading.notes)
        assert all(isinstance(text, str) for text in texts), label
        assert reading.finish and reading.model, label
    assert all(outcomes.values()), outcomes


@pytest.mark.parametrize("depth", [150, 5000, 500_000])
def test_a_reply_nested_beyond_reason_is_no_json(server: ModelServer, depth: int) -> None:
    server.script(Scripted(body='{"choices": ' + "[" * depth + "]" * depth + "}"))
    reply = provider_on(server, "openai-chat").complete(question())
    assert "instead of a JSON object" in str(reply.attempts[0].error)


def test_lone_surrogates_and_nan_never_reach_our_files(server: ModelServer) -> None:
    body = '{"choices": [{"message": {"content": "a\\ud800b"}, "finish_reason": "stop", "logprob": NaN}], "model": "m"}'
    server.script(Scripted(body=body))
    reply = provider_on(server, "openai-chat").complete(question())
    assert reply.text == "a\ufffdb" and reply.raw["choices"][0]["logprob"] is None


@pytest.mark.parametrize("spelling", [KEY, "\\u0074est-key-0123456789"])
def test_a_key_in_a_reply_is_redacted_in_text_and_raw(server: ModelServer, spelling: str) -> None:
    server.script(Scripted(body='{"choices": [{"message": {"content": "key: ' + spelling + '"}}]}'))
    reply = provider_on(server, "openai-chat").complete(question())
    assert reply.text == "key: [redacted]" and KEY not in str(reply)
