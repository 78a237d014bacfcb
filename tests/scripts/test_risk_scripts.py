"""The predecessor's commands for risk runs, and the make targets: each is carried out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import aggregate_results
from scripts.experiments import tau_risky_real
from tests.support.arena_rig import environment
from tests.support.risk_rig import FEW, Lab
from tests.support.risk_rig import environment as risk_environment

ROOT = Path(__file__).resolve().parents[2]
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is missing: install it")
TARGETS = (
    "install", "demo", "xsweep", "report", "latest", "open-artifacts", "list-runs", "tidy-run", "quickstart",
    "check-thresholds", "help",
)  # fmt: skip


def door(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment(**environ), capture_output=True, text=True, check=False
    )


def make(target: str, root: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Carry out a target; `words` are NAME=value."""
    command = ["make", "--no-print-directory", target, f"RESULTS_DIR={root}", f"PYTHON={sys.executable}", *words]
    return subprocess.run(command, cwd=ROOT, env=environment(**environ), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("results"))
    done = make("demo", lab.root, "TRIALS=1", "RUN_ID=d", "SEED=7")
    assert done.returncode == 0, done.stderr
    yield lab


# Commands


def test_refund_slice_is_dry_run_without_a_key(tmp_path: Path) -> None:
    done = door("-m", "scripts.experiments.tau_risky_real", "--trials", "6", "--seed", "42", "--dry-run",
                "--results_dir", str(tmp_path), RUN_ID="dry")  # fmt: skip
    lab = Lab(tmp_path)
    assert done.returncode == 0 and len(lab.rows("dry")) == 12
    assert {row["model"] for row in lab.rows("dry")} == {"groq/llama-3.1-8b-instant"}


def test_refund_slice_with_limits_of_the_readme(tmp_path: Path) -> None:
    done = door("-m", "scripts.experiments.tau_risky_real", "--model", "mock/echo", "--trials", "6",
                "--max-total-tokens", "5000", "--max-calls", "2", "--fail-on-budget", "--outdir", str(tmp_path),
                RUN_ID="r")  # fmt: skip
    rows = Lab(tmp_path).rows("r")
    assert done.returncode == 3 and len(rows) == 12
    assert {row["fail_reason"] for row in rows if not row["callable"]} == {"SKIPPED_BUDGET_REACHED"}


def test_missing_secret_ends_with_2_and_its_name(tmp_path: Path) -> None:
    done = door("-m", "scripts.experiments.tau_risky_real", "--outdir", str(tmp_path))
    assert done.returncode == 2 and "GROQ_API_KEY" in done.stderr


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        ([], {}, ["--mode", "REAL", "--slices", "tau_risky", "--attacks", "direct", "--model",
                  "groq/llama-3.1-8b-instant"]),
        (["--model", "x"], {}, ["--mode", "REAL", "--slices", "tau_risky", "--attacks", "direct", "--model", "groq/x"]),
        (["--risk", "r", "--attacks=split"], {"MODEL": "local/y"},
         ["--mode", "REAL", "--slices", "tau_risky", "--model", "local/y", "--attacks=split"]),
        (["--mode", "real", "--model", "x"], {},
         ["--mode", "REAL", "--slices", "tau_risky", "--attacks", "direct", "--model", "groq/x"]),
        (["--trials", "2"], {"MODE": "SHIM"},
         ["--mode", "SHIM", "--slices", "tau_risky", "--attacks", "direct", "--trials", "2"]),
    ],
)  # fmt: skip
def test_refund_slice_adds_what_is_not_given(argv: list[str], environ: dict[str, str], words: list[str]) -> None:
    assert tau_risky_real.words_for(argv, environ) == ["risk", "run", *words]


def test_results_are_aggregated_for_a_run_id(demo: Lab) -> None:
    done = door("-m", "scripts.aggregate_results", "--run_id", "d", "--outdir", str(demo.root), "--stream")
    assert done.returncode == 0 and "EVAL: rules=4" in done.stdout


def test_status_is_printed_unless_it_is_never_wanted() -> None:
    assert aggregate_results.words_for(["--emit-status", "never"], {}) == ["risk", "report", "--quiet"]
    assert aggregate_results.words_for(["--run_id", "x"], {}) == ["risk", "report", "--run_id", "x"]
    assert "--quiet" in aggregate_results.words_for([], {"AGGREGATE_EMIT_STATUS": "never"})
    with pytest.raises(SystemExit) as ended:
        aggregate_results.words_for([], {"AGGREGATE_EMIT_STATUS": "sometimes"})
    assert ended.value.code == 2


def test_thresholds_are_checked_under_the_old_flags(demo: Lab) -> None:
    words = ("tools/check_thresholds.py", "--run-id", "d", "--results-root", str(demo.root), "--no-report-update")
    assert door(*words).stdout.startswith("THRESHOLDS: ")


# Make


@needs_make
def test_help_names_every_target_of_the_predecessor() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(TARGETS) <= set(re.findall(r"^  make (\S+)", done.stdout, re.M)) | {"help"}
    assert "TRIALS" in done.stdout and "STRICT" in done.stdout and "CONFIG" in done.stdout


@needs_make
def test_install_checks_the_python(tmp_path: Path) -> None:
    assert "arena 0." in make("install", tmp_path).stdout


@needs_make
def test_demo_follows_its_variables(demo: Lab) -> None:
    rows = demo.rows("d")
    assert {row["seed"] for row in rows} == {7} and {row["mode"] for row in rows} == {"SHIM"}
    assert len(rows) == 1 * 3 * 2 and demo.json("LATEST/run.json")["run_id"] == "d"


@needs_make
def test_sweep_follows_its_configuration(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("models: [mock/careful, mock/strict]\nattacks: [direct]\ntrials: 1\n", encoding="utf-8")
    done = make("xsweep", tmp_path / "results", f"CONFIG={config}", "SEEDS=3,4", "RUN_ID=x")
    rows = Lab(tmp_path / "results").rows("x")
    assert done.returncode == 0 and {row["seed"] for row in rows} == {3, 4}
    assert {row["model"] for row in rows} == {"mock/careful", "mock/strict"}


@needs_make
def test_report_asserts_table_and_figure(demo: Lab, tmp_path: Path) -> None:
    assert make("report", demo.root, "RUN_ID=d").returncode == 0
    done = make("report", tmp_path / "nothing")
    assert done.returncode != 0 and "no finished run" in done.stderr


@needs_make
def test_thresholds_warn_and_fail_when_strict(demo: Lab) -> None:
    top = demo.json("d/run.json")["thresholds"]["status"]
    plain, strict = make("check-thresholds", demo.root, "RUN_ID=d"), make("check-thresholds", demo.root, "RUN_ID=d",
                                                                          STRICT="1")  # fmt: skip
    assert f"THRESHOLDS: {top}" in plain.stdout
    assert (strict.returncode != 0) is (top != "OK")


@needs_make
def test_latest_list_and_tidy_work_on_the_results(demo: Lab) -> None:
    assert "copied from d" in make("latest", demo.root).stdout
    assert re.search(r"^d .* ok ", make("list-runs", demo.root).stdout, re.M)
    assert "0 redundant files" in make("tidy-run", demo.root, "RUN_ID=d").stdout
    assert "give RUN_ID=NAME" in make("tidy-run", demo.root).stderr


@needs_make
def test_artifacts_are_opened_or_named(demo: Lab, tmp_path: Path) -> None:
    done = make("open-artifacts", demo.root, "OPENER=echo opening")
    assert done.stdout.splitlines() == [f"opening {demo.root}/LATEST/summary.{kind}" for kind in ("svg", "csv")]
    assert "make demo makes it" in make("open-artifacts", tmp_path).stderr


@needs_make
def test_quickstart_goes_all_the_way(tmp_path: Path) -> None:
    done = make("quickstart", tmp_path, "TRIALS=1", "RUN_ID=q", "OPENER=echo opening")
    assert done.returncode == 0, done.stderr
    for said in ("arena 0.", "BUDGET:", "copied to", "opening"):
        assert said in done.stdout


@needs_make
def test_run_is_packed_whole(demo: Lab) -> None:
    make("latest", demo.root)
    done = make("pack-run", demo.root)
    archive = Path(done.stdout.splitlines()[-1])
    assert re.fullmatch(r"run-\d{8}T\d{6}Z\.zip", archive.name)
    with zipfile.ZipFile(archive) as packed:
        assert {"d/run.json", "d/tau_risky_real/rows.jsonl", "d/matches.jsonl"} <= set(packed.namelist())
    archive.unlink()


@needs_make
def test_manual_workflow_can_play_without_a_model(tmp_path: Path) -> None:
    """In SHIM its variable MODEL is a SHIM agent, whatever its input for the model says."""
    text = (ROOT / ".github/workflows/run-real-mvp.yml").read_text(encoding="utf-8")
    (shim,) = re.findall(r"MODEL: \$\{\{ inputs.mode == 'SHIM' && '(\S+)' \|\| inputs.model \|\| '\S+' \}\}", text)
    words = {"RUN_ID": "shim", "TRIALS": "1", "MAX_CALLS": "", "DRY_RUN": ""}
    done = make("real-tau-risky", tmp_path, MODE="SHIM", MODEL=shim, **words)
    assert done.returncode == 0 and json.loads((tmp_path / "shim/run.json").read_bytes())["mode"] == "SHIM"


@needs_make
def test_real_slice_is_a_dry_run_in_pull_requests(tmp_path: Path) -> None:
    done = make("real-tau-risky", tmp_path, DRY_RUN="1", RUN_ID="pr", TRIALS="2")
    assert done.returncode == 0 and json.loads((tmp_path / "pr/run.json").read_bytes())["dry_run"] is True


@needs_make
def test_push_without_the_secret_is_a_dry_run(tmp_path: Path) -> None:
    done = make("real-tau-risky", tmp_path, DRY_WITHOUT_KEY="1", RUN_ID="push", TRIALS="1")
    assert done.returncode == 0 and "GROQ_API_KEY is not set" in done.stdout
    assert json.loads((tmp_path / "push/run.json").read_bytes())["dry_run"] is True


def test_scripts_follow_the_environment_of_the_process(tmp_path: Path) -> None:
    with risk_environment({"RUN_ID": "env", "DRY_RUN": "1"}):
        assert "RUN_ID" in os.environ
        assert tau_risky_real.main([*FEW, "--outdir", str(tmp_path)]) == 0
    assert Lab(tmp_path).rows("env")
