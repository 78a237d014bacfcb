"""What a run prints and where: results to standard output, everything else to standard error, as people ask for it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.arena_rig import NO_TOOLS, ROOT, Table, arena, challenge, command, environment, process, verdict

WORDS = ("--limit", "2", "--max-turns", "2", *NO_TOOLS)


def test_json_prints_one_object_and_nothing_else_on_standard_output(tmp_path: Path) -> None:
    ended = arena(*WORDS, "--json", "--progress", "--out", str(tmp_path / "run"))
    assert ended.code == 0 and ended.out.count("\n") == 1
    assert json.loads(ended.out) == ended.json("summary.json")
    assert "run directory:" in ended.err


def test_json_with_quiet_prints_the_object_alone(tmp_path: Path) -> None:
    ended = arena(*WORDS, "--json", "--quiet", "--out", str(tmp_path / "run"))
    assert json.loads(ended.out)["n_matches"] == 2 and ended.err == ""


def test_quiet_prints_nothing_when_all_is_well_and_warnings_when_not(tmp_path: Path) -> None:
    assert arena(*WORDS, "--quiet", "--out", str(tmp_path / "run")).text == ""
    stopped = arena(*WORDS, "--quiet", "--max-calls", "1", "--out", str(tmp_path / "stopped"))
    assert stopped.out == "" and "budget" in stopped.err


def test_progress_is_one_line_per_match_where_there_is_no_terminal(tmp_path: Path) -> None:
    ended = process(*WORDS, "--progress", "--workers", "1", "--out", str(tmp_path / "run"))
    lines = [line for line in ended.err.splitlines() if line.startswith("[")]
    assert [re.match(r"\[(\d)/2\] crypto/[\w-]+/rep_0: [A-Z]+ \(max_turns; [1-5 ]+\) in ", line) is not None
            for line in lines] == [True, True]  # fmt: skip
    assert "\r" not in ended.err and "\x1b" not in ended.text


def test_without_progress_no_match_is_announced(tmp_path: Path) -> None:
    assert "crypto/" not in arena(*WORDS, "--out", str(tmp_path / "run")).err


def test_a_run_ends_with_one_screen_and_the_next_command(tmp_path: Path) -> None:
    ended = arena(*WORDS, "--out", str(tmp_path / "run"))
    lines = ended.out.splitlines()
    assert lines[0].startswith("SUCCESS ") and "Primitive Selection" in lines[0]
    assert lines[-2:] == [f"results: {tmp_path / 'run'}", f"next: python3 -m arena report {tmp_path / 'run'}"]
    assert "2 of 2 matches finished in " in ended.out and "calculator: none" in ended.out
    assert len(lines) <= 24, "one screen"


def test_table_has_a_row_per_challenge(tmp_path: Path) -> None:
    ended = arena(*WORDS, "--table", "--out", str(tmp_path / "run"))
    lines = ended.out.splitlines()
    assert lines[0].split() == ["challenge", "n", "outcome", "primitive", "negotiation", "implementation",
                                "computation", "security"]  # fmt: skip
    assert lines[4].split()[:2] == ["all", "2"] and "weakest" not in ended.out


def test_offline_models_show_no_bill(tmp_path: Path) -> None:
    assert "spent:" not in arena(*WORDS, "--out", str(tmp_path / "run")).out


STOPPED = (*WORDS, "--max-calls", "1")


@pytest.mark.parametrize(
    ("variables", "flags", "coloured"),
    [({}, (), False), ({"FORCE_COLOR": "1"}, (), True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
     ({"FORCE_COLOR": "1"}, ("--no-color",), False)],
)  # fmt: skip
def test_colours_are_for_terminals_and_can_be_forced_and_forbidden(
    variables: dict[str, str], flags: tuple[str, ...], coloured: bool, tmp_path: Path
) -> None:
    ended = process(*STOPPED, *flags, "--out", str(tmp_path / "run"), environ=environment(**variables))
    assert ("\x1b[33mwarning: " in ended.err) == coloured
    assert coloured or "\x1b" not in ended.out


def on_a_terminal(words: tuple[str, ...], **variables: str) -> str:
    """Run the command with standard error on a terminal and return the output there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "arena.run", *words]
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment(**variables), stdout=subprocess.DEVNULL, stderr=theirs,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    found = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            break
        if not part:
            break
        found += part
    os.close(ours)
    assert running.wait(30) == 0
    return found.decode()


def test_progress_is_a_live_line_on_a_terminal(tmp_path: Path) -> None:
    shown = on_a_terminal((*WORDS, "--progress", "--out", str(tmp_path / "run")), TERM="xterm")
    assert re.search(r"[█░]{20} \d/2 matches \| [\d.]+/s", shown)
    assert "\r\x1b[K" in shown and "[1/2]" not in shown


def test_a_dumb_terminal_gets_neither_colours_nor_a_live_line(tmp_path: Path) -> None:
    shown = on_a_terminal((*STOPPED, "--progress", "--out", str(tmp_path / "run")), TERM="dumb")
    assert "\x1b" not in shown and "warning: budget" in shown


COLOUR = re.compile("\x1b\\[[0-9;]*m")


def test_a_terminal_gets_colours_and_no_color_forbids_them(tmp_path: Path) -> None:
    assert "\x1b[33m" in on_a_terminal((*STOPPED, "--out", str(tmp_path / "a")), TERM="xterm")
    plain = on_a_terminal((*STOPPED, "--out", str(tmp_path / "b")), TERM="xterm", NO_COLOR="1")
    assert not COLOUR.search(plain) and "warning: budget" in plain


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_texts_are_utf_8_whatever_the_machine_is_set_to(encoding: str, tmp_path: Path) -> None:
    table = Table(tmp_path, [challenge("c1", ("買い手", "Bo"))])
    table.play("--dry-run")
    words = ("--challenges", str(tmp_path / "challenges.json"), "--role-model", "買い手=mock/talker", *NO_TOOLS)
    environ = environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    for form in ((), ("--json",)):
        out = str(tmp_path / f"run{len(form)}")
        ended = process(*words, *form, "--max-turns", "2", "--out", out, environ=environ)
        assert ended.code == 0
        roles = json.loads(ended.out)["models"]["roles"] if form else ended.out
        assert "買い手" in roles


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m arena.run --limit 1 {' '.join(NO_TOOLS)} --out {tmp_path / 'run'} | true"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment(), capture_output=True, check=False)
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr
    assert (tmp_path / "run" / "summary.json").is_file()


@pytest.mark.parametrize("words", [(), ("--json",), ("--resume", "--out", "nothing")])
def test_a_dry_run_writes_nothing(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = arena("--dry-run", *NO_TOOLS, *(words or ("--out", "run")))
    assert ended.code == 0 and "dry run: nothing is played" in ended.out
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_counts_what_would_be_played(tmp_path: Path) -> None:
    plan = arena("--dry-run", "--limit", "3", "--repetitions", "4", *NO_TOOLS, "--role-model", "Ines=mock/careless")
    shown: dict[str, str] = dict(
        re.split(r" {2,}", line, maxsplit=1) for line in plan.out.splitlines() if "  " in line.strip()
    )
    assert (shown["matches"], shown["challenges"]) == ("12", "3")
    assert (shown["players"], shown["judge"], shown["calculator"]) == ("mock/careful", "mock/judge", "none")
    assert shown["player of Ines"] == "mock/careless"


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--participant-model", "openai/m", "--judge-model", "openai/j", *NO_TOOLS),
        ("cheaptalk", "run", "--participant-model", "openai/m"),
        ("risk", "run", "--mode", "REAL", "--model", "openai/m", "--out", "dry"),
    ],
)
def test_a_dry_run_needs_no_key_and_a_run_does(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    played = command(*words)
    assert played.code == 2 and "set OPENAI_API_KEY" in played.err
    planned = command(*words, "--dry-run")
    assert planned.code == 0 and "upper bound" in planned.out
    assert "needs a key: set OPENAI_API_KEY" in planned.err and "a run would not" in planned.err


def test_no_run_ever_asks_anything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "arena.run", *WORDS, "--out", str(tmp_path / "run")]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.returncode == 0 and b"?" not in done.stderr


def test_an_agents_text_is_shown_nowhere_raw(tmp_path: Path) -> None:
    turns = {"Ana": ["\x1b[2J\x07 bang"], "Bo": [{"calls": [{"op": "\x1b]0;owned\x07"}]}] * 4}
    ended = Table(tmp_path).play("--progress", "--max-turns", "2", turns=turns, judge=[verdict(3)])
    assert ended.records()[0]["stop"] == "player_fault"
    assert not set("\x1b\x07") & set(ended.text)
