"""What real endpoints do wrong, as a table, served to every API: which calls are tried again, and what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from arena.errors import GateDenied, RequestFiltered, ServiceFault
from arena.messages import ModelReply
from tests.support.http_rig import APIS, FakeClock, provider_on, question
from tests.support.http_server import KEY, ModelServer, Scripted


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def error(status: int, message: str = "oops", code: Any = None, kind: str = "server_error", **more: Any) -> Scripted:
    body = {"error": {"message": message, "type": kind, "code": code, **more.pop("fields", {})}}
    return Scripted(status=status, body=body, **more)


@dataclass(frozen=True)
class Passing:
    """A failure that another attempt cures: what the attempt log says of it, and the wait after it."""

    label: str
    behaviour: Scripted
    logged: str
    waits: list[float] = field(default_factory=lambda: [1.0])
    throttles: bool = False


HTML = "<!DOCTYPE html><html><body>Bad gateway</body></html>"

PASSING = [
    Passing("429 without Retry-After", error(429, "slow down"), "HTTP 429: slow down", throttles=True),
    Passing("429 with seconds", error(429, headers={"Retry-After": "5"}), "HTTP 429: oops", [6.0], True),
    Passing(
        "429 with date", error(429, headers={"Retry-After": "Fri, 20 Nov 2026 12:00:04 GMT"}), "HTTP 429", [5.0], True
    ),
    Passing("500", error(500), "HTTP 500: oops"),
    Passing("500 in plain text", Scripted(500, "Internal Server Error"), "HTTP 500: Internal Server Error"),
    Passing("502 as a page", Scripted(502, HTML, {"Content-Type": "text/html"}), "HTTP 502: <!DOCTYPE"),
    Passing("503", error(503), "HTTP 503: oops"),
    Passing("529", error(529, "Overloaded", kind="overloaded_error"), "HTTP 529: Overloaded"),
    Passing("200 without a body", Scripted(200, b""), "HTTP 200: '(empty body)' instead of a JSON object"),
    Passing("200 with cut JSON", Scripted(200, '{"choices": ['), "HTTP 200: '{\"choices\": [' instead"),
    Passing("200 with null as the body", Scripted(200, "null"), "HTTP 200: 'null' instead of a JSON object"),
    Passing("200 with an error", error(200), "HTTP 200 with an error: oops"),
    Passing("200 with an error and code", error(200, code=502), "HTTP 200 with an error: oops"),
    Passing(
        "200 with a rate limit", error(200, code="rate_limit_exceeded"), "HTTP 200 with an error: oops", throttles=True
    ),
    Passing("200 with an error text", Scripted(200, {"error": "loading"}), "HTTP 200 with an error: loading"),
    Passing("200 with null", Scripted(200, {"choices": None, "output": None, "content": None}), "HTTP 200: unusable"),
    Passing("200 with nothing", Scripted(200, {"object": "x"}), "HTTP 200: unusable reply"),
    Passing("a cut body", Scripted(cut_at=20), "the reply was cut: 20 of "),
    Passing("a closed connection", Scripted(close_first=True), "connection closed before the reply"),
    Passing("a reset connection", Scripted(reset=True), "connection "),
    Passing("no HTTP", Scripted(raw=b"what?\r\n\r\n"), "the reply is not HTTP"),
]


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("case", PASSING, ids=lambda case: case.label)
def test_what_may_pass_is_tried_again_and_logged(server: ModelServer, name: str, case: Passing) -> None:
    server.script(case.behaviour)
    clock = FakeClock()
    reply = provider_on(server, name, clock).complete(question())
    assert reply.text.startswith("Statement") and len(server.seen) == 2
    assert clock.slept == case.waits
    assert str(reply.attempts[0].error).startswith(case.logged)
    assert reply.attempts[0].wait_ms == case.waits[0] * 1000
    assert (reply.attempts[1].status, reply.attempts[1].error) == (200, None)
    assert server.seen[0].digest == server.seen[1].digest


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("case", [case for case in PASSING if not case.throttles], ids=lambda case: case.label)
def test_what_never_passes_ends_as_a_provider_fault_with_all_attempts(
    server: ModelServer, name: str, case: Passing
) -> None:
    server.script(*[case.behaviour] * 3)
    with pytest.raises(ServiceFault, match="gave up after 3 attempts") as caught:
        provider_on(server, name, max_retries=2).complete(question())
    assert caught.value.reason == "provider" and len(caught.value.attempts) == 3
    assert str(caught.value).startswith(f"{name}: 127.0.0.1: {case.logged}")


@pytest.mark.parametrize("name", APIS)
def test_an_endpoint_that_never_answers_ends_as_a_timeout(server: ModelServer, name: str) -> None:
    server.script(*[Scripted(hang=True)] * 2)
    with pytest.raises(ServiceFault) as caught:
        provider_on(server, name, max_retries=1, timeout_s=0.02).complete(question())
    assert caught.value.reason == "timeout" and len(caught.value.attempts) == 2


def test_a_call_that_got_no_answer_in_time_is_made_again(server: ModelServer) -> None:
    server.script(Scripted(hang=True))
    reply = provider_on(server, "openai-chat", timeout_s=1.0).complete(question())
    assert [attempt.error for attempt in reply.attempts] == ["no reply within the time limit", None]


@dataclass(frozen=True)
class Final:
    """A failure that no further attempt cures: `{key}` in `said` means the variable of the provider's key."""

    label: str
    behaviour: Scripted
    said: tuple[str, ...]


QUOTA = "You exceeded your current quota, please check your plan and billing details."
ANOTHER_SERVER = ("not asked again: check the address", "_BASE_URL")
CHUNKED = b"Transfer-Encoding: chunked\r\n"
OPEN_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" + CHUNKED + b"\r\nA\r\ndata: {}\n\n\r\n"
)
NO_QUOTA = ("{key} has no quota or credit left",)

FINAL = [
    Final("401", error(401, "Incorrect API key"), ("HTTP 401: Incorrect API key", "check {key}")),
    Final("403", error(403, "Forbidden"), ("HTTP 403: Forbidden", "check {key}")),
    Final("404", error(404, "no model m-1"), ("HTTP 404", "check the model name 'm-1'", "{key}", "_BASE_URL")),
    Final("429 quota", error(429, QUOTA, "insufficient_quota", "insufficient_quota"), NO_QUOTA),
    Final("429 quota by words", error(429, QUOTA), NO_QUOTA),
    Final("429 billing", error(429, "Not active", "billing_not_active"), NO_QUOTA),
    Final("402", error(402, "Insufficient Balance"), NO_QUOTA),
    Final("400 credit", error(400, "Your credit balance is too low to access the API."), NO_QUOTA),
    Final("200 with a quota error", error(200, QUOTA, "insufficient_quota"), NO_QUOTA),
    Final("200 with an authentication error", error(200, "bad key", "invalid_api_key"), ("check {key}",)),
    Final("400 detail", Scripted(400, {"detail": "model 'x' not found"}), ("HTTP 400: model 'x' not found",)),
    Final("400 bare", error(400, "no reason"), ("HTTP 400: no reason", "the request was refused")),
    Final("413", Scripted(413, "Too large"), ("HTTP 413: Too large",)),
    Final("422", Scripted(422, {"detail": [{"loc": ["body"], "msg": "field required"}]}), ("field required",)),
    Final("302", Scripted(302, "", {"Location": "https://elsewhere.test/v1"}), ("https://elsewhere.test/v1",)),
    Final(
        "200 as a page", Scripted(200, HTML, {"Content-Type": "text/html"}), ("an HTML page instead", *ANOTHER_SERVER)
    ),
    Final("200 as a stream", Scripted(200, "data: {}\n\n"), ("HTTP 200: answers with a stream", *ANOTHER_SERVER)),
    Final("200 as a stream that begins with a note", Scripted(200, ": working\n\n"), ("answers with a stream",)),
    Final("200 as a stream without an end", Scripted(raw=OPEN_STREAM), ("answers with a stream of events although",)),
    Final(
        "200 as an open stream", Scripted(raw=OPEN_STREAM.replace(CHUNKED, b"")), ("answers with a stream of events",)
    ),
    Final("200 as JSON lines", Scripted(200, '{"a": 1}\n{"a": 2}\n'), ("a stream of JSON lines although none was",)),
    Final("200 as a JSON text", Scripted(200, '"Hello."'), ("HTTP 200: '\"Hello.\"' instead", *ANOTHER_SERVER)),
    Final("200 as a JSON list", Scripted(200, "[]"), ("HTTP 200: '[]' instead of a JSON object", *ANOTHER_SERVER)),
    Final("200 as a JSON number", Scripted(200, "7"), ("HTTP 200: '7' instead of a JSON object", *ANOTHER_SERVER)),
    Final("compressed", Scripted(200, b"\x1f\x8b", {"Content-Encoding": "br"}), ("compressed (br)",)),
]


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.label)
def test_what_does_not_pass_ends_at_once_and_says_what_to_do(server: ModelServer, name: str, case: Final) -> None:
    server.script(case.behaviour)
    clock = FakeClock()
    with pytest.raises(ServiceFault) as caught:
        provider_on(server, name, clock).complete(question())
    assert caught.value.reason == "provider" and len(server.seen) == len(caught.value.attempts) == 1
    assert clock.slept == []
    key = "ANTHROPIC_API_KEY" if name == "anthropic" else "OPENAI_API_KEY"
    for said in case.said:
        assert said.format(key=key) in str(caught.value)


def test_a_redirect_never_carries_the_key_along(server: ModelServer) -> None:
    with ModelServer() as elsewhere:
        server.script(Scripted(307, "", {"Location": f"{elsewhere.url}/chat/completions"}))
        with pytest.raises(ServiceFault):
            provider_on(server, "openai-chat").complete(question())
        assert elsewhere.seen == []


POLICY = [
    error(400, "The response was filtered", "content_filter", fields={"innererror": {"code": "X"}}),
    error(400, "filtered", None, fields={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
    error(400, "Your prompt was flagged as potentially violating our usage policy.", "invalid_prompt"),
    error(403, "Input flagged", 403, fields={"metadata": {"flagged_input": "...", "reasons": ["violence"]}}),
    error(200, "The response was filtered", "content_filter"),
]


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("behaviour", POLICY)
def test_a_request_refused_by_a_content_filter_is_denied(server: ModelServer, name: str, behaviour: Scripted) -> None:
    server.script(behaviour)
    with pytest.raises(RequestFiltered, match=f"^{name}: the provider's content filter: .") as caught:
        provider_on(server, name).complete(question())
    assert isinstance(caught.value, GateDenied) and len(server.seen) == len(caught.value.attempts) == 1


@pytest.mark.parametrize("name", APIS)
def test_an_answer_blocked_by_policy_is_a_refusal(server: ModelServer, name: str) -> None:
    server.script(error(400, "Output blocked by content filtering policy", kind="invalid_request_error"))
    reply: ModelReply = provider_on(server, name).complete(question())
    assert (reply.text, reply.finish) == ("", "refusal")
    assert len(server.seen) == 1 and reply.usage.estimated
    assert reply.notes[-1].startswith("refused by policy: ") and "error" in reply.raw
    assert reply.attempts[0].error is not None


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/octet-stream", "text/event-stream"])
def test_good_json_under_another_content_type_is_taken(server: ModelServer, name: str, kind: str) -> None:
    server.script(Scripted(headers={"Content-Type": kind}))
    assert provider_on(server, name).complete(question()).text.startswith("Statement")
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", APIS)
def test_a_chunked_reply_is_read(server: ModelServer, name: str) -> None:
    server.script(Scripted(chunked=True))
    assert provider_on(server, name).complete(question()).text.startswith("Statement")


@pytest.mark.parametrize("name", APIS)
def test_a_reply_over_the_cap_ends_at_once(server: ModelServer, name: str) -> None:
    server.script(Scripted(body="x" * 2001))
    with pytest.raises(ServiceFault, match="larger than the 2000 bytes"):
        provider_on(server, name, max_body_bytes=2000).complete(question())
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", APIS)
def test_a_connection_closed_between_two_calls_costs_no_attempt(server: ModelServer, name: str) -> None:
    provider = provider_on(server, name, max_retries=0)
    server.script(Scripted(close_after=True))
    provider.complete(question("one"))
    assert [attempt.status for attempt in provider.complete(question("two")).attempts] == [200]
    server.script(Scripted(close_first=True))
    assert [attempt.status for attempt in provider.complete(question("three")).attempts] == [200]


@pytest.mark.parametrize("name", APIS)
def test_a_wrong_key_is_found_out_by_the_server_and_named(server: ModelServer, name: str) -> None:
    variable = "ANTHROPIC_API_KEY" if name == "anthropic" else "OPENAI_API_KEY"
    with pytest.raises(ServiceFault, match=f"check {variable}"):
        provider_on(server, name, environ={variable: "another-key-000"}).complete(question())


@pytest.mark.parametrize("name", APIS)
def test_failed_payloads_are_printed_redacted_when_asked_for(server: ModelServer, name: str) -> None:
    server.script(error(400, f"no, {KEY}"), error(200, "busy", 503))
    lines: list[str] = []
    provider = provider_on(server, name, notify=lines.append, print_http_errors=True)
    with pytest.raises(ServiceFault):
        provider.complete(question())
    provider.complete(question())
    shown = [json.loads(line.removeprefix("http error: ")) for line in lines]
    assert [(line["status"], line["body"]["error"]["message"]) for line in shown] == [
        (400, "no, [redacted]"), (200, "busy"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", APIS)
def test_what_a_fault_stores_and_says_holds_no_key(server: ModelServer, name: str) -> None:
    server.script(error(401, f"Incorrect API key provided: {KEY}"), *[error(500, KEY)] * 4)
    provider = provider_on(server, name)
    for _ in range(2):
        with pytest.raises(ServiceFault) as caught:
            provider.complete(question())
        assert KEY not in f"{caught.value} {caught.value.attempts}" and "[redacted]" in str(caught.value)


def test_an_error_that_the_model_ran_into_is_tried_again(server: ModelServer) -> None:
    def edit(reply: dict[str, Any]) -> None:
        reply["choices"][0].update(error={"code": 502, "message": "upstream"}, finish_reason="error")

    server.script(Scripted(edit=edit))
    assert len(provider_on(server, "openai-chat").complete(question()).attempts) == 2


@pytest.mark.parametrize("status", ["failed", "cancelled", "in_progress"])
def test_a_response_that_is_not_finished_is_tried_again(server: ModelServer, status: str) -> None:
    server.script(Scripted(edit=lambda reply: reply.update(status=status)))
    assert f"the response is {status}" in str(provider_on(server, "openai").complete(question()).attempts[0].error)
