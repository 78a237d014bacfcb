"""What a run says next to its figures: refused settings, attempts of unknown cost, silence, too little coverage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import (
    LOCAL,
    NO_TOOLS,
    Ended,
    Table,
    arena,
    challenge,
    challenge_file,
    local_environ,
    process,
    results,
    verdict,
)
from tests.support.http_server import KEY, ModelServer, Scripted

PRICES = """version: 1
unit: usd_per_million_tokens
models:
  local/player: {prompt: 1, completion: 2, cached_prompt: 0.1, cache_write: 1.5}
  local/judge: {prompt: 10, completion: 20}
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        yield running


def play(tmp_path: Path, *words: str, out: str = "run") -> Ended:
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return arena(
        *LOCAL, *NO_TOOLS, "--challenges", challenge_file(tmp_path / "c.json", challenge("c1"), challenge("c2")),
        "--max-turns", "2", "--workers", "1", "--prices", str(tmp_path / "prices.yaml"), "--backoff", "0",
        "--out", str(tmp_path / out), *words,
    )  # fmt: skip


def refusal(message: str) -> Scripted:
    return Scripted(400, {"error": {"message": message}})


def verified(run: Path) -> int:
    return process("verify", str(run), door=("-m", "arena")).code


def test_a_refused_parameter_is_told_once_per_model_everywhere(tmp_path: Path, server: ModelServer) -> None:
    server.script(refusal("temperature is not supported"))
    ended = play(tmp_path, "--temperature", "0.5")
    warning = "warning: local/player: --temperature was set but not sent"
    assert ended.code == 0 and ended.err.count(warning) == 1
    assert ended.json("summary.json")["not_sent"] == {"local/player": ["temperature"]}
    assert verified(tmp_path / "run") == 0
    process("report", str(tmp_path / "run"), door=("-m", "arena"))
    assert "--temperature was set but not sent" in (tmp_path / "run/report.html").read_text()


def test_what_was_not_sent_is_known_after_a_resume(tmp_path: Path, server: ModelServer) -> None:
    server.script(refusal("temperature is not supported"))
    assert play(tmp_path, "--temperature", "0.5", "--max-calls", "3").code == 0
    resumed = play(tmp_path, "--temperature", "0.5", "--resume")
    assert resumed.json("summary.json")["not_sent"] == {"local/player": ["temperature"]}


def test_compare_tells_where_runs_were_not_asked_alike(tmp_path: Path, server: ModelServer) -> None:
    play(tmp_path, "--temperature", "0.5", out="base")
    server.script(refusal("temperature is not supported"))
    play(tmp_path, "--temperature", "0.5", out="tuned")
    words = ("--resamples", "200")
    said = process("compare", str(tmp_path / "base"), str(tmp_path / "tuned"), *words, door=("-m", "arena")).out
    assert "not sent differ" in said and "tuned: temperature to local/player" in said and "base: none" in said
    same = process("compare", str(tmp_path / "base"), str(tmp_path / "base"), *words, door=("-m", "arena")).out
    assert "not sent differ" not in same


def test_a_refused_value_ends_the_run_before_more_is_spent(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), refusal("temperature: range: 0..0.9"))
    ended = play(tmp_path, "--temperature", "1.0")
    assert ended.code == 2 and len(server.seen) == 2
    assert "player does not take --temperature 1.0" in ended.err
    assert "resume with: " in ended.err and "--resume" in ended.err
    assert not (tmp_path / "run/summary.json").exists()
    resumed = play(tmp_path, "--temperature", "1.0", "--resume")
    assert resumed.code == 0 and len(resumed.records()) == 2, "where the service was at fault, it can be resumed"


def test_attempts_that_timed_out_are_settled_at_their_reservation(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(504, "late"), Scripted(504, "late"))
    ended = play(tmp_path)
    summary = ended.json("summary.json")
    assert summary["cost_usd"]["unknown_attempts"] == 2
    assert "2 attempts have an unknown cost" in ended.err
    line = ended.calls("model")[0]
    assert line["assumed"]["estimated"] is True and line["assumed"]["prompt_tokens"] > 0
    used = [(one["provider"], usage) for one in ended.calls() for usage in (one["reply"]["usage"], one.get("assumed"))]
    usd = sum(_usd(provider, usage) for provider, usage in used if usage)
    assert summary["cost_usd"]["usd"] == pytest.approx(usd, abs=2e-6)
    assert verified(tmp_path / "run") == 0


def _usd(provider: str, usage: dict[str, int]) -> float:
    prices = {"local/player": (1, 2), "local/judge": (10, 20)}[provider]
    return (prices[0] * usage["prompt_tokens"] + prices[1] * usage["completion_tokens"]) / 1e6


def test_timed_out_attempts_reach_a_cost_limit_and_are_counted_on_resume(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(504, "late")] * 50)
    ended = play(tmp_path, "--max-cost-usd", "0.01", "--max-retries", "40")
    sent = len(server.seen)
    assert ended.code == 0 and "budget: cost_usd would reach" in ended.err and sent < 40
    assert 0.008 < ended.json("summary.json")["cost_usd"]["usd"] <= 0.01
    again = play(tmp_path, "--max-cost-usd", "0.01", "--max-retries", "40", "--resume")
    assert again.code == 0 and len(server.seen) == sent, "what an earlier session sent counts"


def test_max_calls_counts_each_attempt(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(503, "busy")] * 3)
    ended = play(tmp_path, "--max-calls", "5")
    assert len(server.seen) == 5 and "budget: calls would reach 6, the limit is 5" in ended.err


def cached(reply: dict[str, Any]) -> None:
    usage = reply["usage"]
    usage.update(prompt_tokens=1000, completion_tokens=10, total_tokens=1010)
    usage["prompt_tokens_details"] = {"cached_tokens": 600, "cache_write_tokens": 200}


def test_tokens_from_a_cache_are_kept_priced_and_shown(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(edit=cached)] * 2)
    ended = play(tmp_path, "--challenge-ids", "c1", "--judge-model", "scripted/" + _judge(tmp_path))
    (record,) = ended.records()
    assert {seat["cached_prompt_tokens"] for seat in record["usage"].values()} == {600}
    assert {seat["cache_write_tokens"] for seat in record["usage"].values()} == {200}
    summary = ended.json("summary.json")
    assert summary["usage"]["players"]["cached_prompt_tokens"] == 1200
    assert summary["cost_usd"]["usd"] == pytest.approx(2 * (200 * 1 + 600 * 0.1 + 200 * 1.5 + 10 * 2) / 1e6)
    share = 1200 / (summary["usage"]["players"]["prompt_tokens"] + summary["usage"]["judge"]["prompt_tokens"])
    assert f"({share:.0%} from a cache)" in ended.out
    assert verified(tmp_path / "run") == 0
    process("report", str(tmp_path / "run"), door=("-m", "arena"))
    assert "of the prompt tokens came from a cache" in (tmp_path / "run/report.html").read_text()


def _judge(tmp_path: Path) -> str:
    path = tmp_path / "judge.json"
    path.write_text(json.dumps({"format": 1, "judge": [verdict(3)] * 2}), encoding="utf-8")
    return str(path)


def test_flagged_matches_are_counted_with_their_reasons(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    trials = {"crypto/c1/rep_0": {"turns": {"Ana": ["Hello."], "Bo": ["", ""]}, "judge": [verdict(3)]},
              "crypto/c2/rep_0": {"turns": {"Ana": ["Hello."], "Bo": ["Yes."]}, "judge": [verdict(3)]}}  # fmt: skip
    ended = table.play("--max-turns", "2", trials=trials)
    assert "1 of 2 judged matches are flagged (1 empty_reply)" in ended.out
    assert "never said a word" not in ended.err and ended.code == 0


def test_a_player_that_never_spoke_is_named(tmp_path: Path, server: ModelServer) -> None:
    def silent(reply: dict[str, Any]) -> None:
        reply["choices"][0]["message"]["content"] = None

    server.script(Scripted(), Scripted(edit=silent), Scripted(edit=silent))
    ended = play(tmp_path, "--challenge-ids", "c1", "--role-model", "Bo=local/mute")
    assert "local/mute never said a word in public, in any of its matches" in ended.err
    assert ended.code == 0 and ended.json("summary.json")["silent"] == ["local/mute"]


def test_no_match_with_real_talk_is_exit_code_1(tmp_path: Path) -> None:
    ended = Table(tmp_path).play(turns={"Ana": ["", ""]}, judge=[verdict(3)])
    assert ended.code == 1 and "no match contains a public message" in ended.err


def test_a_cut_reply_without_a_word_is_unscored_with_advice(tmp_path: Path, server: ModelServer) -> None:
    def cut(reply: dict[str, Any]) -> None:
        reply["choices"][0].update(message={"role": "assistant", "content": ""}, finish_reason="length")

    server.script(Scripted(), *[Scripted(edit=cut)] * 2)
    ended = play(tmp_path, "--max-tokens", "50")
    assert "raise --max-tokens" in ended.err
    record = ended.records()[0]
    assert (record["stop"], record["outcome"]) == ("max_tokens", None) and record["unscored"]


def test_too_little_coverage_is_told_beside_the_success_rate(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted()] * 3, *[Scripted(400, {"error": {"message": "no"}})] * 2)
    ended = play(tmp_path, "--continue-on-error")
    summary = ended.json("summary.json")
    assert (summary["coverage"], summary["statuses"]["error"]) == (0.5, 1)
    won = summary["success_rate"]
    assert summary["success_rate_planned"] == won / 2
    assert f"success rate {won:.1%} of those with an outcome, {won / 2:.1%} of the 2 planned" in ended.out
    assert "only 50% of the planned matches have a result, less than 95 % (--min-coverage)" in ended.err
    lower = play(tmp_path, "--resume", "--max-calls", "1", "--min-coverage", "50")
    assert "less than" not in lower.err and lower.json("summary.json")["coverage"] == 0.5


def test_equal_answers_give_equal_bytes_whatever_was_retried(tmp_path: Path, server: ModelServer) -> None:
    whole = play(tmp_path, out="whole")
    server.script(Scripted(503, "busy"))
    again = play(tmp_path, out="again")
    assert whole.folder is not None and again.folder is not None
    assert results(whole.folder) == results(again.folder)


def test_the_api_s_version_is_part_of_what_a_run_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with ModelServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        words = ("--participant-model", "anthropic/m-1", "--judge-model", "scripted/" + _judge(tmp_path))
        first = play(tmp_path, *words, "--max-calls", "1")
        assert first.json("manifest.json")["identity"]["models"]["api_versions"] == {"anthropic/m-1": "2023-06-01"}
        monkeypatch.setenv("ANTHROPIC_VERSION", "2026-10-21")
        resumed = play(tmp_path, *words, "--resume")
    assert resumed.code == 2 and "2026-10-21" in resumed.err, "resume refuses another version"


def test_a_judge_without_a_verdict_is_told_with_its_reason(tmp_path: Path, server: ModelServer) -> None:
    def prose(reply: dict[str, Any]) -> None:
        reply["choices"][0]["message"]["content"] = "All fours, I would say."

    answers = [Scripted()] * 2 + [Scripted(edit=prose)] * 3
    server.script(*answers)
    ended = play(tmp_path)
    assert "UNSCORED  crypto/c1/rep_0  unparsable verdict: the reply does not begin with the JSON object" in ended.err
    assert "1 matches have no score, since the judge gave no verdict that can be read" in ended.err
    assert ended.code == 0 and ended.json("summary.json")["unscored"] == 1


def test_a_window_too_small_is_told_and_not_tried_again(tmp_path: Path, server: ModelServer) -> None:
    server.script(refusal("This model's maximum context length is 2048 tokens."))
    ended = play(tmp_path)
    assert "1 matches did not fit into the context window of a model, and count as failed" in ended.err
    assert ended.json("summary.json")["stops"]["context_exceeded"] == 1
    assert [(record["status"], record["outcome"]) for record in ended.records()][0] == ("aborted", "FAILED")
    sent = len(server.seen)
    play(tmp_path, "--resume")
    assert len(server.seen) == sent, "it would not fit next time either"
