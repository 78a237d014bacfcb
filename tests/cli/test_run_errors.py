"""What is not a score: errors, aborted, denied and unscored matches, and how a run with them ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import DIMENSIONS, LOCAL, NO_TOOLS, Ended, Table, arena, challenge, local_environ, verdict
from tests.support.http_server import ModelServer, Scripted

DOWN = Scripted(status=500, body={"error": {"message": "the machine room is flooded"}})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        yield running


def play(tmp_path: Path, *words: str) -> Ended:
    return arena(
        *LOCAL, *NO_TOOLS, "--limit", "4", "--max-turns", "2", "--workers", "1", "--max-retries", "0", "--out",
        str(tmp_path / "run"), *words,
    )  # fmt: skip


def statuses(ended: Ended) -> list[str]:
    return [record["status"] for record in ended.records()]


def test_without_continue_on_error_no_new_match_starts_after_the_first_error(
    tmp_path: Path, server: ModelServer
) -> None:
    server.script(Scripted(), Scripted(), Scripted(), DOWN)
    ended = play(tmp_path)
    assert ended.code == 1 and statuses(ended) == ["done", "error"]
    assert ended.json("summary.json")["n_not_played"] == 2
    assert "1 matches ended in an error, which is not a score" in ended.err and "--resume" in ended.err


def test_with_continue_on_error_the_run_goes_on_and_still_ends_with_1(tmp_path: Path, server: ModelServer) -> None:
    server.script(DOWN)
    ended = play(tmp_path, "--continue-on-error")
    assert ended.code == 1 and statuses(ended) == ["error", "done", "done", "done"]
    failed = ended.records()[0]
    assert (failed["stop"], failed["outcome"], failed["scores"]) == ("provider", None, {})
    assert "the machine room is flooded" in failed["detail"]


def test_an_outage_is_in_no_mean_and_no_success_rate(tmp_path: Path, server: ModelServer) -> None:
    server.script(DOWN)
    ended = play(tmp_path, "--continue-on-error")
    summary, done = ended.json("summary.json"), [r for r in ended.records() if r["status"] == "done"]
    assert summary["scored"] == 3 and sum(summary["outcomes"].values()) == 3
    for name in DIMENSIONS:
        assert summary["mean_scores"][name] == round(sum(r["scores"][name] for r in done) / 3, 3)
    rates = [record["outcome"] == "SUCCESS" for record in done]
    assert summary["success_rate"] == round(sum(rates) / 3, 4)
    row = ended.rows("challenge_summary.csv")[0]
    assert (row["errors"], row["scored"], row["success_rate"], row[DIMENSIONS[0]]) == ("1", "0", "", "")


def test_an_outage_of_the_judge_is_an_error_of_the_match(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), Scripted(), DOWN)
    ended = play(tmp_path)
    record = ended.records()[0]
    assert ended.code == 1
    assert (record["status"], record["stop"], record["outcome"]) == ("error", "judge", None)
    assert len(record["transcript"]) == 2


def test_resume_plays_errors_on_and_pays_only_for_what_is_missing(tmp_path: Path, server: ModelServer) -> None:
    server.script(Scripted(), DOWN)
    assert play(tmp_path, "--continue-on-error").code == 1
    asked = len(server.seen)
    healed = play(tmp_path, "--resume")
    assert healed.code == 0 and statuses(healed) == ["done"] * 4
    assert len(server.seen) - asked == 2, "the turn that failed, and the verdict"
    assert [record["attempt"] for record in healed.records()] == [0] * 4


def test_a_run_whose_every_call_fails_is_no_success(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[DOWN] * 8)
    ended = play(tmp_path, "--continue-on-error")
    assert ended.code == 1 and statuses(ended) == ["error"] * 4
    summary = ended.json("summary.json")
    assert summary["mean_scores"] == dict.fromkeys(DIMENSIONS) and summary["success_rate"] is None


FAULTS: dict[str, Any] = {"Ana": ['{"tool_call": {"op": "x"'] * 4}


def test_a_player_who_breaks_the_rules_past_the_re_asks_is_counted_as_failed_and_not_judged(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    good = {"Ana": ["Hello."], "Bo": ["Hi."]}
    ended = table.play(
        "--max-turns", "2", trials={"crypto/c1/rep_0": {"turns": FAULTS}}, turns=good, judge=[verdict(5)]
    )
    assert ended.code == 0, "a model's fault is a result"
    aborted = ended.records()[0]
    assert (aborted["status"], aborted["stop"], aborted["outcome"]) == ("aborted", "player_fault", "FAILED")
    summary = ended.json("summary.json")
    assert summary["success_rate"] == 0.5 and summary["statuses"]["aborted"] == 1
    assert summary["scored"] == 1 and set(summary["mean_scores"].values()) == {5.0}
    assert {line["trial"] for line in ended.calls("judge")} == {"crypto/c2/rep_0"}


def faulty(reply: dict[str, Any]) -> None:
    reply["choices"][0]["message"]["content"] = FAULTS["Ana"][0]


def test_aborted_matches_are_kept_and_retry_plays_them_afresh_as_attempt_1(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(edit=faulty)] * 4)
    words = ("--limit", "1")
    assert statuses(play(tmp_path, *words)) == ["aborted"]
    kept = play(tmp_path, *words, "--resume")
    assert "nothing to play" in kept.err and statuses(kept) == ["aborted"]
    again = play(tmp_path, *words, "--resume", "--retry", "aborted")
    assert again.code == 0
    (record,) = again.records()
    assert (record["status"], record["attempt"]) == ("done", 1)
    assert {line["attempt"] for line in again.calls()} == {0, 1}, "what was paid for stays in the log"
    assert again.rows("matches_scores.csv")[0]["attempt"] == "1"


def test_a_retry_that_was_stopped_goes_on_where_it_stood(tmp_path: Path, server: ModelServer) -> None:
    server.script(*[Scripted(edit=faulty)] * 4)
    words = ("--limit", "1")
    assert statuses(play(tmp_path, *words)) == ["aborted"]
    retry = ("--resume", "--retry", "aborted")
    stopped = play(tmp_path, *words, *retry, "--max-calls", "5")
    assert (statuses(stopped), stopped.records()[0]["attempt"]) == (["limit"], 1)
    ended = play(tmp_path, *words, *retry)
    assert (statuses(ended), ended.records()[0]["attempt"]) == (["done"], 1)
    assert len(server.seen) == 4 + 3, "the first turn of the retry is not asked again"


@pytest.mark.parametrize(
    ("turns", "judge", "says"),
    [(FAULTS, [verdict(5)], "1 aborted"), ({"Ana": ["Hello."]}, ["?"] * 3, "1 unscored")],
    ids=["every match aborted", "every verdict unreadable"],
)  # fmt: skip
def test_a_run_that_ends_without_a_single_score_says_so_and_is_no_success(
    turns: Any, judge: Any, says: str, tmp_path: Path
) -> None:
    ended = Table(tmp_path).play("--max-turns", "1", "--quiet", turns=turns, judge=judge)
    assert ended.code == 1
    assert "no match has a score" in ended.err and says in ended.err


def test_an_unreadable_verdict_is_unscored_with_its_reason_and_counted_beside_the_means(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    turns = {"Ana": ["Hello."]}
    ended = table.play(
        "--max-turns", "1", turns=turns, judge=[verdict(2)], trials={"crypto/c2/rep_0": {"judge": ["?", "?", "?"]}}
    )
    assert ended.code == 0
    record = ended.records()[1]
    assert (record["status"], record["outcome"]) == ("done", None) and "unparsable verdict" in record["unscored"]
    assert set(record["scores"].values()) == {None}
    summary = ended.json("summary.json")
    assert (summary["scored"], summary["unscored"]) == (1, 1) and set(summary["mean_scores"].values()) == {2.0}


def test_a_judge_that_refuses_is_unscored_and_a_silent_player_is_judged_with_a_flag(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    silent = {"Ana": [{"text": "No.", "finish": "refusal"}] * 2}
    refusing = {"judge": [{"text": verdict(5), "finish": "refusal"}] * 3}
    ended = table.play(
        "--max-turns", "1", turns={"Ana": ["Hello."]}, judge=[verdict(1)],
        trials={"crypto/c1/rep_0": {"turns": silent}, "crypto/c2/rep_0": refusing},
    )  # fmt: skip
    flagged, unscored = ended.records()
    assert (flagged["stop"], flagged["flags"], flagged["outcome"]) == ("refusal", ["refusal"], "FAILED")
    assert "refused" in unscored["unscored"]


def test_a_calculator_that_dies_in_mid_match_is_an_error_and_never_a_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "calculator"
    fake = Path(__file__).resolve().parents[1] / "support" / "fake_calculator.py"
    example = {"example": {"op": "ping", "args": {}}}
    program.write_text(
        f"#!/usr/bin/env python3\nimport runpy\nspace = runpy.run_path({str(fake)!r})\n"
        f"space['ROW'].update({example})\nspace['main']()\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("ARENA_CALCULATOR_BIN", str(program))
    args = {"how": "die", "marker": str(tmp_path / "marker"), "always": True}
    turns = {"Ana": [{"calls": [{"op": "misbehave", "args": args}]}, "Hello."]}
    table = Table(tmp_path)
    ended = table.play("--calculator-provider", "process", "--max-turns", "1", turns=turns, judge=[verdict(5)])
    (record,) = ended.records()
    assert ended.code == 1
    assert (record["status"], record["stop"], record["outcome"]) == ("error", "calculator", None)


def test_the_second_end_of_a_complete_plan_is_0_with_a_loud_line(tmp_path: Path) -> None:
    table = Table(tmp_path)
    assert table.play().code == 0
    again = table.play("--resume")
    assert again.code == 0 and "nothing to play: the plan is already complete" in again.err
