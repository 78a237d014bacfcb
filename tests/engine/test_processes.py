"""--processes N: the result is that of one process, also after a signal or a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.engine.plan import Job
from arena.engine.processes import Deal
from arena.records import Trial
from arena.store.journal import read_calls
from arena.store.reader import read_records
from tests.support.arena_rig import (
    LOCAL,
    NO_TOOLS,
    ROOT,
    apart_from_unknown,
    environment,
    everything,
    local_environ,
    process,
    results,
)
from tests.support.http_server import KEY, ModelServer

FLAGS = (*LOCAL, *NO_TOOLS, "--limit", "6", "--repetitions", "2", "--max-turns", "5", "--workers", "4")
SECONDS = 120.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process. Not to be changed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with ModelServer() as server:
        ended = process(*FLAGS, "--quiet", "--out", str(out), environ=environment(**local_environ(server)))
    assert ended.code == 0, ended.text
    return out


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(latency_s=0.02) as started:
        yield started


def trial(key: str) -> Trial:
    return Trial(key, "toy", {}, key, None, "0" * 64, {})


def start(server: ModelServer, out: Path, *words: str) -> subprocess.Popen[bytes]:
    environ = environment(**local_environ(server))
    command = [sys.executable, "-m", "arena.run", *FLAGS, "--out", str(out), *words]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def finish(run: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, said = run.communicate(timeout=SECONDS)
    assert b"Traceback" not in said, said.decode()
    return run.returncode, said.decode()


def await_calls(server: ModelServer, count: int) -> None:
    until = time.monotonic() + SECONDS
    while len(server.seen) < count:
        assert time.monotonic() < until
        time.sleep(0.005)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def answered(out: Path) -> set[str]:
    """Return the server's digests of the calls that some log of the run has an answer for."""
    found = set()
    for path in out.rglob("api_calls.jsonl"):
        found |= {line.raw["id"].removeprefix("chatcmpl-") for _, line in read_calls(path) if line.reply is not None}
    return found


def check_same(server: ModelServer, out: Path, whole: Path, kept: set[str]) -> None:
    """Hold a run that was resumed against that of one process: same results, and no call again that was answered."""
    found, abandoned = apart_from_unknown(results(out))
    expected, _ = apart_from_unknown(results(whole))
    assert found == expected and abandoned <= 4  # workers
    asked = Counter(seen.digest for seen in server.seen)
    assert not {digest for digest, times in asked.items() if times > 1} & kept
    assert not (out / "processes").exists()
    assert process("verify", str(out), *NO_TOOLS, door=("-m", "arena")).code == 0


@pytest.mark.parametrize("count", ["2", "3", "99"])
def test_result_is_that_of_one_process(server: ModelServer, whole: Path, tmp_path: Path, count: str) -> None:
    code, said = finish(start(server, tmp_path / "run", "--processes", count, "--progress"))
    assert code == 0 and "[12/12]" in said and said.count("run directory:") == 1
    check_same(server, tmp_path / "run", whole, answered(tmp_path / "run"))
    (session,) = json.loads((tmp_path / "run" / "manifest.json").read_bytes())["sessions"]
    assert session["played"] == 12 and session["operation"]["processes"] == int(count)


@pytest.mark.parametrize("again", [("--processes", "3"), ()])
def test_interrupted_run_is_resumed_by_any_number_of_processes(
    server: ModelServer, whole: Path, tmp_path: Path, again: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    run = start(server, out, "--processes", "2")
    await_calls(server, 15)
    run.send_signal(signal.SIGTERM)
    code, said = finish(run)
    assert code == 130 and said.count("stopping:") == 1 and "--processes 2" in said
    kept = answered(out)
    assert finish(start(server, out, "--resume", *again))[0] == 0
    check_same(server, out, whole, kept)


@pytest.mark.parametrize("again", [("--processes", "3"), ()])
def test_killed_run_is_resumed_by_any_number_of_processes(
    server: ModelServer, whole: Path, tmp_path: Path, again: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    run = start(server, out, "--processes", "2")
    await_calls(server, 25)
    played = children(run.pid)
    run.kill()
    run.wait()
    until = time.monotonic() + SECONDS
    while any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in played):
        assert time.monotonic() < until, "processes outlive their parent"
        time.sleep(0.01)
    kept = answered(out)
    assert finish(start(server, out, "--resume", *again))[0] == 0
    check_same(server, out, whole, kept)


def test_killed_process_is_said_and_nothing_is_lost(server: ModelServer, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = start(server, out, "--processes", "2")
    await_calls(server, 15)
    os.kill(children(run.pid)[0], signal.SIGKILL)
    code, said = finish(run)
    assert code not in (0, 130) and "signal 9" in said and "--resume" in said
    kept = answered(out)
    assert kept and finish(start(server, out, "--resume", "--processes", "2"))[0] == 0
    check_same(server, out, whole, kept)


def test_series_go_to_whoever_asks_and_each_once() -> None:
    deal, plan = Deal(), [(Job(trial(f"t{number}"), 0),) for number in range(5)]
    assert deal.fill()
    quick, slow = deal.taken(iter(plan)), deal.taken(iter(plan))
    taken = [next(quick), next(slow), next(quick), next(quick), next(quick)]
    assert taken == plan
    assert next(quick, None) is None and next(slow, None) is None
    os.close(deal.reader)
    assert not deal.fill(), "nobody reads it any more"
    os.close(deal.writer)


def test_limit_holds_over_all_processes(server: ModelServer, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, said = finish(start(server, out, "--processes", "3", "--max-calls", "20"))
    assert code == 0 and "with a higher limit" in said
    assert len(server.seen) <= 20
    code, _ = finish(start(server, out, "--processes", "2", "--max-calls", "30", "--resume"))
    assert code == 0 and len(server.seen) <= 30


def test_error_in_one_process_ends_the_run(server: ModelServer, tmp_path: Path) -> None:
    server.key = "one that is not given"
    out = tmp_path / "run"
    code, said = finish(start(server, out, "--processes", "2", "--max-retries", "0"))
    assert code == 1 and said.count("resume with:") == 1
    ended = [record.status for record in read_records(out)]
    assert set(ended) == {"error"} and len(ended) <= 4
    assert KEY.encode() not in everything(out)


def test_gate_decisions_of_all_processes_are_timed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "arena", "risk", "run", "--trials", "2", "--processes", "2", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    run = json.loads((out / "run.json").read_bytes())
    decided = sum(sum(run["gate_summary"][stage].values()) for stage in ("pre", "post"))
    assert run["gate_latency"]["n"] == decided > 0 and run["gate_latency"]["p95"] > 0
