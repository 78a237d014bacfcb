"""A whole match over HTTP in which every form of reasoning holds a secret: no seat and no judge gets to see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.providers.test_reasoning import FORMS, SECRET
from tests.support.arena_rig import NO_TOOLS, Ended, arena, challenge, challenge_file, local_environ
from tests.support.http_server import ModelServer, Scripted

OWN_FIELDS: dict[str, dict[str, Any]] = {
    "reasoning_content": {"content": "Hello Bob.", "reasoning_content": SECRET},
    "reasoning": {"content": "Hello Bob.", "reasoning": SECRET},
    "reasoning_details": {"content": "Hello Bob.", "reasoning_details": [{"type": "reasoning.text", "text": SECRET}]},
    "thinking part": {"content": [{"type": "thinking", "thinking": SECRET}, {"type": "text", "text": "Hello Bob."}]},
    "reasoning part": {"content": [{"type": "reasoning_text", "text": SECRET}, {"type": "text", "text": "Hello Bob."}]},
}
"""Reasoning that a server keeps apart itself, in each of its places."""

MESSAGES = {**{name: {"content": text} for name, (text, _) in FORMS.items()}, **OWN_FIELDS}
SILENT = {name for name, (_, public) in FORMS.items() if not public}


def saying(message: dict[str, Any]) -> Scripted:
    return Scripted(edit=lambda reply: reply["choices"][0]["message"].update(message))


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ModelServer) -> Ended:
    """One match of three seats, a turn for each form; after a form that says nothing, the seat speaks when re-asked."""
    for name, value in local_environ(server).items():
        monkeypatch.setenv(name, value)
    for name, message in MESSAGES.items():
        server.script(saying(message), *([saying({"content": "Hello."})] if name in SILENT else []))
    challenges = challenge_file(tmp_path / "challenges.json", challenge("c1", ("Ana", "Bo", "Cy")))
    return arena(
        "--challenges", challenges, "--participant-model", "local/m", "--judge-model", "local/judge", *NO_TOOLS,
        "--max-turns", str(len(MESSAGES)), "--out", str(tmp_path / "run"),
    )  # fmt: skip


def test_a_secret_in_any_form_of_reasoning_reaches_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ModelServer() as server:
        ended = played(tmp_path, monkeypatch, server)
    assert ended.code == 0, ended.err
    assert server.refused == []
    asked = len(MESSAGES) + len(SILENT)
    assert len(server.seen) == asked + 1, "every turn was played, and the judge was asked"
    leaks = [number for number, seen in enumerate(server.seen) if SECRET in json.dumps(seen.payload)]
    assert leaks == []
    (record,) = ended.records()
    assert sum(entry["kind"] == "say" for entry in record["transcript"]) == len(MESSAGES)
    kept = [call["reply"].get("reasoning", "") for call in ended.calls("model")]
    assert sum(SECRET in reasoning for reasoning in kept) == len(MESSAGES), "kept apart, and not lost"


def test_turns_of_three_seats_alternate_between_user_and_assistant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer() as server:
        played(tmp_path, monkeypatch, server)
    for seen in server.seen:
        roles = [turn["role"] for turn in seen.payload["messages"]]
        assert roles[0] == "system"
        assert roles[1:] == ["user", "assistant"] * (len(roles) // 2 - 1) + ["user"]
