"""`arena risk sweep`: every combination, one set of results."""

from __future__ import annotations

import errno
import json
import shlex
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.support.risk_rig import FEW, Lab, arena

ROOT = Path(__file__).resolve().parents[3]
MODELS = ("--models", "mock/careful,mock/echo,mock/naive")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    words = (*FEW, *MODELS, "--slices", "tau_risky,exfiltration", "--seeds", "1,2", "--trials", "1")
    assert lab("sweep", *words, "--run-id", "s").code == 0
    return lab


def test_sweep_crosses_slice_attack_model_mode_and_seed(swept: Lab) -> None:
    rows = [*swept.rows("s"), *swept.rows("s", "exfiltration")]
    found = {(row["slice"], row["attack"], row["model"], row["mode"], row["seed"]) for row in rows}
    models = (("mock/careful", "SHIM"), ("mock/echo", "REAL"), ("mock/naive", "SHIM"))
    assert found == {
        (slice_, attack, *model, seed)
        for slice_ in ("tau_risky", "exfiltration")
        for attack in ("none", "direct", "escalation")
        for model in models
        for seed in (1, 2)
    }
    assert {row["run_id"] for row in rows} == {"s"}


def test_sweep_is_the_matrix_of_providers(swept: Lab) -> None:
    text = swept.file("s/summary.md").read_text(encoding="utf-8")
    assert "| mock/echo | REAL |" in text and "| mock/naive | SHIM |" in text
    naive = [row for row in swept.table("s") if row["model"] == "mock/naive" and row["attack"] == "direct"]
    assert sum(int(row["successes"]) for row in naive) > 0


def test_combination_without_a_key_is_reported_and_the_others_are_played(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab("sweep", *FEW, "--models", "mock/careful,groq/x", "--run-id", "s")
    assert done.code == 1 and "REAL groq/x: not played: the provider groq needs a key" in done.err
    states = {cell["model"]: cell["state"] for cell in lab.json("s/run.json")["cells"]}
    assert states["mock/careful"] == "played" and "GROQ_API_KEY" in states["groq/x"]


def test_combination_that_contradicts_itself_is_left_out(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab("sweep", *FEW, "--models", "mock/careful,mock/echo", "--modes", "SHIM,REAL", "--run-id", "s")
    states = {(cell["mode"], cell["model"]): cell["state"] for cell in lab.json("s/run.json")["cells"]}
    assert done.code == 0 and states["SHIM", "mock/careful"] == states["REAL", "mock/echo"] == "played"
    assert states["REAL", "mock/careful"].startswith("left out") and states["SHIM", "mock/echo"].startswith("left out")


def test_trials_of_a_rerouted_slice_count_once(tmp_path: Path) -> None:
    """Without ALLOW_SENSITIVE both combinations let mock/careful play the same trials of the sensitive slice."""
    lab = Lab(tmp_path)
    done = lab(
        "sweep", *FEW, "--models", "mock/careful,mock/echo", "--slices", "tau_risky,policy_override", "--run-id", "s"
    )
    rows = lab.rows("s", "policy_override")
    keys = [(row["trial"], row["model"]) for row in rows]
    assert rows and len(keys) == len(set(keys)) and {row["mode"] for row in rows} == {"SHIM"}
    assert f"{len(rows)} trials of real-mock-echo are those of shim-mock-careful" in done.err
    assert len(lab.rows("s")) == 2 * len({row["trial"] for row in lab.rows("s")})


def test_decision_about_each_slice_is_kept_for_each_combination(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab("sweep", *FEW, "--models", "mock/careful,mock/echo", "--slices", "policy_override", "--run-id", "s")
    decided = {cell["model"]: cell["policy"]["policy_override"] for cell in lab.json("s/run.json")["cells"]}
    assert decided["mock/careful"]["requested_mode"] == "SHIM" and decided["mock/careful"]["allowed"]
    assert decided["mock/echo"]["requested_mode"] == "REAL" and not decided["mock/echo"]["allowed"]
    assert decided["mock/echo"]["effective_mode"] == "SHIM"


def test_limits_hold_for_each_combination_and_are_shown_added_up(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab("sweep", *FEW, "--models", "mock/careful,mock/naive", "--run-id", "s", "--max-calls", "3")
    head = lab.json("s/run.json")
    assert head["limits"]["max_calls"] == 6 and head["limits_per_combination"]["max_calls"] == 3
    assert head["limits"]["max_trials"] is None and "/200000 stopped_early=true hit=max_calls" in done.line("BUDGET:")
    assert "calls=6/6" in done.line("BUDGET:")


def test_sweep_of_nothing_playable_is_an_error(tmp_path: Path) -> None:
    done = Lab(tmp_path)("sweep", *FEW, "--models", "groq/x", "--run-id", "s")
    assert done.code == 2 and "no combination could be played" in done.err


def test_report_of_a_sweep_writes_the_same_bytes(swept: Lab) -> None:
    before = swept.all_bytes("s")
    assert swept("report", "--run-id", "s").code == 0
    assert swept.all_bytes("s") == before


def test_dry_sweep_asks_nobody(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab("sweep", *FEW, "--models", "mock/careful,groq/x", "--run-id", "s", "--dry-run")
    assert done.code == 0 and {row["calls"] for row in lab.rows("s")} == {0}
    assert {row["model"] for row in lab.rows("s")} == {"mock/careful", "groq/x"}


def test_sweep_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab("sweep", *FEW, "--models", "mock/careful,mock/naive", "--run-id", "s", "--max-trials", "2")
    out = ("--out", str(lab.file("s")))
    assert lab("sweep", *FEW, "--models", "mock/careful,mock/naive", *out).code == 2
    done = lab("sweep", *FEW, "--models", "mock/careful,mock/naive", *out, "--resume")
    assert done.code == 0 and all(row["callable"] for row in lab.rows("s")) and len(lab.rows("s")) == 12


def test_shipped_configuration_is_a_sweep_of_several_slices(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    config = str(ROOT / "config/risk_sweep.yaml")
    done = lab("sweep", "--config", config, "--trials", "1", "--seeds", "1", "--dry-run", "--run-id", "s")
    assert done.code == 0 and len(json.loads(lab.file("s/run.json").read_bytes())["experiments"]) == 3


def test_results_of_a_sweep_that_cannot_be_written_say_what_is_kept_and_how_to_write_them(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with patch("arena.cli.risk.sweep.write_results", side_effect=OSError(errno.EFBIG, "File too large")):
        done = lab("sweep", *FEW, "--models", "mock/careful,mock/naive", "--run-id", "s")
    assert done.code == 1 and "File too large; everything played is kept" in done.err
    _, _, command = done.err.rpartition("write them with: ")
    words = shlex.split(command)
    assert words[:5] == ["python3", "-m", "arena", "risk", "sweep"]
    again = arena("risk", *words[4:])
    assert again.code == 0 and len(lab.rows("s")) == 12


def test_gate_times_of_a_sweep_are_those_of_all_combinations(swept: Lab) -> None:
    run = swept.json("s/run.json")
    each = [swept.json(f"s/{cell['folder']}/run.json")["gate_latency"]["n"] for cell in run["cells"]]
    assert len(each) == 3 and run["gate_latency"]["n"] == sum(each)
