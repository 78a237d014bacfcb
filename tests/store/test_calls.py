"""Lines of the journal, typed: what a call line must hold, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.messages import ModelReply, Usage
from arena.stops import Stop
from arena.store.calls import CallLine, Slot
from arena.store.journal import JournalIndex, encode_line, read_calls

HEAD = {"trial": "t", "attempt": 0, "seat": "A", "turn": 1, "step": 2, "digest": "00", "ms": 1.5, "unix": 7}
REPLY = {"text": "hi", "finish": "stop", "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
MODEL = {"kind": "model", **HEAD, "provider": "mock/m", "messages": 1, "reply": REPLY}
TOOL = {"kind": "tool", **HEAD, "index": 4, "op": "hash", "args": {}, "answer": {"ok": True}}
DENIAL = {
    "phase": "before", "kind": "tool", "seat": "A", "turn": 1, "step": 2, "op": "hash", "decision": "deny",
    "reason_code": "r", "rule_id": "rule", "message": "", "on_deny": "end_trial", "enforced": True, "observed": None,
    "bound": 3,
}  # fmt: skip


def call(line: dict[str, Any], **changes: Any) -> CallLine:
    return CallLine.from_json({**line, **changes}, "j", "line 1")


def test_a_reply_comes_back_as_the_model_gave_it() -> None:
    line = call(MODEL)
    assert line.reply == ModelReply("hi", "stop", "m", Usage(3, 2))
    assert line.settled and line.slot == Slot("model", "A", 1, 2, 0)


def test_a_tool_answer_settles_its_call() -> None:
    assert call(TOOL).settled and call(TOOL).slot == Slot("tool", "A", 1, 2, 4)


def test_a_fault_settles_nothing() -> None:
    line = {name: value for name, value in TOOL.items() if name != "answer"}
    found = call(line, fault={"reason": "timeout", "message": "60 s"})
    assert not found.settled and found.fault is not None and found.fault.reason is Stop.TIMEOUT


def test_a_denial_settles_its_call_and_a_shadow_one_does_not() -> None:
    line = {name: value for name, value in TOOL.items() if name != "answer"}
    assert call(line, gates=[DENIAL]).settled
    with pytest.raises(DataError, match="line 1: /answer: is missing, although there is no fault"):
        call(line, gates=[{**DENIAL, "enforced": False}])


@pytest.mark.parametrize(
    ("line", "brief"),
    [
        (MODEL, True),
        (TOOL, True),
        ({**MODEL, "gates": [{**DENIAL, "kind": "model", "op": None}]}, True),
        ({**TOOL, "gates": [{**DENIAL, "decision": "warn"}, DENIAL]}, True),
        ({name: value for name, value in {**TOOL, "gates": [DENIAL]}.items() if name != "answer"}, False),
        ({**MODEL, "gates": [], "reply": None, "fault": {"reason": "timeout", "message": "60 s"}}, False),
    ],
)
def test_a_line_that_is_read_briefly_is_counted_as_a_whole_one(line: dict[str, Any], brief: bool) -> None:
    whole, found = call(line), CallLine.briefly(encode_line(line))
    assert (found is not None) is brief
    if found is not None:
        assert (found.settled, found.slot, found.provider) == (whole.settled, whole.slot, whole.provider)


@pytest.mark.parametrize(
    ("line", "change", "says"),
    [
        (MODEL, {"kind": "guess"}, '/kind: must be "model", "judge" or "tool", not "guess"'),
        (MODEL, {"attempt": "0"}, "/attempt: must be a whole number, not text"),
        (MODEL, {"reply": None}, "/reply: is missing, although there is no fault"),
        (MODEL, {"reply": {**REPLY, "usage": None}}, "/reply/usage: must be an object, not null"),
        (MODEL, {"reply": {**REPLY, "usage": {"prompt_tokens": 1.5}}}, "/reply/usage/prompt_tokens: must be a whole"),
        (MODEL, {"provider": ""}, "/provider: is missing; it says which model was asked"),
        (MODEL, {"answer": {}}, "/answer: does not belong to a model call"),
        (TOOL, {"reply": REPLY}, "/reply: does not belong to a tool call"),
        (TOOL, {"op": ""}, "/op: is missing; a tool call names its op"),
        (TOOL, {"args": []}, "/args: must be an object or null, not a list"),
        (TOOL, {"answer": None}, "/answer: is missing, although there is no fault"),
        (TOOL, {"fault": {"reason": "tired", "message": ""}}, '/fault/reason: must be "max_turns", '),
        (TOOL, {"http": [{"status": "200", "ms": 1}]}, "/http/0/status: must be a whole number or null, not text"),
        (TOOL, {"gates": [{**DENIAL, "decision": "no"}]}, '/gates/0/decision: must be "allow", "warn" or "deny"'),
        (TOOL, {"ms": True}, "/ms: must be a number, not true or false"),
        (TOOL, {"more": 1}, "/more: is unknown here"),
    ],
)
def test_what_is_no_call_is_refused_with_a_pointer(line: dict[str, Any], change: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as caught:
        call(line, **change)
    assert str(caught.value).startswith(f"j: line 1: {says}")


def test_a_torn_last_line_is_no_call_yet(tmp_path: Path) -> None:
    path = tmp_path / "api_calls.jsonl"
    path.write_bytes(encode_line(MODEL) + encode_line(TOOL) + b'{"kind":"mo')
    assert [(place.number, line.kind) for place, line in read_calls(path)] == [(1, "model"), (2, "tool")]


def test_the_index_names_the_line_that_is_damaged_later(tmp_path: Path) -> None:
    path = tmp_path / "api_calls.jsonl"
    path.write_bytes(encode_line(MODEL) + encode_line(TOOL))
    index = JournalIndex(path)
    index.scan(None)
    path.write_bytes(encode_line(MODEL) + json.dumps(TOOL).replace('"op"', '"po"').encode() + b"\n")
    with pytest.raises(DataError, match="api_calls.jsonl: line 2: "):
        index.recorded("t", 0)
