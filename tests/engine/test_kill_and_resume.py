"""Kill a run at any request or byte and resume it: the results are those of an uninterrupted run, no call is repeated.

The runs are real: 4 workers, HTTP players and judge against a local server, the real calculator where it can be built.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from arena.store.journal import read_calls
from tests.support.http_server import KEY, KillingServer, ModelServer

WORKERS = 4
SEED = 20261120
DERIVED = ("matches.jsonl", "summary.json", "matches_scores.csv", "challenge_summary.csv")

COUNTED = ("matches.jsonl", "matches_scores.csv", "challenge_summary.csv")
"""The derived files that tests.support.killed_run counts."""


def flags(server: ModelServer, out: Path, calculator: str) -> list[str]:
    return [
        "--participant-model", "local/player", "--judge-model", "local/judge", "--max-turns", "5", "--limit", "6",
        "--workers", str(WORKERS), "--out", str(out), "--calculator-provider", calculator, "--quiet",
    ]  # fmt: skip


def start(server: ModelServer, words: Sequence[str], module: str = "arena.run") -> subprocess.Popen[bytes]:
    environ = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ARENA_NO_DOTENV": "1",
        "ARENA_LOCAL_BASE_URL": server.url, "ARENA_LOCAL_API_KEY": KEY,
    }  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen([sys.executable, "-m", module, *words], cwd=root, env=environ, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> int:
    _, said = process.communicate(timeout=120)
    assert b"Traceback" not in said, said.decode()
    return process.returncode


def results(out: Path) -> dict[str, bytes]:
    """Return everything that must be equal: records, aggregates, role views and bundles, by relative path."""
    names = [out / name for name in DERIVED]
    names += [path for folder in ("matches", "role_views") for path in (out / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in names}


def answered(out: Path) -> set[str]:
    """Return the server's digests of the calls that the journal holds an answer for; a torn last line holds none."""
    path = out / "api_calls.jsonl"
    if not path.exists():
        return set()
    asked = [line for _, line in read_calls(path) if line.kind != "tool" and line.settled]
    return {line.raw["id"].removeprefix("chatcmpl-") for line in asked}


@pytest.fixture(scope="module")
def calculator(request: pytest.FixtureRequest) -> str:
    """The real calculator where cargo can build it; without it the same promises hold for runs without tools."""
    if shutil.which("cargo") is None:
        return "none"
    request.getfixturevalue("calculator_binary")
    return "process"


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, calculator: str) -> tuple[dict[str, bytes], int, int]:
    """Return results, number of requests and bytes appended of the run that nothing disturbs."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with ModelServer() as server:
        assert finish(start(server, flags(server, out, calculator))) == 0
        assert max(Counter(seen.digest for seen in server.seen).values()) == 1, "every question of this run is unique"
        assert not server.refused
        appended = sum((out / name).stat().st_size for name in ("api_calls.jsonl", "matches.jsonl", "timings.jsonl"))
        assert b'"kind":"tool"' in (out / "api_calls.jsonl").read_bytes() or calculator == "none"
        return results(out), len(server.seen), appended


def check_resume(server: ModelServer, out: Path, calculator: str, whole: tuple[dict[str, bytes], int, int]) -> None:
    """Resume a killed run and hold it against the uninterrupted one."""
    kept = answered(out)
    resume = ["--resume"] if (out / "manifest.json").exists() else []
    assert finish(start(server, [*flags(server, out, calculator), *resume])) == 0
    assert results(out) == whole[0]
    asked = Counter(seen.digest for seen in server.seen)
    assert len(asked) == whole[1], "the same questions as in the uninterrupted run"
    repeated = {digest for digest, count in asked.items() if count > 1}
    assert not repeated & kept, "no call is made again whose answer was on disk"
    assert len(server.seen) - whole[1] <= WORKERS, "only calls in flight at the kill are made again"
    assert not list(out.rglob("*.tmp")), "no temporary file is left over"


def kill_points(total: int, count: int, label: str) -> list[int]:
    return sorted(random.Random(f"{SEED} {label}").sample(range(1, total + 1), min(count, total)))


def kill_at_requests(tmp_path: Path, calculator: str, whole: tuple[dict[str, bytes], int, int], count: int) -> None:
    for k in kill_points(whole[1], count, "request"):
        out = tmp_path / f"request-{k}"
        with KillingServer() as server:
            server.kill_at = k
            server.victim = start(server, flags(server, out, calculator))
            assert finish(server.victim) == -signal.SIGKILL
            server.victim = None
            check_resume(server, out, calculator, whole)


def kill_at_bytes(tmp_path: Path, calculator: str, whole: tuple[dict[str, bytes], int, int], count: int) -> None:
    # Clock values make the journal a few bytes longer or shorter: stay clear of the very last ones.
    total = whole[2] + sum(len(whole[0][name]) for name in COUNTED) - 2000
    for k in kill_points(total, count, "byte"):
        out = tmp_path / f"byte-{k}"
        with ModelServer() as server:
            killed = start(server, [str(k), *flags(server, out, calculator)], "tests.support.killed_run")
            assert finish(killed) == -signal.SIGKILL
            check_resume(server, out, calculator, whole)


def test_a_run_killed_at_the_kth_request_loses_nothing(
    tmp_path: Path, calculator: str, uninterrupted: tuple[dict[str, bytes], int, int]
) -> None:
    kill_at_requests(tmp_path, calculator, uninterrupted, 8)


def test_a_run_killed_at_the_kth_byte_loses_nothing(
    tmp_path: Path, calculator: str, uninterrupted: tuple[dict[str, bytes], int, int]
) -> None:
    kill_at_bytes(tmp_path, calculator, uninterrupted, 8)


@pytest.mark.long
def test_a_run_killed_at_many_requests_and_bytes_loses_nothing(
    tmp_path: Path, calculator: str, uninterrupted: tuple[dict[str, bytes], int, int]
) -> None:
    kill_at_requests(tmp_path, calculator, uninterrupted, 40)
    kill_at_bytes(tmp_path, calculator, uninterrupted, 40)


def test_a_run_killed_twice_loses_nothing(
    tmp_path: Path, calculator: str, uninterrupted: tuple[dict[str, bytes], int, int]
) -> None:
    out = tmp_path / "run"
    with KillingServer() as server:
        for k, resume in ((uninterrupted[1] // 4, []), (uninterrupted[1] // 2, ["--resume"])):
            server.kill_at = k
            server.victim = start(server, [*flags(server, out, calculator), *resume])
            assert finish(server.victim) == -signal.SIGKILL
        server.kill_at = server.victim = None
        assert finish(start(server, [*flags(server, out, calculator), "--resume"])) == 0
        assert results(out) == uninterrupted[0]
        assert len(server.seen) <= uninterrupted[1] + 2 * WORKERS


def test_results_do_not_depend_on_the_number_of_workers(
    tmp_path: Path, calculator: str, uninterrupted: tuple[dict[str, bytes], int, int]
) -> None:
    out = tmp_path / "run"
    with ModelServer() as server:
        assert finish(start(server, [*flags(server, out, calculator), "--workers", "1"])) == 0
    assert results(out) == uninterrupted[0]
