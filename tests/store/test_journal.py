"""The file that only grows: whole lines or none, even if the disk is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from arena.errors import StorageFault, UsageError
from arena.store.journal import AppendFile

FIRST, SECOND, THIRD = b'{"n":1}\n', b'{"n":2}\n', b'{"n":3}\n'


def full_after(taken: int) -> Callable[[int, memoryview], int]:
    """Return a write that takes so many more bytes, a piece at a time, and then finds the disk full."""
    write, left = os.write, [taken]

    def limited(descriptor: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        piece = min(left[0], len(data), 3)
        left[0] -= piece
        return write(descriptor, data[:piece])

    return limited


@pytest.mark.parametrize("taken", range(len(SECOND)))
def test_line_that_does_not_fit_leaves_only_whole_lines(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lines.jsonl"
    with closing(AppendFile(path, fsync=False)) as file:
        file.append(FIRST)
        monkeypatch.setattr(os, "write", full_after(taken))
        with pytest.raises(StorageFault, match=r"cannot write lines.jsonl: No space left on device"):
            file.append(SECOND)
    assert path.read_bytes() == FIRST


def test_nothing_is_written_after_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines.jsonl"
    with closing(AppendFile(path, fsync=False)) as file:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full_after(4))
            with pytest.raises(StorageFault):
                file.append(SECOND)
        with pytest.raises(StorageFault, match="No space left on device"):
            file.append(THIRD)
    assert path.read_bytes() == b""


def test_a_file_that_cannot_be_appended_to_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.touch()
    os.link(path, tmp_path / "other.jsonl")
    with pytest.raises(UsageError) as caught:
        AppendFile(path, fsync=False)
    assert str(caught.value) == (
        f"cannot append to {path}: it is hard-linked: another name of the same file would change with it; copy it"
    )


def test_lines_written_in_pieces_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines.jsonl"
    monkeypatch.setattr(os, "write", full_after(1000))
    with closing(AppendFile(path, fsync=False)) as file:
        file.append(FIRST)
        file.append(SECOND)
    assert path.read_bytes() == FIRST + SECOND


@pytest.mark.parametrize(("fsync", "synced"), [(True, 2), (False, 0)])
def test_each_line_is_on_the_disk_only_with_fsync(
    fsync: bool, synced: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "fsync", asked.append)
    with closing(AppendFile(tmp_path / "lines.jsonl", fsync)) as file:
        file.append(FIRST)
        file.append(SECOND)
    assert len(asked) == synced
