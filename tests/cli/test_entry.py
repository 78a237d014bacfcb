"""Every command ends alike, whatever ends it: one line that begins with its name, and a documented exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arena.__main__ import COMMANDS
from arena.cli.entry import enter
from arena.errors import ConfigError, ServiceFault, UsageError
from arena.settings.flags import Parser
from tests.support.arena_rig import ROOT

SCRIPT = "scripts/run_base_vs_tuned_arena_comparison.py"
DOORS = [*((f"arena {name}", ("-m", "arena", name)) for name in COMMANDS), (Path(SCRIPT).name, (SCRIPT,))]


def door(*words: str, out: int | None = subprocess.PIPE, buffered: bool = True) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if not buffered:
        environ["PYTHONUNBUFFERED"] = "1"
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environ, stdout=out, stderr=subprocess.PIPE, text=True, timeout=120
    )


def raising(error: BaseException) -> Callable[[], int]:
    def act() -> int:
        raise error

    return act


ENDINGS = {
    "wrong use": (UsageError("give two runs"), 2, "arena x: give two runs\n"),
    "several settings": (ConfigError("--a: no\n--b: no"), 2, "arena x: --a: no\n--b: no\n"),
    "a service that fails": (ServiceFault("provider", "went away"), 1, "arena x: went away\n"),
    "Ctrl-C": (KeyboardInterrupt(), 130, "arena x: interrupted\n"),
    "a reader that went away": (BrokenPipeError(), 1, ""),
    "a refusal of the system": (
        PermissionError(13, "Permission denied", "a/b"),
        1,
        "arena x: Permission denied: a/b\n",
    ),
    "text that steers a terminal": (UsageError("say \x1b[31mred\u202e"), 2, "arena x: say \\x1b[31mred\\u202e\n"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_command_decides_its_exit_code_and_its_one_message(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error, code, says = ENDINGS[name]
    assert enter("arena x", raising(error)) == code
    assert capsys.readouterr() == ("", says)


def test_a_command_that_ends_well_says_nothing_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert enter("arena x", lambda: 3) == 3
    assert capsys.readouterr() == ("", "")


def test_our_own_mistakes_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        enter("arena x", raising(ZeroDivisionError()))


def test_sigterm_ends_a_command_as_ctrl_c_does_and_its_handler_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def act() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    assert enter("arena x", act) == 130
    assert capsys.readouterr().err == "arena x: interrupted\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_wrong_flag_is_told_with_where_to_look() -> None:
    parser = Parser("arena x", examples=("arena x RUN",), description="Does x.")
    parser.add_argument("--long-name")
    with pytest.raises(UsageError, match=r"--long \(`arena x --help` lists what there is\)"):
        parser.parse_args(["--long"])  # no abbreviations: the next release may have another --long
    assert parser.format_help().endswith("\nexamples:\n  arena x RUN\n")


@pytest.mark.parametrize(("name", "words"), DOORS, ids=[name for name, _ in DOORS])
def test_every_command_has_help_and_tells_a_wrong_flag_in_one_line_with_exit_code_2(
    name: str, words: tuple[str, ...]
) -> None:
    helped = door(*words, "--help")
    assert (helped.returncode, helped.stderr) == (0, "") and helped.stdout.startswith(f"usage: {name} ")
    assert re.search(r"examples:\n  python3 \S", helped.stdout)
    wrong = door(*words, "--csv" if "compar" in name else "--no-such-flag")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith(f"{name}: ") and wrong.stderr.count("\n") == 1 and "--help" in wrong.stderr


@pytest.mark.parametrize("buffered", [True, False])
def test_an_output_that_takes_nothing_is_told_in_one_line(buffered: bool) -> None:
    with open("/dev/full", "w") as full:
        ended = door("-m", "arena", "challenges", "list", out=full.fileno(), buffered=buffered)
    assert ended.returncode == 1
    assert re.fullmatch(r"arena challenges: No space left on device \(.*standard output.*\)\n", ended.stderr)


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("words", [("--help",), ("challenges", "list"), ("compare", "--help")])
def test_a_reader_that_went_away_ends_any_command_in_silence(words: tuple[str, ...], buffered: bool) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = door("-m", "arena", *words, out=write, buffered=buffered)
    finally:
        os.close(write)
    assert ended.stderr == "" and ended.returncode in (0, 1)


@pytest.mark.parametrize(("version", "ended"), [("(3, 10, 13)", 2), ("(3, 11, 0)", 0)])
def test_a_python_that_is_too_old_is_told_before_anything_else(version: str, ended: int) -> None:
    found = door("-c", f"import sys; sys.version_info = {version}; import arena")
    assert found.returncode == ended
    assert found.stderr == ("arena: Python 3.11 or newer is needed, this is 3.10; name another\n" if ended else "")
