"""Levels of operations: what players are shown and may call, and which reference plays do without recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.engine.finished import opened
from arena.families.crypto.challenges.render import stats
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.op_kinds import OP_MAKES, OP_USES
from arena.families.crypto.op_levels import ALL, PRIMITIVE, RECIPES, offered, refusal
from arena.settings.places import DATA_ROOT

SET = DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
PLAYS = DATA_ROOT / "src/crypto-challenges/reference_plays"

pytestmark = pytest.mark.usefixtures("calculator_binary")


def ops_in(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("op"), str):
            yield found["op"]
        for inner in found.values():
            yield from ops_in(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from ops_in(inner)


def plays_of_blocks() -> list[str]:
    """Return the challenges whose reference play uses no recipe."""
    found = []
    for challenge in load(SET).challenges:
        play = json.loads((PLAYS / f"{challenge['id']}.json").read_text(encoding="utf-8"))
        if RECIPES.isdisjoint(ops_in(play["turns"])):
            found.append(challenge["id"])
    return found


def test_recipes_are_operations_that_the_tables_of_kinds_know() -> None:
    assert RECIPES - {*OP_MAKES, *OP_USES} <= {"oprf_full", "bill_split", "garble_gate"}


def test_all_offers_everything_and_primitive_no_recipe() -> None:
    rows = [{"name": "hash"}, {"name": "psi_mask"}]
    assert offered(rows, ALL) == rows
    assert offered(rows, PRIMITIVE) == [{"name": "hash"}]


@pytest.mark.parametrize(
    "op, args, refused",
    [
        ("hash", {"data": "00"}, False),
        ("psi_mask", {}, True),
        ("help", {"op": "hash"}, False),
        ("help", {}, False),
        ("help", {"op": "psi_mask"}, True),
        ("help", {"family": "oblivious"}, True),
        ("ops", {}, True),
        ("batch", {"requests": [{"op": "hash"}]}, False),
        ("batch", {"requests": [{"op": "hash"}, {"op": "psi_mask"}]}, True),
        ("batch", {"requests": [{"op": "batch", "args": {"requests": [{"op": "psi_mask"}]}}]}, True),
        ("batch", "no object", False),
    ],
)
def test_call_is_refused_where_it_names_a_recipe(op: str, args: Any, refused: bool) -> None:
    assert bool(refusal(op, args)) == refused


def test_most_challenges_have_a_play_at_both_levels() -> None:
    assert stats(load(SET))["with_play_of_building_blocks"] == len(plays_of_blocks()) >= 40


def test_challenge_without_its_play_is_not_counted_as_solved_with_blocks(tmp_path: Path) -> None:
    alone = tmp_path / SET.name
    alone.write_bytes(SET.read_bytes())
    assert stats(load(alone))["with_play_of_building_blocks"] == 0


def played(out: Path, *words: str) -> int:
    code: int = main(["run", "--judge-provider", "mock", "--quiet", "--out", str(out), "--op-level", PRIMITIVE, *words])
    return code


def test_plays_of_building_blocks_solve_their_challenges_at_the_primitive_level(tmp_path: Path) -> None:
    ids = plays_of_blocks()
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS), "--challenge-ids", ",".join(ids)]
    assert played(tmp_path / "run", *words) == 0
    summary = json.loads((tmp_path / "run/summary.json").read_text(encoding="utf-8"))
    assert summary["checks"]["results"] == {"right": len(ids)}
    assert summary["verified"]["capped"] == 0


def test_recipe_is_neither_shown_nor_carried_out(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS), "--challenge-ids"]
    played(out, *words, "studios-conflict-check", "--continue-on-error")
    (record,) = opened(out).records
    refused = [entry for entry in record.transcript.entries if entry.kind == "malformed"]
    assert refused and "psi_mask is not offered in this run" in refused[0].problem
    assert not [entry for entry in record.transcript.entries if entry.op in RECIPES and entry.kind == "call"]
    shown = (out / "inputs/tools.txt").read_text(encoding="utf-8")
    assert "commit_hash" in shown and "psi_mask" not in shown
    assert main(["verify", str(out)]) == 0


def test_level_is_part_of_what_the_run_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    words = ["--participant-provider", "scripted", "--participant-model", str(PLAYS)]
    assert played(out, *words, "--challenge-ids", "adjourned-chess-move") == 0
    capsys.readouterr()
    again = ["run", "--judge-provider", "mock", "--quiet", "--out", str(out), "--resume", *words]
    assert main([*again, "--challenge-ids", "adjourned-chess-move"]) == 2
    assert "op-level" in capsys.readouterr().err.replace("op_level", "op-level")
    assert main(["report", str(out)]) == 0
    assert "primitive" in (out / "report.html").read_text(encoding="utf-8")
