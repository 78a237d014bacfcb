"""`arena doctor`: what a run needs, checked for free; keys named, never shown; 1 when it cannot be played."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from arena.cli import run_choice
from arena.cli.checkup import Line
from arena.cli.commands.doctor import line_text
from arena.cli.entry import main
from arena.providers.http.descriptors import ensure_descriptors

KEY = "local-key-0123456789"
MODELS = ("--participant-model", "local/player-9b", "--judge-model", "local/judge-9b")


class Server(ThreadingHTTPServer):
    """Lists models and answers Chat Completions; `asked` holds (method, path, authorization)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str | None]] = []
        self.status = 200
        self.listing: Any = {"data": [{"id": "player-9b"}, {"id": "judge-9b"}]}
        self.date = formatdate(usegmt=True)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.date

    def do_GET(self) -> None:
        self._answer(self.server.status, self.server.listing)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 12, "completion_tokens": 1}
        self._answer(200, {"model": "player-9b", "choices": [choice], "usage": usage})

    def _answer(self, status: int, value: Any) -> None:
        self.server.asked.append((self.command, self.path, self.headers["Authorization"]))
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("ARENA_LOCAL_BASE_URL", f"http://127.0.0.1:{made.server_address[1]}/v1")
    monkeypatch.setenv("ARENA_LOCAL_API_KEY", KEY)
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_choice, "RUNS_DIR", tmp_path / "state" / "runs")


def doctor(capsys: pytest.CaptureFixture[str], *words: str, calculator: str = "none") -> tuple[int, dict[str, str]]:
    """Return the exit code, and `LEVEL found` by what was checked (several joined)."""
    code = main(["doctor", "--calculator-provider", calculator, *words, "--json"])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    lines: dict[str, str] = {}
    for line in json.loads(said.out):
        text = f"{line['level']} {line['found']}"
        lines[line["what"]] = "; ".join(part for part in (lines.get(line["what"]), text) if part)
    return code, lines


def test_offline_models_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys)
    assert code == 0
    assert lines["mock"] == "OK mock/careful exists and needs no network; OK mock/judge exists and needs no network"
    assert lines["keys"].startswith("OK set: none")
    assert lines["Python"].startswith("OK 3.") and lines["disk"].split()[0] in ("OK", "WARN")


def test_calculator_is_asked(calculator_binary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys, calculator="process")
    assert code == 0 and lines["calculator"].endswith("answers, 222 ops")


@pytest.mark.parametrize("content", [None, "#!/bin/sh\nexit 3\n"])
def test_calculator_that_does_not_answer_fails(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    binary = tmp_path / "calculator"
    if content is not None:
        binary.write_text(content, encoding="utf-8")
        binary.chmod(0o755)
    monkeypatch.setenv("ARENA_CALCULATOR_BIN", str(binary))
    code, lines = doctor(capsys, calculator="process")
    assert code == 1 and lines["calculator"].startswith("FAIL ")


def test_listed_models_are_found_without_cost(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys, *MODELS)
    assert code == 0
    assert lines["local"] == (
        "OK reachable, 2 models listed, key from ARENA_LOCAL_API_KEY; OK player-9b is listed; OK judge-9b is listed"
    )
    assert "ARENA_LOCAL_API_KEY" in lines["keys"] and lines["clock"].startswith("OK ")
    assert server.asked == [("GET", "/v1/models", f"Bearer {KEY}")]


def test_unlisted_model_is_a_warning_with_the_nearest(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys, "--participant-model", "local/player-8b", "--judge-model", "mock/judge")
    assert code == 0 and "WARN player-8b is not listed; did you mean player-9b?" in lines["local"]


@pytest.mark.parametrize(
    ("status", "listing", "code", "found"),
    [
        (401, {}, 1, "FAIL refuses the key (HTTP 401)"),
        (404, {}, 0, "WARN reachable, but gives no list of models (HTTP 404)"),
        (200, "none", 0, "WARN reachable, but gives no list of models (HTTP 200)"),
        (200, [{"id": "player-9b"}], 0, "OK reachable, 1 models listed"),
        (503, {}, 1, "FAIL no answer: "),
    ],
)
def test_answer_of_the_server_decides(
    status: int, listing: Any, code: int, found: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.listing = status, listing
    ended, lines = doctor(capsys, *MODELS)
    assert ended == code and lines["local"].startswith(found)


def test_clock_that_is_off_is_a_warning(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.date = formatdate(0, usegmt=True)
    code, lines = doctor(capsys, *MODELS)
    assert code == 0 and lines["clock"].startswith("WARN ")


def test_probe_asks_each_model_once(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys, *MODELS, "--probe")
    assert code == 0 and lines["probe local/player-9b"] == "OK answers (13 tokens spent)"
    assert [asked[:2] for asked in server.asked].count(("POST", "/v1/chat/completions")) == 2


@pytest.mark.parametrize(
    ("words", "what", "found"),
    [
        (("--participant-model", "openai/m", "--judge-model", "mock/judge"), "openai", "OPENAI_API_KEY"),
        (("--participant-model", "mock/genius"), "mock", "genius"),
        (("--participant-model", "local/m"), "models", "no judge"),
        (("--workers", "4000"), "open files", "4000 workers need"),
    ],
)
def test_models_that_cannot_be_played_fail(
    words: tuple[str, ...], what: str, found: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARENA_LOCAL_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setattr("arena.cli.checkup.ensure_descriptors", with_1024_descriptors)
    code, lines = doctor(capsys, *words)
    assert code == 1 and lines[what].startswith("FAIL ") and found in lines[what]


def with_1024_descriptors(workers: int) -> int:
    return ensure_descriptors(workers, get_limit=lambda: (1024, 1024), set_limit=lambda limits: None)


def test_place_that_cannot_be_written_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("arena.cli.checkup.os.access", lambda path, mode: False)
    code, lines = doctor(capsys)
    assert code == 1 and "cannot be written" in lines["disk"]


def test_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    usage = type("Usage", (), {"free": 5e8})
    monkeypatch.setattr("arena.cli.checkup.shutil.disk_usage", lambda path: usage)
    code, lines = doctor(capsys)
    assert code == 0 and lines["disk"].startswith("WARN 0.5 GB free")


def test_every_line_with_a_problem_has_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    models = ("--participant-model", "groq/m", "--judge-model", "local/m")
    main(["doctor", *models, "--calculator-provider", "none", "--json"])
    bad = [line for line in json.loads(capsys.readouterr().out) if line["level"] != "OK"]
    assert len(bad) >= 3 and all(line["remedy"] for line in bad)


def test_line_fits_the_terminal() -> None:
    text = line_text(Line("FAIL", "groq", "word " * 40, "set the key " * 10), 60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert text.startswith("FAIL  groq: word") and "\n      -> set the key" in text
