"""Judging in bulk: --judge-batch writes the questions, `arena rejudge --from-batch` takes the answers."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.cli import service_script
from scripts import openai_batch_status
from tests.support.arena_rig import ROOT, command, environment, script_file, verdict
from tests.support.judge_batch_rig import IDS, JUDGE, BatchWorld, as_live, but_for, requests_in, unchained
from tests.support.plain_records import records_of
from tests.support.rejudge_rig import calls, rejudge
from tests.support.training_services import TrainingServices
from tests.support.verify_rig import verify


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchWorld]:
    with TrainingServices() as services:
        for name, value in services.environ().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ARENA_NO_DOTENV", "1")
        real = service_script.patience
        monkeypatch.setattr(openai_batch_status, "patience", lambda every, most: real(0.0, most))
        services.state.answer = as_live
        yield BatchWorld(tmp_path, services)


# -- the pending run ------------------------------------------------------------------------------------------------


def test_matches_are_pending_and_nobody_is_asked(world: BatchWorld, tmp_path: Path) -> None:
    file = world.pending()
    assert [(one["status"], one["stop"], one["unscored"]) for one in records_of(tmp_path / "run")] == [
        ("pending", "judge_pending", "pending: max_turns; the judge's answer is awaited")
    ] * 3
    assert [one["custom_id"].partition("#")[0] for one in requests_in(file)] == [f"crypto/{id_}/rep_0" for id_ in IDS]
    assert {one["url"] for one in requests_in(file)} == {"/v1/responses"}
    assert world.services.state.seen == []
    summary = json.loads((tmp_path / "run/summary.json").read_bytes())
    assert (summary["statuses"]["pending"], summary["scored"], summary["errors"], summary["unscored"]) == (3, 0, 0, 0)
    assert verify(tmp_path / "run").code == 0


def test_a_pending_run_says_how_to_go_on(world: BatchWorld, tmp_path: Path) -> None:
    file = tmp_path / "judge.jsonl"
    said = world.play("--judge-batch", str(file)).text
    assert f"3 matches await the judge: 3 requests in {file}" in said
    assert f"scripts/submit_openai_batch.py {file}" in said and f"--from-batch ANSWERS {tmp_path / 'run'}" in said


def test_requests_do_not_depend_on_workers_or_processes(world: BatchWorld, tmp_path: Path) -> None:
    one = world.pending("one.jsonl", "--workers", "1")
    several = world.pending("several.jsonl", "--workers", "3", "--processes", "2", out="spread")
    assert one.read_bytes() == several.read_bytes()
    assert (tmp_path / "run/matches.jsonl").read_bytes() == (tmp_path / "spread/matches.jsonl").read_bytes()


def test_a_killed_pending_run_resumes_to_the_same_requests(world: BatchWorld, tmp_path: Path) -> None:
    whole = world.pending("whole.jsonl", "--workers", "1")
    size = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    words = [
        "--challenges", str(tmp_path / "challenges.json"), "--participant-model", f"scripted/{tmp_path}/players.json",
        "--judge-model", JUDGE, "--max-turns", "2", "--calculator-provider", "none", "--workers", "1",
        "--out", str(tmp_path / "killed"), "--judge-batch", str(tmp_path / "killed.jsonl"),
    ]  # fmt: skip
    for part in range(1, 6):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        (tmp_path / "killed.jsonl").unlink(missing_ok=True)
        door = [sys.executable, "-m", "tests.support.killed_run", str(size * part // 5)]
        done = subprocess.run([*door, *words], cwd=ROOT, env=environment(), capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL or part == 5, done.stderr
        more = ["--resume"] if (tmp_path / "killed/manifest.json").exists() else []
        assert command("run", *words, *more).code == 0
        assert (tmp_path / "killed.jsonl").read_bytes() == whole.read_bytes()
        assert unchained(tmp_path / "killed") == unchained(tmp_path / "run")
        assert verify(tmp_path / "killed").code == 0


def test_a_replay_writes_the_same_requests(world: BatchWorld, tmp_path: Path) -> None:
    file = world.pending()
    again = tmp_path / "again.jsonl"
    ended = world.play("--participant-model", f"replay/{tmp_path / 'run'}", "--judge-batch", str(again), out="replayed")
    assert ended.code == 0
    assert again.read_bytes() == file.read_bytes()


def test_a_resume_without_the_flag_asks_the_judge_at_once(world: BatchWorld, tmp_path: Path) -> None:
    world.pending()
    assert world.play(out="live").code == 0
    assert world.play("--resume").code == 0
    assert unchained(tmp_path / "run") == unchained(tmp_path / "live")
    assert verify(tmp_path / "run").code == 0


def test_requests_above_the_limit_go_on_in_another_file(world: BatchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.engine.judge_batch.MAX_REQUESTS", 2)
    file = world.pending()
    assert [len(requests_in(one)) for one in (file, file.with_name("judge-2.jsonl"))] == [2, 1]


# -- taking the answers ---------------------------------------------------------------------------------------------


def test_answers_of_a_batch_give_the_scores_of_a_live_judge(world: BatchWorld, tmp_path: Path) -> None:
    answers = world.answers(world.pending())
    assert world.take(answers).code == 0
    assert world.play(out="live").code == 0
    judged = unchained(tmp_path / "judged")
    assert judged == unchained(tmp_path / "live")
    assert all(record["scores"] and record["outcome"] for record in judged)
    assert verify(tmp_path / "judged").code == 0
    assert {line["kind"] for line in calls(tmp_path / "judged")} == {"judge"}


def test_a_failed_request_stays_pending_and_is_listed(world: BatchWorld, tmp_path: Path) -> None:
    world.services.state.answer = but_for("c2", None)
    requests = world.pending()
    answers = world.answers(requests, code=1)
    errors = tmp_path / "errors.jsonl"
    found = next(data for name, data in world.services.state.files.values() if name == "error_file_id.jsonl")
    errors.write_bytes(found)
    ended = world.take(answers, "--from-batch", str(errors))
    assert ended.code == 0
    assert "2 of 2 answers are about the 3 matches" in ended.err
    assert "no answer to crypto/c2/rep_0#" in ended.err and "the model is overloaded" in ended.err
    assert [one["status"] for one in records_of(tmp_path / "judged")] == ["done", "pending", "done"]
    assert verify(tmp_path / "judged").code == 0


def test_the_rest_is_asked_in_another_batch(world: BatchWorld, tmp_path: Path) -> None:
    world.services.state.answer = but_for("c2", None)
    first = world.answers(world.pending(), code=1)
    rest = tmp_path / "rest.jsonl"
    assert world.take(first, "--judge-batch", str(rest)).code == 0
    assert [one["custom_id"].partition("#")[0] for one in requests_in(rest)] == ["crypto/c2/rep_0"]
    world.services.state.answer = as_live
    assert world.take(world.answers(rest), "--resume").code == 0
    assert world.play(out="live").code == 0
    assert unchained(tmp_path / "judged") == unchained(tmp_path / "live")
    assert verify(tmp_path / "judged").code == 0


def test_a_verdict_that_cannot_be_read_is_asked_for_again(world: BatchWorld, tmp_path: Path) -> None:
    world.services.state.answer = but_for("c1", "Well done, all of you!")
    again = tmp_path / "again.jsonl"
    assert world.take(world.answers(world.pending()), "--judge-batch", str(again)).code == 0
    assert [one["custom_id"].partition("-")[0] for one in requests_in(again)] == ["crypto/c1/rep_0#0.1"]
    third = tmp_path / "third.jsonl"
    assert world.take(world.answers(again), "--resume", "--judge-batch", str(third)).code == 0
    assert world.take(world.answers(third), "--resume").code == 0
    first = records_of(tmp_path / "judged")[0]
    assert (first["status"], first["judging"]["asks"]) == ("done", 3)
    assert first["unscored"].startswith("unparsable verdict")


def test_judgements_of_a_partly_judged_run_are_kept(world: BatchWorld, tmp_path: Path) -> None:
    world.services.state.answer = but_for("c2", None)
    rest = tmp_path / "rest.jsonl"
    assert world.take(world.answers(world.pending(), code=1), "--judge-batch", str(rest)).code == 0
    world.services.state.answer = as_live
    assert world.take(world.answers(rest), run="judged", out="third").code == 0
    assert world.play(out="live").code == 0
    assert unchained(tmp_path / "third") == unchained(tmp_path / "live")


def test_repetitions_of_a_judge_go_into_one_batch(world: BatchWorld, tmp_path: Path) -> None:
    world.play(out="first")
    file = tmp_path / "twice.jsonl"
    ended = rejudge(tmp_path / "first", "--judge", JUDGE, "--judge-repetitions", "2", "--judge-batch", str(file),
                    "--out", str(tmp_path / "run"))  # fmt: skip
    assert ended.code == 0 and len(requests_in(file)) == 6
    assert world.take(world.answers(file)).code == 0
    panels = [one["judging"]["panel"] for one in unchained(tmp_path / "judged")]
    assert [len(panel) for panel in panels] == [2, 2, 2]


def test_a_pending_run_is_judged_live_by_another_judge(world: BatchWorld, tmp_path: Path) -> None:
    world.pending()
    judge = script_file(tmp_path / "kind.json", judge=[verdict(5)])
    assert rejudge(tmp_path / "run", "--judge", judge, "--out", str(tmp_path / "live")).code == 0
    assert [one["outcome"] for one in records_of(tmp_path / "live")] == ["SUCCESS"] * 3


# -- what reads a pending run ---------------------------------------------------------------------------------------


def test_every_reader_counts_pending_matches_beside(world: BatchWorld, tmp_path: Path) -> None:
    world.services.state.answer = but_for("c2", None)
    world.take(world.answers(world.pending(), code=1))
    judged = str(tmp_path / "judged")
    assert "pending" in command("runs", "--dir", tmp_path).out
    assert "judge pending: the batch" not in command("show", judged, "c1").out
    assert "the judge's answer is awaited" in command("show", judged, "c2").out
    compared = command("compare", judged, judged)
    assert compared.code == 0 and "base pending and tuned pending" in compared.out
    command("leaderboard", judged, "--csv", tmp_path / "board.csv")
    assert ",limit,pending,not_played," in (tmp_path / "board.csv").read_text().splitlines()[0]
    assert command("report", judged).code == 0
    assert "awaits its judge" in (tmp_path / "judged/report.html").read_text()
    rows = (tmp_path / "judged/matches_scores.csv").read_text()
    assert ",pending,judge_pending," in rows
    checked = command("check", judged, "--junit", tmp_path / "junit.xml")
    assert any(line.split()[:2] == ["WARN", "pending_rate"] for line in checked.out.splitlines())
    assert "pending: max_turns; the judge" in (tmp_path / "junit.xml").read_text()


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--judge-model", "mock/judge"), "takes no batch file in OpenAI's form; providers that do: openai,"),
        (("--judge-tools", "--calculator-provider", "process"), "a judge in a batch cannot call tools"),
        (("--judge-batch", "{there}"), "already exists; name another file"),
        (("--judge-batch", "{inside}"), "is inside the run directory"),
    ],
)
def test_a_batch_that_cannot_be_written_is_refused_at_once(
    world: BatchWorld, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    (tmp_path / "there.jsonl").write_text("")
    places = {"there": tmp_path / "there.jsonl", "inside": tmp_path / "run/judge.jsonl"}
    ended = world.play("--judge-batch", str(tmp_path / "j.jsonl"), *(word.format_map(places) for word in words))
    assert ended.code == 2 and why in ended.err
    assert not (tmp_path / "run").exists()


def test_answers_to_another_run_are_refused(world: BatchWorld, tmp_path: Path) -> None:
    world.pending()
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"custom_id": "crypto/c9/rep_0#0.0-00", "response": None, "error": None}) + "\n")
    ended = world.take(other)
    assert ended.code == 2 and "is this the file of another run?" in ended.err


def test_an_answer_to_another_question_is_not_taken(world: BatchWorld, tmp_path: Path) -> None:
    answers = world.answers(world.pending())
    lines = requests_in(answers)
    head, _, digest = lines[0]["custom_id"].rpartition("-")
    lines[0]["custom_id"] = f"{head}-{digest[::-1]}"
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert world.take(answers).code == 0
    first = records_of(tmp_path / "judged")[0]
    assert first["status"] == "pending" and "the batch answers another question" in first["unscored"]


def test_another_judge_for_given_answers_is_refused(world: BatchWorld) -> None:
    answers = world.answers(world.pending())
    ended = world.take(answers, "--judge", "openai/another")
    assert ended.code == 2 and "leave out --judge" in ended.err


def test_answers_for_a_judged_run_are_refused(world: BatchWorld) -> None:
    answers = world.answers(world.pending())
    world.play(out="live")
    ended = world.take(answers, run="live")
    assert ended.code == 2 and "awaits its judge" in ended.err
