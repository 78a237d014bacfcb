"""The grammar of tool calls: every stored message reads as its file says, nothing is dropped, nothing raises."""

from __future__ import annotations

import json
import random
import re
import string
from pathlib import Path
from typing import Any

import pytest

from arena.play.call_reading import MAX_KEPT_CHARS
from arena.play.tool_protocol import (
    MAX_ITEMS,
    Call,
    Done,
    Malformed,
    Parsed,
    call_text,
    done_text,
    parse,
    results_message,
)

TESTS = Path(__file__).resolve().parents[1]
CASES = sorted((TESTS / "data" / "tool_protocol").glob("*/*.txt"))
DOC = (TESTS.parent / "docs" / "tool-protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^````message (\w+)\n(.*?)\n````$", DOC, re.DOTALL | re.MULTILINE)


def shown(item: Call | Malformed) -> dict[str, Any]:
    if isinstance(item, Malformed):
        return {"problem": item.problem, "text": item.text}
    fields: dict[str, Any] = {"op": item.op, "args": item.args, "id": item.id}
    return {**fields, "repairs": list(item.repairs)} if item.repairs else fields


def test_every_kind_has_cases() -> None:
    assert {case.parent.name for case in CASES} == {"valid", "repaired", "malformed", "talk"}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.stem}" for case in CASES])
def test_a_stored_message_reads_as_its_file_says(case: Path) -> None:
    message, _, expected_text = case.read_text(encoding="utf-8").rpartition("\n=====\n")
    expected = json.loads(expected_text)
    parsed = parse(message)
    assert parsed.say == expected["say"]
    assert len(parsed.items) == len(expected["items"]), parsed.items
    for item, wanted in zip(parsed.items, expected["items"], strict=True):
        if "problem" in wanted:
            assert isinstance(item, Malformed)
            assert wanted["problem"] in item.problem
            assert item.text == wanted.get("text", item.text)
            assert item.problem.endswith(".") and "\n" not in item.problem
        else:
            assert shown(item) == wanted
    assert (parsed.done is None) == ("done" not in expected)
    if parsed.done is not None:
        assert parsed.done.result == expected["done"]["result"]
        assert parsed.items == ()
    kinds = {type(item) for item in parsed.items}
    assert (Malformed in kinds) == (case.parent.name == "malformed")
    if case.parent.name == "talk":
        assert parsed == Parsed(message, (), None)


def test_the_document_shows_examples_of_every_kind() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"accepted", "repaired", "malformed", "talk", "done"}
    assert len(EXAMPLES) == DOC.count("````message ")


@pytest.mark.parametrize(("kind", "message"), EXAMPLES)
def test_every_example_of_the_document_reads_as_it_says(kind: str, message: str) -> None:
    parsed = parse(message)
    malformed = any(isinstance(item, Malformed) for item in parsed.items)
    repaired = any(isinstance(item, Call) and item.repairs for item in parsed.items)
    if kind == "talk":
        assert parsed == Parsed(message, (), None)
    elif kind == "done":
        assert parsed.done is not None and parsed.items == ()
    else:
        assert parsed.items and parsed.done is None
        assert (malformed, repaired and not malformed) == (kind == "malformed", kind == "repaired")


def random_json(rng: random.Random, depth: int) -> Any:
    texts = ("", "utf8:ä\u2028", '"}{', "```", "</tool_call>", "\\", "\n", "tool_call", "😀", "=====")
    simple = [None, True, False, 0, -5, 2**53 - 1, 1.5, *texts]
    if depth == 0 or rng.random() < 0.5:
        return rng.choice(simple)
    if rng.random() < 0.5:
        return [random_json(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {
        rng.choice(("a", "op", "args", "done", "{", "é")): random_json(rng, depth - 1) for _ in range(rng.randrange(4))
    }


def random_args(rng: random.Random) -> dict[str, Any]:
    return {f"k{number}": random_json(rng, 4) for number in range(rng.randrange(4))}


AROUND = [
    ("", ""), ("Let me see.\n", "\nSo."), ("```json\n", "\n```"), ("<tool_call>", "</tool_call>"), ("`", "`"),
    ('Price {"price": 20}. ', " {1, 2}"), ("```tool_call\n", "\n```\nand"), ("{unclosed: \n", ""),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_what_call_text_writes_is_read_back_whatever_stands_around_it(seed: int) -> None:
    rng = random.Random(seed)
    calls = [Call("op_x", random_args(rng), rng.choice((None, f"id{number}"))) for number in range(rng.randrange(1, 4))]
    before, after = rng.choice(AROUND)
    message = before + "\n".join(call_text(call.op, call.args, call.id) for call in calls) + after
    assert list(parse(message).items) == calls


@pytest.mark.parametrize("seed", range(100))
def test_what_done_text_writes_is_read_back(seed: int) -> None:
    result = random_json(random.Random(seed), 4)
    assert parse("Agreed.\n" + done_text(result)) == Parsed("Agreed.", (), Done(result))


PIECES = [
    *"{}[]\"',:`<>\\ \n", "```", "```json\n", "```tool_call\n", "<tool_call>", "</tool_call>", '"op"', '"args"', "null",
    '"tool_call"', '"tool_calls"', '"done"', '"result"', '"id"', '"name"', '"arguments"', "NaN", "1e999", "9" * 30,
    '{"op": "ping", "args": {}}', '{"tool_call": ', '"\\ud800"', '"calculator"', '"function"', "tool_call: ", "\u2028",
    "<|tool_call_start|>", "<|tool_call_end|>", "[TOOL_CALLS]", "[ARGS]", "to=functions.hash", "<|channel|>commentary ",
    "<|message|>", "<|call|>", "<function=hash>", "<parameter=a>", "</parameter>", "</function>", "hash(", "a=1", ")",
    "\\\"", "&quot;", "<arg_key>a</arg_key>", "<arg_value>", "</arg_value>", "<\uff5ctool\u2581sep\uff5c>", "print(",
    "-1", '{"done": {"result": 1}}', "\x00", "\ud800", "é",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_garbage_never_raises_and_comes_back_as_talk_or_items(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        message = "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 40)))
        parsed = parse(message)
        if parsed.items == () and parsed.done is None:
            assert parsed.say == message
        for item in parsed.items:
            json.dumps(shown(item))
            if isinstance(item, Call):
                json.dumps(item.args, allow_nan=False, ensure_ascii=False).encode()
    random_text = "".join(rng.choices(string.printable, k=2000))
    parse(random_text)


@pytest.mark.parametrize("seed", range(60))
def test_a_call_cut_short_anywhere_is_never_carried_out_and_never_lost(seed: int) -> None:
    rng = random.Random(seed)
    text = call_text("op_x", {"data": "00", "list": [1, {"a": "b"}]}, "a")
    cut = rng.randrange(text.index(":") + 1, len(text))
    (item,) = parse("I compute. " + text[:cut]).items
    assert isinstance(item, Malformed) and item.text == text[:cut]


def test_only_so_many_calls_of_a_message_count_and_one_item_stands_for_the_rest() -> None:
    call = '{"op": "ping", "args": {}}'
    exactly = parse("\n".join([call] * MAX_ITEMS))
    assert [type(item) for item in exactly.items] == [Call] * MAX_ITEMS
    for message in ("\n".join([call] * 500), "[" + ",".join([call] * 500) + "]"):
        items = parse(message).items
        assert [type(item) for item in items] == [Call] * MAX_ITEMS + [Malformed]
        assert str(MAX_ITEMS) in items[-1].problem  # type: ignore[union-attr]


def test_talk_after_the_last_allowed_call_is_no_malformed_call() -> None:
    message = "\n".join(['{"op": "ping", "args": {}}'] * MAX_ITEMS) + '\nprice: {"price": 20}'
    assert len(parse(message).items) == MAX_ITEMS


def test_a_long_malformed_text_is_cut_and_says_so() -> None:
    (item,) = parse('{"op": "' + "x" * 5000).items
    assert isinstance(item, Malformed)
    assert len(item.text) < MAX_KEPT_CHARS + 50 and item.text.endswith("more characters)")


MEGABYTE = 1_000_000
BOMBS = {
    "open braces": "{" * MEGABYTE,
    "open brackets": "[" * MEGABYTE,
    "brackets and braces": "[{" * (MEGABYTE // 2),
    "nested objects": '{"a":' * (MEGABYTE // 5),
    "nested calls": '{"tool_call":' * (MEGABYTE // 13),
    "backticks": "{" + "`" * 100_000,
    "fences": "```tool_call\n" * (MEGABYTE // 13),
    "tags": "<tool_call>" * (MEGABYTE // 11),
    "quotes": '{"' * (MEGABYTE // 2),
    "escaped quotes": '{"a\\"' * (MEGABYTE // 5),
    "backslashes": '{"op":"' + "\\" * MEGABYTE,
    "lists line by line": '[{"a":1},\n' * (MEGABYTE // 11),
    "broken calls line by line": '{"op":\n' * (MEGABYTE // 7),
    "calls": '{"op":"a"} ' * (MEGABYTE // 11),
    "declarations": '{"done":1}' * (MEGABYTE // 10),
    "spaces": "{" + " " * MEGABYTE,
    "commas": '{"op":"a","args":[' + "," * MEGABYTE + "]}",
    "calculators in calculators": '{"op":"calculator","args":' * 900 + "{}" + "}" * 900,
    "functions in functions": '{"tool_call":' + '{"function":' * 900 + "1" + "}" * 901,
    "special tokens": "<|tool_call|>" * (MEGABYTE // 13),
    "special tokens after a word": "a <|tool_call|>" + "<|tool_call|>json" * (MEGABYTE // 17),
    "names after special tokens": "a <|tool_call|>x" * (MEGABYTE // 16),
    "mentions": "say <tool_call> or " * (MEGABYTE // 19),
    "recipients": "commentary to=functions.x " * (MEGABYTE // 26),
    "recipients after spaces": (" " * 90 + "to=x") * (MEGABYTE // 94),
    "recipients with tokens": "to=functions.x<|message|>" * (MEGABYTE // 25),
    "recipients without prefix": "a to=x " * (MEGABYTE // 7),
    "markers": "see [TOOL_CALLS] " * (MEGABYTE // 17),
    "marker and a name": "[TOOL_CALLS]" + "x" * MEGABYTE,
    "function tags": "<function=x>" * (MEGABYTE // 12),
    "parameters never closed": "<function=x>" + "<parameter=a>" * (MEGABYTE // 13),
    "functions with parameters": "<function=x><parameter=a>" * (MEGABYTE // 25),
    "parameters": "<function=x>" + "<parameter=a>b</parameter>" * (MEGABYTE // 26),
    "argument keys": "<tool_call>x" + "<arg_key>a</arg_key><arg_value>" * (MEGABYTE // 31),
    "pythonic calls": "<|tool_call_start|>[" + "f(a=1)," * (MEGABYTE // 7),
    "pythonic brackets": "<|tool_call_start|>f(a=" + "[" * MEGABYTE,
    "pythonic strings": "<|tool_call_start|>f(a=" + "'" * MEGABYTE,
    "pythonic backslashes": "<|tool_call_start|>f(a='" + "\\" * MEGABYTE,
    "prints in prints": "<|tool_call_start|>" + "print(" * (MEGABYTE // 6),
    "escaped braces": '{\\"' * (MEGABYTE // 3),
    "escaped calls": '{\\"op\\": \\"a\\"} ' * (MEGABYTE // 16),
    "escaped html": "{&quot;" * (MEGABYTE // 7),
    "escaped backslashes": '{\\"op' + "\\" * MEGABYTE,
    "digits": "<|tool_call_start|>f(a=" + "9" * MEGABYTE + ")",
    "tags that end": "<tool_call>x</tool_call>" * (MEGABYTE // 24),
    "ends of tags": "<tool_call>{}" + "</tool_call>" * (MEGABYTE // 12),
    "tags of a namespace": "<a:" * (MEGABYTE // 3),
    "lists in lists": '{"tool_calls":' + "[" * 900 + "]" * 900 + "}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_in_linear_time(name: str) -> None:
    # No clock: what is quadratic in a megabyte does not end within the patience of any test run.
    parsed = parse(BOMBS[name])
    assert len(parsed.items) <= MAX_ITEMS + 1


def test_results_are_compact_lines_with_ids_and_answers_as_given() -> None:
    big = str(2**300)
    message = results_message(
        [("a", {"ok": True, "result": {"n": big}, "deterministic": True}), ("b", {"ok": False, "error": {"code": "x"}})]
    )
    header, first, second = message.split("\n")
    assert first == f'{{"id":"a","ok":true,"result":{{"n":"{big}"}}}}'
    assert second == '{"id":"b","ok":false,"error":{"code":"x"}}'
    assert header.endswith(":")
    assert parse(message).items == (), "results that a player quotes are talk"
