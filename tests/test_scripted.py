"""The scripted provider: turns from a file, found by counting, so that a resumed match goes on where it stood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.errors import DataError, ServiceFault
from arena.messages import CallKey, Conversation, ModelReply, ModelRequest, Sampling
from arena.providers.scripted import build, load_script
from arena.records import Json
from arena.tool_protocol import Call, parse

CALLS = {"calls": [{"op": "hash", "args": {"data": "utf8:a"}, "id": "x"}, {"op": "ping"}], "text": "Let me see."}
SCRIPT: dict[str, Json] = {
    "format": 1,
    "turns": {
        "Buyer": ["Hello.", CALLS, {"text": "Agreed.", "done": {"price": 40}}],
        "Seller": ["Hi.", {"text": "No.", "finish": "refusal"}],
    },
    "judge": ["five stars", "a verdict"],
    "trials": {"crypto/bike/rep_1": {"turns": {"Buyer": ["Only here."]}}},
}


def script(tmp_path: Path, content: Json) -> Path:
    path = tmp_path / "play.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def ask(path: Path, seat: str, spoken: int, trial: str = "crypto/bike/rep_0", kind: str = "model") -> ModelReply:
    view = Conversation("system")
    view.add("user", "(You open.)")
    for _ in range(spoken):
        view.add("assistant", "before")
        view.add("user", "Other: and?")
    key = CallKey(trial, 0, seat, 2 * spoken, 0)
    return build("scripted", None).complete(ModelRequest(kind, str(path), view, Sampling(), key, "00"))


def test_the_number_of_own_messages_says_which_comes_next(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert ask(path, "Buyer", 0).text == "Hello."
    assert ask(path, "Seller", 0).text == "Hi."
    assert ask(path, "Seller", 1).finish == "refusal"
    assert ask(path, "Buyer", 0) == ask(path, "Buyer", 0)


def test_calls_and_done_are_written_in_the_grammar_of_the_players(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    parsed = parse(ask(path, "Buyer", 1).text)
    assert parsed.say == "Let me see."
    assert [(c.op, c.args, c.id) for c in parsed.items if isinstance(c, Call)] == [
        ("hash", {"data": "utf8:a"}, "x"), ("ping", {}, None)
    ]  # fmt: skip
    last = parse(ask(path, "Buyer", 2).text)
    assert last.say == "Agreed." and last.done is not None and last.done.result == {"price": 40}


def test_the_judge_has_lines_of_its_own(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert [ask(path, "(judge)", n, kind="judge").text for n in (0, 1)] == ["five stars", "a verdict"]


def test_a_trial_may_have_a_section_of_its_own_and_takes_the_rest_from_the_top(tmp_path: Path) -> None:
    path = script(tmp_path, SCRIPT)
    assert ask(path, "Buyer", 0, "crypto/bike/rep_1").text == "Only here."
    assert ask(path, "(judge)", 0, "crypto/bike/rep_1", "judge").text == "five stars"


def test_past_the_end_seat_turn_and_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ServiceFault, match="2 messages for the seat 'Seller' in crypto/bike/rep_0, and turn 4"
    ) as caught:
        ask(script(tmp_path, SCRIPT), "Seller", 2)
    assert caught.value.reason == "provider"
    with pytest.raises(ServiceFault, match="0 messages for the seat 'Nobody'"):
        ask(script(tmp_path, SCRIPT), "Nobody", 0)
    with pytest.raises(ServiceFault, match="for the judge"):
        ask(script(tmp_path, {"format": 1, "turns": {}}), "(judge)", 0, kind="judge")


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ([], ""),
        ({"turns": {}}, "/format"),
        ({"format": True, "turns": {}}, "/format"),
        ({"format": 2}, "/format"),
        ({"format": 1, "turn": {}}, "/turn"),
        ({"format": 1, "turns": []}, "/turns"),
        ({"format": 1, "turns": {"A": "Hello"}}, "/turns/A"),
        ({"format": 1, "turns": {"A": [5]}}, "/turns/A/0"),
        ({"format": 1, "turns": {"A": [{"txt": "x"}]}}, "/turns/A/0/txt"),
        ({"format": 1, "turns": {"A": [{"text": 5}]}}, "/turns/A/0/text"),
        ({"format": 1, "turns": {"A": [{"calls": {}}]}}, "/turns/A/0/calls"),
        ({"format": 1, "turns": {"A": [{"calls": [{"args": {}}]}]}}, "/turns/A/0/calls/0/op"),
        ({"format": 1, "turns": {"A": [{"calls": [{"op": "hash", "args": []}]}]}}, "/turns/A/0/calls/0/args"),
        ({"format": 1, "turns": {"A": [{"calls": [{"op": "ping"}], "done": 1}]}}, "/turns/A/0/done"),
        ({"format": 1, "judge": "five"}, "/judge"),
        ({"format": 1, "trials": {"a/b": {"judges": []}}}, "/trials/a~1b/judges"),
    ],
)
def test_a_wrong_file_is_refused_at_its_place(tmp_path: Path, content: Json, pointer: str) -> None:
    with pytest.raises(DataError) as caught:
        load_script(script(tmp_path, content))
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere.json"):
        ask(tmp_path / "nowhere.json", "Buyer", 0)


def test_the_provider_is_offline() -> None:
    provider = build("scripted", None)
    assert provider.offline and provider.name == "scripted"
