"""Retry-After and back-off: pure functions of headers, clock and randomness."""

from __future__ import annotations

import pytest

from arena.providers.http.retry import Backoff, asked_in_text, by_status, excerpt, retry_after_s

NOON = 1_795_176_000.0  # 2026-11-20 12:00:00 UTC


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 -0000"}, 60.0),
        ({"retry-after": "Friday, 20-Nov-26 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT", "date": "Fri, 20 Nov 2026 12:00:50 GMT"}, 10.0),
        ({"retry-after": "Sat, 20 Nov 2027 12:00:07 GMT", "date": "Sat, 20 Nov 2027 12:00:00 GMT"}, 7.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT", "date": "noon"}, 60.0),
        ({"retry-after": "1795176030"}, 30.0),
        ({"retry-after": "1795170000"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 99 Nov 2026 12:01:00 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 99999999999 12:01:00 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 +9999999"}, None),
        ({"retry-after": "1" * 400}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "0x10"}, None),
        ({"retry-after": ", ,;"}, None),
        ({"retry-after": "\x00\xff"}, None),
        ({"retry-after-ms": "20"}, 0.02),
        ({"retry-after-ms": "-1", "retry-after": "3"}, 3.0),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOON) == seconds


def test_waits_double_stay_under_the_cap_and_never_overflow() -> None:
    backoff = Backoff(0.5, 8.0, lambda: 1.0)
    assert [backoff.wait_s(n, None) for n in (1, 2, 3, 4, 5, 6, 5000)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_jitter_takes_at_most_half_off_a_back_off() -> None:
    assert Backoff(4.0, 8.0, lambda: 0.0).wait_s(1, None) == 2.0


def test_jitter_only_adds_to_what_the_server_asked_for() -> None:
    assert Backoff(0.5, 8.0, lambda: 0.0).wait_s(3, 7.0) == 7.0
    assert Backoff(0.5, 8.0, lambda: 1.0).wait_s(3, 7.0) == 7.5


@pytest.mark.parametrize("asked", [0.0, 0.02])
def test_a_short_request_never_shortens_the_back_off(asked: float) -> None:
    assert Backoff(0.5, 8.0, lambda: 0.0).wait_s(4, asked) == 2.0
    assert Backoff(0.5, 8.0, lambda: 1.0).wait_s(4, asked) == 4.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 20.7s.", 20.7),
        ("Please try again in 6m0s. Visit us.", 360.0),
        ("Please try again in 1h2m3.5s", 3723.5),
        ("Please try again in 850ms.", 0.85),
        ("Retry after 30 seconds", 30.0),
        ("Please retry in 36.48s.", 36.48),
        ("try again after 2 minutes and then", 120.0),
        ("Retry after 5", 5.0),
        ('{"@type": "RetryInfo", "retryDelay": "36s"}', 36.0),
        ("try again in a moment", None),
        ("try again in 0s", None),
        ("20.7s", None),
        ("", None),
    ],
)
def test_a_wait_is_read_out_of_the_text(text: str, seconds: float | None) -> None:
    assert asked_in_text(text) == (None if seconds is None else pytest.approx(seconds))


def test_the_default_verdict_goes_by_the_status() -> None:
    assert by_status(200, {}, b"").action == "accept"
    assert by_status(404, {}, b"").action == "accept"
    assert by_status(503, {}, b"down").action == "retry"


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt(b"a\n  b\xff") == "a b\ufffd"
    assert excerpt(b"") == "(empty body)"
    assert len(excerpt(b"x" * 5000)) == 300
