"""`arena verify` of answers without seeds: computed again, checked by a relation, or named as unchecked."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from arena.calculator import process as calculator_process
from arena.calculator.carrier import CalculatorSettings
from arena.calculator.relations import parts, relation
from arena.engine import build as wiring
from arena.store import digests
from tests.support.arena_rig import ROOT, Table, verdict
from tests.support.verify_rig import (
    edit_lines,
    told,
    verify,
)


@pytest.fixture
def unseeded(tmp_path: Path, calculator_binary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose calculator took no seeds, as one on Lambda."""
    monkeypatch.setattr(wiring, "CalculatorSettings", partial(CalculatorSettings, seeded=False))
    calls: list[Any] = [
        {"op": "hash", "args": {"data": "utf8:x"}},
        {"op": "commit_hash", "args": {"msg": "utf8:heads"}},
        {"op": "random_bytes", "args": {"len": 8}},
        {"op": "open_hash", "args": {"commitment": "00", "nonce": "00", "msg": "00"}},
        {"op": "batch", "args": {"requests": [{"op": "pedersen_commit", "args": {"m": 3}},
                                              {"op": "hash", "args": {"data": "utf8:y"}}]}},
    ]  # fmt: skip
    turns = {"Ana": [{"calls": calls}, "Well."], "Bo": ["Fine."]}
    Table(tmp_path).play("--calculator-provider", "process", "--max-turns", "2", turns=turns, judge=[verdict(3)])
    monkeypatch.undo()
    return tmp_path / "run"


def test_answers_without_seeds_are_computed_again_or_checked_by_a_relation_or_named(unseeded: Path) -> None:
    assert b'"seed":"' not in b"".join(
        line for line in (unseeded / "api_calls.jsonl").read_bytes().splitlines() if b'"kind":"tool"' in line
    )
    found = json.loads(verify(unseeded, "--json").out)
    assert found["holds"], found["problems"]
    calls = found["calls"]
    assert (calls["tool"], calls["executed"], calls["related"]) == (5, 2, 2)
    assert calls["unchecked"] == {"random_bytes": 1}
    assert "random_bytes 1 (the answer is random" in verify(unseeded).out


@pytest.mark.parametrize("op", ["hash", "commit_hash", "batch"])
def test_a_tampered_answer_without_a_seed_is_told(op: str, unseeded: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == op:
            text = json.dumps(line["answer"])
            place = text.rindex('"', 0, text.rindex('"')) + 1 if op == "hash" else text.index("commitment") + 14
            line["answer"] = json.loads(text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :])

    edit_lines(unseeded / "api_calls.jsonl", edit)
    digests.write(unseeded)
    assert any(f"{op} (crypto/c1/rep_0" in line and "the answer is wrong" in line for line in told(verify(unseeded)))


def test_relations_hold_for_every_random_op_that_has_one_and_for_no_forged_answer(calculator_binary: Path) -> None:
    settings = CalculatorSettings(root=ROOT, command=(str(calculator_binary),), seeded=False)
    calculator = calculator_process.build("process", settings)
    try:
        rows = {row["name"]: row for row in calculator.catalogue()}
        related = []
        for name, row in rows.items():
            example = row["example"]
            if not row["randomised"] or "then" not in example:
                continue
            answer = calculator.call(name, example["args"], "").answer
            then = rows[example["then"]["op"]]
            wanted = relation(row, then, example["args"], answer["result"])
            if isinstance(wanted, str):
                continue
            assert calculator.call(wanted.op, wanted.args, "").answer["result"] == wanted.result, name
            related.append(name)
        assert {"commit_hash", "aead_encrypt", "shamir_split", "ring_sign", "gen_prime"} <= set(related)
        assert len(related) > 20
    finally:
        calculator.close()


def test_where_something_stays_open_there_is_no_relation() -> None:
    params = [{"name": "n"}, {"name": "context"}]
    then = {"op": "open", "args": {"n": "$n", "key": "0123456789abcdef0123", "context": "c"}, "result": {"valid": True}}
    row = {"example": {"args": {"m": 1, "context": "c"}, "then": then}}
    assert "does not hold (key)" in str(relation(row, {"params": params}, {"m": 2}, {"n": 5}))
    del then["args"]["key"]  # type: ignore[attr-defined]
    assert "result has no n" in str(relation(row, {"params": params}, {"m": 2}, {}))
    assert "the effect of x is unknown" in str(relation(row, {"params": params}, {"m": 2, "x": 1}, {"n": 5}))
    assert relation(row, {"params": params}, {"m": 2, "context": "d"}, {"n": 5}) == (
        "open", {"n": 5, "context": "d"}, {"valid": True},
    )  # fmt: skip
    assert relation(row, {"params": params}, {"m": 2}, {"n": 5}) == ("open", {"n": 5}, {"valid": True})


def test_parts_of_a_batch_are_read_only_where_both_sides_are_there() -> None:
    answer = {"ok": True, "result": {"answers": [{"ok": True, "result": 1}]}}
    assert list(parts("batch", {"requests": [{"op": "a", "args": {"x": 1}}, {"op": "b"}]}, answer)) == [
        ("a", {"x": 1}, {"ok": True, "result": 1}),
    ]  # fmt: skip
    assert list(parts("batch", {}, answer)) == [("batch", {}, answer)]
