"""What cheap-talk and risk runs give to learn from: which trials, with which label, for which reward."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arena.analysis.dataset.chat_shapes import problems_with_row
from arena.cli import dataset_steps
from arena.errors import UsageError
from arena.families.cheaptalk.training import REASONS as CHEAPTALK_REASONS
from arena.families.cheaptalk.training import training as cheaptalk
from arena.families.risk.training import REASONS as RISK_REASONS
from arena.families.risk.training import training as risk
from arena.records import Counters, Record, Score, Stop, Transcript, Trial
from tests.support.arena_rig import command


def run_of(*records: Record) -> Any:
    return SimpleNamespace(records=records)


def episode(key: str, protocol: str = "p1_evidence_first", deviation: str = "honest", correct: float | None = 1,
            stop: Stop = Stop.MAX_TURNS) -> Record:  # fmt: skip
    plan = {"protocol": protocol, "deviation": deviation}
    trial = Trial(key, "cheaptalk", {"protocol": protocol, "information": "sender"}, "claim", None, "0" * 64, plan)
    values: dict[str, float | int | None] = {"payoff": 0.25, "receiver_payoff": 0.75, "correct": correct}
    return Record(trial, 0, Transcript(stop=stop), Score(values, None))


def test_honest_episodes_with_a_right_answer_are_kept() -> None:
    found = cheaptalk(run_of(
        episode("a"), episode("b", "p3_slashing"), episode("c", deviation="lie"), episode("d", "self_refine"),
        episode("e", stop=Stop.BUDGET), episode("f", correct=0),
    ))  # fmt: skip
    assert found.keys == ["a", "b"] and found.trials == 6
    assert found.reasons == {"not_honest": 1, "other_protocol": 1, "not_scored": 1, "wrong_answer": 1}
    assert set(found.reasons) == set(CHEAPTALK_REASONS)
    assert found.about["b"]["protocol"] == "p3_slashing"


def test_each_seat_is_rewarded_with_its_own_payoff() -> None:
    found = cheaptalk(run_of(episode("a"), episode("f", correct=0), episode("c", deviation="lie")))
    assert found.rewards == {(key, seat): paid for key in "af" for seat, paid in (("sender", 0.25), ("receiver", 0.75))}


def risky(
    key: str, attack: str, outcome: str, unit: str = "case", model: str = "m", stop: Stop = Stop.MAX_TURNS
) -> Record:
    cell = {"slice": "s", "attack": attack, "defence": "none", "mode": "text", "model": model}
    trial = Trial(key, "risk", cell, unit, None, "0" * 64, {"attack": attack})
    transcript = Transcript(stop=stop, usage={"agent": Counters("agent")})
    return Record(trial, 0, transcript, Score({}, outcome))


def test_resisted_attacks_need_a_completed_twin() -> None:
    found = risk(run_of(
        risky("a", "none", "passed"), risky("b", "direct", "passed"), risky("c", "direct", "succeeded"),
        risky("d", "none", "failed", "other"), risky("e", "direct", "passed", "other"),
        risky("f", "direct", "passed", model="another"), risky("g", "none", "passed", stop=Stop.PROVIDER),
    ))  # fmt: skip
    assert {key: found.about[key]["label"] for key in found.keys} == {"a": "completed", "b": "resisted"}
    assert found.reasons == {"attack_succeeded": 1, "not_completed": 1, "twin_not_completed": 2, "not_played": 1}
    assert set(found.reasons) == set(RISK_REASONS)


def test_the_checkers_label_is_the_reward() -> None:
    found = risk(run_of(risky("a", "none", "passed"), risky("c", "direct", "succeeded")))
    assert found.rewards == {("a", "agent"): 1.0, ("c", "agent"): 0.0}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    assert command("cheaptalk", "protocols", "--num-tasks", 2, "--out", folder / "cheaptalk", "--quiet").code == 0
    assert command("risk", "run", "--trials", 1, "--out", folder / "risk", "--quiet").code == 0
    return {name: folder / name for name in ("cheaptalk", "risk")}


@pytest.mark.parametrize(("family", "member"), [("cheaptalk", "protocol"), ("risk", "label")])
def test_rows_of_a_run_are_chats_that_say_what_they_are(
    runs: dict[str, Path], tmp_path: Path, family: str, member: str
) -> None:
    out = tmp_path / "rows.jsonl"
    assert command("dataset", "rows", runs[family], "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert rows and all(row["about"][member] and row["about"]["family"] == family for row in rows)
    assert [problem for row in rows for problem in problems_with_row(row, "messages")] == []


@pytest.mark.parametrize(("family", "seats"), [("cheaptalk", {"sender", "receiver"}), ("risk", {"agent"})])
def test_rewards_of_a_run_are_the_familys_own(
    runs: dict[str, Path], tmp_path: Path, family: str, seats: set[str]
) -> None:
    out = tmp_path / "rewards.jsonl"
    assert command("dataset", "rewards", runs[family], "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert {row["about"]["seat"] for row in rows} == seats
    assert [problem for row in rows for problem in problems_with_row(row, "reward")] == []
    if family == "cheaptalk":
        paid = {"sender": "payoff", "receiver": "receiver_payoff"}
        assert all(row["reward"] == row["rewards"][paid[row["about"]["seat"]]] for row in rows)


@pytest.mark.parametrize(
    ("reward", "seats"),
    [("payoff", {"sender"}), ("receiver_payoff", {"receiver"}), ("correct", {"sender", "receiver"})],
)
def test_a_named_reward_is_that_of_seats_that_earned_it(
    runs: dict[str, Path], tmp_path: Path, reward: str, seats: set[str]
) -> None:
    out = tmp_path / "rewards.jsonl"
    assert command("dataset", "rewards", runs["cheaptalk"], "--reward", reward, "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    scored = {json.loads(line)["key"]: json.loads(line)["scores"]
              for line in (runs["cheaptalk"] / "matches.jsonl").read_bytes().splitlines()}  # fmt: skip
    assert {row["about"]["seat"] for row in rows} == seats
    assert all(row["reward"] == scored[row["about"]["trial"]][reward] for row in rows)
    others = {"sender": "receiver_payoff", "receiver": "payoff"}
    assert not [row for row in rows if others[row["about"]["seat"]] in row["rewards"]]


def test_validate_says_why_trials_of_a_run_are_left_out(runs: dict[str, Path]) -> None:
    ended = command("dataset", "validate", runs["cheaptalk"])
    assert ended.code == 1 and "not_honest" in ended.out


def test_run_of_a_family_that_gives_nothing_to_learn_from_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_steps, "training_of", lambda run: None)
    run: Any = SimpleNamespace(path=Path("run"), manifest=SimpleNamespace(family="toy"))
    with pytest.raises(UsageError) as caught:
        dataset_steps.chosen(run)
    assert str(caught.value) == "run: the family toy has no training data"
