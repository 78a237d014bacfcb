"""The dispatcher: every command ends alike, with one message that begins with its name and a documented exit code."""

from __future__ import annotations

import errno
import importlib
import inspect
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from arena.cli.commands import COMMANDS
from arena.cli.entry import main, run_command
from arena.errors import ConfigError, ServiceFault, UsageError
from arena.settings.env import parse_dotenv
from tests.support.arena_rig import ROOT, Ended, command

SCRIPT = "scripts/run_base_vs_tuned_arena_comparison.py"


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
    "a reader that went away": (BrokenPipeError(), 141, ""),
    "an end without a code": (SystemExit(), 0, ""),
    "a refusal of the system": (
        PermissionError(13, "Permission denied", "a/b"),
        2,
        "arena x: Permission denied: a/b\n",
    ),
    "a folder in place of a file": (
        IsADirectoryError(errno.EISDIR, "Is a directory", "a/b"),
        2,
        "arena x: a/b is a folder; name a file\n",
    ),
    "text that steers a terminal": (UsageError("say \x1b[31mred\u202e"), 2, "arena x: say \\x1b[31mred\\u202e\n"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_ending_decides_exit_code_and_message(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    error, code, says = ENDINGS[name]
    assert run_command("arena x", raising(error)) == code
    assert capsys.readouterr() == ("", says)


def test_command_that_returns_prints_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("arena x", lambda: 3) == 3
    assert capsys.readouterr() == ("", "")


def test_crash_is_one_line_with_place_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    def act() -> int:
        return len(parse_dotenv(3, "x"))  # type: ignore[arg-type]

    assert run_command("arena x", act) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err
    assert said.err.startswith("arena x: internal error: AttributeError: ")
    assert "(arena/settings/env.py:" in said.err and " in parse_dotenv)" in said.err
    assert "report it" in said.err and "ARENA_DEBUG=1" in said.err


def test_crash_message_holds_no_key(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")
    assert run_command("arena x", raising(ValueError("Invalid header value b'Bearer sk-very-secret-key'"))) == 1
    said = capsys.readouterr().err
    assert "Invalid header value" in said and "secret" not in said


@pytest.mark.parametrize(("value", "raised"), [("1", True), ("0", False), ("", False)])
def test_arena_debug_shows_the_traceback(value: str, raised: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARENA_DEBUG", value)
    if not raised:
        assert run_command("arena x", raising(ZeroDivisionError())) == 1
        return
    with pytest.raises(ZeroDivisionError):
        run_command("arena x", raising(ZeroDivisionError()))


@pytest.mark.parametrize(("words", "name"), [(["verify", "."], "arena verify: "), (["danse"], "arena: ")])
def test_message_begins_with_the_command(words: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_a_module_with_parser_and_run(name: str) -> None:
    module = importlib.import_module(COMMANDS[name].module)
    assert module.__name__ in (f"arena.cli.commands.{name}", f"arena.cli.commands.{name}.command")
    assert module.parser().prog == f"arena {name}"
    assert list(inspect.signature(module.run).parameters) == ["options", "console"]


def test_no_command_reads_argv_or_streams() -> None:
    files = sorted((ROOT / "arena/cli/commands").rglob("*.py"))
    assert len(files) > len(COMMANDS)
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bsys\.(argv|stdout|stderr|exit)\b|\bprint\(", text), file.name


def test_sigterm_ends_a_command_as_ctrl_c_does_and_its_handler_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def act() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    assert run_command("arena x", act) == 130
    assert capsys.readouterr().err == "arena x: interrupted\n"
    assert signal.getsignal(signal.SIGTERM) is before


def helps_and_refuses(name: str, call: Callable[..., Ended]) -> None:
    """Have a command print its help and refuse a wrong flag. `call` carries it out with further words."""
    helped = call("--help")
    assert (helped.code, helped.err) == (0, "") and helped.out.startswith(f"usage: {name} ")
    assert re.search(r"examples:\n  python3 \S", helped.out)
    wrong = call("--csv" if "compar" in name else "--no-such-flag")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith(f"{name}: ") and wrong.err.count("\n") == 1 and "--help" in wrong.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_tells_a_wrong_flag_in_one_line_with_exit_code_2(name: str) -> None:
    helps_and_refuses(f"arena {name}", partial(command, name))


@pytest.mark.parametrize(("name", "words"), [("arena run", ("-m", "arena", "run")), (Path(SCRIPT).name, (SCRIPT,))])
def test_command_and_script_have_help_and_refuse_alike_as_processes(name: str, words: tuple[str, ...]) -> None:
    def call(*more: str) -> Ended:
        done = door(*words, *more)
        return Ended(done.returncode, done.stdout, done.stderr)

    helps_and_refuses(name, call)


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
    assert (ended.stderr, ended.returncode) == ("", 141)


@pytest.mark.parametrize(("version", "ended"), [("(3, 10, 13)", 2), ("(3, 11, 0)", 0)])
def test_a_python_that_is_too_old_is_told_before_anything_else(version: str, ended: int) -> None:
    found = door("-c", f"import sys; sys.version_info = {version}; import arena")
    assert found.returncode == ended
    assert found.stderr == ("arena: Python 3.11 or newer is needed, this is 3.10; name another\n" if ended else "")
