"""Retry-After and back-off: pure functions of headers, clock and randomness."""

from __future__ import annotations

import pytest

from arena.providers.http.retry import Backoff, by_status, excerpt, retry_after_s

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
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 99 Nov 2026 12:01:00 GMT"}, None),
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


def test_the_default_verdict_goes_by_the_status() -> None:
    assert by_status(200, {}, b"").action == "accept"
    assert by_status(404, {}, b"").action == "accept"
    assert by_status(503, {}, b"down").action == "retry"


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt(b"a\n  b\xff") == "a b\ufffd"
    assert excerpt(b"") == "(empty body)"
    assert len(excerpt(b"x" * 5000)) == 300
