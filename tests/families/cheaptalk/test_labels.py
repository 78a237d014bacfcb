"""The one label parser against labelled replies: declared fields only, unparsable rather than guessed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.declared import MAX_REPLY, Declared, declared
from arena.families.cheaptalk.labels import Unread, read_label, read_value

CASES = Path(__file__).resolve().parents[2] / "data" / "cheaptalk" / "label_replies.jsonl"
UNPARSABLE = "unparsable"


def cases() -> list[dict[str, str]]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


def read(reply: str) -> str:
    return read_label(reply).label or UNPARSABLE


def test_case_file_has_enough_of_every_kind() -> None:
    counts = Counter(case["label"] for case in cases())
    assert sum(counts.values()) >= 150
    assert set(counts) == {*Label, UNPARSABLE} and min(counts.values()) >= 20
    assert len({case["reply"] for case in cases()}) == len({case["id"] for case in cases()}) == len(cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['id']} {case['why']}")
def test_reply_is_read_as_labelled(case: dict[str, str]) -> None:
    assert read(case["reply"]) == case["label"]


def test_label_or_reason_is_given_never_both() -> None:
    for case in cases():
        found = read_label(case["reply"])
        assert (found.label is None) != (found.unread is None), case["id"]


def test_every_reason_for_unread_occurs_in_the_cases() -> None:
    reasons = Counter(read_label(case["reply"]).unread for case in cases())
    assert set(reasons) == {None, *Unread}


def test_paragraph_before_a_reply_changes_nothing() -> None:
    before = "Thank you. The page supports some of it.\n\n"
    assert [case["id"] for case in cases() if read(before + case["reply"]) != case["label"]] == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", Unread.EMPTY),
        ("**", Unread.EMPTY),
        ("[label]", Unread.TEMPLATE),
        ("TRUE", Unread.UNDECLARED),
        ("SUPPORTS or REFUTES", Unread.TWO_LABELS),
        ("not SUPPORTS", Unread.NOT_AFFIRMED),
    ],
)
def test_unread_value_has_its_reason(value: str, reason: Unread) -> None:
    assert read_value(value).unread is reason


def test_fields_are_the_callers_choice() -> None:
    reply = "Verdict: REFUTES\nFinal Assessment: SUPPORTS"
    assert read_label(reply, ("Verdict",)).label is Label.REFUTES
    assert read_label(reply).label is Label.SUPPORTS
    assert read_label("Assessment: SUPPORTS", ("Final Assessment",)).unread is Unread.NO_FIELD


def test_field_that_counted_is_named() -> None:
    assert read_label("Assessment: SUPPORTS").field == "Assessment"
    assert read_label("Assessment: SUPPORTS\nFinal Assessment: ?").field == "Final Assessment"


def test_declared_fields_come_in_order_with_values() -> None:
    reply = "Decision: ACCEPT\nConfidence: 0.8\nDecision: REJECT"
    assert declared(reply, ("Decision", "Confidence")) == [
        Declared("Decision", "ACCEPT"),
        Declared("Confidence", "0.8"),
        Declared("Decision", "REJECT"),
    ]


def test_text_beyond_the_limit_is_not_read() -> None:
    reply = "x\n" * (MAX_REPLY // 2)
    assert read(reply + "Final Assessment: SUPPORTS") == UNPARSABLE
    assert read("Final Assessment: SUPPORTS\n" + reply) == "SUPPORTS"


@pytest.mark.parametrize(
    "reply",
    [
        "{\n" * 20_000,
        "<think>" * 20_000,
        "| Final Assessment |\n|---|\n" * 5_000,
        "Final Assessment:\n" * 5_000,
        "Final Assessment: " + "[" * 90_000,
        "- " * 80_000,
        "Final Assessment: NOT" + " " * 150_000 + "ENOUGH",
    ],
    ids=lambda reply: reply[:18].strip(),
)
def test_hostile_reply_is_unparsable(reply: str) -> None:
    """Each of these took minutes with a pattern that goes back over what it read."""
    assert read(reply) == UNPARSABLE
