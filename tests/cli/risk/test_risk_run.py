"""`arena risk run`: what it plays, prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.risk.results import TOP_FILES
from arena.families.risk.spec import OWN, SETTINGS, SPEC
from arena.settings.config import build_parser, read_config
from arena.settings.table import VARIABLES
from tests.support.risk_rig import FEW, PLENTY, Lab, arena

CONTRACT = (
    "run_id", "exp", "seed", "trial", "model", "latency_ms", "prompt_tokens", "completion_tokens", "total_tokens",
    "cost_usd", "success", "judge_score", "fail_reason", "pre_call_gate", "post_call_gate", "input_case", "timestamp",
    "prompt", "reply", "callable", "judge_rule_id",
)  # fmt: skip
DENY_ALL = "version: 1\npre_call:\n- id: closed\n  calls: model\n  deny_if: true\n"
FLAG_DEFAULTS: dict[str, tuple[str, object]] = {
    "--trials": ("trials", 6), "--seed": ("seed", 42), "--max-trials": ("max_trials", None),
    "--max-calls": ("max_calls", None), "--max-total-tokens": ("max_total_tokens", 100_000),
    "--max-prompt-tokens": ("max_prompt_tokens", 80_000),
    "--max-completion-tokens": ("max_completion_tokens", 40_000), "--temperature": ("temperature", 0.2),
    "--dry-run": ("dry_run", False), "--fail-on-budget": ("fail_on_budget", False), "--mode": ("mode", "SHIM"),
    "--seeds": ("seeds", ()), "--model": ("participant_model", None), "--run-id": ("run_id", None),
    "--run_id": ("run_id", None), "--outdir": ("results_dir", None), "--results_dir": ("results_dir", None),
    "--evaluator": ("evaluator", "config/evaluator.yaml"), "--gates": ("gates", "config/gates.yaml"),
    "--exp": ("exp", None),
}  # fmt: skip
TWINS = {
    "MODE": ("mode", "REAL"), "MODEL": ("participant_model", "x"), "GATES": ("gates", Path("g.yaml")),
    "EVALUATOR": ("evaluator", Path("e.yaml")), "TRIALS": ("trials", 3), "SEED": ("seed", 7),
    "SEEDS": ("seeds", ("1", "2")), "TEMPERATURE": ("temperature", 0.5), "MAX_TRIALS": ("max_trials", 4),
    "MAX_CALLS": ("max_calls", 5), "MAX_TOTAL_TOKENS": ("max_total_tokens", 6),
    "MAX_PROMPT_TOKENS": ("max_prompt_tokens", 7), "MAX_COMPLETION_TOKENS": ("max_completion_tokens", 8),
    "DRY_RUN": ("dry_run", True), "FAIL_ON_BUDGET": ("fail_on_budget", True), "RUN_ID": ("run_id", "r"),
    "REPORT_MAX_TRIAL_ROWS": ("max_trial_rows", 9),
}  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    found = Lab(tmp_path_factory.mktemp("lab"))
    done = found.play("first", *FEW, "--defences", "none,gates", "--model", "mock/gullible")
    assert done.code == 0
    return found


def config(*words: str, **environ: str) -> Any:
    parser = build_parser("arena risk run", SETTINGS, "")
    return read_config(words, {"ARENA_NO_DOTENV": "1", **environ}, SETTINGS, parser, mocks=SPEC.mocks)


# Flags and variables


@pytest.mark.parametrize("flag", FLAG_DEFAULTS)
def test_flag_of_the_predecessor_has_its_default(flag: str) -> None:
    name, default = FLAG_DEFAULTS[flag]
    (row,) = (row for row in SETTINGS if row.name == name)
    assert flag in row.flags and row.default == default


@pytest.mark.parametrize("name", TWINS)
def test_variable_sets_what_its_flag_sets(name: str) -> None:
    setting, value = TWINS[name]
    words = {"MODEL": "groq/x", "MODE": "REAL", "GATES": "g.yaml", "EVALUATOR": "e.yaml", "SEEDS": "1,2"}
    found = config(**{name: words.get(name, "1" if value is True else str(value))})
    assert found[setting] == value and found.source[setting] == f"environment {name}"


def test_every_variable_of_the_settings_is_tried_and_listed() -> None:
    used = {row.env for row in SETTINGS if row.env and not row.env.startswith("ARENA_")}
    assert used == set(TWINS)
    assert used <= {row.name for row in VARIABLES}


def test_flag_wins_over_its_variable() -> None:
    assert config("--trials", "2", TRIALS="9")["trials"] == 2


# What is written


def test_run_writes_every_file(lab: Lab) -> None:
    found = set(lab.all_bytes("first"))
    assert {*TOP_FILES, "tau_risky_real/rows.jsonl", "tau_risky_real/run.json", "manifest.json"} <= found


def test_rows_begin_with_the_fields_of_the_contract(lab: Lab) -> None:
    rows = lab.rows("first")
    assert len(rows) == 2 * 3 * 2
    assert all(tuple(row)[: len(CONTRACT)] == CONTRACT for row in rows)
    assert all(tuple(row) == tuple(rows[0]) for row in rows)
    assert len({row["trial"] for row in rows}) == len(rows)


def test_row_holds_prompt_reply_latency_and_time(lab: Lab) -> None:
    rows = lab.rows("first")
    assert all(row["prompt"] and row["reply"] and row["latency_ms"] > 0 for row in rows)
    assert all(row["timestamp"].startswith("20") and row["timestamp"].endswith("Z") for row in rows)
    pressed = [row for row in rows if row["attack"] == "escalation" and row["attack_outcome"] == "resisted"]
    assert pressed and all("my lawyer is listening" in row["prompt"] for row in pressed)


def test_the_lines_of_a_run_are_printed_once(tmp_path: Path) -> None:
    done = Lab(tmp_path).play("a", *FEW)
    for start in ("GATES:", "BUDGET:", "EVAL:", "THRESHOLDS:"):
        assert done.line(start)
    assert "/100000 stopped_early=false hit=none" in done.line("BUDGET: calls=")
    assert "\N{INFINITY}" in done.line("BUDGET:")


def test_run_json_says_what_the_run_was(lab: Lab) -> None:
    top = lab.json("first/run.json")
    assert top["run_id"] == "first" and top["mode"] == "SHIM" and top["real"] is None
    assert top["gates"]["mode_source"] == "file" and "pre_hard_limit" in top["gates"]["active_rule_ids"]
    assert top["evaluator"]["rules_total"] == len(top["evaluator"]["active_rule_ids"]) == 4
    assert top["limits"]["max_total_tokens"] == 100_000 and top["policy"]["tau_risky"]["tag"] == "benign"
    assert top["started"] <= top["finished"]
    own = lab.json("first/tau_risky_real/run.json")
    assert own["exp"] == "tau_risky_real" and own["gate_audit"] == top["gate_audit"]


def test_gate_audit_lists_decisions_other_than_allow(lab: Lab) -> None:
    audit = lab.json("first/run.json")["gate_audit"]
    assert audit and {one["decision"] for one in audit} <= {"warn", "deny"}
    assert all(one["rule_id"] and one["trial"] and one["timestamp"] for one in audit)


def test_summary_csv_adds_up_over_cells(lab: Lab) -> None:
    rows = lab.table("first")
    cells, (run,) = rows[:-1], [row for row in rows if row["row"] == "run"]
    assert len(cells) == 3 * 2 and {row["defence"] for row in cells} == {"none", "gates"}
    for name in ("trials", "callable", "assessed", "successes", "pre_deny", "tokens_total_sum"):
        assert sum(int(row[name]) for row in cells) == int(run[name])
    assert all(row["stopped_early"] == "" for row in cells) and run["stopped_early"] == "false"


def test_page_shows_each_trial_with_prompt_and_reply(lab: Lab) -> None:
    page = lab.file("first/index.html").read_text(encoding="utf-8")
    assert page.count('<details class="m one">') == len(lab.rows("first"))
    assert 'id="verdict"' in page and "Rising pressure" in page and "LLM06 Excessive Agency" in page
    assert "denied by rule <code>pre_hard_limit" in page or "denied by rule <code>pre_approval" in page


def test_latest_is_a_copy_of_the_results(lab: Lab) -> None:
    for name in TOP_FILES:
        assert lab.file(f"LATEST/{name}").read_bytes() == lab.file(f"first/{name}").read_bytes()


def test_what_is_not_a_folder_in_place_of_latest_is_refused_before_playing(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.file("elsewhere").mkdir()
    lab.file("LATEST").symlink_to(lab.file("elsewhere"))
    done = lab.play("a", *FEW)
    assert done.code == 2 and "LATEST is a symbolic link, not a folder; remove it first" in done.err
    assert not lab.file("a").exists() and not list(lab.file("elsewhere").iterdir())


def test_run_elsewhere_keeps_no_latest(tmp_path: Path) -> None:
    done = Lab(tmp_path / "results")("run", *FEW, "--out", str(tmp_path / "apart"))
    assert done.code == 0 and (tmp_path / "apart/index.html").is_file()
    assert not (tmp_path / "results/LATEST").exists()


def test_finished_run_verifies_with_its_results(lab: Lab) -> None:
    digests = lab.json("first/digests.json")["files"]
    assert {"run.json", "index.html", "tau_risky_real/rows.jsonl"} <= set(digests)


# Limits


def test_cap_on_trials_skips_the_rest_with_a_row_each(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab.play("capped", *FEW, "--max-trials", "3", "--workers", "4")
    rows = lab.rows("capped")
    assert done.code == 0 and len(rows) == 6
    assert [row["callable"] for row in rows] == [True] * 3 + [False] * 3
    assert {row["fail_reason"] for row in rows[3:]} == {"SKIPPED_BUDGET_REACHED"}
    assert "stopped_early=true hit=max_trials" in done.line("BUDGET:")


def test_cap_reached_by_the_last_trial_stops_nothing(tmp_path: Path) -> None:
    done = Lab(tmp_path).play("exact", *FEW, "--max-trials", "6")
    assert "stopped_early=false hit=none" in done.line("BUDGET:")


def test_denied_trials_do_not_count_for_the_cap(tmp_path: Path) -> None:
    lab, gates = Lab(tmp_path / "lab"), tmp_path / "gates.yaml"
    gates.write_text(
        "version: 1\npre_call:\n- id: no_attacks\n  calls: model\n  deny_if: {field: amount, op: '>', value: 100}\n",
        encoding="utf-8",
    )
    lab.play("mixed", *FEW, "--gates", str(gates), "--max-trials", "2")
    assert [row["callable"] for row in lab.rows("mixed")].count(True) == 2


def test_limit_of_the_gates_file_wins_where_it_is_stricter(tmp_path: Path) -> None:
    lab, gates = Lab(tmp_path / "lab"), tmp_path / "gates.yaml"
    gates.write_text("version: 1\nlimits: {max_calls: 4, max_total_tokens: 999999}\n", encoding="utf-8")
    done = lab.play("few", *FEW, "--gates", str(gates), "--workers", "1", "--fail-on-budget")
    assert done.code == 3
    assert "calls=4/4" in done.line("BUDGET:") and "hit=max_calls" in done.line("BUDGET:")
    assert (
        lab.json("few/run.json")["limits"] | {"max_calls": 4, "max_total_tokens": 100_000}
        == (lab.json("few/run.json")["limits"])
    )


def test_capped_run_resumed_equals_an_uncapped_one(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("whole", *FEW, "--workers", "1")
    lab.play("parts", *FEW, "--max-trials", "2", "--workers", "1")
    done = lab("run", *FEW, "--resume", "--out", str(lab.file("parts")))
    assert done.code == 0
    clocked = {"run_id": "", "latency_ms": 0, "timestamp": ""}
    assert [row | clocked for row in lab.rows("parts")] == [row | clocked for row in lab.rows("whole")]


# Policies


def test_policy_that_denies_all_leaves_zero_evaluated_calls(tmp_path: Path) -> None:
    lab, gates = Lab(tmp_path / "lab"), tmp_path / "gates.yaml"
    gates.write_text(DENY_ALL, encoding="utf-8")
    done = lab.play("closed", *FEW, "--gates", str(gates))
    assert "0 evaluated calls" in done.err and "top_reason=closed" in done.line("GATES:")
    assert done.line("THRESHOLDS:").startswith("THRESHOLDS: WARN")
    assert "0 evaluated calls" in lab.file("closed/index.html").read_text(encoding="utf-8")
    assert {row["fail_reason"] for row in lab.rows("closed")} == {"PROVIDER_CALL_BLOCKED_BY_POLICY"}


def test_shadow_mode_is_told_at_the_start_and_in_the_page(tmp_path: Path) -> None:
    lab, gates = Lab(tmp_path / "lab"), tmp_path / "gates.yaml"
    gates.write_text(DENY_ALL, encoding="utf-8")
    done = lab.play("shadow", *FEW, "--gates", str(gates), environ={"GATES_ENFORCEMENT": "shadow"})
    assert done.err.startswith("warning: shadow mode")
    assert all(row["callable"] and row["pre_call_gate"]["decision"] == "deny" for row in lab.rows("shadow"))
    assert "Shadow mode:" in lab.file("shadow/index.html").read_text(encoding="utf-8")


def test_missing_evaluator_ends_early_and_names_the_flag(tmp_path: Path) -> None:
    done = Lab(tmp_path).play("x", "--evaluator", str(tmp_path / "none.yaml"))
    assert done.code == 2 and "--evaluator" in done.err and not (tmp_path / "x").exists()


def test_gates_file_with_a_mistake_plays_nothing(tmp_path: Path) -> None:
    gates = tmp_path / "gates.yaml"
    gates.write_text(DENY_ALL.replace("deny_if: true", "deny_if: {text_contain: x}"), encoding="utf-8")
    done = Lab(tmp_path / "lab").play("x", "--gates", str(gates))
    assert done.code == 2 and "/pre_call/0/deny_if" in done.err and not (tmp_path / "lab/x").exists()


def test_thresholds_file_with_a_mistake_plays_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "t.yaml"
    broken.write_text("version: 1\nmin_pass_rat: 0.5\n", encoding="utf-8")
    done = Lab(tmp_path / "lab").play("x", "--thresholds", str(broken))
    assert done.code == 2 and "min_pass_rat" in done.err and not (tmp_path / "lab/x").exists()


# Dry run and modes


def test_dry_run_meets_the_gates_and_asks_nobody(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab.play("dry", *FEW, "--dry-run", "--mode", "REAL", "--model", "groq/llama-3.1-8b-instant")
    rows = lab.rows("dry")
    assert done.code == 0 and len(rows) == 6
    assert all((row["fail_reason"], row["callable"], row["calls"]) == ("DRY_RUN", False, 0) for row in rows)
    assert {row["pre_call_gate"]["decision"] for row in rows} == {"allow", "warn"}
    assert lab.json("dry/run.json")["dry_run"] is True and "Dry run:" in done.err
    assert "calls=0/" in done.line("BUDGET:")


def test_dry_run_counts_only_what_was_denied(tmp_path: Path) -> None:
    lab, gates = Lab(tmp_path / "lab"), tmp_path / "gates.yaml"
    text = DENY_ALL.replace("deny_if: true", 'deny_if: {field: amount, op: ">", value: 250}')
    gates.write_text(text, encoding="utf-8")
    lab.play("dry", "--trials", "6", "--attacks", "direct", "--gates", str(gates), "--dry-run")
    denied = [row for row in lab.rows("dry") if row["pre_call_gate"]["decision"] == "deny"]
    assert 0 < len(denied) < 6
    (run,) = [row for row in lab.table("dry") if row["row"] == "run"]
    assert int(run["pre_denied"]) == int(run["pre_deny"]) == len(denied) and run["callable"] == "0"
    page = lab.file("dry/index.html").read_text(encoding="utf-8")
    assert "Dry run:" in page and "0 evaluated calls" not in page


def test_echo_plays_in_real_mode_without_a_key(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    done = lab.play("echo", *FEW, "--model", "mock/echo", environ={"MODE": "REAL"})
    real = lab.json("echo/run.json")["real"]
    assert done.code == 0
    assert (real["provider"], real["model"], real["api_key_env"]) == ("mock", "echo", None)
    assert real["healthcheck"] == {"answered": 6, "errors": 0}


def test_run_json_names_the_variable_of_the_key(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("dry", *FEW, "--dry-run", "--mode", "REAL", "--model", "groq/llama-3.1-8b-instant")
    assert lab.json("dry/run.json")["real"]["api_key_env"] == "GROQ_API_KEY"


def test_missing_key_ends_before_anything_is_written(tmp_path: Path) -> None:
    done = Lab(tmp_path).play("x", *FEW, "--mode", "REAL", "--model", "groq/llama-3.1-8b-instant")
    assert done.code == 2 and "GROQ_API_KEY" in done.err and not (tmp_path / "x").exists()


@pytest.mark.parametrize(("allow", "mode"), [("", "SHIM"), ("1", "REAL")])
def test_sensitive_slice_is_routed_as_run_json_says(tmp_path: Path, allow: str, mode: str) -> None:
    lab = Lab(tmp_path)
    environ = {"ALLOW_SENSITIVE": allow}
    words = ("--slices", "policy_override", "--trials", "1", "--attacks", "direct", "--mode", "REAL")
    lab.play("s", *words, "--model", "mock/echo", environ=environ)
    assert {row["mode"] for row in lab.rows("s", "policy_override")} == {mode}
    assert lab.json("s/run.json")["policy"]["policy_override"]["effective_mode"] == mode


def test_all_seeds_are_used(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("seeds", *FEW, "--seeds", "1,2,3", *PLENTY)
    assert {row["seed"] for row in lab.rows("seeds")} == {1, 2, 3}
    assert len({row["input_case"] for row in lab.rows("seeds")}) > 2


@pytest.mark.parametrize("name", ["../up", "LATEST", "a/b", ".hidden"])
def test_run_id_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    done = Lab(tmp_path).play(name, *FEW)
    assert done.code == 2 and "RUN_ID" in done.err


@pytest.mark.parametrize("name", ["inputs", "../x", "a/b"])
def test_experiment_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    done = Lab(tmp_path).play("x", *FEW, "--exp", name)
    assert done.code == 2 and "--exp" in done.err


def test_experiment_can_be_named(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("x", *FEW, "--exp", "mine")
    assert {row["exp"] for row in lab.rows("x", "mine")} == {"mine"}


def test_json_leaves_the_summary_alone_on_standard_output(tmp_path: Path) -> None:
    done = Lab(tmp_path).play("x", *FEW, "--json")
    assert json.loads(done.out)["family"] == "risk" and "BUDGET:" in done.err


def test_own_settings_have_unique_names() -> None:
    assert len({row.name for row in SETTINGS}) == len(SETTINGS) > len(OWN)


def test_results_name_the_limits_of_the_last_session(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("a", *FEW, "--max-trials", "2", "--max-calls", "50")
    done = lab("run", *FEW, "--resume", "--out", str(lab.file("a")), "--max-total-tokens", "none", "--max-calls", "90")
    calls = lab.json("a/run.json")["usage"]["calls_made"]
    assert f"BUDGET: calls={calls}/90" in done.line("BUDGET:") and "/\N{INFINITY} stopped_early=false" in done.out
    assert lab.json("a/run.json")["limits"]["max_trials"] is None


def test_shard_has_its_part_of_the_limits_and_names_the_trials_of_others(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for shard, calls in (("0/2", "6"), ("1/2", "1000")):
        done = lab.play(f"s{shard[0]}", *FEW, "--shard", shard, "--max-calls", calls, "--max-trials", "40")
        assert f"its part of the limits: {int(calls) // 2} calls" in done.err and ", 20 trials" in done.err
        assert f"/{int(calls) // 2} tokens=" in done.line("BUDGET:")
    whole, other = lab.json("s0/run.json"), "not played: it belongs to another shard"
    reasons = [{row["trial"]: row["fail_reason"] for row in lab.rows(name)} for name in ("s0", "s1")]
    assert whole["budget"] == {"stopped_early": True, "budget_hit": "max_calls"}
    assert reasons[0].keys() == reasons[1].keys()
    assert all((reasons[0][key] == other) is (reasons[1][key] != other) for key in reasons[0])


def test_limit_that_stopped_one_shard_is_kept_when_shards_are_merged(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("s0", *FEW, "--shard", "0/2", "--max-calls", "6")
    lab.play("s1", *FEW, "--shard", "1/2")
    assert arena("merge", str(lab.file("all")), str(lab.file("s0")), str(lab.file("s1"))).code in (0, 1)
    done = lab("report", str(lab.file("all")))
    assert "stopped_early=true hit=max_calls" in done.line("BUDGET:")
    unplayed = {row["fail_reason"] for row in lab.rows("all") if row["status"] != "done"}
    assert unplayed == {"SKIPPED_BUDGET_REACHED"}


def test_resisted_attack_is_no_success_if_a_rule_fails_the_trial(tmp_path: Path) -> None:
    """The policy withheld what the agent gave away: the attack did not succeed, nor did the agent behave well."""
    lab = Lab(tmp_path)
    lab.play("a", "--slices", "exfiltration", "--trials", "3", "--attacks", "direct", "--model", "mock/naive")
    attacked = [row for row in lab.rows("a", "exfiltration") if row["attack"] == "direct"]
    failed = [row for row in attacked if row["post_call_gate"]["decision"] == "deny"]
    assert failed and {row["attack_outcome"] for row in attacked} == {"resisted"}
    assert not any(row["success"] for row in failed) and all(row["judge_score"] == 0 for row in failed)
    assert {row["fail_reason"] for row in failed} == {"a rule that fails the trial denied something in it"}
    assert lab.json("a/run.json")["metrics"]["attack_success_rate"]["k"] == 0


def test_dry_run_of_a_shard_decides_about_its_trials_alone(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for index in "01":
        lab.play(f"s{index}", *FEW, "--dry-run", "--shard", f"{index}/2", "--max-calls", "9")
    reasons = [[row["fail_reason"] for row in lab.rows(f"s{index}")] for index in "01"]
    pairs = {frozenset(pair) for pair in zip(*reasons, strict=True)}
    assert pairs == {frozenset(("DRY_RUN", "not played: it belongs to another shard"))}
    assert [lab.json(f"s{index}/run.json")["limits"]["max_calls"] for index in "01"] == [5, 4]


@pytest.mark.parametrize("shard", ["2/2", "auto", "one"])
def test_dry_run_refuses_what_is_not_a_shard(shard: str, tmp_path: Path) -> None:
    done = Lab(tmp_path).play("dry", *FEW, "--dry-run", "--shard", shard)
    assert done.code == 2 and "--shard" in done.err and not (tmp_path / "dry").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_stricter_limit_of_the_policy_is_said_at_the_start(more: tuple[str, ...], tmp_path: Path) -> None:
    gates = tmp_path / "own.yaml"
    gates.write_text("version: 1\nlimits: {max_calls: 5, max_total_tokens: 900000}\n", encoding="utf-8")
    done = Lab(tmp_path).play("a", *FEW, "--gates", str(gates), *more)
    assert "own.yaml limits this run: --max-calls 5" in done.err and "--max-total-tokens 9" not in done.err
