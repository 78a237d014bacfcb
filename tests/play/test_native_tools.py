"""Ops as tools in the provider's own form: what is offered, and what comes back."""

from __future__ import annotations

import json

import pytest

from arena.messages import NativeCall, Tool
from arena.play.call_reading import Call, Malformed
from arena.play.native_tools import (
    NOTE,
    describe_native,
    echo,
    is_native,
    read_call,
    read_native,
    result_of,
    told_of,
)
from arena.play.tool_description import describe
from arena.records import Json
from tests.play.test_tool_text import ROWS, catalogue  # noqa: F401 - a fixture
from tests.support.api_turns import problem_with_tools

FORMS = ("families", "granted", "full")


def offered(form: str, families: list[str] | None = None) -> tuple[Tool, ...]:
    return read_native(describe_native(ROWS, 5, None, form), families).tools


def test_with_families_a_tool_is_a_family_beside_help() -> None:
    tools = {tool.name: tool for tool in offered("families")}
    families = dict.fromkeys(row["family"] for row in ROWS if row["family"] != "meta")
    assert list(tools) == [*families, "help"]
    for family in families:
        names = [row["name"] for row in ROWS if row["family"] == family]
        assert tools[family].parameters["properties"]["op"] == {"type": "string", "enum": names}


@pytest.mark.parametrize("form", ["granted", "full"])
def test_with_the_other_forms_a_tool_is_an_op(form: str) -> None:
    names = [tool.name for tool in offered(form)]
    assert sorted(names) == sorted(row["name"] for row in ROWS)


def test_players_are_offered_the_granted_families_and_help() -> None:
    family = next(row["family"] for row in ROWS if row["family"] != "meta")
    names = {row["name"] for row in ROWS if row["family"] == family}
    assert {tool.name for tool in offered("granted", [family])} == names | {"help"}


def test_prompts_hold_no_tool_and_the_run_s_text_holds_all() -> None:
    text = describe_native(ROWS, 5, None, "families")
    told = told_of(text)
    assert is_native(text) and told is not None and "At most 5 calls a turn" in told
    assert '"parameters"' not in told and '{"tool_call"' not in told
    plain = describe(ROWS, 5)
    assert not is_native(plain) and told_of(plain) == plain


@pytest.mark.parametrize("form", FORMS)
def test_every_tool_of_the_calculator_fits_each_api(form: str, catalogue: list[dict[str, Json]]) -> None:  # noqa: F811
    tools = read_native(describe_native(catalogue, 10, None, form)).tools
    assert len(tools) > 10
    for start in range(0, len(tools), 100):
        some = tools[start : start + 100]
        payloads: dict[str, list[Json]] = {
            "chat": [{"type": "function", "function": tool._asdict()} for tool in some],
            "responses": [{"type": "function", **tool._asdict(), "strict": False} for tool in some],
            "messages": [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in some
            ],
        }
        assert [problem_with_tools(api, {"tools": sent}) for api, sent in payloads.items()] == [None] * 3


def test_every_parameter_of_the_calculator_has_a_schema(catalogue: list[dict[str, Json]]) -> None:  # noqa: F811
    rows = {row["name"]: row for row in catalogue}
    for tool in read_native(describe_native(catalogue, 10, None, "full")).tools:
        params = [param for param in rows[tool.name]["params"] if not param.get("seeded_only")]
        assert list(tool.parameters["properties"]) == [param["name"] for param in params]
        assert tool.parameters["required"] == [param["name"] for param in params if param["required"]]
        untyped = {name for name, one in tool.parameters["properties"].items() if not {"type", "anyOf"} & one.keys()}
        assert untyped <= {"value", "requests"}, tool.name


def call(name: str, arguments: str) -> NativeCall:
    return NativeCall("c1", name, arguments)


READ = [
    ("families", call("basics", '{"op": "hash", "args": {"data": "utf8:a"}}'), Call("hash", {"data": "utf8:a"}, "c1")),
    ("families", call("basics", '{"op": "ping"}'), Call("ping", {}, "c1")),
    ("families", call("hash", '{"data": "00"}'), Call("hash", {"data": "00"}, "c1")),
    ("families", call("help", '{"op": "hash"}'), Call("help", {"op": "hash"}, "c1")),
    ("families", call("help", ""), Call("help", {}, "c1")),
    ("full", call("functions.hash", ' {"data": "00"} '), Call("hash", {"data": "00"}, "c1")),
    (None, call("hash", '{"data": "00"}'), Call("hash", {"data": "00"}, "c1", (NOTE,))),
]


@pytest.mark.parametrize(("form", "native", "read"), READ)
def test_a_call_is_read_as_op_and_arguments(form: str | None, native: NativeCall, read: Call) -> None:
    assert read_call(native, offered(form) if form else ()) == read


@pytest.mark.parametrize(
    ("native", "problem"),
    [
        (call("basics", "{"), "no JSON object"),
        (call("basics", "[1]"), "no JSON object"),
        (call("basics", '{"args": {}}'), 'give the operation as "op"'),
        (call("basics", '{"op": "hash", "args": "x"}'), 'give the operation as "op"'),
        (call("", "{}"), "names no tool"),
    ],
)
def test_a_call_that_cannot_be_read_says_why(native: NativeCall, problem: str) -> None:
    found = read_call(native, offered("families"))
    assert isinstance(found, Malformed) and problem in found.problem


def test_what_is_sent_back_is_what_servers_take() -> None:
    assert echo(call("hash", '{"a": 1}')) == call("hash", '{"a": 1}')
    assert echo(call("a b/c", "{}")).name == "a_b_c"
    assert echo(call("", "{}")).name == "unnamed"
    assert json.loads(echo(call("hash", "{oops")).arguments) == {"unreadable": "{oops"}


def test_an_answer_goes_back_under_the_id_of_its_call() -> None:
    found = result_of(call("hash", "{}"), {"ok": True, "result": "00", "deterministic": True})
    assert (found.id, json.loads(found.text)) == ("c1", {"ok": True, "result": "00"})
