"""deploy/: the ready files for Slurm, Kubernetes, AWS Batch and Docker fit each other and the arena."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arena.cli.commands import COMMANDS
from arena.families.crypto.spec import SETTINGS
from arena.formats import simpleyaml
from tests.support.arena_rig import ROOT

DEPLOY = ROOT / "deploy"
FLAGS = {flag for row in SETTINGS for flag in row.flags}
SHARD_SH = "deploy/shard.sh"


def batch(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "aws-batch" / name).read_bytes())
    return found


def job() -> dict[str, Any]:
    found: dict[str, Any] = simpleyaml.load(DEPLOY / "kubernetes" / "job.yaml")
    return found


def shard_sh(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start the script with a Python that prints its arguments."""
    fake = folder / "python"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    whole = {"PATH": os.environ["PATH"], "PYTHON": str(fake), "RUNS": str(folder), **environ}
    return subprocess.run([ROOT / SHARD_SH, *words], env=whole, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("index", ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"])
def test_shard_script_plays_the_shard_and_resumes_it(index: str, tmp_path: Path) -> None:
    played = ["-m", "arena", "run", "--shard", "auto", "--out", f"{tmp_path}/shard-3"]
    done = shard_sh(tmp_path, "--limit", "two words", **{index: "3"})
    assert done.stdout.splitlines() == [*played, "--limit", "two words"]
    (tmp_path / "shard-3").mkdir()
    (tmp_path / "shard-3" / "manifest.json").touch()
    assert shard_sh(tmp_path, **{index: "3"}).stdout.splitlines() == [*played, "--resume"]


def test_shard_script_refuses_to_guess(tmp_path: Path) -> None:
    done = shard_sh(tmp_path)
    assert done.returncode != 0 and "no scheduler names a shard" in done.stderr and not done.stdout
    assert "set RUNS" in shard_sh(tmp_path, RUNS="", JOB_COMPLETION_INDEX="0").stderr


def test_slurm_script_hands_its_flags_on() -> None:
    path = DEPLOY / "slurm" / "arena.sbatch"
    subprocess.run(["bash", "-n", path], check=True)
    text = path.read_text()
    assert "#SBATCH --requeue" in text and text.endswith(f'exec {SHARD_SH} "$@"\n')
    assert set(re.findall(r"--[a-z-]+-model", text)) <= FLAGS


def test_kubernetes_job_is_indexed_and_counts_its_shards() -> None:
    spec = job()["spec"]
    assert (job()["apiVersion"], job()["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    environ = {one["name"]: one["value"] for one in container["env"]}
    assert environ["ARENA_SHARD_COUNT"] == str(spec["completions"])
    assert container["command"] == [SHARD_SH]
    assert {word for word in container["args"] if word.startswith("--")} <= FLAGS
    assert pod["restartPolicy"] in ("OnFailure", "Never")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    assert any(environ["RUNS"].startswith(path) for path in mounts.values())


def test_batch_job_counts_its_shards() -> None:
    container = batch("job-definition.json")["containerProperties"]
    environ = {one["name"]: one["value"] for one in container["environment"]}
    assert environ["ARENA_SHARD_COUNT"] == str(batch("submit-job.json")["arrayProperties"]["size"])
    assert batch("submit-job.json")["jobDefinition"] == batch("job-definition.json")["jobDefinitionName"]
    assert container["command"][0] == SHARD_SH
    assert {word for word in container["command"] if word.startswith("--")} <= FLAGS
    assert [mount["sourceVolume"] for mount in container["mountPoints"]] == [v["name"] for v in container["volumes"]]
    assert environ["RUNS"].startswith(container["mountPoints"][0]["containerPath"])


@pytest.mark.long
@pytest.mark.parametrize(
    ("operation", "file"), [("RegisterJobDefinition", "job-definition.json"), ("SubmitJob", "submit-job.json")]
)
def test_batch_files_fit_the_model_of_the_api(operation: str, file: str) -> None:
    session = pytest.importorskip("botocore.session", reason="botocore is missing: make test-long installs it")
    validate = pytest.importorskip("botocore.validate")
    model = session.get_session().get_service_model("batch").operation_model(operation)
    report = validate.ParamValidator().validate(batch(file), model.input_shape)
    assert not report.has_errors(), report.generate_report()
    broken = {**batch(file), "jobName" if operation == "SubmitJob" else "type": 7}
    assert validate.ParamValidator().validate(broken, model.input_shape).has_errors()


def test_image_has_what_the_arena_needs() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE)
    assert copied and all((ROOT / name).is_dir() for name in copied)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored and {f"!{name.rstrip('/')}" for name in copied} <= set(ignored)
    assert "python3" in text and {"arena", "config", "src", "deploy"} <= {name.rstrip("/") for name in copied}
    assert "merge" in COMMANDS


def test_images_build_the_calculator_with_the_pinned_compiler() -> None:
    pinned = re.search(r'channel = "(\d+\.\d+)', (ROOT / ".ci/rust-toolchain.toml").read_text())
    assert pinned and f"rust:{pinned[1]}-" in (DEPLOY / "Dockerfile").read_text()
