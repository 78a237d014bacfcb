"""Reading a run directory after the run: records, calls, inputs; and what is said where it is not one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from arena.errors import DataError, UsageError
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.data import played_challenges
from arena.store.finished_run import FinishedRun

EXAMPLE = Path(__file__).resolve().parents[2] / "state/examples/mock-three"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "run"))


def test_records_come_in_the_order_of_the_file() -> None:
    lines = (EXAMPLE / "matches.jsonl").read_text(encoding="utf-8").splitlines()
    assert [record.key for record in FinishedRun(EXAMPLE).records] == [json.loads(line)["key"] for line in lines]


def test_calls_of_a_trial_are_its_own_and_all_of_them() -> None:
    run = FinishedRun(EXAMPLE)
    keys = [record.key for record in run.records]
    found = [line for key in keys for line in run.calls(key)]
    assert {line.trial for line in run.calls(keys[0])} == {keys[0]}
    assert len(found) == len((EXAMPLE / "api_calls.jsonl").read_bytes().splitlines())
    assert list(run.calls("crypto/nobody/rep_0")) == []


def test_challenges_and_summary_are_those_of_the_run() -> None:
    run = FinishedRun(EXAMPLE)
    assert run.summary()["n_matches"] == 3
    assert len(played_challenges(run).challenges) == len(load(EXAMPLE / "inputs/challenges.json").challenges) == 3
    assert run.name == "mock-three"


def test_a_folder_without_a_manifest_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run directory"):
        FinishedRun(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("manifest.json", "{", "is not JSON"),
        ("manifest.json", "[]", "must be a JSON object"),
        ("manifest.json", "{}", "/identity"),
        ("summary.json", None, "the file is missing"),
    ],
)
def test_a_damaged_file_is_named(copy: Path, name: str, content: str | None, says: str) -> None:
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=says) as caught:
        FinishedRun(copy).summary()
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl"])
def test_a_file_that_leads_elsewhere_is_refused_by_name(name: str, copy: Path) -> None:
    (copy / name).unlink()
    (copy / name).symlink_to(name)
    with pytest.raises(DataError, match=f"{name}: is a symbolic link"):
        FinishedRun(copy)
