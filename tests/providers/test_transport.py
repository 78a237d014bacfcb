"""Transport: retries bounded by attempts and deadline, kept-alive connections, redirects, the stop event."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from arena.errors import ConfigError, ServiceFault
from arena.providers.http.transport import HttpResponse, Transport
from tests.support.http_rig import FakeClock, settings_for
from tests.support.http_server import KEY, ModelServer, Scripted


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def plain(status: int = 200, body: str = "{}", **more: Any) -> Scripted:
    return Scripted(status=status, body=body, unchecked=True, **more)


def get(transport: Transport, server: ModelServer, path: str = "/thing") -> HttpResponse:
    return transport.request("GET", server.url + path, {"X-Test": "1"})


def fault_of(transport: Transport, server: ModelServer) -> ServiceFault:
    with pytest.raises(ServiceFault) as caught:
        get(transport, server)
    return caught.value


def test_a_good_answer_comes_back_with_its_one_attempt(server: ModelServer) -> None:
    server.script(plain(201, '{"a": 1}', headers={"X-One": "yes"}))
    response = Transport(settings_for()).request("POST", server.url + "/thing?q=1", {"X-Test": "1"}, b"body")
    assert (response.status, response.body, response.headers["x-one"]) == (201, b'{"a": 1}', "yes")
    assert [(attempt.status, attempt.error) for attempt in response.attempts] == [(201, None)]
    seen = server.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", "/v1/thing?q=1", b"body")
    assert seen.headers["x-test"] == "1" and seen.headers["accept-encoding"] == "identity"
    assert seen.headers["host"] == f"127.0.0.1:{server.port}"


def test_connections_are_kept_and_used_again(server: ModelServer) -> None:
    server.script(*[plain()] * 5)
    transport = Transport(settings_for())
    for _ in range(5):
        get(transport, server)
    assert server.connections == 1


def test_no_more_idle_connections_are_kept_than_allowed(server: ModelServer) -> None:
    server.script(*[plain()] * 2)
    transport = Transport(settings_for(max_connections=0))
    get(transport, server)
    get(transport, server)
    assert server.connections == 2


def test_an_idle_connection_is_dropped_after_a_minute(server: ModelServer) -> None:
    server.script(*[plain()] * 2)
    clock = FakeClock()
    transport = Transport(settings_for(clock))
    get(transport, server)
    clock.now += 60
    get(transport, server)
    assert server.connections == 2


def test_a_connection_that_the_server_closed_meanwhile_is_no_failed_attempt(server: ModelServer) -> None:
    server.script(plain(), Scripted(close_first=True, unchecked=True), plain(body='{"second": true}'))
    transport = Transport(settings_for(max_retries=0))
    get(transport, server)
    response = get(transport, server)  # sent on the kept connection, which closes without a byte
    assert response.body == b'{"second": true}'
    assert len(response.attempts) == 1


def test_a_fresh_connection_that_closes_without_a_reply_is_a_failed_attempt(server: ModelServer) -> None:
    server.script(Scripted(close_first=True, unchecked=True), plain())
    response = get(Transport(settings_for()), server)
    assert [attempt.error for attempt in response.attempts] == ["connection closed before the reply", None]


def test_a_kept_connection_lost_in_the_middle_of_a_reply_is_a_failed_attempt(server: ModelServer) -> None:
    server.script(plain(), plain(body="x" * 100, cut_at=10), plain())
    transport = Transport(settings_for())
    get(transport, server)
    attempts = get(transport, server).attempts
    assert [attempt.error for attempt in attempts] == ["the reply was cut: 10 of 100 bytes came", None]


def test_a_server_that_announces_the_end_of_a_connection_gets_a_new_one(server: ModelServer) -> None:
    server.script(plain(headers={"Connection": "close"}), plain())
    transport = Transport(settings_for())
    get(transport, server)
    get(transport, server)
    assert server.connections == 2


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 529])
def test_statuses_that_may_pass_are_tried_again(server: ModelServer, status: int) -> None:
    server.script(plain(status, "busy"), plain())
    attempts = get(Transport(settings_for()), server).attempts
    assert [attempt.status for attempt in attempts] == [status, 200]
    assert attempts[0].error == f"HTTP {status}: busy"
    assert attempts[0].wait_ms == 1000.0


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 501])
def test_other_statuses_are_handed_over_at_once(server: ModelServer, status: int) -> None:
    server.script(plain(status, "no"))
    assert get(Transport(settings_for()), server).status == status
    assert len(server.seen) == 1


def test_waits_double_up_to_their_cap_and_the_attempts_are_bounded(server: ModelServer) -> None:
    server.script(*[plain(503, "busy")] * 7)
    clock = FakeClock()
    fault = fault_of(Transport(settings_for(clock, max_retries=5)), server)
    assert clock.slept == [1, 2, 4, 8, 8]
    assert fault.reason == "provider" and len(fault.attempts) == 6
    assert str(fault) == "127.0.0.1: HTTP 503: busy (gave up after 6 attempts)"


def test_no_retries_means_one_attempt(server: ModelServer) -> None:
    server.script(plain(503, "busy"))
    assert len(fault_of(Transport(settings_for(max_retries=0)), server).attempts) == 1


def test_the_deadline_bounds_the_waits_as_well(server: ModelServer) -> None:
    server.script(*[plain(503, "busy")] * 9)
    clock = FakeClock()
    fault = fault_of(Transport(settings_for(clock, max_retries=100, deadline_s=10.0)), server)
    assert clock.slept == [1, 2, 4]  # the next wait of 8 s would end after the deadline
    assert "deadline of 10 s" in str(fault)


def test_times_may_be_milliseconds(server: ModelServer) -> None:
    server.script(*[plain(503, "busy")] * 9)
    clock = FakeClock()
    fault_of(Transport(settings_for(clock, max_retries=9, backoff_base_s=0.001, deadline_s=0.010)), server)
    assert clock.slept == pytest.approx([0.001, 0.002, 0.004])


def test_retry_after_in_seconds_is_waited_for(server: ModelServer) -> None:
    server.script(plain(429, "slow", headers={"Retry-After": "7"}), plain())
    clock = FakeClock()
    get(Transport(settings_for(clock, random=lambda: 0.0)), server)
    assert clock.slept == [7.0]


def test_retry_after_as_a_date_is_waited_for(server: ModelServer) -> None:
    server.script(plain(429, "slow", headers={"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT"}), plain())
    clock = FakeClock()
    get(Transport(settings_for(clock, random=lambda: 0.0)), server)
    assert clock.slept == [9.0]


def test_retry_after_past_the_deadline_ends_the_call_at_once(server: ModelServer) -> None:
    server.script(plain(429, "slow", headers={"Retry-After": "3600"}))
    clock = FakeClock()
    fault = fault_of(Transport(settings_for(clock)), server)
    assert clock.slept == [] and "asks to wait 3600 s" in str(fault)


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "0"}, {"retry-after-ms": "20"}, {"Retry-After": "Fri, 20 Nov 2020 12:00:00 GMT"}]
)
def test_a_server_that_asks_for_nothing_gets_the_back_off(server: ModelServer, headers: dict[str, str]) -> None:
    server.script(*[plain(429, "slow", headers=headers)] * 4, plain())
    clock = FakeClock()
    get(Transport(settings_for(clock, random=lambda: 0.0)), server)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Retry-After", "Fri, 20 Nov 99999999999 12:00:00 GMT"), ("Retry-After", "9" * 400), ("Retry-After", "é\x01"),
        ("Location", "http://[::1"), ("Content-Type", "\x7f" * 99), ("Date", "-1"), ("Keep-Alive", "timeout=1e99"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503, 302])
def test_headers_of_any_content_never_raise(server: ModelServer, status: int, name: str, value: str) -> None:
    server.script(*[plain(status, "x", headers={name: value})] * 2)
    assert fault_of(Transport(settings_for(max_retries=1, deadline_s=1.2)), server).reason == "provider"


def test_a_limit_on_the_rate_is_tried_until_the_deadline(server: ModelServer) -> None:
    server.script(*[plain(429, "slow")] * 99)
    clock = FakeClock()
    fault = fault_of(Transport(settings_for(clock, max_retries=2, deadline_s=60.0)), server)
    assert clock.slept == [1, 2, 4, 8, 8, 8, 8, 8, 8] and "deadline of 60 s" in str(fault)


def test_without_retries_a_limit_on_the_rate_ends_the_call(server: ModelServer) -> None:
    server.script(plain(429, "slow"))
    assert len(fault_of(Transport(settings_for(max_retries=0)), server).attempts) == 1


def test_jitter_on_top_of_retry_after_never_crosses_the_deadline(server: ModelServer) -> None:
    server.script(plain(429, "slow", headers={"Retry-After": "99.5"}), plain())
    clock = FakeClock()
    get(Transport(settings_for(clock)), server)
    assert clock.slept == [99.5]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed_and_the_place_is_named(server: ModelServer, status: int) -> None:
    server.script(plain(status, headers={"Location": "https://user:pw@evil.test:8443/path?token=1"}))
    fault = fault_of(Transport(settings_for()), server)
    assert "https://evil.test:8443/path;" in str(fault) and "pw" not in str(fault) and "token" not in str(fault)
    assert len(server.seen) == 1


def test_a_server_that_never_answers_is_a_timeout(server: ModelServer) -> None:
    server.script(*[Scripted(hang=True, unchecked=True)] * 2)
    fault = fault_of(Transport(settings_for(timeout_s=0.02, max_retries=1)), server)
    assert fault.reason == "timeout" and len(fault.attempts) == 2
    assert str(fault) == "127.0.0.1: no reply within the time limit (gave up after 2 attempts)"
    assert all(attempt.may_be_billed for attempt in fault.attempts), "the server may have worked on what was sent"


@pytest.mark.parametrize("status", [408, 504, 524])
def test_status_that_ends_a_wait_is_a_timeout_and_may_be_billed(server: ModelServer, status: int) -> None:
    server.script(plain(status, "late"))
    fault = fault_of(Transport(settings_for(max_retries=0)), server)
    assert fault.reason == "timeout" and fault.attempts[0].may_be_billed


@pytest.mark.parametrize("status", [429, 503])
def test_status_that_refuses_is_no_timeout_and_not_billed(server: ModelServer, status: int) -> None:
    server.script(plain(status, "busy"))
    fault = fault_of(Transport(settings_for(max_retries=0)), server)
    assert fault.reason == "provider" and not fault.attempts[0].may_be_billed


def test_a_reply_that_stalls_is_a_timeout(server: ModelServer) -> None:
    server.script(plain(body="x" * 50, stall_at=20))
    fault = fault_of(Transport(settings_for(timeout_s=0.05, max_retries=0)), server)
    assert fault.reason == "timeout"


def test_a_refused_connection_says_where_nothing_listens() -> None:
    with ModelServer() as gone:
        port = gone.port
    with pytest.raises(ServiceFault) as caught:
        Transport(settings_for(max_retries=1)).request("GET", f"http://127.0.0.1:{port}/", {})
    assert f"nothing listens at 127.0.0.1:{port}" in str(caught.value) and len(caught.value.attempts) == 2


def test_a_body_over_the_cap_is_refused_without_another_attempt(server: ModelServer) -> None:
    server.script(plain(body="x" * 1001), plain(body="x" * 1001, chunked=True), plain(body="x" * 1000))
    transport = Transport(settings_for(max_body_bytes=1000))
    for _ in range(2):
        assert "larger than the 1000 bytes" in str(fault_of(transport, server))
    assert len(get(transport, server).body) == 1000
    assert len(server.seen) == 3


def test_the_stop_event_ends_a_long_wait_at_once(server: ModelServer) -> None:
    server.script(plain(503, "busy", headers={"Retry-After": "3000"}))
    stop = threading.Event()

    def stop_before_the_wait() -> float:  # the jitter is drawn after the answer and before the wait
        stop.set()
        return 1.0

    fault = fault_of(
        Transport(settings_for(stop=stop, sleep=None, deadline_s=5e3, random=stop_before_the_wait)), server
    )
    assert fault.reason == "interrupted" and len(fault.attempts) == 1


def test_nothing_is_sent_once_the_stop_event_is_set(server: ModelServer) -> None:
    settings = settings_for()
    settings.stop.set()
    fault = fault_of(Transport(settings), server)
    assert (fault.reason, str(fault)) == ("interrupted", "interrupted before an answer came")
    assert server.seen == []


def test_the_service_names_its_own_fault_reason(server: ModelServer) -> None:
    server.script(plain(500, "oops"))
    assert fault_of(Transport(settings_for(fault_reason="calculator", max_retries=0)), server).reason == "calculator"


def test_a_key_that_comes_back_in_an_error_is_redacted_everywhere(server: ModelServer) -> None:
    server.script(plain(500, json.dumps({"error": f"bad key {KEY}"})))
    lines: list[str] = []
    fault = fault_of(Transport(settings_for(max_retries=0, print_http_errors=True, notify=lines.append)), server)
    shown = f"{fault} {fault.attempts} {lines}"
    assert KEY not in shown and "[redacted]" in str(fault)
    assert json.loads(lines[0].removeprefix("http error: ")) == {
        "method": "GET", "url": server.url + "/thing", "status": 500, "body": {"error": "bad key [redacted]"},
    }  # fmt: skip


def test_http_errors_are_printed_only_when_asked_for(server: ModelServer) -> None:
    server.script(plain(500, "oops"))
    lines: list[str] = []
    fault_of(Transport(settings_for(max_retries=0, notify=lines.append)), server)
    assert lines == []


def test_many_threads_share_one_transport(server: ModelServer) -> None:
    transport = Transport(settings_for())
    server.script(*[plain()] * 200)
    statuses: list[int] = []

    def work() -> None:
        statuses.extend(get(transport, server).status for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 200
    assert server.connections <= 20


@pytest.mark.parametrize("value", ["line\nbreak", "line\rbreak", "ümlaut", "trailing "])
def test_a_header_that_could_smuggle_something_is_refused(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Transport(settings_for()).prepare("GET", "http://127.0.0.1/", {"Authorization": value})
    assert str(caught.value) == (
        "the header 'Authorization' cannot be sent: names and values are printable ASCII without line breaks; check the"
        " key for stray characters"
    )


@pytest.mark.parametrize(
    "url", ["ftp://a/", "127.0.0.1:80/v1", "http://", "http://u:p@a/", "http://a:x/", "http://a/ b"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Transport(settings_for()).prepare("GET", url, {})


@pytest.mark.parametrize(("field", "value"), [("timeout_s", 0), ("deadline_s", -1.0), ("max_retries", -1)])
def test_impossible_settings_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        replace(settings_for(), **{field: value})  # type: ignore[arg-type]


def test_switches_are_read_from_the_environment() -> None:
    settings = type(settings_for()).from_environ({"ARENA_SSL_VERIFY": "0", "ARENA_PRINT_HTTP_ERRORS": "1"})
    assert not settings.verify_tls and settings.print_http_errors
    assert type(settings).from_environ({}, timeout_s=0.005).timeout_s == 0.005
    with pytest.raises(ConfigError, match="ARENA_SSL_VERIFY must be 0 or 1"):
        type(settings).from_environ({"ARENA_SSL_VERIFY": "maybe"})
