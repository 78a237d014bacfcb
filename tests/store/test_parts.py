"""The logs of several processes, put behind those of the run: whole, once, whenever it was killed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from arena.errors import UsageError
from arena.store import parts
from arena.store.files import opened_folder
from arena.store.rundir import lock_folder

LINES = {0: b'{"a":1}\n{"a":2}\n', 1: b'{"b":1}\n', 2: b""}


def ignore(text: str) -> None:
    """Say nothing."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "matches.jsonl").write_bytes(b'{"old":1}\n')
    for number, folder in enumerate(parts.make_parts(tmp_path, len(LINES))):
        (folder / "matches.jsonl").write_bytes(LINES[number])
        (folder / "api_calls.jsonl").write_bytes(LINES[number])
    return tmp_path


def files(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


WHOLE = {"matches.jsonl": b'{"old":1}\n' + LINES[0] + LINES[1], "api_calls.jsonl": LINES[0] + LINES[1]}


def test_logs_of_all_processes_follow_those_of_the_run(run: Path) -> None:
    parts.absorb(run, ignore)
    assert files(run) == WHOLE and not (run / parts.PARTS_DIR).exists()
    assert os.stat(run / "api_calls.jsonl").st_mode & 0o077 == 0
    parts.absorb(run, ignore)
    assert files(run) == WHOLE


def test_torn_last_line_of_a_killed_process_is_dropped_and_said(run: Path) -> None:
    with (parts.part_folder(run, 1) / "matches.jsonl").open("ab") as file:
        file.write(b'{"b":2')
    said: list[str] = []
    parts.absorb(run, said.append)
    assert files(run) == WHOLE and len(said) == 1 and "torn" in said[0]


@pytest.mark.parametrize("removed", range(len(LINES)))
@pytest.mark.parametrize("files_first", [True, False])
def test_kill_after_any_step_loses_and_doubles_nothing(
    run: Path, tmp_path: Path, removed: int, files_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`removed` folders were gone at the kill; or the kill came after that many files were renamed."""
    left = removed

    def until(path: Path) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        real(path)

    real = shutil.rmtree
    if files_first:
        append, done = parts._append, 0

        def appending(whole: Path, found: list[Path]) -> None:
            nonlocal done
            if done == removed:
                raise KeyboardInterrupt
            done += 1
            append(whole, found)

        monkeypatch.setattr(parts, "_append", appending)
    monkeypatch.setattr(parts.shutil, "rmtree", until)
    with pytest.raises(KeyboardInterrupt):
        parts.absorb(run, ignore)
    monkeypatch.undo()
    parts.absorb(run, ignore)
    assert files(run) == WHOLE


def test_process_that_still_runs_is_waited_for_not_absorbed(run: Path) -> None:
    before = files(run)
    folder = parts.part_folder(run, 1)
    with opened_folder(folder) as held:
        lock_folder(held, folder)
        with pytest.raises(
            UsageError, match="is in use by another process; wait for it to end, or give another --out$"
        ):
            parts.absorb(run, ignore)
    assert files(run) == before
