"""Ctrl-C, SIGTERM, two processes, --fsync, and directories that something happened to."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.arena_rig import (
    LOCAL,
    NO_TOOLS,
    ROOT,
    Ended,
    Table,
    apart_from_unknown,
    arena,
    challenge,
    command,
    environment,
    local_environ,
    process,
    results,
    verdict,
)
from tests.support.http_server import ModelServer, Scripted, Seen

WORDS = (*LOCAL, *NO_TOOLS, "--limit", "5", "--max-turns", "4", "--workers", "3")
IN_FLIGHT = 3


class SignallingServer(ModelServer):
    """Sends a signal to a process when its k-th request has come in, and from then on holds every answer back.

    Answers go out when `told` is set; with `hold` they never do.
    """

    at: int | None = None
    signal = signal.SIGINT
    hold = False
    victim: subprocess.Popen[bytes] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.sent = threading.Event()
        self.told = threading.Event()

    def receive(self, seen: Seen) -> Scripted | None:
        scripted = super().receive(seen)
        if self.at is not None and len(self.seen) >= self.at and self.victim is not None:
            if not self.sent.is_set():
                self.sent.set()
                os.kill(self.victim.pid, self.signal)
            if self.hold:
                return Scripted(hang=True)
            assert self.told.wait(30)
        return scripted


def start(server: ModelServer, out: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "arena.run", *WORDS, "--out", str(out), *words]
    environ = environment(**local_environ(server))
    return subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def wait_until_told(server: SignallingServer, running: subprocess.Popen[bytes]) -> str:
    """Return what the process says until it has taken the signal in; let its answers out."""
    said = b""
    while b"stopping: waiting for" not in said:
        assert running.stderr is not None
        line = running.stderr.readline()
        assert line, "the run ended before it took the signal in"
        said += line
    server.told.set()
    return said.decode()


def assert_equal_but_for_abandoned(out: Path, whole: dict[str, bytes], abandoned: int) -> None:
    """The results are those of the undisturbed run, but for the number of attempts of unknown cost."""
    assert apart_from_unknown(results(out)) == (apart_from_unknown(whole)[0], abandoned)


def abandoned_of(ended: Ended, why: str) -> int:
    """Return how many calls an interrupted run says that it abandoned."""
    said = re.search(rf"{re.escape(why)}; (\d) calls in flight are abandoned \(counted.*; resume with: ", ended.err)
    assert ended.code == 130 and said, ended.err
    assert 0 < int(said[1]) <= IN_FLIGHT
    return int(said[1])


def wait_for_lines(out: Path, text: str, count: int) -> None:
    """Wait until the journals of a run and its processes hold a text so often: they end after their parent."""
    for _ in range(600):
        if sum(path.read_text().count(text) for path in out.rglob("api_calls.jsonl")) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{text} is not in the journals {count} times")


def finish(running: subprocess.Popen[bytes]) -> Ended:
    out, err = running.communicate(timeout=60)
    assert b"Traceback" not in err, err.decode()
    return Ended(running.returncode, out.decode(), err.decode())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """Return the results of the undisturbed run, and how many requests it takes."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with ModelServer() as server:
        assert finish(start(server, out)).code == 0
        return results(out), len(server.seen)


@pytest.mark.parametrize(
    ("at", "number"), [(1, signal.SIGTERM), (9, signal.SIGINT), (9, signal.SIGTERM), (20, signal.SIGINT)]
)
def test_an_interrupt_finishes_cleanly_says_how_to_resume_and_loses_nothing(
    at: int, number: signal.Signals, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with SignallingServer() as server:
        server.at, server.signal = at, number
        server.victim = start(server, out)
        wait_until_told(server, server.victim)
        ended = finish(server.victim)
        assert ended.code == 130
        hint = re.search(r"resume with: python3 -m arena\.run (.*--resume.*)", ended.err)
        assert hint, "it says how to go on"
        assert len(server.seen) < at + IN_FLIGHT, "nothing new is started"
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["sessions"][-1]["stopped_by"] == "interrupted"
        server.at = None
        resumed = process(*shlex.split(hint[1]), environ=environment(**local_environ(server)))
        assert resumed.code == 0, resumed.err
        assert results(out) == whole[0]
        assert max(Counter(seen.digest for seen in server.seen).values()) == 1, "no paid call is repeated"
        assert len(server.seen) == whole[1]


def test_a_second_interrupt_ends_at_once(whole: tuple[dict[str, bytes], int], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with SignallingServer() as server:
        server.at, server.hold = 8, True
        running = server.victim = start(server, out)
        wait_until_told(server, running)
        assert running.poll() is None, "it waits for what is in flight"
        os.kill(running.pid, signal.SIGINT)
        ended = finish(running)
        abandoned = abandoned_of(ended, "ended at once")
        server.at, server.hold = None, False
        resumed = finish(start(server, out, "--resume"))
        assert resumed.code == 0 and f"{abandoned} attempts have an unknown cost" in resumed.err + resumed.out
        assert_equal_but_for_abandoned(out, whole[0], abandoned)
        assert command("verify", out).code == 0


@pytest.mark.parametrize("grace", ["0.3", "60"])
def test_processes_count_their_abandoned_calls(grace: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with SignallingServer() as server:
        server.at, server.hold = 8, True
        running = server.victim = start(server, out, "--processes", "2", "--grace", grace)
        if grace == "60":
            wait_until_told(server, running)
            os.kill(running.pid, signal.SIGINT)
        assert finish(running).code == 130
        server.at, server.hold = None, False
        wait_for_lines(out, '"may_be_billed"', 1)
        assert finish(start(server, out, "--resume")).code == 0
    abandoned = (out / "api_calls.jsonl").read_text().count('"may_be_billed"')
    assert json.loads((out / "summary.json").read_text())["cost_usd"]["unknown_attempts"] == abandoned > 0


def test_calls_in_flight_are_abandoned_after_the_grace(whole: tuple[dict[str, bytes], int], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with SignallingServer() as server:
        server.at, server.hold = 8, True
        server.victim = start(server, out, "--grace", "0.3")
        ended = finish(server.victim)
        abandoned = abandoned_of(ended, "ended after 0.3 s (--grace)")
        server.at, server.hold = None, False
        assert finish(start(server, out, "--resume")).code == 0
        assert_equal_but_for_abandoned(out, whole[0], abandoned)


def test_an_interrupt_while_waiting_for_a_retry_does_not_wait_the_retry_out(tmp_path: Path) -> None:
    with SignallingServer() as server:
        server.at = 1
        server.script(*[Scripted(status=429, headers={"Retry-After": "300"}) for _ in range(5)])
        server.victim = start(server, tmp_path / "run", "--workers", "1")
        wait_until_told(server, server.victim)
        ended = finish(server.victim)
        assert ended.code == 130 and len(server.seen) == 1


def test_two_processes_cannot_play_into_one_directory(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with SignallingServer() as server:
        server.at, server.hold = 4, True
        server.signal = signal.SIGCONT  # harmless: only tells us that the run is under way
        running = server.victim = start(server, out)
        assert server.sent.wait(30)
        before = (out / "manifest.json").read_bytes()
        environ = environment(**local_environ(server))
        second = process(*WORDS, "--out", str(out), "--resume", environ=environ)
        assert second.code == 2 and "in use by another process" in second.err
        assert (out / "manifest.json").read_bytes() == before
        fresh = process(*WORDS, "--out", str(out), environ=environ)
        assert fresh.code == 2 and "not empty" in fresh.err
        running.kill()
        running.communicate()
        server.at, server.hold = None, False
        assert finish(start(server, out, "--resume")).code == 0, "a killed process leaves no lock behind"


def test_fsync_forces_every_answer_to_the_disk_before_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    forced: list[str] = []

    def fsync(descriptor: int) -> None:
        forced.append(os.readlink(f"/proc/self/fd/{descriptor}") if Path("/proc/self/fd").exists() else "")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    table = Table(tmp_path)
    turns: dict[str, Any] = {"turns": {"Ana": ["Hello."], "Bo": ["Hi."]}, "judge": [verdict(4)]}
    table.play("--max-turns", "2", out="plain", **turns)
    plain = len(forced)
    forced.clear()
    ended = table.play("--max-turns", "2", "--fsync", out="forced", **turns)
    answers, records = len(ended.calls()), len(ended.records())
    assert (answers, records) == (3, 1)
    assert len(forced) == plain + answers + records
    if any(forced):
        assert sum(name.endswith("/api_calls.jsonl") for name in forced) == answers


def test_a_torn_last_line_is_dropped_loudly_and_only_its_call_is_made_again(tmp_path: Path) -> None:
    table = Table(tmp_path)
    parts: dict[str, Any] = {"turns": {"Ana": ["Hello."], "Bo": ["Hi."]}, "judge": [verdict(4)]}
    whole = table.play("--max-turns", "2", out="whole", **parts)
    torn = table.play("--max-turns", "2", **parts)
    torn.file("matches.jsonl").unlink()
    log = torn.file("api_calls.jsonl")
    log.write_bytes(log.read_bytes()[:-20])
    resumed = table.play("--max-turns", "2", "--resume", **parts)
    assert resumed.code == 0
    assert "api_calls.jsonl: dropped a torn last line" in resumed.err
    assert whole.folder is not None
    ours, theirs = results(tmp_path / "run"), results(whole.folder)
    assert ours == theirs
    assert len(resumed.calls()) == 3


def test_derived_files_can_all_be_rebuilt_by_a_resume(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    assert table.play().code == 0
    run = tmp_path / "run"
    before = results(run)
    for path in [*run.rglob("*.csv"), run / "summary.json", *(run / "role_views").iterdir(), *run.rglob("match.json"),
                 *run.rglob("transcript.json")]:  # fmt: skip
        path.unlink()
    assert table.play("--resume").code == 0
    assert results(run) == before


DAMAGE = {
    "manifest is not JSON": ("manifest.json", b"{", "manifest.json: line 1, column 2: is not JSON"),
    "manifest is another thing": ("manifest.json", b"{}", "manifest.json: /manifest_format: is missing"),
    "record in the middle is broken": ("matches.jsonl", b"nonsense\n", "matches.jsonl: line 1, column 1: is not JSON"),
    "record has no key": ("matches.jsonl", b'{"format": 1}\n', "matches.jsonl: line 1: /key: is missing"),
    "call is broken": ("api_calls.jsonl", b"nonsense\n", "api_calls.jsonl: line 1, column 1: is not JSON"),
    "call has no place": ("api_calls.jsonl", b'{"kind": "model"}\n', "api_calls.jsonl: line 1: /trial: is missing"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_directory_is_told_with_file_and_line_and_left_as_it_is(name: str, tmp_path: Path) -> None:
    file, content, says = DAMAGE[name]
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    table.play("--max-calls", "3", "--workers", "1", "--max-turns", "2")
    path = tmp_path / "run" / file
    path.write_bytes(content + (path.read_bytes() if file != "manifest.json" else b""))
    before = {name: data for name, data in results(tmp_path / "run").items()}
    ended = table.play("--max-turns", "2", "--resume")
    assert ended.code == 2 and says in ended.err
    assert results(tmp_path / "run") == before


def test_a_resume_keeps_the_log_of_all_sessions(tmp_path: Path) -> None:
    with ModelServer() as server:
        environ = environment(**local_environ(server))
        out = ("--out", str(tmp_path / "run"))
        process(*WORDS, *out, "--max-calls", "5", environ=environ)
        process(*WORDS, *out, "--resume", "--workers", "1", environ=environ)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert [session["stopped_by"] for session in manifest["sessions"]] == ["budget", None]
    assert [session["operation"]["workers"] for session in manifest["sessions"]] == [3, 1]
    assert manifest["operation"]["max_calls"] == 5, "what the run was started with"


def test_resume_prints_what_is_kept(tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    table.play("--max-calls", "4", "--workers", "1", "--max-turns", "2")
    ended = table.play("--resume", "--max-turns", "2")
    assert ended.code == 0 and "1 of 2 kept" in ended.err
    assert arena("--resume", "--out", str(tmp_path / "run"), *NO_TOOLS).code == 2, "another set of challenges"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_before_the_first_match_ends_with_130_and_no_run_directory(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = tmp_path / "calculator"
    # Asked for its catalogue, it signals the run and never answers.
    program.write_text(f"#!/bin/sh\nkill -{int(number)} $PPID\nexec sleep 600\n", encoding="utf-8")
    program.chmod(0o755)
    environ = {**environment(), "ARENA_CALCULATOR_BIN": str(program)}
    ended = process("--limit", "1", "--out", str(tmp_path / "run"), environ=environ)
    assert ended.code == 130 and "interrupted" in ended.err
    assert not (tmp_path / "run").exists()


def test_the_command_to_resume_with_repeats_no_token_of_an_address(tmp_path: Path) -> None:
    url = "https://calculator.example/path?token=very-secret-token"
    ended = arena(
        "--limit", "1", *NO_TOOLS, "--calculator-lambda-url", url, "--max-calls", "1", "--out", str(tmp_path / "run")
    )
    assert "resume with: python3 -m arena.run" in ended.err and "https://calculator.example/path" in ended.err
    assert "very-secret-token" not in ended.text
