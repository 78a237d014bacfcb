"""Files of a run directory: nothing outside of it is read or written through it, however its names are laid."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from arena.errors import DataError, UsageError
from arena.store.files import (
    MAX_FOLDERS,
    AtomicFile,
    appending,
    create,
    is_temporary,
    open_folder,
    reading,
    require_plain,
    strangers,
    temporary_name,
    write_atomic,
)
from arena.store.journal import JOURNAL_FILE, AppendFile
from arena.store.rundir import RunDir


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside of every run."""
    path = tmp_path / "authorized_keys"
    path.write_text("mine")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "inputs").mkdir(parents=True)
    (path / "inputs/tools.txt").write_text("tools")
    return path


def test_a_run_of_regular_files_and_folders_is_plain(run: Path) -> None:
    require_plain(run)


def link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def folder_link(path: Path, secret: Path) -> None:
    path.symlink_to(secret.parent)


def fifo(path: Path, secret: Path) -> None:
    os.mkfifo(path)


def holes(path: Path, secret: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 2**30)


def deep(path: Path, secret: Path) -> None:
    path.parent.joinpath(*["d"] * (MAX_FOLDERS + 1)).mkdir(parents=True)


ODD = {
    "link": (link, "is a symbolic link"),
    "link to a folder": (folder_link, "is a symbolic link"),
    "FIFO": (fifo, "is a FIFO"),
    "sparse file": (holes, "is a sparse file"),
    "folders without end": (deep, f"more than {MAX_FOLDERS} folders deep"),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["x", "inputs/x"])
def test_what_no_run_holds_is_refused_with_its_name(odd: str, name: str, run: Path, secret: Path) -> None:
    make, says = ODD[odd]
    make(run / name, secret)
    with pytest.raises(DataError, match=says) as caught:
        require_plain(run)
    assert "nothing was read or written" in str(caught.value)
    assert caught.value.issues[0].file.startswith(f"{run}/{os.path.dirname(name)}")


def test_a_run_that_is_named_through_a_link_is_plain(run: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(run)
    require_plain(tmp_path / "latest")


def test_a_device_is_a_stranger() -> None:
    assert any(issue.file == "null" and "is a device" in issue.message for issue in strangers(Path("/dev")))


def write(path: Path) -> None:
    write_atomic(path, b"new")


def write_pieces(path: Path) -> None:
    file = AtomicFile(path)
    file.write(b"new")
    file.close()


def write_new(path: Path) -> None:
    folder = open_folder(path.parent)
    os.close(create(folder, path.name))
    os.close(folder)


def test_file_appears_only_once_it_is_on_the_disk(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def watched_replace(*names: str, **folders: int) -> None:
        done.append("rename")
        replace(*names, **folders)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    write_pieces(run / "summary.json")
    assert done == ["file", "rename", "folder"]


@pytest.mark.parametrize("put", [write, write_pieces, write_new])
def test_a_link_in_the_way_is_replaced_and_not_followed(put: Callable[[Path], None], run: Path, secret: Path) -> None:
    (run / "summary.json").symlink_to(secret)
    put(run / "summary.json")
    assert secret.read_text() == "mine" and not (run / "summary.json").is_symlink()


@pytest.mark.parametrize("put", [write, write_pieces])
def test_the_old_name_of_a_temporary_file_is_never_opened(put: Callable[[Path], None], run: Path, secret: Path) -> None:
    (run / ".summary.json.tmp").symlink_to(secret)
    put(run / "summary.json")
    assert secret.read_text() == "mine" and (run / "summary.json").read_bytes() == b"new"


def test_temporary_names_cannot_be_foretold() -> None:
    names = {temporary_name("a.json") for _ in range(1000)}
    assert len(names) == 1000 and all(map(is_temporary, names))
    assert not is_temporary(".a.json.tmp") and not is_temporary("a.json")


def test_a_folder_that_becomes_a_link_is_not_written_into(run: Path, tmp_path: Path) -> None:
    """The exchange that a check of names would miss: the folder is a link by the time of writing."""
    require_plain(run)
    shutil.rmtree(run / "inputs")
    (tmp_path / "elsewhere").mkdir()
    (run / "inputs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        write_atomic(run / "inputs/challenges.json", b"{}", run)
    with pytest.raises(OSError, match="symbolic link"):
        reading(run / "inputs/tools.txt", run)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("inner", ["../x", "a/../../x", "a//b", "./a", ".."])
def test_a_path_that_leads_out_of_its_folder_is_refused(inner: str, run: Path) -> None:
    with pytest.raises(ValueError, match="leads out"):
        open_folder(run, inner, make=True)
    assert sorted(path.name for path in run.parent.iterdir()) == ["run"]


@pytest.mark.parametrize("name", [JOURNAL_FILE, "matches.jsonl", "timings.jsonl"])
@pytest.mark.parametrize("make", [os.link, os.symlink])
def test_a_file_with_another_name_is_not_appended_to(
    make: Callable[[Path, Path], None], name: str, run: Path, secret: Path
) -> None:
    make(secret, run / name)
    with pytest.raises(UsageError, match="symbolic link|hard-linked"):
        AppendFile(run / name, False)
    with pytest.raises(OSError, match="symbolic link|hard-linked"):
        appending(run / name)
    assert secret.read_text() == "mine"


def test_a_plain_file_is_appended_to(run: Path) -> None:
    for line in (b"a\n", b"b\n"):
        with closing(AppendFile(run / "timings.jsonl", False)) as file:
            file.append(line)
    assert (run / "timings.jsonl").read_bytes() == b"a\nb\n"


def test_only_its_owner_reads_the_journal(run: Path) -> None:
    """It holds replies as they came; all else follows the umask."""
    before = os.umask(0o022)
    try:
        for name, mode in ((JOURNAL_FILE, 0o600), ("matches.jsonl", 0o644)):
            AppendFile(run / name, False).close()
            assert (run / name).stat().st_mode & 0o777 == mode
        write_atomic(run / "summary.json", b"{}")
        assert (run / "summary.json").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_resume_removes_half_written_files_of_killed_processes(run: Path) -> None:
    (run / "manifest.json").write_text("{}")
    for name in (temporary_name("summary.json"), f"inputs/{temporary_name('tools.txt')}"):
        (run / name).write_text("half")
    with closing(RunDir(run, resume=True)) as directory:
        directory.recover(lambda _: None, ())
    assert sorted(path.name for path in run.rglob("*")) == ["inputs", "manifest.json", "tools.txt"]
