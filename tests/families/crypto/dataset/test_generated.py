"""Replies of a model that writes matches: what is read, and why others are not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.cli.commands import dataset
from arena.errors import DataError, ServiceFault
from arena.families.crypto.dataset.answers import read_answers
from arena.families.crypto.dataset.generated import Unusable, decode_reply, encode_line, read
from arena.families.crypto.dataset.provider import build
from arena.families.crypto.dataset.requests import Asked, asked
from arena.messages import CallKey, Conversation, ModelRequest, Sampling
from tests.support.arena_rig import challenge, command

ROLES = ("Ana", "Ben")
CALL = json.dumps({"tool_call": {"op": "ping", "args": {}}})
KEY = "crypto/c1/rep_0"


def steps(*rows: Any) -> str:
    return json.dumps({"steps": [dict(zip(("role", "message", "results"), row, strict=False)) for row in rows]})


def test_a_reply_with_words_around_it_is_read() -> None:
    made = decode_reply(f"Here it is:\n```json\n{steps(('Ana', CALL, ['pong']), ('Ana', 'Hi'), ('Ben', 'Yes'))}\n```",
                        KEY, 3, ROLES)  # fmt: skip
    assert [step.role for step in made.steps] == ["Ana", "Ana", "Ben"] and made.steps[0].results == ("pong",)
    assert (made.challenge_id, made.seed) == ("c1", 3)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I cannot do that.", "no_json"),
        ("{", "no_json"),
        ('{"steps": [}', "no_json"),
        ('{"turns": []}', "wrong_form"),
        ('{"steps": {}}', "wrong_form"),
        ('{"steps": [{"role": "Ana"}]}', "wrong_form"),
        ('{"steps": [{"role": "Ana", "message": 5}]}', "wrong_form"),
        (json.dumps({"steps": [{"role": "Ana", "message": "x"}] * 201}), "wrong_form"),
        (steps(("Eve", "Hi")), "unknown_role"),
        (steps(("Ben", "Hi")), "turn_order"),
        (steps(("Ana", "Hi"), ("Ana", "Hi again")), "turn_order"),
        (steps(("Ana", CALL, ["pong"])), "turn_order"),
        ('{"steps": []}', "turn_order"),
        (steps(("Ana", CALL), ("Ana", "Hi")), "missing_result"),
        (steps(("Ana", "Hi", ["pong"])), "missing_result"),
        (steps(("Ana", '{"tool_call": {"op": 5}}', [1]), ("Ana", "Hi")), "malformed_call"),
    ],
)
def test_an_unusable_reply_has_its_reason(reply: str, reason: str) -> None:
    with pytest.raises(Unusable) as caught:
        decode_reply(reply, KEY, 3, ROLES)
    assert caught.value.reason == reason


def answer(custom_id: str, content: Any = None, **changes: Any) -> dict[str, Any]:
    text = steps(("Ana", "Hi"), ("Bo", "Yes")) if content is None else content
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"choices": [choice | changes.pop("choice", {})]}
    return {"id": "b", "custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None, **changes}


def test_each_kind_of_answer_is_counted_once(tmp_path: Path) -> None:
    good = "arena/3/crypto/c1/rep_0"
    lines = [
        answer(good),
        answer(good),
        answer("arena/3/crypto/gone/rep_0"),
        answer("other"),
        answer("arena/3/crypto/c1/rep_1", error={"message": "x"}),
        answer("arena/3/crypto/c1/rep_2", response={"status_code": 500, "body": {}}),
        answer("arena/3/crypto/c1/rep_3", response={"status_code": 200, "body": {"choices": []}}),
        answer("arena/3/crypto/c1/rep_4", choice={"finish_reason": "length"}),
        answer("arena/3/crypto/c1/rep_5", 7),
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    dropped: Counter[str] = Counter()
    found = list(read_answers(path, {"c1": challenge("c1")}, dropped))
    assert [one.custom_id for one, _ in found] == [good]
    assert dropped == {"repeated": 1, "unknown_request": 2, "request_failed": 3, "cut_off": 1, "no_json": 1}


def test_an_id_says_what_was_asked_for() -> None:
    one = Asked(7, "crypto/c1/rep_2", True)
    assert asked(one.custom_id) == one
    assert asked("arena/7/other/c1/rep_2") is None


def test_a_file_of_matches_is_read_back(tmp_path: Path) -> None:
    made = decode_reply(steps(("Ana", "Hi"), ("Ben", "Yes")), KEY, 3, ROLES)
    path = tmp_path / "made.jsonl"
    path.write_bytes(encode_line(made))
    assert list(read(path)) == [made]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 9}, "has format 9; this version reads 1: use the version that wrote the file$"),
        ({"key": "x"}, "must look like"),
        ({"steps": None}, "/steps"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    made = json.loads(encode_line(decode_reply(steps(("Ana", "Hi"), ("Ben", "Yes")), KEY, 3, ROLES)))
    path = tmp_path / "made.jsonl"
    path.write_text(json.dumps(made | change) + "\n")
    with pytest.raises(DataError, match=f"line 1.*{message}"):
        list(read(path))


def test_a_trial_without_a_generated_match_is_named(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_bytes(encode_line(decode_reply(steps(("Ana", "Hi"), ("Ben", "Yes")), KEY, 3, ROLES)))
    key = CallKey("crypto/c2/rep_0", 0, "Ana", 0, 0)
    with pytest.raises(ServiceFault) as caught:
        build("generated", None).complete(
            ModelRequest("model", str(path), Conversation("system"), Sampling(), key, "00")
        )
    assert str(caught.value) == "generated: made.jsonl has no match for crypto/c2/rep_0"


def test_a_match_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_bytes(encode_line(decode_reply(steps(("Ana", "Hi"), ("Ben", "Yes")), KEY, 3, ROLES)) * 2)
    with pytest.raises(DataError, match="line 2/key: crypto/c1/rep_0 is here twice; keep one$"):
        list(read(path))


def test_more_requests_than_a_batch_takes_are_refused_with_both_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calculator_binary: Path
) -> None:
    monkeypatch.setenv("ARENA_CALCULATOR_BIN", str(calculator_binary))
    monkeypatch.setattr(dataset, "MAX_REQUESTS", 2)
    out = tmp_path / "requests.jsonl"
    ended = command("dataset", "requests", "--model", "m", "--limit", 1, "--seeds", "1,2,3", "--out", out)
    assert ended.code == 2 and not out.exists()
    assert ended.err == (
        "arena dataset: 3 requests of 0 MB: a batch takes 2 requests and 200 MB; choose fewer seeds or"
        " --challenge-ids\n"
    )
