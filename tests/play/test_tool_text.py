"""The description of the calculator for players: three lengths, and calls of help next to the limit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.spec import SETTINGS
from arena.play.dialogue import MAX_HELP_CALLS, DialogueSetup, converse, rotation
from arena.play.op_names import expanded, shortened
from arena.play.tool_description import TOOL_TEXTS, describe, for_families, granted_families
from arena.play.tool_protocol import Call, call_text, parse
from arena.records import Transcript
from tests.support.table_fakes import FakeServices

MAX_BYTES = 3072
"""Longest text of the form `families`, in UTF-8."""

ROWS: list[dict[str, Any]] = [
    {
        "name": "hash", "family": "basics", "summary": "hash of the data", "result": "hex",
        "params": [
            {"name": "alg", "type": "choice", "choices": ["sha256", "blake3"], "required": False, "default": "sha256"},
            {"name": "data", "type": "bytes", "required": True},
            {"name": "len", "type": "count", "required": False},
            {"name": "aux", "type": "hex", "required": False, "seeded_only": True},
            {"name": "toy", "type": "bool", "required": False, "default": False},
        ],
        "example": {"op": "hash", "args": {"data": "utf8:abc"}, "result": "ba"},
    },
    {
        "name": "combine", "family": "sharing", "summary": "put shares together", "result": "x" * 100,
        "params": [
            {"name": "shares", "type": "list", "required": True, "items": {"type": "object", "members": [
                {"name": "x", "type": "int", "required": True},
                {"name": "y", "type": "hex", "min_bytes": 32, "max_bytes": 32, "required": True},
            ]}},
        ],
        "example": {"op": "combine", "args": {"shares": []}, "result": 1},
    },
    {
        "name": "help", "family": "meta", "summary": "how to call", "result": "object",
        "params": [{"name": "op", "type": "text", "required": False}],
        "example": {"op": "help", "args": {"op": "hash"}, "result_has": ["row"]},
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(calculator_binary: Path) -> list[dict[str, Any]]:
    shown = subprocess.run(
        [calculator_binary], input='{"op":"ops","args":{}}', capture_output=True, text=True, check=True
    )
    rows: list[dict[str, Any]] = json.loads(shown.stdout)["result"]["ops"]
    return rows


def test_the_setting_offers_every_form() -> None:
    (setting,) = (setting for setting in SETTINGS if setting.name == "tool_text")
    assert sorted(setting.choices) == sorted(TOOL_TEXTS) and setting.default == "families"


def test_full_text_has_a_line_per_op() -> None:
    text = describe(ROWS, 7, form="full")
    assert "- hash(alg=sha256, data, len?, toy=false): hash of the data" in text
    assert "- combine(shares): put shares together" in text
    assert "7 calls" in text
    assert Call("hash", {"data": "utf8:abc"}, None) in parse(text).items


def test_families_text_names_every_op_once() -> None:
    text = describe(ROWS, 7)
    assert text.endswith("Operations by family:\nbasics: hash\nsharing: combine")
    assert Call("hash", {"data": "utf8:abc"}, "a") in parse(text).items
    assert '{"id":"a","ok":true,"result":"ba"}' in text
    assert """call "help" for its arguments and an example: args {"op": "hash"}""" in text


def test_families_text_of_the_real_calculator_is_short(catalogue: list[dict[str, Any]]) -> None:
    text = describe(catalogue, 1000)
    assert len(text.encode()) <= MAX_BYTES
    lines = text.partition("Operations by family (a_{b,c} means a_b and a_c):\n")[2].splitlines()
    listed = {family: expanded(names) for family, _, names in (line.partition(": ") for line in lines)}
    for row in catalogue:
        assert row["family"] == "meta" or listed[row["family"]].count(row["name"]) == 1, row["name"]
    assert sum(map(len, listed.values())) == sum(row["family"] != "meta" for row in catalogue)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["hash"], "hash"),
        (["ec_add", "hash", "ec_mul", "ec_neg"], "ec_{add,mul,neg} hash"),
        (["vdf_prove", "vdf_verify", "vrf_prove", "vrf_verify"], "{vdf,vrf}_{prove,verify}"),
        (["x_ab_seal", "x_ab_open", "x_cd_seal", "x_cd_open", "x_e"], "x_{{ab,cd}_{seal,open},e}"),
        (["point", "point_add", "point_mul", "a_b"], "point a_b point_{add,mul}"),
        (["a_b", "a_c"], "a_b a_c"),
    ],
)
def test_names_share_their_beginnings_and_can_be_read_back(names: list[str], text: str) -> None:
    assert shortened(names) == text
    assert sorted(expanded(text)) == sorted(names)


def test_help_for_a_family_is_named_only_where_the_calculator_takes_one() -> None:
    helping = {**ROWS[2], "params": [*ROWS[2]["params"], {"name": "family", "type": "text", "required": False}]}
    asking = '{"family": "basics"} for a whole family'
    for form in TOOL_TEXTS:
        assert asking not in describe(ROWS, 7, form=form)
        assert asking in describe([*ROWS[:2], helping], 7, form=form)


def test_a_long_result_of_the_example_is_shown_by_its_beginning() -> None:
    row = {**ROWS[0], "example": {"op": "hash", "args": {"data": "00"}, "result": "0123456789abcdef" * 4}}
    assert '{"id":"a","ok":true,"result":"01234567..."}' in describe([row], 7)


def test_chosen_families_alone_are_shown() -> None:
    for form in TOOL_TEXTS:
        text = describe(ROWS, 7, families={"sharing"}, form=form)
        assert "combine" in text and "hash" not in text
        assert describe([], 7, form=form) == "" and describe(ROWS, 7, families=(), form=form) == ""


def test_granted_text_is_cut_to_the_families_of_a_challenge() -> None:
    text = describe(ROWS, 7, form="granted")
    assert granted_families(text) == {"basics", "sharing"}
    assert for_families(text, None) == text
    few = for_families(text, ["sharing", "unheard_of"])
    assert "- combine(shares)" in few and "- hash(" not in few and few.startswith(text.partition("Family ")[0])
    assert granted_families(few) == {"sharing"}


@pytest.mark.parametrize("form", ["families", "full"])
def test_other_forms_are_the_same_for_every_challenge(form: str) -> None:
    text = describe(ROWS, 7, form=form)
    assert for_families(text, ["sharing"]) == text and not granted_families(text)


HASH, HELP = call_text("hash", {"data": "00"}), call_text("help", {"op": "hash"})


def play(said: list[str], tools: int = 1) -> tuple[Transcript, FakeServices]:
    services = FakeServices({"Ann": said})
    return converse(
        DialogueSetup({"Ann": "You are Ann."}, rotation(("Ann",), 1), tools, "(You open.)"), services
    ), services


def test_help_does_not_count_against_the_limit_of_a_turn() -> None:
    transcript, services = play([f"{HELP}\n{HELP}\n{HASH}", "So."])
    assert [call[4] for call in services.tool_calls] == ["help", "help", "hash"]
    assert transcript.status == "done" and transcript.usage["Ann"].malformed == 0


def test_help_is_answered_after_the_last_other_call() -> None:
    transcript, services = play([HASH, HELP, "So."])
    assert [call[4] for call in services.tool_calls] == ["hash", "help"] and transcript.status == "done"


def test_help_past_its_own_limit_is_refused() -> None:
    transcript, services = play(["\n".join([HELP] * (MAX_HELP_CALLS + 3)), "So."])
    assert len(services.tool_calls) == MAX_HELP_CALLS
    assert transcript.usage["Ann"].malformed == 3
