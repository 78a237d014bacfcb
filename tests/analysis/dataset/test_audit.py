"""`arena dataset audit`: held-out challenges in a training file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.analysis.dataset.audit import Audit
from arena.analysis.dataset.contamination import audit_file
from arena.cli.entry import main
from arena.engine.finished import open_run
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.dataset.held_out import held_out
from arena.families.training import HeldOut, HeldOutUnit
from tests.support.arena_rig import NO_TOOLS, ROOT, arena, challenge, challenge_file

SET = ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"


def lines(path: Path, *texts: str) -> Path:
    path.write_text("".join(json.dumps({"messages": [{"role": "assistant", "content": t}]}) + "\n" for t in texts))
    return path


def _by_split(split: str) -> dict[str, str]:
    found = load(SET).challenges
    return {c["id"]: c["participant_context"]["public_background"] for c in found if c["split"] == split}


def test_every_held_out_challenge_is_found_by_its_text(tmp_path: Path) -> None:
    held = _by_split("heldout_eval")
    assert len(held) >= 20
    found = audit_file(lines(tmp_path / "f.jsonl", *held.values()), held_out(load(SET), []))
    assert {one.unit for one in found.found} == set(held)


def test_train_challenges_are_no_contamination(tmp_path: Path) -> None:
    assert audit_file(lines(tmp_path / "f.jsonl", *_by_split("train").values()), held_out(load(SET), [])).found == ()


def test_a_drawn_value_betrays_a_challenge() -> None:
    audit = Audit(HeldOut([HeldOutUnit("held", [], ["ROOM-4711-B", "short"])]))
    assert [(one.unit, one.how) for one in audit.row(1, "It is room-4711-b.")] == [("held", "value")]
    assert audit.row(2, "It is short, and no room.") == []


def test_values_of_a_run_are_looked_for(tmp_path: Path) -> None:
    drawn = {"values": {"n": {"draw": "int", "from": 10**11, "to": 10**12}}, "own": {"Ana": ["n"]},
             "truth": {"int": "n"}, "result": "int"}  # fmt: skip
    held = challenge("c1", split="heldout_eval", instance=drawn)
    file = challenge_file(tmp_path / "challenges.json", held)
    words = ["--challenges", file, *NO_TOOLS, "--max-turns", "2", "--quiet", "--out", str(tmp_path / "run")]
    ended = arena(*words)
    assert ended.code == 0, ended.err
    run = open_run(tmp_path / "run")
    (record,) = run.records
    code = str((record.transcript.instance or {})["n"])
    found = audit_file(lines(tmp_path / "f.jsonl", f"It is {code}."), held_out(load(Path(file)), [run]))
    assert [(one.unit, one.how) for one in found.found] == [("c1", "value")]


def test_the_command_ends_with_one_where_something_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit, text = next(iter(_by_split("heldout_eval").items()))
    assert main(["dataset", "audit", str(lines(tmp_path / "bad.jsonl", "good day", text))]) == 1
    assert f"line 2: {unit} (text)" in capsys.readouterr().out
    assert main(["dataset", "audit", str(lines(tmp_path / "good.jsonl", "good day")), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["units"] == {}
