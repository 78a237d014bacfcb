"""Errors that are an outcome of play or a setting to change, and no outage: context, calls, values, silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from arena.errors import ConfigError, ContextExceeded, PlayerFault, ServiceFault
from arena.messages import HttpAttempt, Sampling
from arena.providers.api_errors import ApiError, meaning_of
from tests.support.http_rig import APIS, FakeClock, provider_on, question
from tests.support.http_server import KEY, ModelServer, Scripted


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def refusal(message: str, status: int = 400, param: str | None = None, code: str | None = None) -> Scripted:
    return Scripted(
        status, {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    )


CONTEXT = [
    refusal("This model's maximum context length is 8192 tokens. However, you requested 9287 tokens."),
    refusal("Your input exceeds the context window of this model.", code="context_length_exceeded"),
    refusal("prompt is too long: 210000 tokens > 200000 maximum"),
    refusal("input length and `max_tokens` exceed context limit: 198602 + 8192 > 200000"),
    refusal("the request exceeds the available context size, try increasing it", code="exceed_context_size_error"),
    refusal("Requested tokens (9287) exceed context window of 8192", code="context_length_exceeded"),
    refusal("Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 422),
    refusal("Request too large: please reduce the length of the messages", 413),
    refusal("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000", 422),
    Scripted(500, {"error": {"message": "the request exceeds the available context size", "code": 500}}),
]


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("behaviour", CONTEXT)
def test_a_conversation_beyond_the_context_window_is_a_players_fault(
    server: ModelServer, name: str, behaviour: Scripted
) -> None:
    server.script(behaviour)
    with pytest.raises(ContextExceeded) as caught:
        provider_on(server, name).complete(question())
    assert isinstance(caught.value, PlayerFault) and caught.value.stop == "context_exceeded"
    assert len(server.seen) == len(caught.value.attempts) == 1


def test_a_context_window_that_leaves_no_word_is_exceeded(server: ModelServer) -> None:
    full = {"content": [], "stop_reason": "model_context_window_exceeded"}
    server.script(Scripted(edit=lambda reply: reply.update(full)))
    with pytest.raises(ContextExceeded):
        provider_on(server, "anthropic").complete(question())


def test_the_words_of_a_server_behind_a_gateway_count(server: ModelServer) -> None:
    raw = json.dumps({"error": {"message": "This model's maximum context length is 8192 tokens."}})
    error = {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw, "provider_name": "X"}}
    server.script(Scripted(400, {"error": error}))
    with pytest.raises(ContextExceeded, match="Provider returned error: .*maximum context length"):
        provider_on(server, "local").complete(question())


@pytest.mark.parametrize(
    "message",
    [
        "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7000",
        "messages: text content blocks must be non-empty",
        "Invalid 'input': string too short",
    ],
)
def test_another_refusal_is_no_context_window(message: str) -> None:
    assert meaning_of(ApiError(413, message, "", "")) != "context"
    assert meaning_of(ApiError(400, message, "", "")) != "context"


@pytest.mark.parametrize("code", ["tool_use_failed", "output_parse_failed"])
def test_a_failed_generation_is_what_the_model_said(server: ModelServer, code: str) -> None:
    said = '<think>private</think><function=hash>{"msg": "a"}</function>'
    body = {"error": {"message": "Failed to call a function.", "code": code, "failed_generation": said}}
    server.script(Scripted(400, body))
    reply = provider_on(server, "local").complete(question())
    assert reply.text == '<function=hash>{"msg": "a"}</function>' and reply.reasoning == "private"
    assert reply.finish == code and reply.usage.estimated and len(server.seen) == 1
    assert "the server could not read the model's call: Failed to call a function." in reply.notes


def test_a_failed_generation_without_text_is_an_empty_reply(server: ModelServer) -> None:
    server.script(refusal("tool call validation failed: parameters did not match schema", code="tool_use_failed"))
    reply = provider_on(server, "local").complete(question())
    assert (reply.text, reply.finish) == ("", "tool_use_failed")


VALUES: list[tuple[str, Sampling, Scripted, str]] = [
    ("openai-chat", Sampling(reasoning_effort="minimal"),
     refusal("Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are:"
             " 'low', 'medium', and 'high'.", param="reasoning_effort", code="unsupported_value"),
     "--reasoning-effort minimal"),
    ("openai", Sampling(reasoning_effort="minimal"),
     refusal("Unsupported value: 'minimal' is not supported with this model. Supported values are: 'low'.",
             param="reasoning.effort"), "--reasoning-effort minimal"),
    ("anthropic", Sampling(reasoning_effort="minimal"),
     refusal("output_config.effort: Input must be one of 'low', 'medium'"), "--reasoning-effort minimal"),
    ("anthropic", Sampling(temperature=1.0), refusal("temperature: range: 0..0.9"), "--temperature 1.0"),
    ("local", Sampling(max_tokens=99), refusal("max_tokens is too large: 99. This model supports at most 50."),
     "--max-tokens 99"),
    ("local", Sampling(top_p=0.5), refusal("top_p must be less than or equal to 0.4", 422), "--top-p 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sampling", "behaviour", "said"), VALUES)
def test_a_refused_value_is_a_configuration_error_and_costs_one_call(
    server: ModelServer, name: str, sampling: Sampling, behaviour: Scripted, said: str
) -> None:
    server.script(behaviour)
    provider = provider_on(server, name)
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"m-1 does not take {said}"):
            provider.complete(question(sampling=sampling))
    assert len(server.seen) == 1
    assert provider.complete(question()).text, "another value is asked for"


def test_a_refused_value_of_the_judge_names_its_own_flag(server: ModelServer) -> None:
    server.script(refusal("temperature: out of range"))
    request = question(sampling=Sampling(temperature=2.0))._replace(kind="judge")
    with pytest.raises(ConfigError, match="--judge-temperature 2.0"):
        provider_on(server, "local").complete(request)


def test_a_reply_tells_which_settings_were_not_sent(server: ModelServer) -> None:
    everything = Sampling(0.5, 0.9, 100, 7, "low")
    server.script(refusal("temperature is not supported"), refusal("'max_tokens': unsupported"))
    provider = provider_on(server, "local")
    refused = provider.complete(question(sampling=everything))
    assert refused.not_sent == ("temperature",), "max_tokens went out under another name"
    assert provider.complete(question(sampling=everything)).not_sent == ("temperature",), "as learned"
    assert provider.complete(question(sampling=everything, model="easy")).not_sent == ()


def test_what_an_api_has_not_is_told_as_not_sent(server: ModelServer) -> None:
    provider = provider_on(server, "anthropic", environ={"ANTHROPIC_VERSION": "2026-10-21"})
    reply = provider.complete(question(sampling=Sampling(temperature=0.5, top_p=0.9, seed=7)))
    assert reply.not_sent == ("seed", "temperature", "top_p")


@pytest.mark.parametrize("name", ["openai-chat", "anthropic", "openai"])
def test_a_limit_reached_without_a_word_is_length(server: ModelServer, name: str) -> None:
    def silent(reply: dict[str, Any]) -> None:
        words = {"prompt_tokens": 9, "completion_tokens": 50, "input_tokens": 9, "output_tokens": 50}
        if name == "openai-chat":
            reply["choices"][0]["message"]["content"] = "<think>all of it"
        reply.update(usage=words, **{"openai": {"output": []}, "anthropic": {"content": []}}.get(name, {}))

    server.script(Scripted(edit=silent), Scripted(edit=silent))
    provider = provider_on(server, name)
    assert provider.complete(question(sampling=Sampling(max_tokens=50))).finish == "length"
    assert provider.complete(question(sampling=Sampling(max_tokens=51))).finish == "stop"


def test_attempts_of_unknown_cost_are_counted(server: ModelServer) -> None:
    fates = [Scripted(reset=True), Scripted(503, "busy"), Scripted(429, "slow"), Scripted(504, "late"),
             Scripted(200, "{"), Scripted(cut_at=20)]  # fmt: skip
    server.script(*fates)
    reply = provider_on(server, "local", max_retries=9).complete(question())
    assert [attempt.may_be_billed for attempt in reply.attempts] == [True, False, False, True, True, True, False]
    assert reply.may_be_billed == 4


def test_a_fault_tells_its_attempts_of_unknown_cost(server: ModelServer) -> None:
    server.script(*[Scripted(hang=True)] * 2)
    with pytest.raises(ServiceFault) as caught:
        provider_on(server, "local", max_retries=1, timeout_s=0.02).complete(question())
    assert caught.value.may_be_billed == 2
    assert ServiceFault("provider", "x", (HttpAttempt(503, 1.0),)).may_be_billed == 0


def test_attempts_that_never_left_are_not_billed() -> None:
    with ModelServer() as gone:
        provider = provider_on(gone, "local", max_retries=1)
    with pytest.raises(ServiceFault, match="nothing listens") as caught:
        provider.complete(question())
    assert len(caught.value.attempts) == 2 and caught.value.may_be_billed == 0


@pytest.mark.parametrize("name", APIS)
def test_a_key_split_over_content_parts_is_redacted(server: ModelServer, name: str) -> None:
    halves = [KEY[:7], KEY[7:] + " is mine"]

    def split_key(reply: dict[str, Any]) -> None:
        parts = [{"type": "output_text" if name == "openai" else "text", "text": half} for half in halves]
        if name == "openai-chat":
            reply["choices"][0]["message"]["content"] = parts
        elif name == "openai":
            reply["output"][0]["content"] = parts
        else:
            reply["content"] = parts

    server.script(Scripted(edit=split_key))
    reply = provider_on(server, name).complete(question())
    assert reply.text == "[redacted] is mine" and reply.raw is None
    assert reply.notes == ("raw not kept: a key stood across its parts",)


THROTTLES = [
    ("Rate limit reached for gpt on tokens per min. Please try again in 20.7s.", "rate_limit_exceeded", 20.7),
    ("Please try again in 1m2.5s", "rate_limit_exceeded", 62.5),
    ("Please try again in 850ms", None, 1.0),
    ("You exceeded your current quota. Quota exceeded for metric requests, limit: 10. Please retry in 36.2s.", None,
     36.2),
    ("Quota exceeded: 60 requests per minute", None, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("message", "code", "waits"), THROTTLES)
def test_a_limit_on_the_rate_waits_as_its_text_asks(
    server: ModelServer, message: str, code: str | None, waits: float
) -> None:
    server.script(refusal(message, 429, code=code))
    clock = FakeClock()
    provider_on(server, "local", clock, backoff_base_s=1.0, random=lambda: 0.0, deadline_s=200.0).complete(question())
    assert clock.slept == [waits if waits > 1 else pytest.approx(0.85, abs=0.36)]


@pytest.mark.parametrize("message", ["You exceeded your current quota, please check your plan.", "retry in 5s"])
def test_insufficient_quota_is_never_throttling(server: ModelServer, message: str) -> None:
    server.script(refusal(message, 429, code="insufficient_quota"))
    with pytest.raises(ServiceFault, match="no quota or credit left"):
        provider_on(server, "local").complete(question())
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", APIS)
def test_a_limit_on_the_rate_is_tried_until_the_deadline(server: ModelServer, name: str) -> None:
    server.script(*[refusal("slow down", 429)] * 12)
    clock = FakeClock()
    reply = provider_on(server, name, clock, max_retries=1, deadline_s=1000.0).complete(question())
    assert len(reply.attempts) == 13 and clock.slept[-1] == 8.0


def test_a_limit_on_the_rate_ends_at_the_deadline(server: ModelServer) -> None:
    server.script(*[refusal("slow down", 429)] * 99)
    with pytest.raises(ServiceFault, match="deadline of 30 s"):
        provider_on(server, "local", max_retries=1, deadline_s=30.0).complete(question())
    assert len(server.seen) == 6


def test_other_failures_between_throttles_are_still_bounded(server: ModelServer) -> None:
    server.script(refusal("slow", 429), Scripted(503, "busy"), refusal("slow", 429), Scripted(503, "busy"))
    with pytest.raises(ServiceFault, match="gave up after 4 attempts"):
        provider_on(server, "local", max_retries=1, deadline_s=1000.0).complete(question())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"choices": "\xff"}', "a body that is not UTF-8"),
        (b"[" * 5000 + b"]" * 5000, "JSON nested deeper than 100 levels"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "JSON nested deeper than 100 levels"),
        (b"[" * 200_000, "JSON nested deeper than 100 levels"),
    ],
)
def test_a_body_that_cannot_be_read_says_why(server: ModelServer, body: bytes, said: str) -> None:
    server.script(Scripted(200, body))
    reply = provider_on(server, "local").complete(question())
    assert reply.attempts[0].error == f"HTTP 200: {said} instead of a JSON object"
