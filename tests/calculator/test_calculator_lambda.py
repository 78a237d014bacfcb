"""The carrier `lambda`: what it sends, which answers it takes, and what it does with keys."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from arena.calculator.carrier import CalculatorSettings
from arena.calculator.lambda_url import LambdaCalculator, build, classify, credentials_for
from arena.errors import ConfigError, ServiceFault
from arena.messages import HttpAttempt
from arena.providers.http.retry import AnswerVerdict
from arena.providers.http.transport import HttpResponse, Transport, TransportSettings

FUNCTION = "https://abcdefghij0123456789abcdefghij01.lambda-url.eu-central-1.on.aws/"
GATEWAY = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-secret", "AWS_SESSION_TOKEN": "session"}
OK = b'{"ok":true,"result":"pong"}'
Classify = Callable[[int, Mapping[str, str], bytes], AnswerVerdict]


class Wire:
    """Stands in for the transport: answers from a list, keeps what was sent."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies) or [OK]
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", classify: Classify | None = None
    ) -> HttpResponse:
        self.sent.append((method, url, dict(headers), body))
        answer = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        assert classify is not None
        verdict = classify(200, {}, answer)
        assert verdict.action == "accept"
        return HttpResponse(200, {}, answer, (HttpAttempt(200, 1.0),), verdict.value)

    def close(self) -> None:
        pass


def on(wire: Wire, url: str = FUNCTION, **environ: str) -> LambdaCalculator:
    return LambdaCalculator(url, environ, wire, now=lambda: datetime(2026, 11, 20, tzinfo=UTC))


def test_the_request_is_the_calculators_own_json_without_id_and_seed() -> None:
    wire = Wire()
    assert on(wire).call("ping", {"a": "ü"}, "abcd").answer == {"ok": True, "result": "pong"}
    (method, url, headers, body), *rest = wire.sent
    assert (method, url, rest) == ("POST", FUNCTION, [])
    assert json.loads(body) == {"op": "ping", "args": {"a": "ü"}}
    assert headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize(("url", "scope"), [(FUNCTION, "eu-central-1/lambda"), (GATEWAY, "us-east-1/execute-api")])
def test_with_aws_keys_it_signs_for_region_and_service_of_the_host(url: str, scope: str) -> None:
    wire = Wire()
    on(wire, url, AWS_REGION="ap-south-1", **KEYS).call("ping", {}, "")
    headers = wire.sent[0][2]
    assert f"Credential=AKIDEXAMPLE/20261120/{scope}/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "session"


def test_a_host_of_ones_own_is_signed_only_when_a_region_is_given() -> None:
    assert credentials_for("calculator.example.org", KEYS) is None
    signed = credentials_for("calculator.example.org", {**KEYS, "AWS_REGION": "us-west-2"})
    assert signed is not None and (signed.region, signed.service) == ("us-west-2", "execute-api")


@pytest.mark.parametrize("host", ["x.lambda-url.eu-central-1.on.aws.example.org", "lambda-url.on.aws", "example.org"])
def test_hosts_that_merely_look_like_aws_are_not_signed_for(host: str) -> None:
    assert credentials_for(host, KEYS) is None


def test_a_bearer_token_wins_over_aws_keys() -> None:
    wire = Wire()
    on(wire, CRYPTOMATH_LAMBDA_TOKEN=" tok-12345678 ", **KEYS).call("ping", {}, "")
    assert wire.sent[0][2]["Authorization"] == "Bearer tok-12345678"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_pair_of_keys_is_a_usage_error_naming_the_other_half(name: str) -> None:
    other = ({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} - {name}).pop()
    with pytest.raises(ConfigError, match=other):
        on(Wire(), **{name: "something"})


def test_a_key_is_never_sent_over_plain_http_but_to_this_machine() -> None:
    with pytest.raises(ConfigError, match="https"):
        on(Wire(), "http://calculator.example.org/", CRYPTOMATH_LAMBDA_TOKEN="tok-12345678")
    wire = Wire()
    on(wire, "http://127.0.0.1:9/", CRYPTOMATH_LAMBDA_TOKEN="tok-12345678").call("ping", {}, "")
    assert wire.sent


@pytest.mark.parametrize("url", ["ftp://example.org/", "example.org", "https://", "http://[", ""])
def test_an_unusable_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(ConfigError):
        build("lambda", CalculatorSettings(Path("/nowhere"), lambda_url=url))


def envelope(body: str, **fields: Any) -> bytes:
    return json.dumps({"statusCode": 200, "headers": {}, "body": body, **fields}).encode()


REFUSED = b'{"ok":false,"error":{"code":"bad_type","message":"no","path":"/args/n"}}'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, OK),
        (200, envelope(OK.decode())),
        (200, envelope(base64.b64encode(OK).decode(), isBase64Encoded=True)),
        (200, REFUSED),
        (400, REFUSED),
        (200, envelope(REFUSED.decode(), statusCode=400)),
    ],
)
def test_an_answer_is_taken_plain_or_in_an_envelope_whatever_the_status(status: int, body: bytes) -> None:
    verdict = classify(status, {}, body)
    assert verdict.action == "accept"
    assert verdict.value == json.loads(REFUSED if b"bad_type" in body else OK)


@pytest.mark.parametrize(
    ("status", "body", "action", "told"),
    [
        (200, b"<html>", "retry", "not JSON"),
        (200, b"", "retry", "not JSON"),
        (200, b"[]", "retry", "without"),
        (200, b'{"errorMessage":"exited with 1","errorType":"Runtime"}', "retry", "exited with 1"),
        (200, envelope("%%%", isBase64Encoded=True), "retry", "base64"),
        (200, envelope("oops"), "retry", "not JSON"),
        (200, b'{"ok":true}', "retry", "lacks"),
        (502, b'{"message":"Internal server error"}', "retry", "Internal server error"),
        (429, b'{"Message":"Rate Exceeded."}', "retry", "Rate Exceeded"),
        (403, b'{"Message":"Forbidden"}', "fail", "AWS_SECRET_ACCESS_KEY"),
        (401, b"", "fail", "CRYPTOMATH_LAMBDA_TOKEN"),
        (404, b"not found", "fail", "check the URL"),
    ],
)
def test_what_is_no_answer_is_tried_again_where_that_can_help(status: int, body: bytes, action: str, told: str) -> None:
    verdict = classify(status, {}, body)
    assert verdict.action == action
    assert told in verdict.reason


def test_an_answer_that_the_clock_cut_is_tried_once_more_and_then_an_outage() -> None:
    cut = b'{"ok":false,"error":{"code":"timeout","message":"the time limit was reached","path":""}}'
    answered = on(Wire(cut, OK)).call("ping", {}, "")
    assert (answered.answer["result"], len(answered.attempts)) == ("pong", 2)
    with pytest.raises(ServiceFault) as caught:
        on(Wire(cut)).call("ping", {}, "")
    assert caught.value.reason == "timeout"


def test_it_is_not_seeded_and_says_which_host_it_asks() -> None:
    version, ops = b'{"ok":true,"result":{"version":"0.1.0"}}', b'{"ok":true,"result":{"ops":[{"name":"ping"}]}}'
    calculator = on(Wire(version, ops))
    assert calculator.identity() == {
        "provider": "lambda", "version": "0.1.0", "catalogue": None, "ops": 1, "seeded": False,
        "host": "abcdefghij0123456789abcdefghij01.lambda-url.eu-central-1.on.aws",
    }  # fmt: skip
    assert calculator.catalogue() == [{"name": "ping"}]


@contextmanager
def server(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[Any]]]:
    """A local HTTP server that gives these answers in order (the last one again and again)."""
    left, seen = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((dict(self.headers), json.loads(body)))
            status, answer = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/run", seen
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_over_real_http_a_failed_attempt_is_repeated_and_listed() -> None:
    with server((503, b"busy"), (200, OK)) as (url, seen):
        transport = Transport(TransportSettings(sleep=lambda _: None, fault_reason="calculator"))
        calculator = LambdaCalculator(url, {"AWS_REGION": "us-east-1", **KEYS}, transport)
        answered = calculator.call("ping", {}, "")
        calculator.close()
    assert answered.answer["result"] == "pong"
    assert [attempt.status for attempt in answered.attempts] == [503, 200]
    assert [body for _, body in seen] == [{"op": "ping", "args": {}}] * 2
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in seen[0][0]["Authorization"]


def test_over_real_http_a_refused_caller_is_a_service_fault_without_the_key() -> None:
    with server((403, b'{"Message":"bad token tok-12345678"}')) as (url, seen):
        settings = CalculatorSettings(
            Path("/nowhere"), environ={"CRYPTOMATH_LAMBDA_TOKEN": "tok-12345678"}, lambda_url=url
        )
        calculator = build("lambda", settings)
        with pytest.raises(ServiceFault) as caught:
            calculator.call("ping", {}, "")
        calculator.close()
    assert caught.value.reason == "calculator"
    assert len(seen) == 1
    assert "tok-12345678" not in str(caught.value)


def test_a_closed_calculator_refuses_calls() -> None:
    calculator = on(Wire())
    calculator.close()
    with pytest.raises(ServiceFault):
        calculator.call("ping", {}, "")


def test_address_that_is_missing_is_asked_for() -> None:
    with pytest.raises(ConfigError) as caught:
        build("lambda", CalculatorSettings(root=Path("/nowhere"), environ={}, lambda_url=" "))
    assert str(caught.value) == (
        "--calculator-provider lambda needs --calculator-lambda-url or CRYPTOMATH_LAMBDA_URL: the URL that the"
        " deployment printed"
    )
