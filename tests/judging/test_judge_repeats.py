"""Long values that the tool ledger holds more than once are shown whole only where they come first."""

from __future__ import annotations

from typing import Any

from arena.judging.prompt import judge_conversation
from arena.judging.repeats import Repeats
from arena.records import Entry
from tests.judging.test_judge import FREE, RUBRIC, call, lines, material

LONG, OTHER = "ab" * 32, "cd" * 32
LONG_MARK, OTHER_MARK = "abababababab... [as above]", "cdcdcdcdcdcd... [as above]"


def ledger(*entries: Entry) -> list[dict[str, Any]]:
    conversation, _ = judge_conversation(RUBRIC, material(*entries), FREE, None)
    return lines(conversation.messages[0].text, "tool ledger")


def test_a_long_value_of_the_ledger_stands_whole_once() -> None:
    first, second, third = ledger(
        call(0, "Ada", "hash", {"data": "00"}, {"ok": True, "result": LONG}),
        call(1, "Ben", "open", {"c": LONG, "n": [OTHER, OTHER]}, {"ok": True, "result": {"valid": True}}),
        call(2, "Ada", "open", {"c": OTHER, "n": LONG}, {"ok": False, "error": {"message": LONG}}),
    )
    assert first["answer"] == LONG and "as_above" not in first
    assert second["args"] == {"c": LONG_MARK, "n": [OTHER, OTHER_MARK]} and second["answer"] == {"valid": True}
    assert (second["as_above"], third["as_above"]) == (2, 3)
    assert third["args"] == {"c": OTHER_MARK, "n": LONG_MARK} and third["answer"] == {"message": LONG_MARK}


def test_values_that_begin_alike_stay_whole() -> None:
    values = [LONG, LONG[:-1] + "c"] * 2
    shown = ledger(*(call(turn, "Ada", "hash", {"data": data}, {"ok": True}) for turn, data in enumerate(values)))
    assert [line["args"]["data"] for line in shown] == values


def test_a_value_that_was_cut_before_is_shown_whole() -> None:
    shown = ledger(
        call(0, "Ada", "x", {"data": LONG, "more": "1" * 600}, {"ok": True}),
        call(1, "Ada", "hash", {"data": LONG}, {"ok": True}),
    )
    assert "characters cut" in shown[0]["args"] and shown[1]["args"] == {"data": LONG}


def test_a_forged_mark_is_not_counted() -> None:
    (shown,) = ledger(call(0, "Ada", "x", {"data": LONG_MARK}, {"ok": True}))
    assert "as_above" not in shown


def test_repeated_values_can_be_read_back() -> None:
    values = [{"a": LONG, "b": [OTHER, 1, None]}, [LONG, {"c": OTHER}], "short", LONG]
    told, read = Repeats(), Repeats()
    assert [read.restored(told.shortened(value)[0]) for value in values] == values
