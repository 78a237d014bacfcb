"""A whole run leaves the predecessor's files, statistics, a report, and can be verified, compared and checked."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from arena.families.cheaptalk.experiments.milestones import FOUR, SIX
from tests.families.cheaptalk.runs import by_condition, cheaptalk, command, payoff, unclocked
from tests.support.arena_rig import ROOT, environment

P1, P2, P3 = "p1_evidence_first", "p2_cross_exam", "p3_slashing"
SCRIPTS = {
    "run_all_milestones": "all",
    "run_milestone2_deviation": "deviations",
    "run_milestone3_baselines": "baselines",
    "run_milestone4_protocols": "protocols",
    "debug_evidence_verifier": "debug",
    "validate_setup": "validate",
    "aggregate_multi_seed_results": "aggregate",
}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Milestones 2 to 4 over two seeds."""
    out = tmp_path_factory.mktemp("everything") / "run"
    ended = cheaptalk("all", "--num-tasks", "12", "--seeds", "42,123", "--series", "3", "--out", str(out), "--quiet")
    assert ended.code == 0, ended.err
    return out


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_run_leaves_the_files_of_every_milestone(everything: Path) -> None:
    names = {str(path.relative_to(everything)) for path in everything.rglob("*") if path.is_file()}
    wanted = {
        *(f"milestone2/{name}" for name in ("episodes.jsonl", "deviation_suite_results.json", "seed42.json")),
        *(f"milestone3/{name}" for name in ("episodes.jsonl", "baseline_comparison.json", "seed123.json")),
        *(f"milestone4/{name}_episodes.jsonl" for name in (P1, P2, P3)),
        "milestone4/protocol_comparison.json",
        "milestone4/protocol_comparison_seed42.json",
        "submission_multi_seed_summary.json",
        "reputation.db",
        "paper_tables.md",
        "paper_tables.tex",
    }
    assert wanted <= names


def test_suite_has_the_six_deviations_and_no_control(everything: Path) -> None:
    found = read(everything, "milestone2/seed42.json")
    assert found["num_tasks"] == 12 and tuple(found["deviation_types"]) == SIX
    honest = [one for one in by_condition(everything)[P1, "honest"] if one.condition.seed == 42]
    assert found["metrics_by_type"]["honest"]["mean_payoff"] == pytest.approx(payoff(honest))


def test_comparison_of_protocols_has_the_four_deviations(everything: Path) -> None:
    found = read(everything, "milestone4/protocol_comparison_seed123.json")
    assert set(found) >= {"P1_Evidence_First", "P2_Cross_Exam", "P3_Slashing"}
    assert set(found["P3_Slashing"]["metrics_by_type"]) == set(FOUR)


def test_reputation_table_has_an_agent_per_series(everything: Path) -> None:
    with sqlite3.connect(everything / "reputation.db") as database:
        agents = [row[0] for row in database.execute("SELECT agent_id FROM reputations")]
        steps = database.execute("SELECT count(*) FROM reputation_history").fetchone()[0]
    assert len(agents) == 4 * 2 * 3 and steps == 4 * 2 * 12


def test_files_over_seeds_are_aggregated_again_to_the_same_bytes(everything: Path, tmp_path: Path) -> None:
    ended = cheaptalk("aggregate", str(everything), "--out", str(tmp_path))
    assert ended.code == 0 and "seeds 42, 123: 6 files" in ended.out
    name = "submission_multi_seed_summary.json"
    assert (tmp_path / name).read_bytes() == (everything / name).read_bytes()


def test_changed_result_file_is_told_with_its_name(everything: Path) -> None:
    path = everything / "milestone2/deviation_suite_results.json"
    whole = path.read_bytes()
    path.write_bytes(
        whole.replace(b'"num_tasks": 24', b'"num_tasks": 25').replace(b'"num_tasks": 12', b'"num_tasks": 13')
    )
    try:
        assert path.read_bytes() != whole
        ended = command("verify", str(everything), "--calculator-provider", "none")
        assert ended.code == 1 and "milestone2/deviation_suite_results.json" in ended.text
    finally:
        path.write_bytes(whole)


def test_report_shows_payoffs_gains_and_what_seats_knew(everything: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert command("report", str(everything), "--out", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    for title in ("Payoffs", "Deviation gains", "Reputation"):
        assert title in text, title
    matches = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "report_matches").iterdir())
    assert "Your private instruction: Lie" in matches


def test_report_of_a_run_without_its_claims_shows_its_records(everything: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(everything, run)
    (run / "inputs/claims.json").write_text("{}", encoding="utf-8")
    page = tmp_path / "report.html"
    assert command("report", str(run), "--out", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    assert "Deviation gains" in text and "Your private instruction" not in text


def test_run_is_held_against_the_shipped_bands(everything: Path) -> None:
    ended = command("check", str(everything), "--thresholds", "config/cheaptalk/thresholds.yaml")
    assert "max(incentives.cells.*.gain.*)" in ended.out and ended.code in (0, 1)


def test_runs_of_two_models_are_compared(tmp_path: Path) -> None:
    for model in ("careful", "careless"):
        cheaptalk("run", "--num-tasks", "25", "--participant-model", f"mock/{model}", "--out", str(tmp_path / model),
                  "--quiet")  # fmt: skip
    ended = command("compare", str(tmp_path / "careful"), str(tmp_path / "careless"))
    assert ended.code == 0 and "50 pairs" in ended.out


def test_first_milestone_is_also_written_where_output_says(tmp_path: Path) -> None:
    out, copy = tmp_path / "run", tmp_path / "results" / "m1_test.jsonl"
    words = ("--config", "config/cheaptalk/milestone1.yaml", "--num-tasks", "5", "--output", str(copy))
    assert cheaptalk("run", *words, "--out", str(out), "--quiet").code == 0
    assert copy.read_bytes() == (out / "milestone1.jsonl").read_bytes()
    assert read(copy.parent, "m1_test_summary.json") == read(out, "milestone1_summary.json")


def test_experiment_says_which_files_are_not_written(tmp_path: Path) -> None:
    path, out = tmp_path / "experiment.yaml", tmp_path / "run"
    path.write_text(
        "experiment:\n  num_tasks: 4\noutput:\n  results_dir: results/milestone2\n  save_episodes: false\n", "utf-8"
    )
    assert cheaptalk("run", "--config", str(path), "--out", str(out), "--quiet").code == 0
    names = {path.name for path in (out / "results/milestone2").iterdir()}
    assert names == {"deviation_suite_results.json", "seed42.json"}


def test_gains_depend_on_protocol_information_and_seed(tmp_path: Path) -> None:
    found = []
    for words in (("--information", "closed"), ("--information", "closed", "--seed", "7"), ()):
        out = tmp_path / str(len(found))
        assert cheaptalk("protocols", *words, "--out", str(out), "--quiet").code == 0
        cells = read(out, "summary.json")["incentives"]["cells"]
        found.append([cells[protocol]["iri"]["value"] for protocol in (P1, P2, P3)])
    closed, seeded, told = found
    assert closed != seeded and closed != told and max(closed) > 0 == max(told)
    assert len(set(closed)) > 1


def test_equal_runs_give_equal_files(everything: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ("all", "--num-tasks", "12", "--seeds", "42,123", "--series", "3", "--quiet", "--workers", "3")
    assert cheaptalk(*words, "--out", str(out)).code == 0
    assert unclocked(out) == unclocked(everything)


@pytest.mark.parametrize(("script", "subcommand"), SCRIPTS.items())
def test_script_of_the_predecessor_calls_its_subcommand(script: str, subcommand: str) -> None:
    done = subprocess.run([sys.executable, f"scripts/{script}.py", "--help"], cwd=ROOT, env=environment(), check=True,
                          capture_output=True, text=True)  # fmt: skip
    assert f"arena cheaptalk {subcommand} " in done.stdout


def test_script_plays_as_the_variables_say(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "scripts/run_all_milestones.py", "--out", str(out)], cwd=ROOT, check=True,
        env=environment(NUM_TASKS="3", NUM_SAMPLES="3", SEED="5"), capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "54 of 54 episodes finished" in done.stdout and (out / "milestone3/seed5.json").is_file()


def test_run_without_ledgers_is_verified_without_a_calculator(
    everything: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARENA_CALCULATOR_BIN", "/nowhere/calculator")
    ended = command("verify", str(everything))
    assert ended.code == 0 and "everything holds" in ended.out, ended.text
    assert "no tool calls" in ended.out and "asserted" not in ended.out and len(ended.out.splitlines()) <= 3


def test_rated_evidence_is_rated_again_under_the_settings_of_the_run(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "again"
    words = ("--num-tasks", "2", "--protocols", "p1", "--deviations", "honest,lie", "--llm-eval", "--quiet")
    assert cheaptalk("run", *words, "--out", str(run)).code == 0
    ended = command("rejudge", str(run), "--judge", "mock/rater", "--out", str(out))
    assert ended.code == 0 and "4 episodes scored both times" in ended.out, ended.err
    before, after = (read(path, "manifest.json")["identity"] for path in (run, out))
    assert after["settings"] == before["settings"] and after["rules"] == before["rules"]
    assert command("verify", str(out)).code == 0
