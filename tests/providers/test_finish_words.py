"""How Chat Completions servers say why an answer ended: the model's end, the user's limit, a filter, an outage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arena.errors import ContextExceeded, ServiceFault
from arena.messages import ModelReply
from tests.support.http_rig import provider_on, question
from tests.support.http_server import ModelServer, Scripted


def ending(word: str, text: str | None = "Hello.", **changes: Any) -> Scripted:
    """A reply that ends with finish_reason `word`; `changes` set fields at its top."""

    def edit(reply: dict[str, Any]) -> None:
        reply["choices"][0].update(finish_reason=word)
        reply["choices"][0]["message"]["content"] = text
        reply.update(changes)

    return Scripted(edit=edit)


def answered(*scripted: Scripted, **settings: Any) -> ModelReply:
    with ModelServer() as server:
        server.script(*scripted)
        return provider_on(server, "local", **settings).complete(question())


WORDS = {
    "STOP": "stop", "eos_token": "stop", "MAX_TOKENS": "length", "max_output_tokens": "length",
    "model_context_window_exceeded": "length", "SAFETY": "refusal", "sensitive": "refusal",
    "content_filter: PROHIBITED_CONTENT": "refusal", "MALFORMED_FUNCTION_CALL": "MALFORMED_FUNCTION_CALL",
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_finish_words_are_read_in_every_spelling(word: str) -> None:
    assert answered(ending(word)).finish == WORDS[word]


@pytest.mark.parametrize("word", ["error", "abort", "insufficient_system_resource", "load"])
@pytest.mark.parametrize("text", [None, "Half a sen"])
def test_an_answer_that_the_server_broke_off_is_asked_for_again(word: str, text: str | None) -> None:
    reply = answered(ending(word, text))
    assert reply.text.startswith("Statement") and word in str(reply.attempts[0].error)
    with pytest.raises(ServiceFault, match="the server ended the answer"):
        answered(*[ending(word, text)] * 2, max_retries=1)


@pytest.mark.parametrize("word", ["model_length", "model_context_window_exceeded"])
def test_a_window_without_room_for_a_word_is_exceeded(word: str) -> None:
    with pytest.raises(ContextExceeded):
        answered(ending(word, ""))


NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_silence_without_a_token_read_is_an_outage() -> None:
    assert len(answered(ending("stop", None, usage=NOTHING)).attempts) == 2
    one = NOTHING | {"prompt_tokens": 1}
    assert answered(ending("stop", None, usage=one)).text == "", "a model that says nothing is not asked again here"


def test_an_answer_that_a_filter_took_away_is_a_refusal() -> None:
    def edit(reply: dict[str, Any]) -> None:
        reply["choices"][0] = {"index": 0, "finish_reason": "content_filter"}

    assert (answered(Scripted(edit=edit)).text, answered(Scripted(edit=edit)).finish) == ("", "refusal")


def test_a_rate_limit_behind_a_gateway_is_waited_for_as_one() -> None:
    def edit(reply: dict[str, Any]) -> None:
        reply["choices"][0].update(error={"code": 429, "message": "rate-limited upstream"}, finish_reason="error")

    assert len(answered(*[Scripted(edit=edit)] * 5, max_retries=1).attempts) == 6


def test_a_model_that_is_loading_is_waited_for_until_the_deadline() -> None:
    loading = Scripted(503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}})
    assert len(answered(*[loading] * 5, max_retries=1).attempts) == 6


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|im_end|>\n", "</s>", "\u200b\ufeff"])
def test_text_of_invisible_marks_alone_is_none(text: str) -> None:
    assert answered(ending("stop", text)).text == ""


def calling(*ids: Any) -> Callable[[dict[str, Any]], None]:
    def edit(reply: dict[str, Any]) -> None:
        calls = [{"id": one, "type": "function", "function": {"name": "ping", "arguments": "{}"}} for one in ids]
        reply["choices"][0]["message"].update(content=None, tool_calls=calls)

    return edit


@pytest.mark.parametrize("ids", [("same", "same"), ("", ""), (None, None), ("same", "same", "same")])
def test_calls_of_one_message_have_an_id_each(ids: tuple[Any, ...]) -> None:
    found = [call.id for call in answered(Scripted(edit=calling(*ids))).calls]
    assert len(set(found)) == len(ids) and all(found)
