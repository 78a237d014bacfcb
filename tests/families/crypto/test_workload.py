"""How much work a reference play is: slack in a run's limits, difficulty by what is done, ops of a held-out family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arena.families.crypto.challenges.workload import (
    Workload,
    difficulty_of,
    ops_of,
    workload,
    workload_problems,
)
from arena.families.crypto.scripted import load_script

CHALLENGE: dict[str, Any] = {
    "participants": [{"id": "Ann"}, {"id": "Bob"}],
    "self_play": {"initiator_agent_id": "Bob"},
    "difficulty": "Basic",
    "obligations": [{}, {}],
}


def played(tmp_path: Path, turns: dict[str, list[Any]]) -> Any:
    path = tmp_path / "play.json"
    path.write_text(json.dumps({"format": 1, "turns": turns}), "utf-8")
    return load_script(path)


def calls(*ops: str) -> dict[str, Any]:
    return {"calls": [{"as": f"c{place}", "op": op, "args": {}} for place, op in enumerate(ops)]}


def test_turns_and_calls_are_those_of_a_whole_match(tmp_path: Path) -> None:
    turns = {"Bob": [calls("hash", "hash"), calls("hash"), "One.", "Three."], "Ann": ["Two.", calls("ping"), "Four."]}
    assert workload(played(tmp_path, turns), CHALLENGE) == Workload(4, 4, 3)


def test_a_batch_is_one_call_and_its_ops_count_as_ops(tmp_path: Path) -> None:
    batch = {"calls": [{"as": "b", "op": "batch", "args": {"requests": [{"op": "hash"}, {"op": "hmac"}]}}]}
    script = played(tmp_path, {"Bob": [batch, "One."], "Ann": ["Two."]})
    assert workload(script, CHALLENGE).calls == 1 and ops_of(script) == {"batch", "hash", "hmac"}


def test_a_play_within_the_limits_by_a_third_has_slack() -> None:
    assert list(workload_problems(Workload(11, 10, 7), CHALLENGE)) == []


def test_a_play_that_nearly_fills_the_limits_is_named() -> None:
    found = list(workload_problems(Workload(12, 10, 8), CHALLENGE))
    assert [member for member, _ in found] == ["reference_play", "reference_play"]
    assert "takes 12 turns; at most 11" in found[0][1] and "8 calls in a turn; at most 7" in found[1][1]


def test_difficulty_follows_from_calls_and_obligations() -> None:
    assert difficulty_of(Workload(5, 11, 2), CHALLENGE) == "Basic"
    assert difficulty_of(Workload(5, 12, 2), CHALLENGE) == "Intermediate"
    assert difficulty_of(Workload(5, 24, 2), CHALLENGE) == "Advanced"


def test_a_difficulty_two_steps_off_is_named_and_one_step_is_not() -> None:
    assert [m for m, _ in workload_problems(Workload(5, 24, 2), CHALLENGE)] == ["difficulty"]
    assert list(workload_problems(Workload(5, 12, 2), CHALLENGE)) == []
