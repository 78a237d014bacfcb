"""Which values decide the right result, and which of them nobody has to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.deciding import deciding, said_openly
from arena.families.crypto.challenges.members.instance import instance_problems
from arena.families.crypto.challenges.schema import load
from arena.records import Json

SET = Path(__file__).resolve().parents[3] / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
NUMBER: dict[str, Json] = {"draw": "int", "from": 1, "to": 99}


def challenge(**instance: Json) -> dict[str, Any]:
    return {
        "participants": [{"id": "Ann"}, {"id": "Bob"}],
        "instance": {
            "values": {
                "a": NUMBER, "b": NUMBER, "c": NUMBER, "case": {**NUMBER, "hidden": True},
                "both": {"draw": "computed", "by": {"sum": ["a", "b"]}, "hidden": True},
            },
            "own": {"Ann": ["a", "c"], "Bob": ["b", "c"]},
            "truth": {"if": [{"above": ["case", 9]}, "both", 0]},
            "result": "int",
        }
        | instance,
    }  # fmt: skip


def test_nothing_is_asked_where_plain_talk_is_right() -> None:
    assert [name for name, _ in said_openly(challenge())] == ["a", "b"]
    assert list(said_openly({**challenge(), "open_talk": {"right": True, "why": "Both may know it."}})) == []


def test_a_result_is_worked_out_from_values_through_computed_ones() -> None:
    assert deciding(challenge()["instance"]) == ["a", "b", "both", "case"]
    agreed = {"agreed": True, "among": {"list": ["c"]}}
    assert deciding(challenge(truth=agreed)["instance"]) == ["c"]
    assert deciding(challenge(truth={"agreed": True})["instance"]) == []


@pytest.mark.parametrize(
    ("instance", "named"),
    [
        ({}, ["a", "b"]),
        ({"secret": {"Ann": ["a"], "Bob": ["b"]}}, []),
        ({"secret": {"Ann": ["a"]}, "until": {"a": ["Ann"]}}, ["b"]),
        ({"own": {"Ann": ["a", "b", "c"], "Bob": ["a", "b", "c"]}}, []),
        ({"own": {"Ann": ["a"], "Bob": ["c"]}, "known": ["b"]}, ["a"]),
    ],
)
def test_a_deciding_value_that_some_have_and_nobody_keeps_is_named(instance: dict[str, Json], named: list[str]) -> None:
    assert [name for name, _ in said_openly(challenge(**instance))] == named


def test_where_plain_talk_is_right_nothing_is_asked_for() -> None:
    assert list(said_openly(challenge() | {"open_talk": {"right": True, "why": "It is no secret."}})) == []


@pytest.mark.parametrize(
    ("member", "value", "part"),
    [
        ("open", {}, "expected an object"),
        ("open", {"z": "because"}, "there is no value 'z'"),
        ("open", {"b": " "}, "why it may be said"),
        ("open", {"a": "because"}, "'a' is secret, so it is not open"),
        ("secret_candidates", {"b": 4}, "'b' is not secret for any role"),
        ("secret_candidates", {"a": 1}, "expected a whole number from 2 to 1,000,000"),
    ],
)
def test_what_is_wrong_with_a_declaration_is_named(member: str, value: Json, part: str) -> None:
    wrong = challenge(secret={"Ann": ["a"]}, **{member: value})
    messages = [f"{where} {text}" for where, text in instance_problems(wrong, "", ["Ann", "Bob"])]
    assert any(f"/instance/{member}" in one and part in one for one in messages), messages


def test_every_deciding_value_of_the_set_is_secret_or_open_for_a_reason() -> None:
    left = {
        one["id"]: names for one in load(SET).challenges
        if (names := [n for n, _ in said_openly(one) if n not in one["instance"].get("open", {})])
    }  # fmt: skip
    assert left == {}


def test_nothing_is_declared_open_that_decides_nothing() -> None:
    for one in load(SET).challenges:
        assert set(one["instance"].get("open", ())) <= {name for name, _ in said_openly(one)}, one["id"]
