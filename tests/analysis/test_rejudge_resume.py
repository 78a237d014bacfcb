"""A run that judges again, killed at any request or byte and resumed: no verdict is paid for twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.arena_rig import ROOT, Table, challenge, environment, local_environ, results, verdict
from tests.support.http_server import KillingServer, ModelServer
from tests.support.rejudge_rig import judge_file, rejudge
from tests.support.verify_rig import verify

REPETITIONS = 3
MATCHES = 4
REQUESTS = MATCHES * REPETITIONS


@dataclass
class World:
    """A finished run, and what judging it again gives when nothing disturbs it."""

    run: Path
    other_judge: str
    whole: dict[str, bytes]

    def words(self, out: Path) -> list[str]:
        """One judge behind HTTP and a scripted one, each three times, one match after the other."""
        judges = ["--judge", "local/judge", "--judge", self.other_judge, "--judge-repetitions", str(REPETITIONS)]
        return ["rejudge", str(self.run), *judges, "--workers", "1", "--quiet", "--out", str(out)]


def start(server: ModelServer, words: Sequence[str], module: str = "arena") -> subprocess.Popen[bytes]:
    environ = environment(**local_environ(server))
    return subprocess.Popen([sys.executable, "-m", module, *words], cwd=ROOT, env=environ, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> int:
    _, said = process.communicate(timeout=120)
    assert b"Traceback" not in said, said.decode()
    return process.returncode


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("rejudge")
    table = Table(folder, [challenge(f"c{n}") for n in range(MATCHES)])
    table.play("--max-turns", "2", turns={"Ana": ["Monday?"], "Bo": ["Friday."]}, judge=[verdict(3)])
    made = World(folder / "run", judge_file(folder, "second", verdict(4)), {})
    with ModelServer() as server:
        assert finish(start(server, made.words(folder / "whole"))) == 0
        assert len(server.seen) == REQUESTS
    made.whole = results(folder / "whole")
    yield made


def answered(out: Path) -> int:
    """Return how many verdicts of the judge behind HTTP are on disk; a torn last line is none."""
    path = out / "api_calls.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return sum(line["provider"] == "local/judge" and "reply" in line for line in found)


def check_resume(world: World, server: ModelServer, out: Path) -> None:
    kept, before = answered(out), len(server.seen)
    resume = ["--resume"] if (out / "manifest.json").exists() else []
    assert finish(start(server, [*world.words(out), *resume])) == 0
    assert len(server.seen) - before == REQUESTS - kept, "what was answered is not asked again"
    assert before - kept <= 1, "only the call in flight was lost"
    assert results(out) == world.whole


@pytest.mark.parametrize("k", [1, 5, REQUESTS])
def test_killed_at_the_kth_request_of_a_judge_it_pays_nothing_twice(world: World, tmp_path: Path, k: int) -> None:
    with KillingServer() as server:
        server.kill_at = k
        server.victim = start(server, world.words(tmp_path / "out"))
        assert finish(server.victim) == -signal.SIGKILL
        server.victim = None
        check_resume(world, server, tmp_path / "out")
    assert "everything holds" in verify(tmp_path / "out", "--calculator-provider", "none").out


@pytest.mark.parametrize("share", [0.02, 0.4, 0.75, 0.97])
def test_killed_at_any_byte_it_pays_nothing_twice(world: World, tmp_path: Path, share: float) -> None:
    written = ("api_calls.jsonl", "matches.jsonl", "timings.jsonl")
    sizes = sum((world.run.parent / "whole" / name).stat().st_size for name in written)
    with ModelServer() as server:
        killed = start(server, [str(int(share * sizes)), *world.words(tmp_path / "out")], "tests.support.killed_run")
        assert finish(killed) == -signal.SIGKILL
        check_resume(world, server, tmp_path / "out")


def test_a_judge_that_is_down_is_an_error_and_no_score_and_its_panel_goes_on_later(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARENA_LOCAL_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ARENA_NO_DOTENV", "1")
    words = [*world.words(tmp_path / "out")[2:], "--max-retries", "0"]
    ended = rejudge(world.run, *words)
    assert ended.code == 1 and "resume with: python3 -m arena rejudge" in ended.err
    record = json.loads((tmp_path / "out/matches.jsonl").read_bytes().splitlines()[0])
    assert (record["status"], record["stop"], record["scores"], record["outcome"]) == ("error", "judge", {}, "")
    assert record["transcript"], "what was played is not lost with the judge"
    with ModelServer() as server:
        for name, value in local_environ(server).items():
            monkeypatch.setenv(name, value)
        assert rejudge(world.run, *words, "--resume").code == 0
        assert len(server.seen) == REQUESTS
    assert results(tmp_path / "out") == world.whole
