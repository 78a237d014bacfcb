"""The result files of a run: the predecessor's names, fields and folders, equal bytes, whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.errors import ConfigError
from arena.families.cheaptalk.experiments.experiment import Output
from arena.families.cheaptalk.findings.run import Rules
from arena.families.cheaptalk.metrics.sensitivity import SensitivityPoint
from arena.families.cheaptalk.outputs.across_seeds import aggregate
from arena.families.cheaptalk.outputs.write import ResultFiles, ResultRules, write_outputs
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.records import Record
from tests.families.cheaptalk.made_runs import FOUR, PROTOCOLS, SIX, milestone2, milestone4, run_of_all, stopped
from tests.families.cheaptalk.runs import cheaptalk

STATISTICS = Rules(42, PROTOCOLS, SIX, SensitivityPoint(0.01, 0.5, ReputationConfig()), resamples=50)
RULES = ResultRules(STATISTICS)
SEEDS = (42, 123)
FILES = {
    "milestone1.jsonl",
    "milestone1_summary.json",
    "milestone2/episodes.jsonl",
    "milestone2/deviation_suite_results.json",
    "milestone2/seed42.json",
    "milestone2/seed123.json",
    "milestone3/episodes.jsonl",
    "milestone3/baseline_comparison.json",
    "milestone3/seed42.json",
    "milestone3/seed123.json",
    *(f"milestone4/{protocol}_episodes.jsonl" for protocol in PROTOCOLS),
    "milestone4/protocol_comparison.json",
    "milestone4/protocol_comparison_seed42.json",
    "milestone4/protocol_comparison_seed123.json",
    "milestone4/reputation_trajectories.json",
    "milestone4/progression_analysis.json",
    "submission_multi_seed_summary.json",
    "reputation.db",
    "paper_tables.md",
    "paper_tables.tex",
}
METRICS = {"accuracy", "evidence_compliance", "evidence_match_score", "mean_payoff", "num_episodes"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All milestones over 12 claims and two seeds."""
    folder = tmp_path_factory.mktemp("run")
    assert set(write_outputs(run_of_all(12, SEEDS), folder, RULES)) == FILES
    return folder


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_run_has_the_files_of_the_predecessor_and_no_others(run: Path) -> None:
    assert set(written(run)) == FILES


def test_deleted_files_are_written_again_with_equal_bytes(run: Path, tmp_path: Path) -> None:
    write_outputs(run_of_all(12, SEEDS), tmp_path, RULES)
    assert written(tmp_path) == written(run)


def test_episode_line_has_the_fields_of_the_predecessor(run: Path) -> None:
    found = lines(run / "milestone2/episodes.jsonl")
    assert len(found) == 12 * len(SIX) * len(SEEDS)
    fields = {
        "episode_id",
        "task",
        "protocol_id",
        "deviation_type",
        "transcript",
        "verifier_result",
        "metrics",
        "payoff",
    }
    assert fields | {"seed", "record"} == set(found[0])
    assert set(found[0]["task"]) == {"task_id", "claim", "label", "evidence", "metadata"}
    result = found[0]["verifier_result"]
    assert {"label_correct", "evidence_provided", "evidence_match_score", "predicted_label", "additional_info"} == set(
        result
    )
    assert "evidence_validity_skipped_reason" not in result["additional_info"]
    assert found[0]["transcript"][0]["role"] == "sender" and found[0]["transcript"][0]["content"]


def test_first_milestone_counts_its_two_types(run: Path) -> None:
    found = loaded(run / "milestone1_summary.json")
    assert found["num_tasks"] == 12 and found["deviation_types"] == ["honest", "no_evidence"]
    assert METRICS | {"total_cost", "mean_cost"} <= set(found["metrics_by_type"]["honest"])
    gain = found["dg_no_evidence"]
    assert gain["deviation_gain"] == pytest.approx(gain["deviation_mean_payoff"] - gain["honest_mean_payoff"])
    assert {
        "honest_accuracy",
        "deviation_accuracy",
        "honest_evidence_compliance",
        "deviation_evidence_compliance",
    } <= set(gain)
    assert "dg_honest" not in found and len(lines(run / "milestone1.jsonl")) == 48


def test_suite_has_the_fields_of_the_predecessor(run: Path) -> None:
    found = loaded(run / "milestone2/seed42.json")
    assert (found["num_tasks"], found["deviation_types"], found["protocol_id"]) == (12, list(SIX), PROTOCOLS[0])
    assert found["payoff_config"] == {
        "lambda_cost": 0.01, "mu_penalty": 0.5, "token_cost_per_1k": 0.01, "tool_call_cost": 0.01,
    }  # fmt: skip
    assert set(found["metrics_by_type"]["lie"]) >= METRICS
    gain = found["deviation_gains"]["lie"]
    assert {
        "deviation_gain",
        "percent_dg_positive",
        "honest_mean",
        "deviation_mean",
        "honest_std",
        "deviation_std",
    } <= set(gain)
    assert gain["count"] == len(gain["per_episode_dg"]) == 12
    assert gain["deviation_gain"] == pytest.approx(sum(gain["per_episode_dg"]) / 12)
    gains = [max(0.0, one["deviation_gain"]) for one in found["deviation_gains"].values()]
    assert found["iri"] == pytest.approx(sum(gains) / 5)
    assert (
        "epsilon" in found["findings"]["certificate"]["line"]
        or "cannot tell" in found["findings"]["certificate"]["line"]
        or "no bound" in found["findings"]["certificate"]["line"]
    )


def test_several_seeds_are_pooled_beside_those_of_each(run: Path) -> None:
    whole, one = (loaded(run / f"milestone2/{name}.json") for name in ("deviation_suite_results", "seed42"))
    assert (whole["num_tasks"], one["num_tasks"]) == (24, 12)
    assert whole["deviation_gains"]["lie"]["count"] == 24
    seeds = [loaded(run / f"milestone2/seed{seed}.json")["deviation_gains"]["lie"]["deviation_gain"] for seed in SEEDS]
    assert whole["deviation_gains"]["lie"]["deviation_gain"] == pytest.approx(sum(seeds) / 2)


def test_comparison_ranks_methods_and_measures_their_budget(run: Path) -> None:
    found = loaded(run / "milestone3/seed42.json")
    assert found["budget"] == {"max_tokens_per_task": 2000, "max_calls_per_task": 10}
    assert set(found["methods"]) == {"protocol_p1", "self_consistency_k5", "self_refine_r2"}
    assert METRICS | {"std_payoff"} <= set(found["methods"]["protocol_p1"])
    assert found["methods"]["self_refine_r2"]["most_tokens"] == 411 and found["num_tasks"] == 12
    assert found["rankings"]["evidence_compliance"][0] == "protocol_p1"
    accuracies = [found["methods"][name]["accuracy"] for name in found["rankings"]["accuracy"]]
    assert accuracies == sorted(accuracies, reverse=True) and set(found["rankings"]) == {
        "accuracy", "evidence_compliance", "payoff",
    }  # fmt: skip


def test_progression_has_a_suite_per_protocol(run: Path) -> None:
    found = loaded(run / "milestone4/protocol_comparison.json")
    assert list(found) == ["P1_Evidence_First", "P2_Cross_Exam", "P3_Slashing"]
    assert all(suite["deviation_types"] == list(FOUR) for suite in found.values())
    analysis = loaded(run / "milestone4/progression_analysis.json")
    assert [test["verdict"] in ("holds", "fails", "cannot tell") for test in analysis["order"].values()] == [True]
    assert set(analysis["cost_of_protocol"]) == set(PROTOCOLS)


def test_reputation_table_follows_the_records(run: Path) -> None:
    with closing(sqlite3.connect(run / "reputation.db")) as database:
        agents = dict(database.execute("SELECT agent_id, rep_score FROM reputations").fetchall())
        steps = database.execute("SELECT count(*) FROM reputation_history").fetchone()[0]
    assert steps == 12 * len(FOUR) * len(SEEDS) and len(agents) == len(FOUR) * len(SEEDS)
    assert agents["lie/42#0"] < agents["honest/42#0"]
    curves = loaded(run / "milestone4/reputation_trajectories.json")
    assert curves["lie/42#0"][-1]["rep_after"] == agents["lie/42#0"]
    assert [step["task_id"] for step in curves["lie/42#0"]] == [f"claim-{place:03}" for place in range(12)]


def test_summary_over_seeds_equals_the_one_from_its_files(run: Path) -> None:
    found = loaded(run / "submission_multi_seed_summary.json")
    assert aggregate(run).summary == aggregate(run, SEEDS).summary == found
    assert found["milestone2"]["seeds"] == found["milestone3"]["seeds"] == found["milestone4"]["seeds"] == 2


def test_one_seed_has_no_summary_over_seeds(tmp_path: Path) -> None:
    names = write_outputs(milestone2(6), tmp_path, RULES)
    assert names == [
        "milestone2/deviation_suite_results.json", "milestone2/episodes.jsonl", "milestone2/seed42.json",
        "paper_tables.md", "paper_tables.tex",
    ]  # fmt: skip
    assert (tmp_path / "milestone2/seed42.json").read_bytes() == (
        tmp_path / "milestone2/deviation_suite_results.json"
    ).read_bytes()


def test_record_without_a_score_is_in_no_file(tmp_path: Path) -> None:
    whole = list(milestone2(6))
    write_outputs([stopped(whole[8]) if place == 8 else one for place, one in enumerate(whole)], tmp_path, RULES)
    found = loaded(tmp_path / "milestone2/seed42.json")
    lie = found["deviation_gains"]["lie"]
    assert (lie["count"], lie["left_out"]) == (5, 1) and len(lines(tmp_path / "milestone2/episodes.jsonl")) == 35


def test_run_without_any_score_writes_nothing(tmp_path: Path) -> None:
    assert write_outputs(map(stopped, milestone2(2)), tmp_path, RULES) == [] and written(tmp_path) == {}


def test_each_pairing_has_its_own_folder(tmp_path: Path) -> None:
    records = [*milestone2(4, sender="a/one"), *milestone2(4, sender="b/two")]
    names = write_outputs(records, tmp_path, RULES)
    assert "pairings/a_one--mock_r/milestone2/seed42.json" in names
    assert "pairings/b_two--mock_r/milestone2/seed42.json" in names
    assert not (tmp_path / "milestone2/seed42.json").exists()


def test_places_of_the_experiment_are_followed(tmp_path: Path) -> None:
    output = Output(results_dir="here", save_episodes=False, save_comparison_table=False)
    assert write_outputs(milestone2(4), tmp_path, replace(RULES, output=output)) == [
        "here/deviation_suite_results.json", "here/seed42.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("save_episodes", "milestone4/p1_evidence_first_episodes.jsonl"),
        ("save_summary", "milestone4/protocol_comparison.json"),
        ("save_comparison_table", "paper_tables.md"),
        ("save_reputation_trajectories", "milestone4/reputation_trajectories.json"),
        ("save_progression_analysis", "milestone4/progression_analysis.json"),
    ],
)
def test_each_switch_of_the_experiment_takes_files_away(switch: str, gone: str, tmp_path: Path) -> None:
    (tmp_path / "on").mkdir()
    (tmp_path / "off").mkdir()
    on = write_outputs(milestone4(3), tmp_path / "on", RULES)
    off = write_outputs(milestone4(3), tmp_path / "off", replace(RULES, output=Output(**{switch: False})))
    assert gone in on and gone not in off and set(off) < set(on)


@pytest.mark.parametrize("place", ["../out", "/tmp/out", "a/../../b"])
def test_place_outside_the_run_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="output/results_dir"):
        ResultRules(STATISTICS, output=Output(results_dir=place))


def test_interrupted_writing_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from milestone2(3)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_outputs(broken(), tmp_path, RULES)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_appear_only_at_the_end(tmp_path: Path) -> None:
    files = ResultFiles(tmp_path, RULES)
    for record in milestone2(3):
        files.add(record)
    assert not (tmp_path / "milestone2/episodes.jsonl").exists()
    files.close()
    assert (tmp_path / "milestone2/episodes.jsonl").exists()


def test_several_protocols_in_one_milestone_stand_side_by_side(tmp_path: Path) -> None:
    ended = cheaptalk(
        "run", "--num-tasks", "6", "--protocols", "p1_evidence_first,p2_cross_exam", "--deviations", "honest,lie",
        "--out", str(tmp_path / "run"), "--quiet",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    found = loaded(tmp_path / "run" / "milestone1_summary.json")
    both = found.pop("protocols")
    assert list(both) == ["p1_evidence_first", "p2_cross_exam"] and both["p1_evidence_first"] == found
    assert both["p2_cross_exam"]["dg_lie"]["count"] == found["dg_lie"]["count"] == 6
    assert both["p2_cross_exam"]["metrics_by_type"]["lie"]["total_cost"] > found["metrics_by_type"]["lie"]["total_cost"]
