"""The vendors' own clients read what the stand-ins answer: Files, Uploads, Batches, data sets, tuning, deployments.

So what the arena's clients are tested against answers as the services do, and takes what the vendors' clients send.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.providers.http.transport import TransportSettings
from arena.providers.jobs.access import openai_batches, openai_tuning
from tests.support.judge_batch_rig import as_live
from tests.support.training_services import ACCOUNT, DEPLOYMENT_MEMBERS, JOB_MEMBERS, KEY, TrainingServices

pytestmark = pytest.mark.long

MODEL = f"accounts/{ACCOUNT}/models/base"
ROWS = b'{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n'


def missing(name: str) -> Any:
    """Skip a test whose client is not installed."""
    absent = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(absent, reason=f"not installed: {name} (`make test-long` installs it)")


@pytest.fixture
def services() -> Iterator[TrainingServices]:
    with TrainingServices() as found:
        found.state.answer = as_live
        found.state.polls = 0
        yield found


def openai_client(services: TrainingServices) -> Any:
    openai = pytest.importorskip("openai")
    return openai.OpenAI(
        api_key=KEY, base_url=f"{services.address}/v1", max_retries=0, _strict_response_validation=True
    )


def fireworks_client(services: TrainingServices) -> Any:
    fireworks = pytest.importorskip("fireworks")
    return fireworks.Fireworks(
        api_key=KEY, account_id=ACCOUNT, base_url=services.address, max_retries=0, _strict_response_validation=True
    )


def request_line(url: str = "/v1/responses", **body: Any) -> bytes:
    asked = {"model": "m", "input": "How are you?", **body}
    return json.dumps({"custom_id": "one", "method": "POST", "url": url, "body": asked}).encode() + b"\n"


@missing("openai")
def test_a_batch_goes_from_file_to_answers(services: TrainingServices) -> None:
    client = openai_client(services)
    file = client.files.create(file=("requests.jsonl", request_line()), purpose="batch")
    assert client.files.retrieve(file.id).filename == "requests.jsonl"
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/responses", completion_window="24h", metadata={"arena_sha256": "00"}
    )
    assert batch.status == "validating"
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.request_counts.completed, done.request_counts.failed) == ("completed", 1, 0)
    assert [one.id for one in client.batches.list(limit=1)] == [batch.id]
    (line,) = map(json.loads, client.files.content(done.output_file_id).text.splitlines())
    responses = pytest.importorskip("openai.types.responses")
    reply = responses.Response.model_validate(line["response"]["body"])
    assert line["custom_id"] == "one" and reply.output_text.startswith("Statement 1")
    assert services.state.refused == []


@missing("openai")
def test_a_file_goes_up_in_parts(services: TrainingServices) -> None:
    client, data = openai_client(services), request_line() * 3
    upload = client.uploads.create(
        bytes=len(data), filename="big.jsonl", mime_type="application/jsonl", purpose="batch"
    )
    parts = [client.uploads.parts.create(upload.id, data=piece).id for piece in (data[:100], data[100:])]
    done = client.uploads.complete(upload.id, part_ids=parts)
    assert done.status == "completed" and client.files.content(done.file.id).content == data


@missing("openai")
def test_a_batch_of_a_wrong_file_fails_with_its_lines(services: TrainingServices) -> None:
    client = openai_client(services)
    file = client.files.create(file=("r.jsonl", request_line("/v1/chat/completions")), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    failed = client.batches.retrieve(batch.id)
    assert failed.status == "failed" and failed.errors.data[0].line == 1
    assert client.batches.cancel(batch.id).status == "cancelled"


@missing("openai")
def test_a_wrong_batch_is_the_vendors_error(services: TrainingServices) -> None:
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.BadRequestError, match="needs a file"):
        openai_client(services).batches.create(
            input_file_id="file-0", endpoint="/v1/responses", completion_window="24h"
        )


@missing("openai")
def test_the_arena_and_the_vendors_client_send_the_same_batch(services: TrainingServices, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(request_line())
    ours = openai_batches(TransportSettings(services.environ()))
    made = ours.create(ours.upload(path, {}, lambda note: None), "/v1/responses", {"k": "v"})
    client = openai_client(services)
    file = client.files.create(file=path, purpose="batch")
    theirs = client.batches.create(
        input_file_id=file.id, endpoint="/v1/responses", completion_window="24h", metadata={"k": "v"}
    )
    kept = ("endpoint", "completion_window", "metadata")
    one, other = services.state.batches[made.id], services.state.batches[theirs.id]
    assert {name: one[name] for name in kept} == {name: other[name] for name in kept}
    assert services.state.files["file-1"] == services.state.files["file-2"]


@missing("openai")
def test_an_openai_model_is_tuned_from_a_file(services: TrainingServices) -> None:
    client = openai_client(services)
    file = client.files.create(file=("train.jsonl", ROWS * 10), purpose="fine-tune")
    assert client.files.retrieve(file.id).purpose == "fine-tune"
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
    job = client.fine_tuning.jobs.create(
        model="m", training_file=file.id, suffix="talker", seed=7, method=method, metadata={"arena_job": "first"}
    )
    assert job.status == "validating_files" and job.hyperparameters.n_epochs == 2
    assert [one.id for one in client.fine_tuning.jobs.list(limit=5, metadata={"arena_job": "first"})] == [job.id]
    assert list(client.fine_tuning.jobs.list(metadata={"arena_job": "other"})) == []
    done = client.fine_tuning.jobs.retrieve(job.id)
    assert (done.status, done.fine_tuned_model, done.error) == ("succeeded", "ft:m:org-test:talker:1", None)
    assert [event.message for event in client.fine_tuning.jobs.list_events(job.id)] == ["The job is succeeded"]
    assert services.state.refused == []


@missing("openai")
def test_an_openai_job_of_too_few_rows_fails_with_its_reason(services: TrainingServices) -> None:
    client = openai_client(services)
    file = client.files.create(file=("train.jsonl", ROWS), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="m", training_file=file.id)
    failed = client.fine_tuning.jobs.retrieve(job.id)
    assert failed.status == "failed" and "1 examples, 10 are needed" in failed.error.message


@missing("openai")
def test_an_openai_job_is_cancelled_while_it_runs(services: TrainingServices) -> None:
    services.state.polls, client = 5, openai_client(services)
    file = client.files.create(file=("train.jsonl", ROWS * 10), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="m", training_file=file.id)
    assert client.fine_tuning.jobs.retrieve(job.id).status == "running"
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"


@missing("openai")
def test_the_arena_and_the_vendors_client_start_the_same_openai_job(services: TrainingServices, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(ROWS * 10)
    method = {"type": "supervised", "supervised": {"hyperparameters": {}}}
    ours = openai_tuning(TransportSettings(services.environ()))
    made = ours.create("k", {"model": "m", "training_file": ours.upload(path, {}, lambda note: None), "method": method})
    client = openai_client(services)
    file = client.files.create(file=path, purpose="fine-tune")
    theirs = client.fine_tuning.jobs.create(
        model="m", training_file=file.id, method=method, metadata={"arena_job": "k"}
    )
    own = ("id", "training_file")
    one, other = services.state.tunings[made.id], services.state.tunings[theirs.id]
    assert {name: one[name] for name in one if name not in own} == {
        name: other[name] for name in one if name not in own
    }
    assert services.state.files["file-1"] == services.state.files["file-2"]


@missing("fireworks")
def test_a_model_is_tuned_from_a_data_set(services: TrainingServices) -> None:
    client = fireworks_client(services)
    about = {"user_uploaded": {}, "format": "CHAT", "example_count": "1"}
    assert client.datasets.create(dataset_id="rows", dataset=about).state == "UPLOADING"
    client.datasets.upload("rows", file=("train.jsonl", ROWS))
    assert client.datasets.get("rows").state == "READY"
    job = client.supervised_fine_tuning_jobs.create(
        dataset=f"accounts/{ACCOUNT}/datasets/rows", base_model=MODEL, output_model=f"accounts/{ACCOUNT}/models/tuned",
        supervised_fine_tuning_job_id="first", epochs=1, lora_rank=8,
    )  # fmt: skip
    assert job.state == "JOB_STATE_CREATING"
    done = client.supervised_fine_tuning_jobs.get("first")
    assert (done.state, done.output_model) == ("JOB_STATE_COMPLETED", f"accounts/{ACCOUNT}/models/tuned")
    assert services.state.refused == []


@missing("fireworks")
def test_a_deployment_is_made_listed_and_deleted(services: TrainingServices) -> None:
    client = fireworks_client(services)
    made = client.deployments.create(base_model=MODEL, deployment_id="arena-one", min_replica_count=1)
    assert (made.state, made.base_model) == ("CREATING", MODEL)
    assert client.deployments.get("arena-one").state == "READY"
    assert [one.name for one in client.deployments.list()] == [f"accounts/{ACCOUNT}/deployments/arena-one"]
    client.deployments.delete("arena-one")
    assert services.state.deleted == ["arena-one"]


@missing("fireworks")
def test_the_vendors_client_knows_every_member_that_the_arena_sends() -> None:
    jobs = pytest.importorskip("fireworks.types.supervised_fine_tuning_job_create_params")
    deployments = pytest.importorskip("fireworks.types.deployment_create_params")

    def names(params: Any) -> set[str]:
        marks = {name: getattr(type_, "__metadata__", ()) for name, type_ in _hints(params).items()}
        return {next((mark.alias for mark in found if getattr(mark, "alias", None)), name) for name, found in
                marks.items()}  # fmt: skip

    assert names(jobs.SupervisedFineTuningJobCreateParams) >= JOB_MEMBERS
    assert names(deployments.DeploymentCreateParams) >= DEPLOYMENT_MEMBERS


def _hints(params: Any) -> dict[str, Any]:
    typing_extensions = pytest.importorskip("typing_extensions")
    found = typing_extensions.get_type_hints(params, include_extras=True)
    inner = {name: typing_extensions.get_args(type_) for name, type_ in found.items()}
    return {
        name: inner[name][0] if typing_extensions.get_origin(type_) is typing_extensions.Required else type_
        for name, type_ in found.items()
    }
