"""Rewards and preferences out of conversations; chats in the form of chat APIs; the commands on a real run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.dataset.chat_shapes import problems_with_row
from arena.analysis.dataset.conversations import tools_of, with_native_calls
from arena.analysis.dataset.preferences import Rewarded, preference_rows, reward_rows, why_no_pair
from arena.cli.entry import main
from arena.play.tool_protocol import results_message
from tests.support.arena_rig import NO_TOOLS, arena, challenge, challenge_file

SYSTEM, CUE = {"role": "system", "content": "You are Ana."}, {"role": "user", "content": "Begin."}


def conversation(reward: float, *said: str, system: str = "You are Ana.", seat: str = "Ana") -> Rewarded:
    chat: list[dict[str, Any]] = [{"role": "system", "content": system}]
    for text in said:
        chat += [{"role": "user", "content": "Go on."}, {"role": "assistant", "content": text}]
    return Rewarded(chat, {"family": "f", "unit": "u", "seat": seat}, reward, {"x": reward})


def test_the_better_reply_is_chosen_where_two_conversations_part() -> None:
    (row,) = preference_rows([conversation(2, "Hi", "No"), conversation(4, "Hi", "Yes", "Bye")], 0.5)
    assert row["prompt"][-1]["content"] == "Go on." and len(row["prompt"]) == 4
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == ("Yes", "No")
    assert list(problems_with_row(row, "preference")) == []


@pytest.mark.parametrize(
    "other",
    [
        conversation(3.8, "Hi", "No"),
        conversation(4, "Hi", "No"),
        conversation(1, "Hi", "Yes"),
        conversation(1, "Hi", "No", system="You are Bo."),
        conversation(1, "Hi", "No", seat="Bo"),
    ],
    ids=["close", "equal", "the same words", "another prompt", "another seat"],
)
def test_what_teaches_no_preference_makes_no_pair(other: Rewarded) -> None:
    assert list(preference_rows([conversation(4, "Hi", "Yes"), other], 0.5)) == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (conversation(1, "Hi", "No", system="You are Bo."), "the same prompt"),
        (conversation(3.8, "Hi", "No"), "differ by 0.2 at most"),
        (conversation(1, "Hi", "Yes"), "what others said"),
    ],
    ids=["another prompt", "close", "the same words"],
)
def test_no_pair_comes_with_its_reason(other: Rewarded, reason: str) -> None:
    assert reason in why_no_pair([conversation(4, "Hi", "Yes"), other], 0.5)


def test_a_reward_row_asks_for_the_last_reply() -> None:
    (row,) = reward_rows([conversation(3, "Hi", "Bye")])
    assert row["completion"][0]["content"] == "Bye" and row["reward"] == 3 and row["rewards"] == {"x": 3}
    assert list(problems_with_row(row, "reward")) == []


def test_calls_become_tool_calls_and_their_results_tool_messages() -> None:
    calls = (
        '{"tool_call": {"op": "ping", "args": {}, "id": "a"}}\n{"tool_call": {"op": "hash", "args": {"data": "00"}}}'
    )
    results = results_message([("a", {"ok": True, "result": "pong"}), ("0.0.1", {"ok": True, "result": "x"})])
    chat = [SYSTEM, CUE, {"role": "assistant", "content": calls}, {"role": "user", "content": results},
            {"role": "assistant", "content": "Done."}]  # fmt: skip
    made = with_native_calls(chat)
    assert [message["role"] for message in made] == ["system", "user", "assistant", "tool", "tool", "assistant"]
    assert json.loads(made[2]["tool_calls"][1]["function"]["arguments"]) == {"data": "00"}
    assert list(problems_with_row({"messages": made, "tools": tools_of(made)}, "messages")) == []
    assert [tool["function"]["name"] for tool in tools_of(made)] == ["hash", "ping"]


def test_a_malformed_call_stays_text() -> None:
    chat = [CUE, {"role": "assistant", "content": '{"tool_call": {"op": 5}}'}]
    assert with_native_calls(chat) == chat


@pytest.fixture
def run(tmp_path: Path) -> Path:
    challenges = challenge_file(tmp_path / "challenges.json", challenge("c1"), challenge("c2"))
    words = ["--challenges", challenges, *NO_TOOLS, "--max-turns", "4", "--repetitions", "2", "--quiet"]
    assert arena(*words, "--out", str(tmp_path / "run")).code == 0
    return tmp_path / "run"


def test_a_run_gives_rows_of_its_conversations(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "rewards.jsonl"
    assert main(["dataset", "rewards", str(run), "--reward", "Security Strength", "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert len(rows) == 8 and all(list(problems_with_row(row, "reward")) == [] for row in rows)
    assert {row["about"]["seat"] for row in rows} == {"Ana", "Bo"}
    sent = json.loads((run / "api_calls.jsonl").read_bytes().splitlines()[0])
    assert sent["reply"]["text"] in [
        message["content"] for row in rows for message in row["prompt"] + row["completion"]
    ]


def test_repetitions_of_one_run_make_no_pair_and_the_reason_is_said(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["dataset", "preferences", str(run), "--reward", "Security Strength", "--out", str(tmp_path / "p")]) == 0
    )
    assert (tmp_path / "p").read_bytes() == b"" and "warning: no pair: " in capsys.readouterr().err


def test_a_reward_that_no_match_has_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "rewards", str(run), "--reward", "luck", "--out", str(tmp_path / "r")]) == 2
    said = capsys.readouterr().err
    assert "has the reward 'luck'; there are: " in said and "Security Strength" in said


def test_a_held_out_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    challenges = challenge_file(tmp_path / "challenges.json", challenge("c1", split="heldout_eval"))
    words = ["--challenges", challenges, *NO_TOOLS, "--max-turns", "4", "--quiet", "--out", str(tmp_path / "run")]
    assert arena(*words).code == 0
    assert main(["dataset", "preferences", str(tmp_path / "run"), "--out", str(tmp_path / "p")]) == 2
    assert "c1, which is held out" in capsys.readouterr().err
