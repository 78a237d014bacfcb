"""Calls of a journal are counted against the records of a run; a record with fewer is named."""

from __future__ import annotations

import pytest

from arena.engine.recorded_calls import CallCount, lost_text
from arena.messages import ModelReply, Usage
from arena.play.services import JUDGE_SEAT, SETUP_SEAT
from arena.stops import Stop
from arena.store.calls import CallLine, Fault
from arena.store.journal import Place
from arena.store.stored import Calls, Stored, StoredRecords

REPLY = ModelReply("x", "stop", "m", Usage())


def stored(attempt: int = 0, **calls: int) -> Stored:
    return Stored(Place(1, 0), Stop.MAX_TURNS, attempt, Calls(**calls))


def line(kind: str = "model", seat: str = "Ana", attempt: int = 0, answered: bool = True) -> CallLine:
    fault = None if answered else Fault(Stop.PROVIDER, "down")
    if kind == "tool":
        answer = {"ok": True} if answered else None
        return CallLine("tool", "t", attempt, seat, 0, 0, "d", 0, 0, op="hash", answer=answer, fault=fault)
    reply = REPLY if answered else None
    return CallLine(kind, "t", attempt, seat, 0, 0, "d", 0, 0, provider="p/m", reply=reply, fault=fault)  # type: ignore[arg-type]


def short(record: Stored, *lines: CallLine, judges_only: bool = False) -> list[str]:
    count = CallCount(StoredRecords({"t": record}), judges_only)
    for one in lines:
        count.see(one)
    return count.short()


def test_record_with_all_its_calls_is_whole() -> None:
    lines = (line(), line("tool"), line("judge", JUDGE_SEAT), line("tool", JUDGE_SEAT))
    assert short(stored(model=1, tool=1, judge=1, judge_tool=1), *lines) == []


@pytest.mark.parametrize("field", Calls._fields)
def test_record_without_one_of_its_calls_is_named(field: str) -> None:
    assert short(stored(**{field: 1})) == ["t"]


@pytest.mark.parametrize(
    "other", [line(attempt=1), line(answered=False), line(seat=SETUP_SEAT), line("judge", JUDGE_SEAT), line("tool")]
)
def test_call_of_another_kind_or_attempt_counts_for_nothing(other: CallLine) -> None:
    assert short(stored(model=1), other) == ["t"]


def test_tool_call_that_draws_values_is_no_call_of_a_player() -> None:
    assert short(stored(tool=1), line("tool", SETUP_SEAT)) == ["t"]


def test_players_calls_of_a_run_that_is_judged_again_are_elsewhere() -> None:
    assert short(stored(model=3, tool=2), judges_only=True) == []
    assert short(stored(judge=1), judges_only=True) == ["t"]


def test_call_that_no_run_makes_is_passed_over() -> None:
    assert short(stored(), line("judge", "Ana"), line("model", JUDGE_SEAT)) == []


def test_few_of_many_lost_matches_are_named() -> None:
    said = lost_text([f"k{number}" for number in range(5)], "matches")
    assert "5 recorded matches" in said and "(k0, k1, k2 and 2 more)" in said
