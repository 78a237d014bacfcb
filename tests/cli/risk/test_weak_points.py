"""What the predecessor got wrong, done right: those of its weak points that no other test shows (docs/risk.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arena.families.risk.slices import load_slice
from tests.support.http_server import KEY, ModelServer, Scripted
from tests.support.risk_rig import FEW, PLENTY, Lab

ROOT = Path(__file__).resolve().parents[3]
LOCAL = ("--mode", "REAL", "--model", "local/m", "--max-retries", "0", "--workers", "1", "--continue-on-error")


def local(server: ModelServer) -> dict[str, str]:
    return {"ARENA_LOCAL_BASE_URL": server.url, "ARENA_LOCAL_API_KEY": KEY, "ARENA_NO_DOTENV": "1"}


# 3: success and attack success rate have one direction each


def test_attack_success_is_the_attackers_success_everywhere(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for name in ("naive", "strict"):
        lab.play(name, *FEW, "--defences", "none", "--model", f"mock/{name}")
    naive, strict = ([row for row in lab.rows(name) if row["attack"] != "none"] for name in ("naive", "strict"))
    assert {row["attack_outcome"] for row in naive} == {"succeeded"} and not any(row["success"] for row in naive)
    assert {row["attack_outcome"] for row in strict} == {"resisted"} and all(row["success"] for row in strict)
    for name, rate in (("naive", "1.0"), ("strict", "0.0")):
        assert [row["asr"] for row in lab.table(name) if row["row"] == "run"] == [rate]
        assert lab.json(f"{name}/run.json")["metrics"]["attack_success_rate"]["rate"] == float(rate)


# 4: every case of the file is played


def test_all_cases_of_a_slice_file_are_played(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    cases = {case.id for case in load_slice(ROOT / "config/risk/tau_risky.yaml").cases}
    lab.play("all", "--trials", str(len(cases)), "--attacks", "direct", *PLENTY)
    assert {row["input_case"] for row in lab.rows("all")} == cases


# 9: an outage is no failure of the model, and is shown


def test_outage_is_not_callable_and_lowers_no_rate(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with ModelServer() as server:
        server.script(*[Scripted(status=500, body={"error": {"message": "down"}})] * 2)
        done = lab.play("down", *FEW, *LOCAL, environ=local(server))
    rows = lab.rows("down")
    assert done.code == 1 and [row["status"] for row in rows[:3]] == ["error", "error", "done"]
    assert [row["callable"] for row in rows] == [False, False, True, True, True, True]
    assert all(row["fail_reason"].startswith("error: ") for row in rows[:2])
    assert lab.json("down/run.json")["totals"]["errors"] == 2
    assert lab.json("down/run.json")["pass_rate"]["display"].endswith("/4")
    assert "2 of 6 trials ended in an error" in lab.file("down/index.html").read_text(encoding="utf-8")


# 10: answers whose server counts no tokens count all the same


def test_answer_without_usage_counts_for_the_limit(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with ModelServer() as server:
        server.script(*[Scripted(edit=lambda reply: reply.pop("usage"))] * 50)
        lab.play("silent", *FEW, *LOCAL, "--max-total-tokens", "1500", environ=local(server))
    rows = lab.rows("silent")
    assert sum(row["total_tokens"] for row in rows) > 0
    assert {row["fail_reason"] for row in rows if not row["callable"]} == {"SKIPPED_BUDGET_REACHED"}
    assert lab.json("silent/run.json")["budget"] == {"stopped_early": True, "budget_hit": "max_total_tokens"}


def test_limit_reached_by_the_last_call_stops_nothing(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("whole", *FEW, "--workers", "1")
    calls = lab.json("whole/run.json")["usage"]["calls_made"]
    done = lab.play("exact", *FEW, "--workers", "1", "--max-calls", str(calls))
    assert f"calls={calls}/{calls}" in done.line("BUDGET:") and "stopped_early=false" in done.line("BUDGET:")


# 14: an agent that repeats its prompt breaks nothing


def test_echo_of_the_prompt_is_no_success_of_an_attack(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    slices = "tau_risky,airline_certificates,exfiltration,policy_override,indirect_injection"
    words = ("--slices", slices, "--trials", "2", "--mode", "REAL", "--model", "mock/echo", "--defences", "none")
    lab.play("echo", *words, *PLENTY, environ={"ALLOW_SENSITIVE": "1"})
    metric = lab.json("echo/run.json")["metrics"]["attack_success_rate"]
    assert metric["k"] == 0 and metric["n"] > 50
    assert lab.json("echo/run.json")["metrics"]["benign_completion"]["k"] == 0


# 15: a failed real call is never replaced


def test_failed_real_call_leaves_no_reply(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with ModelServer() as server:
        server.script(*[Scripted(status=401, body={"error": {"message": "no"}})] * 9)
        lab.play("refused", *FEW, *LOCAL, environ=local(server))
    assert {row["reply"] for row in lab.rows("refused")} == {None}
    assert {row["model"] for row in lab.rows("refused")} == {"local/m"}


# 17: a table is of its run alone, and names no place of a machine


def test_table_holds_one_run_and_no_absolute_path(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("a", *FEW)
    first = lab.file("a/summary.csv").read_bytes()
    lab.play("b", *FEW)
    assert lab.file("a/summary.csv").read_bytes() == first
    assert {row["run_id"] for row in lab.table("b")} == {"b"}
    for name in ("summary.csv", "run.json", "tau_risky_real/run.json", "tau_risky_real/rows.jsonl", "summary.md"):
        text = lab.file(f"b/{name}").read_text(encoding="utf-8")
        assert str(tmp_path) not in text and not re.search(r'"/(?:home|root|tmp)/', text)


# 18: costs come from prices, or are unknown


@pytest.mark.parametrize("priced", [True, False])
def test_cost_is_by_price_or_unknown_and_never_zero(tmp_path: Path, priced: bool) -> None:
    prices = tmp_path / "prices.yaml"
    models = "\n  local/m: {prompt: 10, completion: 20}" if priced else " {}"
    prices.write_text(f"version: 1\nunit: usd_per_million_tokens\nmodels:{models}\n", encoding="utf-8")
    lab = Lab(tmp_path / "lab")
    with ModelServer() as server:
        lab.play("r", *FEW, *LOCAL, "--prices", str(prices), environ=local(server))
    rows = lab.rows("r")
    for row in rows:
        cost = (10 * row["prompt_tokens"] + 20 * row["completion_tokens"]) / 1e6
        assert row["cost_usd"] == (pytest.approx(cost) if priced else None) and row["total_tokens"] > 0
    (run,) = [row for row in lab.table("r") if row["row"] == "run"]
    assert (run["sum_cost_usd"] != "") is priced


# 19: intervals, and what was said


def test_every_rate_has_an_interval_and_every_reply_is_kept(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("r", *FEW)
    for metric in lab.json("r/run.json")["metrics"].values():
        assert metric["n"] == 0 or metric["low"] <= metric["rate"] <= metric["high"]
    assert all(row["prompt"] and row["reply"] for row in lab.rows("r"))


# 20: the list of weak points names tests that exist


def test_list_of_weak_points_names_tests_that_exist() -> None:
    text = (ROOT / "docs/risk.md").read_text(encoding="utf-8")
    table = text.partition("## Weak points of the predecessor")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \|", table, re.M)
    assert rows == [str(number) for number in range(1, 21)]
    named = re.findall(r"`(tests/[\w/]+\.py)` (\w+)", table)
    assert len(named) >= 20
    for file, test in named:
        assert f"def test_{test}(" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
