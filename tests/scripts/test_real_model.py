"""The steps of `make real-model`, on the tests' own server: kill, resume, verify, report."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import real_model
from tests.support.arena_rig import NO_TOOLS, local_environ
from tests.support.http_server import ModelServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    @contextlib.contextmanager
    def serving(options: argparse.Namespace, model: Path) -> Iterator[str]:
        yield running.url

    with ModelServer() as running:
        for name, value in local_environ(running).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(real_model, "serving", serving)
        yield running


def words(out: Path) -> list[str]:
    return ["--model", "model.gguf", "--out", str(out), "--limit", "1", "--max-turns", "6", "--", *NO_TOOLS]


def test_a_killed_run_is_resumed_verified_and_reported(
    tmp_path: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert real_model.main(words(out)) == 0
    said = capsys.readouterr().out
    assert "resuming" in said and "matches ended by: 1 max_turns" in said
    assert "exit codes: run 0, verify 0, report 0" in said
    assert len((out / "matches.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert (out / "report.html").is_file() and server.refused == []


@pytest.mark.parametrize(
    ("stops", "code"),
    [
        (["max_turns", "provider"], 0),
        (["context_exceeded"], 0),
        (["provider", "timeout"], 1),
        (["max_turns", "bug"], 1),
    ],
)  # fmt: skip
def test_the_ends_of_the_matches_decide_the_exit_code(
    stops: list[str], code: int, tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(json.dumps({"stop": stop}) + "\n" for stop in stops)
    (tmp_path / "matches.jsonl").write_text(lines, encoding="utf-8")
    monkeypatch.setattr(real_model, "play_and_kill", lambda options, environ: 5)
    monkeypatch.setattr(real_model, "arena", lambda environ, *command: 0)
    assert real_model.main(words(tmp_path)) == code
