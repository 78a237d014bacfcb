"""Parameters that a model refuses: dropped or renamed once, remembered, recorded; everything else is an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from arena.errors import ServiceFault
from arena.messages import Sampling
from arena.providers.api_errors import ApiError, meaning_of, read_error
from arena.providers.quirks import QUIRKS, apply_quirk, find_quirk
from tests.support.http_rig import FakeClock, provider_on, question
from tests.support.http_server import ModelServer, Scripted


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def refusal(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> Scripted:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Scripted(status=status, body={"error": error})


ALL = Sampling(temperature=0.5, top_p=0.9, max_tokens=100, seed=7, reasoning_effort="low")

NO_MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
NO_TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported."
)
EXTRA = {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}

# (provider, refusal, parameter that must be gone, parameter that must have its value instead, note)
REFUSED: list[tuple[str, Scripted, str, str | None, str]] = [
    ("local", refusal(NO_MAX_TOKENS, "max_tokens", "unsupported_parameter"), "max_tokens", "max_completion_tokens",
     "max_tokens refused, sent as max_completion_tokens"),
    ("local", refusal(NO_MAX_TOKENS), "max_tokens", "max_completion_tokens",
     "max_tokens refused, sent as max_completion_tokens"),
    ("openai-chat", refusal("Unrecognized request argument supplied: max_completion_tokens"),
     "max_completion_tokens", "max_tokens", "max_completion_tokens refused, sent as max_tokens"),
    ("openai-chat", refusal(NO_TEMPERATURE, "temperature", "unsupported_value"), "temperature", None,
     "temperature refused, dropped"),
    ("openai", refusal("Unsupported parameter: 'temperature' is not supported with this model.", "temperature"),
     "temperature", None, "temperature refused, dropped"),
    ("openai", refusal("Unsupported parameter: 'reasoning.effort' is not supported with this model."),
     "reasoning", None, "reasoning.effort refused, dropped"),
    ("openai", refusal("Unknown parameter: 'store'."), "store", None, "store refused, dropped"),
    ("anthropic", refusal("`temperature` is deprecated for this model."), "temperature", None,
     "temperature refused, dropped"),
    ("anthropic", refusal("`temperature` and `top_p` cannot both be specified for this model."), "top_p", None,
     "top_p refused, dropped"),
    ("anthropic", refusal("output_config: Extra inputs are not permitted"), "output_config", None,
     "output_config.effort refused, dropped"),
    ("local", Scripted(422, EXTRA), "seed", None, "seed refused, dropped"),
    ("local", Scripted(400, [{"error": {"message": "Unknown name \"seed\": Cannot find field."}}]), "seed", None,
     "seed refused, dropped"),
    ("local", refusal("reasoning_effort is not supported by this model"), "reasoning_effort", None,
     "reasoning_effort refused, dropped"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "behaviour", "gone", "instead", "note"), REFUSED)
def test_a_refused_parameter_is_dropped_once_remembered_and_recorded(
    server: ModelServer, name: str, behaviour: Scripted, gone: str, instead: str | None, note: str
) -> None:
    server.script(behaviour)
    clock = FakeClock()
    provider = provider_on(server, name, clock)
    first = provider.complete(question(sampling=ALL))
    second = provider.complete(question(sampling=ALL))
    refused, again, later = (seen.payload for seen in server.seen)
    assert gone in refused and gone not in again and again == later
    assert {**refused, gone: None} == {**again, gone: None} if instead is None else again[instead] == refused[gone]
    assert note in first.notes and note in second.notes
    assert [attempt.status for attempt in first.attempts] == [behaviour.status, 200]
    assert first.attempts[0].error is not None and first.attempts[0].wait_ms == 0
    assert [attempt.status for attempt in second.attempts] == [200]
    assert clock.slept == [], "a refusal is no outage: nothing to wait for"


def test_several_refusals_are_learned_one_after_the_other(server: ModelServer) -> None:
    server.script(refusal(NO_MAX_TOKENS, "max_tokens"), refusal(NO_TEMPERATURE, "temperature"))
    reply = provider_on(server, "local", max_retries=0).complete(question(sampling=ALL))
    assert reply.notes == ("max_tokens refused, sent as max_completion_tokens", "temperature refused, dropped")
    assert len(reply.attempts) == 3


def test_what_one_model_refuses_another_still_gets(server: ModelServer) -> None:
    server.script(refusal(NO_TEMPERATURE, "temperature"))
    provider = provider_on(server, "openai-chat")
    provider.complete(question(sampling=ALL, model="fussy"))
    reply = provider.complete(question(sampling=ALL, model="easy"))
    assert server.seen[-1].payload["temperature"] == 0.5 and reply.notes == ()


def test_a_note_stands_only_where_the_parameter_was_asked_for(server: ModelServer) -> None:
    server.script(refusal(NO_TEMPERATURE, "temperature"))
    provider = provider_on(server, "openai-chat")
    provider.complete(question(sampling=ALL))
    assert provider.complete(question()).notes == ()


def test_a_server_that_refuses_both_spellings_is_an_error_and_no_loop(server: ModelServer) -> None:
    other = "Unsupported parameter: 'max_completion_tokens'"
    server.script(refusal(NO_MAX_TOKENS, "max_tokens"), refusal(other), refusal(NO_MAX_TOKENS, "max_tokens"))
    with pytest.raises(ServiceFault, match="HTTP 400") as caught:
        provider_on(server, "local").complete(question(sampling=ALL))
    assert len(caught.value.attempts) == 3


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported parameter: 'frequency_penalty'",
        "The temperature_scale field is not supported",
    ],
)
def test_an_error_about_something_else_is_not_taken_for_a_quirk(server: ModelServer, message: str) -> None:
    server.script(refusal(message))
    with pytest.raises(ServiceFault, match="HTTP 400"):
        provider_on(server, "local").complete(question(sampling=ALL))
    assert len(server.seen) == 1


def test_a_failure_after_a_learned_refusal_keeps_all_attempts(server: ModelServer) -> None:
    server.script(refusal(NO_TEMPERATURE, "temperature"), *[Scripted(status=503, body="busy")] * 2)
    with pytest.raises(ServiceFault) as caught:
        provider_on(server, "openai-chat", max_retries=1).complete(question(sampling=ALL))
    assert [attempt.status for attempt in caught.value.attempts] == [400, 503, 503]  # type: ignore[attr-defined]


def payload_with(path: str) -> dict[str, Any]:
    """A payload that holds something at `path`."""
    if path == "cache_control":
        return {"messages": [{"content": [{"type": "text", "cache_control": {}}]}]}
    value: Any = 1
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


@pytest.mark.parametrize("row", QUIRKS, ids=lambda row: f"{row.path}-{row.instead}")
def test_every_row_of_the_table_can_be_met(row: Any) -> None:
    said = f"{row.path}: unsupported, cannot both be specified"
    payload = payload_with(row.path)
    found = find_quirk(ApiError(400, said, "", ""), payload)
    assert found is not None and found.path == row.path
    assert find_quirk(ApiError(400, said, "", ""), {"model": 1}) is None
    assert find_quirk(ApiError(500, said, "", ""), payload) is None
    assert apply_quirk(payload, found) and not apply_quirk(payload, found)


@pytest.mark.parametrize(
    ("status", "value", "body", "expected"),
    [
        (400, {"error": {"message": "m", "type": "t", "code": "c", "param": "p"}}, b"", ApiError(400, "m", "c t", "p")),
        (400, {"type": "error", "error": {"type": "t", "message": "m"}}, b"", ApiError(400, "m", "t", "")),
        (400, {"error": "m"}, b"", ApiError(400, "m", "", "")),
        (400, {"detail": "m"}, b"", ApiError(400, "m", "", "")),
        (400, {"object": "error", "message": "m", "type": "t", "code": 40}, b"", ApiError(400, "m", "40 t", "")),
        (422, {"detail": [{"msg": "m"}]}, b'{"detail": 1}', ApiError(422, '{"detail": 1}', "", "")),
        (500, None, b"plain\n text", ApiError(500, "plain text", "", "")),
        (500, None, b"", ApiError(500, "(empty body)", "", "")),
        (200, {"error": {"message": "m", "code": "503"}}, b"", ApiError(503, "m", "503", "")),
        (200, {"error": {"message": "m", "code": 12}}, b"", ApiError(500, "m", "12", "")),
    ],
)
def test_errors_are_read_in_every_shape(status: int, value: Any, body: bytes, expected: ApiError) -> None:
    assert read_error(status, value, body) == expected


def test_a_throttle_is_no_quota_and_a_refused_key_no_policy() -> None:
    assert meaning_of(ApiError(429, "Rate limit reached for requests", "rate_limit_exceeded", "")) == "throttle"
    assert meaning_of(ApiError(403, "Country not supported", "", "")) == "auth"
    assert meaning_of(ApiError(400, "Invalid prompt: messages are missing", "invalid_prompt", "")) == "refused"
