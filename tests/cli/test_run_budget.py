"""Limits on calls, tokens and cost: a clean stop with a clear line, resumable with a higher limit, judge included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.arena_rig import LOCAL, NO_TOOLS, Ended, Table, arena, challenge, local_environ, results, verdict
from tests.support.http_server import ModelServer
from tests.support.verify_rig import edit_lines, holds, launder, told, verify

PRICES = """version: 1
unit: usd_per_million_tokens
models:
  local/player:
    prompt: 1
    completion: 2
  local/judge:
    prompt: 10
    completion: 20
"""


FREE_OF_COST = {"usd": 0.0, "unpriced": [], "unknown_attempts": 0, "prices": {}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        yield running


def play(tmp_path: Path, *words: str, out: str = "run") -> Ended:
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return arena(
        *LOCAL, *NO_TOOLS, "--limit", "3", "--max-turns", "4", "--workers", "2", "--prices",
        str(tmp_path / "prices.yaml"), "--out", str(tmp_path / out), *words,
    )  # fmt: skip


def usage_of(call: dict[str, dict[str, dict[str, int]]]) -> tuple[int, int]:
    usage = call["reply"]["usage"]
    return usage["prompt_tokens"], usage["completion_tokens"]


def cost_of(ended: Ended) -> float:
    """Return the cost of all recorded answers by the prices above, in US dollars."""
    players = [usage_of(line) for line in ended.calls("model") if "reply" in line]
    judges = [usage_of(line) for line in ended.calls("judge") if "reply" in line]
    return (sum(p + 2 * c for p, c in players) + sum(10 * p + 20 * c for p, c in judges)) / 1e6


CEILINGS = {
    "--max-calls": ("7", "calls"),
    "--max-total-tokens": ("3500", "total_tokens"),
    "--max-prompt-tokens": ("3000", "prompt_tokens"),
    "--max-completion-tokens": ("450", "completion_tokens"),
    "--max-cost-usd": ("0.03", "cost_usd"),
}


@pytest.mark.parametrize("flag", CEILINGS)
def test_run_resumed_under_a_higher_limit_equals_an_undisturbed_one(
    flag: str, tmp_path: Path, server: ModelServer
) -> None:
    value, kind = CEILINGS[flag]
    whole = play(tmp_path, out="whole")
    total = len(server.seen)
    server.seen.clear()
    stopped = play(tmp_path, flag, value)
    assert stopped.code == 0, "a budget stop is no failure"
    assert f"warning: budget: {kind} would reach" in stopped.err and "higher limit" in stopped.err
    assert 0 < len(server.seen) < total
    assert stopped.json("manifest.json")["sessions"][-1]["stopped_by"] == "budget"
    assert {record["status"] for record in stopped.records()} <= {"done", "limit"}
    assert play(tmp_path, flag, value, "--resume", "--fail-on-budget").code == 3
    resumed = play(tmp_path, "--resume")
    assert resumed.code == 0 and "budget" not in resumed.err
    assert whole.folder is not None and resumed.folder is not None
    assert results(resumed.folder).keys() == results(whole.folder).keys()
    for name, data in results(whole.folder).items():
        assert results(resumed.folder)[name] == data, name
    assert len(server.seen) == total, "no call is paid for twice"


def test_fail_on_budget_is_exit_code_3_and_a_stop_is_told_all_the_same(tmp_path: Path, server: ModelServer) -> None:
    stopped = play(tmp_path, "--max-calls", "5", "--fail-on-budget", "--quiet")
    assert stopped.code == 3 and "budget: calls would reach" in stopped.err
    assert len(server.seen) <= 5


def test_calls_of_all_sessions_stay_within_the_limit(tmp_path: Path, server: ModelServer) -> None:
    play(tmp_path, "--max-calls", "4")
    play(tmp_path, "--max-calls", "6", "--resume")
    assert len(server.seen) == 6
    play(tmp_path, "--max-calls", "6", "--resume")
    assert len(server.seen) == 6, "what earlier sessions spent counts"


def test_the_judge_counts_towards_a_limit_and_its_stop_is_no_score(tmp_path: Path, server: ModelServer) -> None:
    stopped = play(tmp_path, "--max-calls", "4", "--workers", "1")
    record = stopped.records()[0]
    assert (record["status"], record["stop"], record["outcome"]) == ("limit", "budget", None)
    assert record["detail"].startswith("while scoring")
    assert len(record["transcript"]) == 4, "the players had finished"


def limited_while_judged(tmp_path: Path) -> Ended:
    """Play four turns and stop at the third verdict, after two that are none."""
    talk = {role: ["Hello."] * 2 for role in ("Ana", "Bo")}
    judge = ["No verdict.", "Still none.", verdict(4)]
    return Table(tmp_path).play("--max-turns", "4", "--max-calls", "6", turns=talk, judge=judge)


def test_what_judging_took_before_a_limit_is_in_the_summary(tmp_path: Path) -> None:
    stopped = limited_while_judged(tmp_path)
    calls = [line["reply"]["usage"] for line in stopped.calls("judge") if "reply" in line]
    assert [record["stop"] for record in stopped.records()] == ["budget"] and len(calls) == 2
    judged = stopped.json("summary.json")["usage"]["judge"]
    assert judged["calls"] == 2
    for name in ("prompt_tokens", "completion_tokens"):
        assert judged[name] == sum(usage[name] for usage in calls) > 0
    holds(tmp_path / "run")


def test_verify_tells_a_limited_record_that_lacks_its_judging(tmp_path: Path) -> None:
    limited_while_judged(tmp_path)
    edit_lines(tmp_path / "run" / "matches.jsonl", lambda record: record["judging"]["usage"].update(prompt_tokens=1))
    launder(tmp_path / "run")
    said = "/judging: does not hold what its journal says that judging took: 2 answers"
    assert any(said in line for line in told(verify(tmp_path / "run")))


def test_a_limit_of_zero_plays_nothing_and_says_so(tmp_path: Path, server: ModelServer) -> None:
    stopped = play(tmp_path, "--max-calls", "0")
    assert (stopped.code, server.seen) == (0, [])
    assert "budget: calls would reach 1, the limit is 0" in stopped.err
    assert stopped.json("summary.json")["success_rate"] is None


def test_cost_is_summed_over_players_and_judge_by_the_price_file(tmp_path: Path, server: ModelServer) -> None:
    ended = play(tmp_path)
    cost = ended.json("summary.json")["cost_usd"]
    prices = {"local/judge": {"prompt": 10.0, "completion": 20.0}, "local/player": {"prompt": 1.0, "completion": 2.0}}
    assert cost == {"usd": round(cost_of(ended), 6), "unpriced": [], "unknown_attempts": 0, "prices": prices}
    assert cost["usd"] > 0


def test_cost_counts_every_session_of_a_run(tmp_path: Path, server: ModelServer) -> None:
    play(tmp_path, "--max-calls", "6")
    ended = play(tmp_path, "--resume")
    assert ended.json("summary.json")["cost_usd"]["usd"] == round(cost_of(ended), 6)


def test_a_limit_on_cost_is_kept(tmp_path: Path, server: ModelServer) -> None:
    stopped = play(tmp_path, "--max-cost-usd", "0.006", "--max-tokens", "60", "--judge-max-tokens", "60")
    assert 0 < cost_of(stopped) <= 0.006


def test_a_model_without_a_price_is_named_as_not_counted(tmp_path: Path, server: ModelServer) -> None:
    (tmp_path / "none.yaml").write_text("version: 1\nunit: usd_per_million_tokens\nmodels: {}\n", encoding="utf-8")
    ended = play(tmp_path, "--prices", str(tmp_path / "none.yaml"))
    assert ended.json("summary.json")["cost_usd"] == {
        "usd": 0.0, "unpriced": ["local/judge", "local/player"], "unknown_attempts": 0, "prices": {},
    }  # fmt: skip


def test_cost_limit_is_refused_where_a_model_has_no_price(tmp_path: Path, server: ModelServer) -> None:
    (tmp_path / "none.yaml").write_text("version: 1\nunit: usd_per_million_tokens\nmodels: {}\n", encoding="utf-8")
    ended = play(tmp_path, "--prices", str(tmp_path / "none.yaml"), "--max-cost-usd", "1")
    assert ended.code == 2 and "--max-cost-usd: there is no price for local/" in ended.err
    assert not (tmp_path / "run").exists()


def test_replayed_and_mock_calls_cost_nothing(tmp_path: Path) -> None:
    ended = Table(tmp_path, [challenge("c1")]).play("--max-cost-usd", "0")
    assert ended.code == 0
    assert ended.json("summary.json")["cost_usd"] == FREE_OF_COST


def figures(plan: Ended) -> dict[str, list[str]]:
    """Return the rows of a dry run's plan: name -> the cells behind it."""
    rows = (re.split(r" {2,}", line.strip()) for line in plan.out.splitlines() if "  " in line)
    return {name: [cell.replace(",", "").replace("$", "") for cell in cells] for name, *cells in rows}


def test_a_dry_runs_bounds_are_bounds_and_it_writes_nothing(tmp_path: Path, server: ModelServer) -> None:
    words = ("--max-tokens", "50", "--judge-max-tokens", "80")
    plan = play(tmp_path, "--dry-run", *words)
    assert plan.code == 0 and not server.seen and not (tmp_path / "run").exists()
    found = figures(plan)
    assert found["matches"] == ["3"]
    ended = play(tmp_path, *words)
    assert len(ended.calls("model", "judge")) <= int(found["calls"][1])
    for place, name in enumerate(("prompt", "completion")):
        spent = sum(usage_of(line)[place] for line in ended.calls("model", "judge"))
        assert 0 < spent <= int(found[f"{name} tokens"][1])


def test_a_dry_run_without_token_limits_says_what_it_assumes(tmp_path: Path, server: ModelServer) -> None:
    plan = play(tmp_path, "--dry-run")
    said = " ".join(plan.out.split())
    assert "4,096 tokens an answer (assumed; --max-tokens sets it)" in said
    assert int(figures(plan)["completion tokens"][1]) == int(figures(plan)["calls"][1]) * 4096


def test_the_cost_bound_of_a_judge_with_tools_counts_its_calls_at_its_own_price(
    tmp_path: Path, server: ModelServer, calculator_binary: Path
) -> None:
    words = ("--max-tokens", "50", "--judge-max-tokens", "80", "--judge-tools", "--calculator-provider", "process",
             "--max-tool-calls-per-turn", "7", "--dry-run")  # fmt: skip
    found = figures(play(tmp_path, *words))
    judge_calls = 3 * (3 + 7)  # matches x (a verdict, two re-asks, seven computations)
    player_calls = int(found["calls"][1]) - judge_calls
    assert int(found["completion tokens"][1]) == player_calls * 50 + judge_calls * 80
    completions = (player_calls * 50 * 2 + judge_calls * 80 * 20) / 1e6
    assert float(found["cost"][1]) > completions, "prompts cost as well"


def test_a_verdict_that_is_asked_for_again_is_within_the_bound(tmp_path: Path) -> None:
    table = Table(tmp_path)
    judge = ["no idea", "still none", verdict(3)]
    ended = table.play("--max-turns", "1", turns={"Ana": ["Hello."]}, judge=judge)
    assert ended.records()[0]["judging"]["asks"] == len(ended.calls("judge")) == 3
    plan = table.play("--max-turns", "1", "--dry-run", out="dry", turns={"Ana": ["Hello."]}, judge=judge)
    assert len(ended.calls("model", "judge")) <= int(figures(plan)["calls"][1])
