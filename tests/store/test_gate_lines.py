"""Lines with decisions of gates equal those that are encoded in one piece."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arena.formats.decode import encode
from arena.records import Entry, GateDecision, Json, Record, Score, Stop, Transcript, Trial
from arena.store import gate_lines
from arena.store.gate_lines import call_line, record_line
from arena.store.journal import encode_line

ALLOW = GateDecision(
    "before", "tool", "agent", 0, 1, "look", "allow", "ok", "r", "", "end_trial", True, None, None, "5f"
)
DECISIONS = (
    ALLOW,
    replace(ALLOW, message='say "no", \\ or\nwait', op=None),
    replace(ALLOW, message="gr\u00fc\u00dfe \u4e2d", observed=1),
    replace(ALLOW, observed=1.0, bound=[2, {"gates": []}]),
    replace(ALLOW, observed=True, bound='"flagged":false,"gates":"[]"'),
)
HALF = replace(ALLOW, message="half \ud83d of a pair")


def fields(gates: tuple[GateDecision, ...], **more: Json) -> dict[str, Any]:
    return {"kind": "tool", "trial": "t", **more, "gates": list(gates), "answer": {"ok": True}, "ms": 0.5}


def record(gates: tuple[GateDecision, ...], text: str = "hello", stop: Stop = Stop.MAX_TURNS) -> Record:
    trial = Trial("k", "toy", {"gates": "[]", "flagged": "false"}, "u", None, "0" * 64, {"gates": "[]"})
    transcript = Transcript([Entry(0, "a", ("all",), "say", 0, text)], stop, '"flagged":false,"gates":"[]"')
    return Record(trial, 0, transcript, Score({"x": 1}, None), gates)


@pytest.mark.parametrize("gates", [DECISIONS, DECISIONS[:1] * 3, (HALF,), (HALF, *DECISIONS)])
@pytest.mark.parametrize("args", [{}, {"a": 1, "gates": None, "b": 2}, {"a": "\u4e2d"}, {"a": "\ud83d"}])
def test_a_call_with_decisions_is_written_as_in_one_piece(gates: tuple[GateDecision, ...], args: Json) -> None:
    for _ in range(2):
        whole = fields(gates, args=args) | {"gates": [encode(one) for one in gates]}
        assert call_line(fields(gates, args=args)) == encode_line(whole)


def test_a_call_without_decisions_is_written_as_in_one_piece() -> None:
    assert call_line({"kind": "tool", "ms": 1}) == encode_line({"kind": "tool", "ms": 1})


@pytest.mark.parametrize("gates", [(), DECISIONS, DECISIONS[:1] * 3, (HALF,), (HALF, *DECISIONS)])
@pytest.mark.parametrize("text", ["hello", "\u4e2d", '"flagged":false,"gates":"[]"'])
@pytest.mark.parametrize("stop", [Stop.MAX_TURNS, Stop.REFUSAL, Stop.GATE_DENIED])
def test_a_record_with_decisions_is_written_as_in_one_piece(
    gates: tuple[GateDecision, ...], text: str, stop: Stop
) -> None:
    for _ in range(2):
        assert record_line(record(gates, text, stop)) == encode_line(record(gates, text, stop).to_json())


def test_decisions_with_equal_numbers_of_other_types_are_kept_apart() -> None:
    lines = {call_line(fields((replace(ALLOW, observed=value),))) for value in (1, 1.0, True)}
    assert len(lines) == 3


def test_no_endless_number_of_decisions_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_lines, "MOST_HELD", 3)
    gate_lines._held.clear()
    for number in range(20):
        one = replace(ALLOW, turn=number)
        assert call_line(fields((one,))) == encode_line(fields((one,)) | {"gates": [encode(one)]})
        assert len(gate_lines._held) <= 3
    call_line(fields((replace(ALLOW, observed="x" * 100_000),)))
    assert all(one.observed is None for one, _, _ in gate_lines._held.values())
