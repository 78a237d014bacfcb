"""Published baselines: whose runs they belong to, and how a leaderboard shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.analysis.leaderboard.leaderboard import boards
from arena.analysis.leaderboard.page import page
from arena.analysis.leaderboard.text import json_bytes, markdown, text
from arena.errors import DataError
from arena.families.baselines import BaselineRate, PublishedBaselines, read_baselines
from arena.families.crypto.baselines.report import OPEN_TALK_RIGHT
from arena.families.crypto.baselines.table import BASELINES, REFERENCE
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.verified import describe_rule
from arena.families.crypto.spec import SPEC
from arena.settings.places import DATA_ROOT
from arena.store.finished_run import FinishedRun
from arena.store.rundir import pretty_json
from tests.support.made_runs import made_run, record

FILE = DATA_ROOT / SPEC.baselines
RULES = {"benchmark_version": "mine_v1", "verified_rule": {"name": "cap", "version": 2}}
TABLE = PublishedBaselines(
    "mine_v1", {"name": "cap", "version": 2}, "mock/judge", 20, 0, (BaselineRate("sham", 1380, 1.0, 0.0005),)
)


def test_the_table_of_the_own_set_is_of_its_version_and_rule() -> None:
    published = read_baselines(FILE)
    challenge_set = load(DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json")
    assert published.benchmark_version == challenge_set.version, "play `arena challenges baselines --out` again"
    assert published.verified_rule == describe_rule()
    assert {row.name for row in published.baselines} == {*BASELINES, OPEN_TALK_RIGHT}


def test_only_the_reference_and_talk_where_it_is_right_succeed_in_the_own_set() -> None:
    for row in read_baselines(FILE).baselines:
        assert row.verified_success_rate is not None
        assert (
            row.verified_success_rate >= 0.99
            if row.name in (REFERENCE, OPEN_TALK_RIGHT)
            else row.verified_success_rate <= 0.05
        )


@pytest.mark.parametrize("changed", ["benchmark_version", "verified_rule"])
def test_a_table_belongs_to_runs_of_its_set_and_rule_alone(changed: str) -> None:
    assert TABLE.belongs_to(RULES)
    assert not TABLE.belongs_to({**RULES, changed: "another"})


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "baselines.json").write_bytes(pretty_json(TABLE.to_json()))
    assert read_baselines(tmp_path / "baselines.json") == TABLE


@pytest.mark.parametrize(("content", "said"), [("{", "cannot be read"), ('{"seeds": "many"}', "/seeds")])
def test_a_damaged_table_is_named(content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "baselines.json"
    file.write_text(content)
    with pytest.raises(DataError, match=said) as caught:
        read_baselines(file)
    assert "baselines.json" in str(caught.value)


def test_a_leaderboard_shows_the_baselines_beside_runs_of_the_set(tmp_path: Path) -> None:
    published = read_baselines(FILE)
    rules = {"benchmark_version": published.benchmark_version, "verified_rule": published.verified_rule}
    own = FinishedRun(made_run(tmp_path / "own", [record(outcome="SUCCESS")], rules=rules))
    other = FinishedRun(
        made_run(tmp_path / "other", [record(outcome="SUCCESS")], rules={"benchmark_version": "other_v1"})
    )
    shown = boards([own], "success")
    for form in (text(shown), markdown(shown).decode(), page(shown).decode()):
        assert "All should fail, except the reference" in form and "sham_proofs" in form.replace("\\_", "_")
    assert json.loads(json_bytes(shown))["groups"][0]["baselines"] == published.to_json()
    hidden = boards([other], "success")
    assert "should fail" not in text(hidden) + markdown(hidden).decode() + page(hidden).decode()
    assert json.loads(json_bytes(hidden))["groups"][0]["baselines"] is None
