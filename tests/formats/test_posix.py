"""POSIX-only functions are in one module, and a system without them is refused before anything is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arena.cli.entry import main
from arena.errors import UsageError
from arena.formats import posix

ROOT = Path(__file__).resolve().parents[2]


def test_this_system_has_what_is_needed() -> None:
    posix.require()


def test_system_without_locks_is_told_what_to_use() -> None:
    with pytest.raises(UsageError, match=r"has no locks of folders.*Subsystem for Linux, or a container"):
        posix.require({**posix.NEEDED, "locks of folders": False})


def test_no_command_is_imported_where_something_is_lacking(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(posix.NEEDED, "locks of folders", False)
    assert main(["run", "--out", "never-made"]) == 2
    assert "this system has no locks of folders" in capsys.readouterr().err
    assert main(["--help"]) == 0


def test_modules_of_posix_are_imported_in_one_place() -> None:
    found = re.compile(r"^\s*(import|from) (fcntl|resource|pwd|grp|termios|tty|pty|syslog)\b", re.MULTILINE)
    places = [path for path in (ROOT / "arena").rglob("*.py") if found.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in places] == ["posix.py"]
