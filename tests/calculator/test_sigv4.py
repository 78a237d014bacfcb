"""Signature Version 4: the signatures are those of botocore, and every part of a request is bound by them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from arena.calculator.sigv4 import Credentials, HttpRequest, sign

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "sigv4" / "cases.json").read_text(encoding="utf-8")
)


def parts_of(case: dict[str, Any]) -> tuple[HttpRequest, Credentials, datetime]:
    request = HttpRequest(case["method"], case["url"], case["headers"], case["body"].encode())
    credentials = Credentials(
        case["access_key_id"], case["secret_access_key"], case["session_token"], case["region"], case["service"]
    )
    return request, credentials, datetime.strptime(case["now"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def test_there_are_stored_cases_for_both_services_with_and_without_a_session_token() -> None:
    assert {(case["service"], case["session_token"] is None) for case in CASES} == {
        ("lambda", True), ("lambda", False), ("execute-api", True), ("execute-api", False)
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_signature_is_that_of_botocore(case: dict[str, Any]) -> None:
    signed = sign(*parts_of(case))
    assert {name: signed[name] for name in case["expected"]} == case["expected"]
    assert {name: signed[name] for name in case["headers"]} == case["headers"]
    assert set(signed) == set(case["headers"]) | set(case["expected"])


def test_the_time_zone_of_the_clock_does_not_matter() -> None:
    request, credentials, now = parts_of(CASES[0])
    elsewhere = now.astimezone(timezone(timedelta(hours=9)))
    assert sign(request, credentials, elsewhere) == sign(request, credentials, now)


@pytest.mark.parametrize(
    "change", [{"body": b"{}"}, {"url": "https://other.example.org/"}, {"method": "PUT"}, {"headers": {"X-A": "1"}}]
)
def test_changing_any_part_of_the_request_changes_the_signature(change: dict[str, Any]) -> None:
    request, credentials, now = parts_of(CASES[0])
    changed = sign(replace(request, **change), credentials, now)
    assert (
        changed["Authorization"].rpartition("=")[2]
        != sign(request, credentials, now)["Authorization"].rpartition("=")[2]
    )


@pytest.mark.parametrize(
    "change", [{"secret_access_key": "another"}, {"region": "us-east-1"}, {"service": "execute-api"}]
)
def test_changing_the_signer_changes_the_signature(change: dict[str, Any]) -> None:
    request, credentials, now = parts_of(CASES[0])
    changed = sign(request, replace(credentials, **change), now)
    assert changed["Authorization"] != sign(request, credentials, now)["Authorization"]


def test_credentials_do_not_show_their_secrets() -> None:
    _, credentials, _ = parts_of(CASES[2])
    assert credentials.secret_access_key not in repr(credentials)
    assert str(credentials.session_token) not in repr(credentials)
