"""Run directories: created once, locked, recovered after a kill."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest

from arena.errors import UsageError
from arena.formats import posix
from arena.store.journal import cut_torn_line
from arena.store.manifest import Manifest
from arena.store.rundir import RunDir, differences, write_output
from tests.support.made_manifest import made_manifest


def started(path: Path) -> RunDir:
    directory = RunDir(path, resume=False)
    directory.write_manifest(Manifest.from_json(made_manifest({}), path))
    return directory


def test_a_directory_that_is_not_empty_is_refused_without_resume(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        RunDir(tmp_path, resume=False)
    assert (tmp_path / "x").read_text() == "mine"


def test_resume_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to resume"):
        RunDir(tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()


def test_a_second_process_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with closing(started(tmp_path / "run")), pytest.raises(UsageError, match="in use by another process"):
        RunDir(tmp_path / "run", resume=True)
    RunDir(tmp_path / "run", resume=True).close()


def test_a_folder_that_cannot_be_locked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_locks(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(posix, "try_lock", without_locks)
    with pytest.raises(UsageError) as caught:
        RunDir(tmp_path / "run", resume=False)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} cannot be locked: No locks available; use a folder on another file system"
    )


def test_differences_are_named_by_their_place() -> None:
    old, new = {"a": {"b": 1, "c": "x"}, "d": 15}, {"a": {"b": 2, "c": "x"}, "e": [1]}
    assert list(differences(old, new)) == ["/a/b: was 1, now 2", "/d: was 15, now absent", "/e: was absent, now [1]"]


def test_differences_of_equal_values_are_none() -> None:
    assert not list(differences({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}))


@pytest.mark.parametrize("torn", [b'{"key": "c", "te', b'{"key": "c"}', b"\xf0\x9f", b"x" * 200_000])
def test_a_torn_last_line_is_dropped_loudly_and_the_rest_kept(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"key": "a"}\n{"key": "b"}\n' + torn)
    said: list[str] = []
    cut_torn_line(path, said.append)
    assert path.read_bytes() == b'{"key": "a"}\n{"key": "b"}\n'
    assert len(said) == 1 and str(len(torn)) in said[0]
    cut_torn_line(path, said.append)
    assert len(said) == 1


def test_a_file_that_is_one_torn_line_becomes_empty(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_bytes(b"abc")
    cut_torn_line(tmp_path / "f.jsonl", lambda _: None)
    assert (tmp_path / "f.jsonl").read_bytes() == b""


# Files that a user names


def test_an_output_makes_its_folder_and_replaces_the_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.json"
    for content in (b"one", b"two"):
        write_output(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_an_output_goes_through_a_link_and_leaves_the_link(tmp_path: Path) -> None:
    link = tmp_path / "latest.json"
    link.symlink_to("real.json")
    write_output(link, b"whole")
    assert link.is_symlink() and (tmp_path / "real.json").read_bytes() == b"whole"


def test_an_output_is_written_into_a_pipe_and_leaves_the_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(pipe, b"through")
        assert os.read(reader, 100) == b"through" and pipe.is_fifo()
    finally:
        os.close(reader)


@pytest.mark.parametrize("name", ["folder", "file/below", "round", "n" * 300])
def test_an_output_that_the_system_refuses_is_named_and_nothing_is_left(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to("round")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=f"cannot write .*{name[:20]}.*name another file"):
        write_output(tmp_path / name, b"content")
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_does_not_touch_the_temporary_file_of_another_process(tmp_path: Path) -> None:
    other = tmp_path / ".a.json.tmp"
    other.write_bytes(b"half")
    write_output(tmp_path / "a.json", b"whole")
    assert other.read_bytes() == b"half" and (tmp_path / "a.json").read_bytes() == b"whole"
