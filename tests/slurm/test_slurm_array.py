"""A real Slurm plays an array of eight shards; one task is cancelled, one is requeued; merged, it is the whole run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.engine.shards import Shard
from arena.store.reader import read_records
from tests.slurm.one_node import OneNode, lacking
from tests.support.arena_rig import LOCAL, NO_TOOLS, ROOT, Ended, environment, local_environ, process, results
from tests.support.http_server import ModelServer

pytestmark = pytest.mark.long

SHARDS = 8
FLAGS = (*LOCAL, *NO_TOOLS, "--limit", "8", "--repetitions", "2", "--max-turns", "6", "--workers", "1", "--quiet")
LATENCY_S = 0.5
SECONDS = 600.0


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[OneNode]:
    why = lacking()
    if why is not None:
        pytest.skip(why)
    with OneNode(tmp_path / "slurm", os.cpu_count() or 1) as node:
        yield node


def submit(slurm: OneNode, runs: Path, server: ModelServer, array: str, **environ: str) -> str:
    """Submit tasks of the array and return the id of the job."""
    given = {"RUNS": str(runs), "ARENA_NO_DOTENV": "1", **local_environ(server), **environ}
    return slurm.run("sbatch", "--parsable", f"--chdir={ROOT}", f"--array={array}", f"--output={runs}/%a.log",
                     "--mem=10M", str(ROOT / "deploy/slurm/arena.sbatch"), *FLAGS, **given)  # fmt: skip


def await_call(shard: Path) -> None:
    """Wait until a shard has an answer on disk."""
    until = time.monotonic() + SECONDS
    journal = shard / "api_calls.jsonl"
    while not (journal.exists() and journal.stat().st_size):
        assert time.monotonic() < until, f"{shard} made no call"
        time.sleep(0.05)


def merge(runs: Path) -> Ended:
    shards = [str(path) for path in sorted(runs.glob("shard-*"))]
    return process("merge", str(runs / "whole"), *shards, "--json", door=("-m", "arena"))


def test_array_with_a_cancelled_and_a_requeued_task_merges_into_the_whole_run(slurm: OneNode, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    with ModelServer() as server:
        whole = process(*FLAGS, "--out", str(tmp_path / "undivided"), environ=environment(**local_environ(server)))
        assert whole.code == 0, whole.text
    trials = [record.trial for record in read_records(tmp_path / "undivided")]
    sizes = {n: sum(Shard(n, SHARDS).holds(trial) for trial in trials) for n in range(SHARDS)}
    requeued, cancelled = sorted(sizes, key=lambda n: sizes[n])[-2:]
    with ModelServer(latency_s=LATENCY_S) as server:
        job = submit(slurm, runs, server, f"0-{SHARDS - 1}")
        await_call(runs / f"shard-{cancelled}")
        slurm.run("scancel", f"{job}_{cancelled}")
        await_call(runs / f"shard-{requeued}")
        slurm.run("scontrol", "requeue", f"{job}_{requeued}")
        slurm.run("scontrol", "update", f"jobid={job}_{requeued}", "starttime=now")
        slurm.wait(job, SECONDS)
        ended = merge(runs)
        assert ended.code == 1 and json.loads(ended.out)["missing"], ended.text
        lost = {key for key in json.loads(ended.out)["missing"]}
        assert lost <= {trial.key for trial in trials if Shard(cancelled, SHARDS).holds(trial)}
        slurm.wait(submit(slurm, runs, server, str(cancelled), ARENA_SHARD_COUNT=str(SHARDS)), SECONDS)
    ended = merge(runs)
    assert ended.code == 0, ended.text
    assert results(runs / "whole") == results(tmp_path / "undivided")
    for run in (runs / "whole", runs / f"shard-{requeued}"):
        checked = process("verify", str(run), *NO_TOOLS, door=("-m", "arena"))
        assert checked.code == 0, checked.text
    sessions = json.loads((runs / f"shard-{requeued}" / "manifest.json").read_bytes())["sessions"]
    assert len(sessions) == 2
