"""Runs commands for tests: in this process with the output captured, or as a separate process.

In a test:

    ended = arena("--limit", "2", "--out", str(tmp_path / "run"))
    assert ended.code == 0 and "2 of 2 matches" in ended.out
    records = ended.records()

`arena` and `process` fail the test if any traceback is printed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from arena.cli.entry import main as any_command
from arena.run import main
from tests.support.http_server import KEY, ModelServer
from tests.support.plain_records import records_of

ROOT = Path(__file__).resolve().parents[2]
NO_TOOLS = ("--calculator-provider", "none")
LOCAL = ("--participant-model", "local/player", "--judge-model", "local/judge")
"""Players and judge behind HTTP; `local_server` says where."""

DIMENSIONS = (
    "Primitive Selection", "Negotiation Skills", "Implementation Correctness", "Computation / Tool Usage",
    "Security Strength",
)  # fmt: skip
CLOCKED = frozenset({"manifest.json", "api_calls.jsonl", "timings.jsonl", "digests.json", "resume_index.jsonl"})
"""The only files with clock values, and the list of their digests (docs/run-directory.md)."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, both streams, and the run directory it was given, if any."""

    code: int
    out: str
    err: str
    folder: Path | None = None

    @property
    def text(self) -> str:
        return self.out + self.err

    def file(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / name

    def json(self, name: str) -> Any:
        return json.loads(self.file(name).read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.file(name).read_bytes().splitlines()]

    def records(self) -> list[Any]:
        return records_of(self.file(""))

    def calls(self, *kinds: str) -> list[Any]:
        return [line for line in self.lines("api_calls.jsonl") if not kinds or line["kind"] in kinds]

    def rows(self, name: str) -> list[dict[str, str]]:
        with self.file(name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def folder_of(words: Sequence[str]) -> Path | None:
    return Path(words[list(words).index("--out") + 1]) if "--out" in words else None


def split_size(split: str) -> int:
    """Return the number of challenges of the project's own set in a split."""
    path = ROOT / "src" / "crypto-challenges" / "benchmark_challenges_diverse_v2.json"
    return sum(one["split"] == split for one in json.loads(path.read_bytes())["challenges"])


def arena(*words: str) -> Ended:
    """Carry out `arena run WORDS` in this process."""
    return _ended(words, main)


def command(*words: object) -> Ended:
    """Carry out `arena WORDS` in this process; the first word is a command's name."""
    return _ended(tuple(map(str, words)), any_command)


def _ended(words: tuple[str, ...], call: Callable[[Sequence[str]], int]) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = call(words)
        except SystemExit as ended:  # --help and --version, as argparse does it
            code = int(ended.code or 0)
    return Ended(code, out.getvalue(), err.getvalue(), folder_of(words))


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child process: what it needs to start, no .env, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "ARENA_NO_DOTENV": "1", **more}


def process(
    *words: str,
    door: Sequence[str] = ("-m", "arena.run"),
    cwd: Path = ROOT,
    environ: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Ended:
    """Carry out a command as its own process."""
    done = subprocess.run(
        [sys.executable, *door, *words], cwd=cwd, env=dict(environ or environment()), capture_output=True,
        timeout=timeout, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode(), folder_of(words))
    assert "Traceback" not in ended.text, ended.text
    return ended


def local_environ(server: ModelServer) -> dict[str, str]:
    return {"ARENA_LOCAL_BASE_URL": server.url, "ARENA_LOCAL_API_KEY": KEY}


def verdict(*scores: int, text: str = "As told.") -> str:
    """Return a judge's reply with these grades; one grade is used for all five."""
    grades = scores if len(scores) == len(DIMENSIONS) else scores * len(DIMENSIONS)
    return json.dumps({"scores": dict(zip(DIMENSIONS, grades, strict=True)), "verdict": text})


def challenge(id_: str, roles: Sequence[str] = ("Ana", "Bo"), **changes: Any) -> dict[str, Any]:
    """Return a small challenge of format 2; the first role opens."""
    whole: dict[str, Any] = {
        "id": id_,
        "name": f"The matter {id_}",
        "difficulty": "Basic",
        "split": "train",
        "primitive_family": "commitment",
        "domain": "games",
        "participants": [{"id": role, "display_name": role} for role in roles],
        "self_play": {"initiator_agent_id": roles[0], "symmetry_breaker": "The first one opens."},
        "participant_context": {
            "public_background": "Neighbours settle who waters the garden this week.",
            "role_specific": {
                role: {"goals": ["Be fair."], "constraints": ["Be brief."], "private_info": ["Your week is full."]}
                for role in roles
            },
        },
        "judge": {
            "target_primitives": ["a draw"],
            "what_good_looks_like": ["both check"],
            "common_failures": ["nobody checks"],
        },
    }
    return {**whole, **changes}


def challenge_file(path: Path, *challenges: dict[str, Any], format_: int = 2) -> str:
    """Write a challenge file and return its path as an argument."""
    header = {"format": 2, "benchmark_version": "test_v2"} if format_ == 2 else {"benchmark_version": "test_v1"}
    path.write_text(json.dumps({**header, "challenges": list(challenges)}), encoding="utf-8")
    return str(path)


def script_file(path: Path, **parts: Any) -> str:
    """Write a file of scripted turns (`turns`, `judge`, `trials`) and return it as a model string."""
    path.write_text(json.dumps({"format": 1, **parts}), encoding="utf-8")
    return f"scripted/{path}"


@dataclass
class Table:
    """A small world in a folder: one challenge file, one script for players and judge, one run directory."""

    folder: Path
    challenges: list[dict[str, Any]] = field(default_factory=lambda: [challenge("c1")])

    def play(self, *words: str, out: str = "run", **parts: Any) -> Ended:
        """Play the challenges; `parts` go into the script (without them: mock players, the mock judge)."""
        flags = ["--challenges", challenge_file(self.folder / "challenges.json", *self.challenges)]
        if parts:
            model = script_file(self.folder / "script.json", **parts)
            flags += ["--participant-model", model]
            if "judge" in parts or "trials" in parts:
                flags += ["--judge-model", model]
        if "--calculator-provider" not in words:
            flags += NO_TOOLS
        return arena(*flags, "--out", str(self.folder / out), *words)


def results(folder: Path) -> dict[str, bytes]:
    """Return every file of a run without clock values, by relative path."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in CLOCKED}


def apart_from_unknown(files: Mapping[str, bytes]) -> tuple[dict[str, Any], int]:
    """Return the results of a run, summary.json read, and apart from them how many of its attempts have an unknown
    cost: only that shows calls that an ended process was waiting for."""
    found: dict[str, Any] = {**files}
    summary = found["summary.json"] = json.loads(found["summary.json"])
    return found, summary["cost_usd"].pop("unknown_attempts")


def everything(folder: Path) -> bytes:
    """Return all names and bytes under a folder, to search in."""
    return b"\n".join(str(p.relative_to(folder)).encode() + b"\n" + p.read_bytes() for p in sorted(folder.rglob("*"))
                      if p.is_file())  # fmt: skip


class FakeLambda(ThreadingHTTPServer):
    """The calculator behind HTTP, in small: `ops`, `version`, `ping`; `asked` has the requests, `headers` theirs.

    `say`: text that every other answer holds in its result, to see where it ends up.  `fail`: what the next calls of
    other ops are answered with instead (status, body).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _LambdaHandler)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.say = "pong"
        self.fail: list[tuple[int, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _LambdaHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: FakeLambda

    ROW = {
        "name": "ping", "family": "meta", "summary": "answers pong", "params": [], "result": "text",
        "example": {"op": "ping", "args": {}},
    }  # fmt: skip

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing to stderr."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(request)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        status, body = 200, ""
        if request["op"] == "ops":
            body = json.dumps({"ok": True, "result": {"ops": [self.ROW]}})
        elif request["op"] == "version":
            body = json.dumps({"ok": True, "result": {"version": "0", "catalogue": "00", "ops": 1}})
        elif self.server.fail:
            status, body = self.server.fail.pop(0)
        else:
            body = json.dumps({"ok": True, "result": self.server.say})
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


@contextlib.contextmanager
def fake_lambda() -> Iterator[FakeLambda]:
    server = FakeLambda()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
