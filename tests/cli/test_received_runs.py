"""A run that came from a stranger: every command refuses one whose names lead out of it, and changes nothing there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.arena_rig import ROOT, Ended, command, environment, process

EXAMPLE = ROOT / "state/examples/mock-three"
NAMES = (
    ".report.html.tmp", ".digests.json.tmp", ".manifest.json.tmp", ".matches.jsonl.tmp", ".summary.json.tmp",
    "role_views/.Ana.tmp", "timings.jsonl", "report.html", "junit.xml",
    "matches/adjourned-chess-move/rep_0/match.json", "figures", "report_matches", "inputs", "role_views", "matches",
    "inputs/tools.txt",
)  # fmt: skip
"""What commands write to, or wrote to under these names; the last ones are folders."""

COMMANDS = {
    "verify": ("verify", "RUN", "--calculator-provider", "none"),
    "report": ("report", "RUN"),
    "report elsewhere": ("report", "RUN", "--out", "OUT/page.html"),
    "compare": ("compare", "RUN", "RUN"),
    "check": ("check", "RUN", "--junit", "RUN/junit.xml"),
    "leaderboard": ("leaderboard", "RUN"),
    "export": ("export", "hf-dataset", "RUN", "--out", "OUT/data"),
    "rejudge": ("rejudge", "RUN", "--out", "OUT/again"),
    "resume": ("run", "--resume", "--out", "RUN", "--limit", "3", "--calculator-provider", "none"),
    "replay": ("run", "--participant-model", "replay/RUN", "--limit", "1", "--out", "OUT/replayed"),
}


@pytest.fixture
def received(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "run"))


def words_of(name: str, run: Path, out: Path) -> list[str]:
    return [word.replace("RUN", str(run)).replace("OUT", str(out)) for word in COMMANDS[name]]


def carry_out(name: str, run: Path, out: Path) -> Ended:
    """Carry out a command in this process."""
    ended = command(*words_of(name, run, out))
    assert "Traceback" not in ended.text, ended.text
    return ended


def carry_out_in_time(name: str, run: Path, out: Path) -> Ended:
    """Carry out a command in its own process, which is ended if it waits forever."""
    return process(*words_of(name, run, out), door=("-m", "arena"), environ=environment(), timeout=60)


def put_link(run: Path, name: str, target: Path) -> None:
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_anywhere_in_a_run_is_reported_and_not_followed(name: str, received: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "0001.html").write_text("mine")
    put_link(received, name, outside if name in ("figures", "report_matches", "inputs", "matches", "role_views") else
             outside / "0001.html")  # fmt: skip
    for reader in ("verify", "report"):
        ended = carry_out(reader, received, tmp_path / "out")
        assert ended.code in (1, 2) and f"{name}: is a symbolic link" in ended.text, ended.text
    assert [path.name for path in outside.iterdir()] == ["0001.html"]
    assert (outside / "0001.html").read_text() == "mine"


@pytest.mark.parametrize("reader", COMMANDS)
def test_every_command_refuses_a_run_with_a_link(reader: str, received: Path, tmp_path: Path) -> None:
    secret = tmp_path / "authorized_keys"
    secret.write_text("mine")
    put_link(received, "inputs/tools.txt", secret)
    ended = carry_out(reader, received, tmp_path / "out")
    assert ended.code in (1, 2) and "inputs/tools.txt: is a symbolic link" in ended.text, ended.text
    assert secret.read_text() == "mine"


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        *((reader, "matches.jsonl") for reader in COMMANDS),
        *(("verify", name) for name in ("manifest.json", "inputs/challenges.json", "api_calls.jsonl")),
        ("replay", "api_calls.jsonl"),
    ],
)
def test_no_command_waits_for_a_fifo(reader: str, name: str, received: Path, tmp_path: Path) -> None:
    (received / name).unlink()
    os.mkfifo(received / name)
    ended = carry_out_in_time(reader, received, tmp_path / "out")
    assert ended.code in (1, 2) and f"{name}: is a FIFO" in ended.text, ended.text


def test_a_run_with_a_hard_linked_journal_is_not_resumed(received: Path, tmp_path: Path) -> None:
    """`cp -al` of a run is such a copy: what is appended to it would be appended to the other one."""
    os.link(received / "matches.jsonl", tmp_path / "other")
    before = (tmp_path / "other").read_bytes()
    (received / "digests.json").unlink()
    ended = process("run", "--resume", "--retry", "aborted", "--limit", "3", "--out", str(received),
                    door=("-m", "arena"))  # fmt: skip
    assert ended.code in (1, 2), ended.text
    assert (tmp_path / "other").read_bytes() == before


def test_a_run_without_anything_odd_is_accepted_by_every_reader(received: Path, tmp_path: Path) -> None:
    for reader in ("verify", "report", "compare", "leaderboard", "export"):
        ended = carry_out(reader, received, tmp_path / "out")
        assert ended.code == 0, ended.text


def test_the_env_file_of_a_received_folder_runs_no_program(received: Path, tmp_path: Path) -> None:
    script = received / "inputs/evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o700)
    (received / ".env").write_text(f"ARENA_CALCULATOR_BIN={script}\nOPENAI_BASE_URL=https://evil.test\n")
    environ = {**environment(), "PYTHONPATH": str(ROOT)}
    del environ["ARENA_NO_DOTENV"]
    ended = process("verify", ".", "--calculator-provider", "none", door=("-m", "arena"), cwd=received, environ=environ)
    assert ended.code == 1 and ".env: is not in digests.json" in ended.text
    process("run", "--limit", "1", "--max-turns", "1", "--out", str(tmp_path / "out"),
            door=("-m", "arena"), cwd=received, environ=environ)  # fmt: skip
    assert not (tmp_path / "ran").exists()
    process("run", "--limit", "1", "--max-turns", "1", "--out", str(tmp_path / "named"), "--env-file", ".env",
            door=("-m", "arena"), cwd=received, environ=environ)  # fmt: skip
    assert (tmp_path / "ran").exists(), "the same file, named by the user, counts"


def test_a_run_says_which_env_file_it_read(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("ARENA_SSL_VERIFY=1\n")
    (tmp_path / "mine").chmod(0o644)
    ended = process("run", "--limit", "1", "--max-turns", "1", "--calculator-provider", "none", "--env-file",
                    str(tmp_path / "mine"), "--out", str(tmp_path / "out"), door=("-m", "arena"))  # fmt: skip
    assert ended.code == 0, ended.text
    assert f"variables from {tmp_path}/mine" in ended.err and "is readable by others: chmod 600" in ended.err
