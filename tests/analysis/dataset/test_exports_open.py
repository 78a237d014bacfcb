"""Every training file opens in `datasets` without options, and has the documented form once it is read back."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.dataset.chat_shapes import problems_with_row
from tests.support.arena_rig import ROOT, arena, command

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        importlib.util.find_spec("datasets") is None, reason="not installed: datasets (`make test-long` installs it)"
    ),
]

IDS = "workshop-approval,studios-conflict-check,adjourned-chess-move"
JUDGE = ("--challenge-ids", IDS, "--judge-model", "mock/judge")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> dict[str, Path]:
    """Every kind of training file, from a run of reference plays and one of players who err."""
    folder = tmp_path_factory.mktemp("exports")
    gold, careful, careless = folder / "gold", folder / "careful", folder / "careless"
    reference = ROOT / "src/crypto-challenges/reference_plays"
    assert arena(*JUDGE, "--participant-model", f"scripted/{reference}", "--out", str(gold)).code == 0
    for out in (careful, careless):
        assert arena(*JUDGE, "--participant-model", f"mock/{out.name}", "--out", str(out)).code == 0
    steps: dict[str, tuple[object, ...]] = {
        "rows": ("rows", gold),
        "native": ("rows", gold, "--tool-calls", "native"),
        "rewards": ("rewards", gold, careless, "--reward", "Security Strength"),
        "native rewards": ("rewards", gold, careless, "--reward", "Security Strength", "--tool-calls", "native"),
        "preferences": ("preferences", careful, careless, "--reward", "Security Strength", "--least", "0.5"),
    }
    made = {name: folder / f"{name.replace(' ', '-')}.jsonl" for name in steps}
    for name, step in steps.items():
        assert command("dataset", *step, "--out", made[name]).code == 0
    assert command("dataset", "finalize", made["rows"], "--val-share", "0.3", "--out", folder / "final").code == 0
    return {**made, **{name: folder / f"final/{name}.jsonl" for name in ("train", "val", "train.origins")}}


def loaded(file: Path) -> list[dict[str, Any]]:
    """Return the rows as `datasets` gives them; members that a row has not are None there."""
    load = pytest.importorskip("datasets").load_dataset
    found = load("json", data_files=str(file), cache_dir=str(file.parent / "cache"))["train"]
    return [_without_none(row) for row in found.to_list()]


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


def written(file: Path) -> list[dict[str, Any]]:
    return [_without_none(json.loads(line)) for line in file.read_bytes().splitlines()]


KINDS = {
    "rows": "messages", "native": "messages", "train": "messages", "val": "messages", "train.origins": "messages",
    "rewards": "reward", "native rewards": "reward", "preferences": "preference",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_training_file_comes_back_whole_and_in_its_form(files: dict[str, Path], name: str) -> None:
    rows = loaded(files[name])
    assert rows and rows == written(files[name])
    assert [problem for row in rows for problem in problems_with_row(row, KINDS[name])] == []


def test_rows_hold_what_trainers_want_and_nothing_else_beside(files: dict[str, Path]) -> None:
    """TRL, "Dataset formats and types"; OpenAI and Fireworks, "Supervised fine-tuning", "Preparing the dataset"."""
    assert {tuple(row) for row in loaded(files["train"])} == {("messages",)}
    assert {tuple(row)[:3] for row in loaded(files["preferences"])} == {("prompt", "chosen", "rejected")}
    assert {tuple(row)[:3] for row in loaded(files["rewards"])} == {("prompt", "completion", "reward")}
    for row in loaded(files["train"]):
        assert all(set(message) == {"role", "content"} for message in row["messages"])


def test_native_calls_are_answered_by_their_id(files: dict[str, Path]) -> None:
    """OpenAI, "Chat", "The chat completion object": `tool_calls`, and messages of the role `tool`."""
    called, answered = 0, 0
    assert all({tool["function"]["name"] for tool in row["tools"]} == {call["function"]["name"] for call in _calls(row)}
               for row in loaded(files["native"]) if any(_calls(row)))  # fmt: skip
    for row in loaded(files["native"]):
        ids = [call["id"] for message in row["messages"] for call in message.get("tool_calls", ())]
        results = [message["tool_call_id"] for message in row["messages"] if message["role"] == "tool"]
        assert ids == results
        called, answered = called + len(ids), answered + len(results)
        for call in _calls(row):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
    assert called == answered > 10


def _calls(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for message in row["messages"]:
        yield from message.get("tool_calls", ())


def test_both_forms_of_calls_hold_the_same_calls(files: dict[str, Path]) -> None:
    for text, native in zip(loaded(files["rows"]), loaded(files["native"]), strict=True):
        said = "\n".join(message["content"] for message in text["messages"] if message["role"] == "assistant")
        assert all(json.dumps(call["function"]["name"]) in said for call in _calls(native))
