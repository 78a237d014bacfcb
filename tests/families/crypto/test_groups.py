"""Groups of five to seven in the project's own set: who is absent, how many are enough, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.instance import case_spec
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.data import roles
from arena.run import main
from tests.support.plain_records import entries, records_of

DATA = Path(__file__).resolve().parents[3] / "src" / "crypto-challenges"
GROUPS = {c["id"]: c for c in load(DATA / "benchmark_challenges_diverse_v2.json").challenges
          if len(c["participants"]) > 4}  # fmt: skip
REPETITIONS = 16


@pytest.fixture(scope="module")
def records(calculator_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The reference plays of the groups, with as many seeds as show every case."""
    out = tmp_path_factory.mktemp("groups") / "run"
    words = ["--participant-provider", "scripted", "--participant-model", str(DATA / "reference_plays"),
             "--judge-provider", "mock", "--challenge-ids", ",".join(GROUPS)]  # fmt: skip
    assert main([*words, "--repetitions", str(REPETITIONS), "--quiet", "--out", str(out)]) == 0
    return list(records_of(out))


def case_of(record: dict[str, Any]) -> str:
    return str(record["judging"]["checks"]["case"]["label"])


def took_part(challenge: dict[str, Any], case: str) -> set[str]:
    """The roles that the obligations of a case name."""
    due = [one for one in challenge["obligations"] if case in one.get("cases", [case])]
    return {role for one in due for role in (*one["of"], *one.get("by", ()))}


def test_the_set_has_groups_of_five_and_more() -> None:
    assert len(GROUPS) >= 4


@pytest.mark.parametrize("name", GROUPS)
def test_every_group_has_an_absence_and_one_that_is_too_large(name: str) -> None:
    _, spec = case_spec(GROUPS[name]["instance"]) or ("", {})
    parts = {case: took_part(GROUPS[name], case) for case in spec["honest"]}
    everybody = set(roles(GROUPS[name]))
    assert parts[spec["honest"][0]] == everybody
    assert any(len(part) == len(everybody) - 1 for part in parts.values())
    assert {"too_few", "two_empty"} & set(spec["negative"])


@pytest.mark.parametrize("name", GROUPS)
def test_the_rest_reach_the_right_result_in_every_case(name: str, records: list[dict[str, Any]]) -> None:
    _, spec = case_spec(GROUPS[name]["instance"]) or ("", {})
    mine = [record for record in records if record["unit"] == name]
    assert {case_of(record) for record in mine} == {*spec["honest"], *spec["negative"]}
    for record in mine:
        checks = record["judging"]["checks"]
        assert checks["result"]["verdict"] == "right" and checks["obligations"]["ok"], case_of(record)


@pytest.mark.parametrize("name", GROUPS)
def test_the_reference_leaves_three_turns_of_ten_unused(name: str, records: list[dict[str, Any]]) -> None:
    most = turns_of(GROUPS[name], 15)
    for record in records:
        if record["unit"] == name:
            turns = sum(entry.kind == "say" for entry in entries(*record["transcript"]))
            assert turns * 1.3 <= most, (case_of(record), turns)
