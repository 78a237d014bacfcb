"""Rows -> train and val: split by unit, repeats left out, a card with digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.dataset.chat_shapes import problems_with_row
from arena.analysis.dataset.conversations import tools_of
from arena.analysis.dataset.finalize import Finish, finish, read_rows, split_of, write
from arena.analysis.dataset.similar import resemblance, shingles, without_repeats
from arena.errors import DataError, UsageError

WORDS = "the boat leaves at nine from the small harbour and nobody waits for those who are late today"


def row(unit: str, said: str) -> dict[str, Any]:
    chat = [{"role": "system", "content": "You are Ana."}, {"role": "user", "content": "Begin."},
            {"role": "assistant", "content": said}]  # fmt: skip
    return {"messages": chat, "about": {"unit": unit, "seat": "Ana"}}


def test_no_unit_is_in_both_splits() -> None:
    rows = [row(f"u{n % 20}", f"{n} {n * 7919} {n * 104729} words that differ {n}") for n in range(100)]
    made = finish(rows, Finish(seed=3, val_share=0.2))
    units = {name: {one["about"]["unit"] for one in made.rows[name]} for name in made.rows}
    assert len(units["val"]) == 4 and len(units["train"]) == 16 and not units["val"] & units["train"]


def test_the_seed_decides_which_units_are_held_back() -> None:
    units = [f"u{n}" for n in range(40)]
    assert split_of(units, 1, 0.25) == split_of(reversed(units), 1, 0.25) != split_of(units, 2, 0.25)


def test_one_unit_alone_is_trained_on() -> None:
    assert split_of(["u"], 0, 0.5) == {"u": "train"}


def test_a_near_repeat_is_left_out_and_another_text_is_not() -> None:
    texts = [("a", WORDS), ("b", WORDS.upper() + "!"), ("c", WORDS.replace("boat", "train")), ("d", "quite another")]
    assert list(without_repeats(texts, 0.9)) == [("a", None), ("b", "a"), ("c", None), ("d", None)]
    assert 0.5 < resemblance(shingles(WORDS), shingles(WORDS.replace("late", "early"))) < 0.9


def test_the_same_words_of_two_seats_count_once() -> None:
    made = finish([row("u", WORDS), row("v", WORDS)], Finish(val_share=0))
    assert made.count == 1 and made.dropped == {"near_duplicate": 1}


def test_a_long_row_is_left_out() -> None:
    made = finish([row("u", WORDS), row("v", "short")], Finish(val_share=0, max_chars=60))
    assert made.count == 1 and made.dropped == {"too_long": 1}


def test_the_card_names_the_digest_of_each_file(tmp_path: Path) -> None:
    how = Finish(val_share=0.5)
    card = write(finish([row("u", WORDS), row("v", "quite another text")], how), tmp_path / "set", how, "canary 1234")
    for name, about in card["files"].items():
        data = (tmp_path / "set" / name).read_bytes()
        assert about["sha256"] == hashlib.sha256(data).hexdigest() and about["rows"] == data.count(b"\n")
    origins = [json.loads(line) for line in (tmp_path / "set/train.origins.jsonl").read_bytes().splitlines()]
    assert all(one["canary"] == "canary 1234" for one in origins)
    assert "canary 1234" in (tmp_path / "set/README.md").read_text()
    assert set(json.loads((tmp_path / "set/train.jsonl").read_bytes().splitlines()[0])) == {"messages"}


def test_a_second_call_writes_the_same_bytes(tmp_path: Path) -> None:
    how, rows = Finish(), [row(f"u{n}", f"{WORDS} {n * n * 31} and {n}") for n in range(12)]
    for name in ("one", "two"):
        write(finish(rows, how), tmp_path / name, how, "c")
    assert all(
        (tmp_path / "two" / path.name).read_bytes() == path.read_bytes() for path in (tmp_path / "one").iterdir()
    )


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no row is left"):
        write(finish([row("u", WORDS)], Finish(max_chars=1)), tmp_path / "set", Finish(), "c")


GOOD = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
CALL = {"id": "1", "type": "function", "function": {"name": "hash", "arguments": "{}"}}


@pytest.mark.parametrize(
    "messages",
    [
        GOOD,
        GOOD[1:],
        [*GOOD[:2], {"role": "assistant", "content": None, "tool_calls": [CALL]},
         {"role": "tool", "tool_call_id": "1", "content": "{}"}, GOOD[2]],
    ],
)  # fmt: skip
def test_a_documented_chat_is_accepted(messages: Any) -> None:
    assert list(problems_with_row({"messages": messages, "tools": tools_of(messages)}, "messages")) == []


@pytest.mark.parametrize("tools", [None, [], [{"type": "function", "function": {"name": "ping"}}], {"hash": 1},
                                   [{"type": "function", "function": {"name": "hash"}}] * 2])  # fmt: skip
def test_tools_must_hold_each_called_one_once(tools: Any) -> None:
    messages = [*GOOD[:2], {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "1", "content": "{}"}, GOOD[2]]  # fmt: skip
    row = {"messages": messages, **({} if tools is None else {"tools": tools})}
    assert [place for place, _ in problems_with_row(row, "messages")] == ["/tools"]


@pytest.mark.parametrize(
    ("messages", "pointer"),
    [
        ([], "/messages"),
        (GOOD[:2], "/messages/1/role"),
        ([*GOOD[:2], GOOD[1], GOOD[2]], "/messages/2/role"),
        ([GOOD[1], GOOD[0], GOOD[2]], "/messages/1/role"),
        ([*GOOD[:2], {"role": "assistant", "content": " "}], "/messages/2/content"),
        ([{"role": "bot", "content": "x"}, *GOOD[1:]], "/messages/0/role"),
        ([{**GOOD[0], "name": "x"}, *GOOD[1:]], "/messages/0/name"),
        ([*GOOD[:2], {"role": "tool", "tool_call_id": "9", "content": "x"}, GOOD[2]], "/messages/2/tool_call_id"),
        ([*GOOD[:2], {"role": "assistant", "tool_calls": [{**CALL, "type": "x"}]}], "/messages/2/tool_calls/0"),
    ],
)
def test_what_a_service_would_refuse_is_found(messages: Any, pointer: str) -> None:
    assert pointer in [place for place, _ in problems_with_row({"messages": messages}, "messages")]


@pytest.mark.parametrize(
    ("kind", "row", "pointer"),
    [
        ("preference", {"prompt": GOOD[:2], "chosen": GOOD[2:], "rejected": GOOD[2:]}, "/rejected"),
        ("preference", {"prompt": GOOD[:2], "chosen": [], "rejected": GOOD[2:]}, "/chosen"),
        ("reward", {"prompt": GOOD[:2], "completion": GOOD[2:], "reward": True}, "/reward"),
    ],
)
def test_rows_of_preference_and_reward_are_held_to_their_form(kind: str, row: Any, pointer: str) -> None:
    assert pointer in [place for place, _ in problems_with_row(row, kind)]


def test_a_malformed_row_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": GOOD}) + "\n" + json.dumps({"messages": GOOD[:2]}) + "\n")
    with pytest.raises(DataError, match="line 2/messages/1/role"):
        read_rows(path)
