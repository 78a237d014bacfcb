"""The scripts around OpenAI's batches and Fireworks, against stand-ins as strict as the documented APIs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import scripts.fireworks_sft as sft
import scripts.openai_sft as tuning
from arena.analysis.dataset.finalize import Finish, finish, write
from arena.cli import deployed_run, service_script, tuning_job
from arena.providers.jobs import openai_files
from scripts import (
    openai_batch_status,
    openai_download_file,
    run_base_vs_tuned_arena_comparison,
    run_default_marco_base_arena,
    submit_openai_batch,
)
from tests.support.arena_rig import NO_TOOLS, ROOT, challenge, challenge_file
from tests.support.training_services import ACCOUNT, TrainingServices

MODEL = f"accounts/{ACCOUNT}/models/base"


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TrainingServices]:
    with TrainingServices() as found:
        for name, value in found.environ().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ARENA_NO_DOTENV", "1")
        monkeypatch.delenv("FIREWORKS_MODEL_PARTICIPANT", raising=False)
        real = service_script.patience
        for module in (openai_batch_status, tuning_job, deployed_run):
            monkeypatch.setattr(module, "patience", lambda every, most: real(0.0, most))
        monkeypatch.setattr(deployed_run, "NOTES", tmp_path / "deployments")
        monkeypatch.setattr(tuning_job, "RECORDS", tmp_path / "sft_jobs")
        yield found


def requests_file(path: Path, count: int = 3, size: int = 10) -> Path:
    lines = [
        {"custom_id": f"arena/0/crypto/c/rep_{n}", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": "m", "messages": [{"role": "user", "content": "x" * size}]}}
        for n in range(count)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def posted(services: TrainingServices, path: str) -> int:
    return services.state.seen.count(f"POST {path}")


def test_a_batch_is_sent_waited_for_and_fetched(services: TrainingServices, tmp_path: Path) -> None:
    services.state.answer = lambda request: "{}"
    path = requests_file(tmp_path / "requests.jsonl")
    assert submit_openai_batch.main([str(path)]) == 0
    note = tmp_path / "requests.batch.json"
    assert openai_batch_status.main([str(note)]) == 0
    assert openai_batch_status.main([str(note), "--wait"]) == 0
    out = tmp_path / "results.jsonl"
    assert openai_download_file.main([str(note), "--out", str(out)]) == 0
    ids = [json.loads(line)["custom_id"] for line in out.read_bytes().splitlines()]
    assert ids == [f"arena/0/crypto/c/rep_{n}" for n in range(3)]
    assert services.state.refused == []


def test_failed_requests_are_listed_and_the_rest_is_kept(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services.state.answer = lambda request: None if request["custom_id"].endswith("1") else "{}"
    path = requests_file(tmp_path / "requests.jsonl")
    submit_openai_batch.main([str(path)])
    note = tmp_path / "requests.batch.json"
    assert openai_batch_status.main([str(note), "--wait"]) == 1
    assert openai_download_file.main([str(note), "--out", str(tmp_path / "r.jsonl")]) == 1
    assert "failed: arena/0/crypto/c/rep_1: the model is overloaded" in capsys.readouterr().out
    assert (tmp_path / "r.jsonl").read_bytes().count(b"\n") == 2


def test_a_batch_is_made_once_however_often_it_is_submitted(services: TrainingServices, tmp_path: Path) -> None:
    path = requests_file(tmp_path / "requests.jsonl")
    assert submit_openai_batch.main([str(path)]) == submit_openai_batch.main([str(path)]) == 0
    (tmp_path / "requests.batch.json").unlink()  # as after a crash before the note was written
    assert submit_openai_batch.main([str(path)]) == 0
    assert posted(services, "/v1/batches") == posted(services, "/v1/files") == 1


def test_an_interrupted_upload_resumes_with_the_missing_part(
    services: TrainingServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_files, "PART_BYTES", 1000)
    path = requests_file(tmp_path / "requests.jsonl", 10, 400)
    services.state.cut_after["POST /v1/uploads/upload-1/parts"] = 1
    assert submit_openai_batch.main([str(path)]) == 1
    assert submit_openai_batch.main([str(path)]) == 0
    assert posted(services, "/v1/uploads") == 1
    stored = [data for name, data in services.state.files.values() if name == "requests.jsonl"]
    assert stored == [path.read_bytes()]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"custom_id": "a"}, "must have the members custom_id, method, url, body"),
        ({"custom_id": "arena/0/crypto/c/rep_0", "method": "POST", "url": "/v1/chat/completions", "body": {}}, "twice"),
    ],
)
def test_a_malformed_file_is_refused_before_anything_is_sent(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: Any, message: str
) -> None:
    path = requests_file(tmp_path / "requests.jsonl", 1)
    path.write_text(path.read_text() + json.dumps(line) + "\n")
    assert submit_openai_batch.main([str(path)]) == 2
    assert message in capsys.readouterr().err and services.state.seen == []


def test_a_wrong_key_is_said_and_shown_nowhere(
    services: TrainingServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-secret")
    path = requests_file(tmp_path / "requests.jsonl")
    assert submit_openai_batch.main([str(path)]) != 0
    said = capsys.readouterr().err
    assert "wrong or missing key" in said and "sk-wrong-and-secret" not in said


def final_set(tmp_path: Path, count: int = 10) -> Path:
    chat = [{"role": "user", "content": "Begin."}, {"role": "assistant", "content": "x"}]
    rows = [{"messages": [chat[0], {**chat[1], "content": f"{n} {n * 7919} {n * 31}"}], "about": {"unit": str(n)}}
            for n in range(count)]  # fmt: skip
    write(finish(rows, Finish()), tmp_path / "final", Finish(), "canary")
    return tmp_path / "final"


def create(final: Path, *more: str) -> int:
    return sft.main(["create", "--dataset", str(final), "--base-model", MODEL, "--output-model", "tuned", *more])


def test_a_job_is_created_and_waited_for(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    final = final_set(tmp_path)
    assert create(final, "--job", "first") == 0
    assert sft.main(["wait", "first"]) == 0
    assert "job first: JOB_STATE_COMPLETED" in capsys.readouterr().out
    record = json.loads((tmp_path / "sft_jobs/first.json").read_bytes())
    assert record["state"] == "JOB_STATE_COMPLETED" and record["request"]["outputModel"].endswith("/tuned")
    assert {len(found["rows"]) for found in services.state.datasets.values()} == {9, 1}
    assert all(line.startswith("GET") for line in services.state.refused)  # looked for before they were made


def test_a_job_whose_answer_was_lost_is_not_made_twice(services: TrainingServices, tmp_path: Path) -> None:
    final = final_set(tmp_path)
    root = f"/v1/accounts/{ACCOUNT}"
    services.state.cut_after |= {f"POST {root}/datasets": 1, f"POST {root}/supervisedFineTuningJobs": 1}
    assert create(final, "--job", "first") == 0
    assert create(final, "--job", "first") == 0
    assert len(services.state.jobs) == 1 and len(services.state.datasets) == 2
    assert posted(services, f"{root}/supervisedFineTuningJobs") == 1


def test_a_failed_job_ends_with_one_and_its_reason(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services.state.fail_job = "the data set is too small"
    create(final_set(tmp_path), "--job", "first")
    assert sft.main(["wait", "first"]) == 1
    assert "JOB_STATE_FAILED the data set is too small" in capsys.readouterr().out


def test_a_job_is_cancelled(services: TrainingServices, tmp_path: Path) -> None:
    create(final_set(tmp_path), "--job", "first")
    assert sft.main(["cancel", "first"]) == 1
    assert services.state.jobs["first"]["state"] == "JOB_STATE_CANCELLED"


def test_a_dry_run_of_a_job_sends_nothing(services: TrainingServices, tmp_path: Path) -> None:
    assert create(final_set(tmp_path), "--dry-run") == 0
    assert services.state.seen == [] and not (tmp_path / "sft_jobs").exists()


def tune(final: Path, *more: str) -> int:
    return tuning.main(["create", "--dataset", str(final), "--base-model", "m", "--job", "first", *more])


def test_an_openai_job_is_created_and_waited_for(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    final = final_set(tmp_path, 20)
    assert tune(final, "--suffix", "talker", "--epochs", "2", "--seed", "7") == 0
    assert tuning.main(["wait", "first"]) == 0
    assert "job first: succeeded ft:m:org-test:talker:1" in capsys.readouterr().out
    record = json.loads((tmp_path / "sft_jobs/first.json").read_bytes())
    assert (record["state"], record["model"], record["trained_tokens"]) == ("succeeded", "ft:m:org-test:talker:1", 1000)
    job = services.state.tunings["ftjob-1"]
    assert job["metadata"] == {"arena_job": "first"} and job["seed"] == 7
    assert job["hyperparameters"]["n_epochs"] == 2 and job["hyperparameters"]["batch_size"] == "auto"
    sent = {services.state.files[job[name]] for name in ("training_file", "validation_file")}
    assert sent == {(f"{name}.jsonl", (final / f"{name}.jsonl").read_bytes()) for name in ("train", "val")}
    assert tuning.main(["events", "first"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "info The job is succeeded" and services.state.refused == []


@pytest.mark.parametrize("lost", ["/v1/fine_tuning/jobs", "/v1/files"])
def test_an_openai_job_whose_answer_was_lost_is_not_made_twice(
    services: TrainingServices, tmp_path: Path, lost: str
) -> None:
    final = final_set(tmp_path, 20)
    services.state.cut_after[f"POST {lost}"] = 1
    first = tune(final)
    assert tune(final) == 0 and tune(final) == 0 and first == (0 if lost.endswith("jobs") else 1)
    assert list(services.state.tunings) == ["ftjob-1"] and posted(services, "/v1/fine_tuning/jobs") == 1


def test_an_openai_job_goes_on_where_a_crash_left_it(
    services: TrainingServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final, record = final_set(tmp_path, 20), tmp_path / "sft_jobs/first.json"

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(tuning.Tuning, "create", crash)
        assert tune(final) == 130
    assert set(json.loads(record.read_bytes())["uploads"]) == {"train", "val"} and services.state.tunings == {}
    assert tune(final) == 0 and posted(services, "/v1/files") == 2
    record.unlink()  # as if nothing had been noted after the job was made
    assert tune(final) == 0 and list(services.state.tunings) == ["ftjob-1"] and posted(services, "/v1/files") == 2


def test_a_failed_openai_job_ends_with_one_and_its_reason(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services.state.fail_job = "the file breaks the rules of use"
    assert tune(final_set(tmp_path, 20)) == 0
    assert tuning.main(["wait", "first"]) == 1
    assert "job first: failed the file breaks the rules of use" in capsys.readouterr().out


def test_an_openai_job_is_cancelled(services: TrainingServices, tmp_path: Path) -> None:
    tune(final_set(tmp_path, 20))
    assert tuning.main(["cancel", "first"]) == 1 and tuning.main(["status", "first"]) == 1
    assert services.state.tunings["ftjob-1"]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("count", "flags", "problem"),
    [(10, (), "holds 9 rows; the service trains on 10 or more"),
     (20, ("--suffix", "x" * 65), "--suffix has 65 characters"), (20, ("--epochs", "0"), "--epochs is 0")],
)  # fmt: skip
def test_what_openai_would_refuse_is_refused_before_anything_is_sent(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, flags: tuple[str, ...],
    problem: str,
) -> None:  # fmt: skip
    assert tune(final_set(tmp_path, count), *flags) == 2
    assert problem in capsys.readouterr().err and services.state.seen == []


def test_another_openai_request_under_the_same_id_is_refused(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    final = final_set(tmp_path, 20)
    assert tune(final) == 0 and tune(final, "--epochs", "3") == 2
    note = tmp_path / "sft_jobs" / "first.json"
    assert capsys.readouterr().err.endswith(f"openai_sft.py: {note} is about another request; give another --job\n")


@pytest.mark.parametrize("step", ["wait", "status", "events", "cancel"])
def test_a_job_that_nobody_started_is_refused(
    services: TrainingServices, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    assert tuning.main([step, "unknown"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "openai_sft.py: the service knows no job unknown; start it with scripts/openai_sft.py create"
    )


def test_a_folder_without_a_data_set_is_refused(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(tmp_path) == 2
    assert capsys.readouterr().err == (
        f"openai_sft.py: {tmp_path} holds no card.json; make it with scripts/finalize_dataset.py\n"
    )


def test_a_dry_run_of_an_openai_job_sends_nothing(
    services: TrainingServices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune(final_set(tmp_path, 20), "--dry-run") == 0
    out = capsys.readouterr().out
    assert out.count("POST /v1/files") == 2 and "POST /v1/fine_tuning/jobs" in out
    assert services.state.seen == [] and not (tmp_path / "sft_jobs").exists()


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Flags of a small run whose judge is a mock."""
    challenges = challenge_file(tmp_path / "challenges.json", challenge("c0", split="heldout_eval"))
    return ["--challenges", challenges, "--judge-provider", "mock", *NO_TOOLS, "--max-turns", "4", "--quiet",
            "--no-progress", "--repetitions", "1"]  # fmt: skip


def base(tmp_path: Path, words: list[str], *more: str) -> int:
    flags = ["--out-dir", str(tmp_path / "run"), "--base-model", MODEL, *words, *more]
    return run_default_marco_base_arena.main(flags)


def test_a_deployment_is_made_played_on_and_deleted(
    services: TrainingServices, tmp_path: Path, words: list[str]
) -> None:
    assert base(tmp_path, words) == 0
    assert services.state.deployments == {} and len(services.state.deleted) == 1
    manifest = json.loads((tmp_path / "run/manifest.json").read_bytes())
    assert f"#accounts/{ACCOUNT}/deployments/arena-" in manifest["identity"]["models"]["participant"]
    assert list((tmp_path / "deployments").iterdir()) == []


def test_a_failed_run_deletes_its_deployment(services: TrainingServices, tmp_path: Path, words: list[str]) -> None:
    assert base(tmp_path, words, "--max-turns", "none") == 2
    assert services.state.deployments == {} and len(services.state.deleted) == 1


def test_a_deployment_whose_answer_was_lost_is_deleted(
    services: TrainingServices, tmp_path: Path, words: list[str]
) -> None:
    services.state.cut_after[f"POST /v1/accounts/{ACCOUNT}/deployments"] = 1
    assert base(tmp_path, words) == 0
    assert services.state.deployments == {} and len(services.state.deleted) == 1


def test_a_leftover_is_named_and_cleaned_up(
    services: TrainingServices, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    services.state.deployments["arena-old"] = {"name": f"accounts/{ACCOUNT}/deployments/arena-old", "state": "READY",
                                               "asked": 0, "status": {}}  # fmt: skip
    assert base(tmp_path, words) == 2
    said = capsys.readouterr().err
    assert said.endswith(
        ": deployments of earlier runs are still there and cost money:\n  arena-old (READY)\ndelete them: --cleanup\n"
    )
    assert services.state.deleted == []
    assert run_default_marco_base_arena.main(["--cleanup"]) == 0
    assert services.state.deleted == ["arena-old"]


def test_a_dry_run_of_a_deployment_prints_every_request(
    services: TrainingServices, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert base(tmp_path, words, "--dry-run") == 0
    said = capsys.readouterr().out
    assert services.state.seen == [] and "POST /v1/accounts" in said and "DELETE /v1/accounts" in said
    assert "dollars an hour" in said


def test_the_source_of_each_value_is_shown(
    services: TrainingServices, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert base(tmp_path, words, "--print-config", "--replicas", "3") == 0
    said = capsys.readouterr().out
    assert "repetitions: 1 (--repetitions)" in said and "deployment.replicas: 3 (--replicas)" in said
    assert "max_retries: 5 (config file" in said and "backoff: 0.5 (default)" in said


def test_the_defaults_are_shown_before_anything_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARENA_NO_DOTENV", "1")
    monkeypatch.delenv("FIREWORKS_MODEL_PARTICIPANT", raising=False)
    assert run_default_marco_base_arena.main(["--print-config"]) == 0
    said = capsys.readouterr().out
    assert "calculator_provider: lambda (config file" in said and "deployment.replicas: 1 (config file)" in said
    assert "participant_model" not in said


def test_a_terminated_process_deletes_its_deployment(
    services: TrainingServices, tmp_path: Path, words: list[str]
) -> None:
    services.state.polls = 10**6  # it never gets ready
    flags = ["--out-dir", str(tmp_path / "run"), "--base-model", MODEL, *words]
    code = (
        "import sys; from pathlib import Path; from arena.cli import deployed_run;"
        " deployed_run.NOTES = Path(sys.argv[1]); from scripts.run_default_marco_base_arena import main;"
        " sys.exit(main(sys.argv[2:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "notes"), *flags], cwd=ROOT, env=dict(os.environ)
    )
    _until(lambda: any(one["asked"] for one in services.state.deployments.values()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    assert services.state.deployments == {} and len(services.state.deleted) == 1


def test_two_deployments_are_compared_and_torn_down(
    services: TrainingServices, tmp_path: Path, words: list[str]
) -> None:
    flags = ["--deploy", "--base-model", MODEL, "--tuned-model", f"accounts/{ACCOUNT}/models/tuned"]
    flags += ["--resamples", "200", "--out-dir", str(tmp_path / "pair")]
    flags += ["--report-path", str(tmp_path / "report.txt"), *words]
    assert run_base_vs_tuned_arena_comparison.main(flags) == 0
    assert services.state.deployments == {} and len(set(services.state.deleted)) == 2
    assert "models/tuned" in (tmp_path / "report.txt").read_text()


def _until(holds: Callable[[], bool]) -> None:
    """Wait for a condition of another process, at most a minute."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)
