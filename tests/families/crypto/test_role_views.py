"""Role views hold what a role was sent: the same speeches in the same order, and nothing of what others kept to
themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.engine.finished import SentReader, opened
from arena.families.crypto.challenges.schema import encode_role
from arena.play.sent import Sent
from arena.records import Record
from tests.support.arena_rig import arena
from tests.support.made_manifest import EXAMPLE

Speech = tuple[str, str]
"""Role of a message, and its text."""


def view_of(run: Path, record: Record, role: str) -> list[dict[str, Any]]:
    """Return the messages of a role in one match, from its bundle."""
    _, challenge, rep = record.key.split("/")
    file = run / "matches" / challenge / rep / "role_views" / f"{encode_role(role)}.json"
    messages: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["messages"]
    return messages


def public(messages: list[dict[str, Any]]) -> list[Speech]:
    return [(one["role"], one["content"].strip()) for one in messages if one["role"] in ("assistant", "user")]


def last_of(calls: list[Sent], role: str) -> Sent:
    return [sent for sent in calls if sent.kind == "model" and sent.seat == role][-1]


def is_among(wanted: list[Speech], held: list[Speech]) -> bool:
    """Whether all of `wanted` are in `held` in their order; between them may be working steps and cues."""
    rest = iter(held)
    return all(any(speech == (role, text.strip()) for role, text in rest) for speech in wanted)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> list[Path]:
    """A run of two seats, and one of more seats in which some are told to cheat."""
    out = tmp_path_factory.mktemp("views") / "run"
    ids = "winter-market-pitch,one-bed-short"
    assert arena("--challenge-ids", ids, "--adversary", "told", "--repetitions", "2", "--out", str(out)).code in (0, 1)
    return [EXAMPLE, out]


def test_each_public_turn_of_a_view_was_sent_to_its_role_in_that_order(runs: list[Path]) -> None:
    compared = 0
    for path in runs:
        run = opened(path)
        reader = SentReader(run)
        for record in run.records:
            calls = reader.calls(record, judged=False)
            for role in dict.fromkeys(sent.seat for sent in calls):
                sent = last_of(calls, role)
                held = [(message.role, message.text) for message in sent.messages]
                later = sum(entry.kind == "say" and entry.turn >= sent.turn for entry in record.transcript.entries)
                wanted = public(view_of(path, record, role))
                known = wanted[: len(wanted) - later]
                assert is_among(known, held), (record.key, role)
                compared += len(known)
    assert compared > 40


def test_a_view_holds_nothing_of_the_working_steps_of_others(runs: list[Path]) -> None:
    for path in runs:
        run = opened(path)
        for record in run.records:
            for role in {entry.seat for entry in record.transcript.entries}:
                own = {entry.id for entry in record.transcript.entries if entry.kind == "call" and entry.seat == role}
                messages = view_of(path, record, role)
                assert {one["call"]["id"] for one in messages if one["role"] == "tool"} == own
