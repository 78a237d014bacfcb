"""Places that take nothing: a full disk, a folder that may not be written, a file where a folder should be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from arena.store.journal import AppendFile
from tests.support.arena_rig import NO_TOOLS, ROOT, Table, command

EXAMPLE = ROOT / "state/examples/mock-three"


def test_full_disk_at_the_end_is_told_with_the_way_to_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(tmp_path)
    real = os.replace
    taken: list[str] = []

    def full(source: str, target: str, **folders: int) -> None:
        taken.append(target)
        if target == "summary.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target, **folders)

    monkeypatch.setattr("arena.store.files.os.replace", full)
    ended = table.play()
    assert ended.code == 1 and "manifest.json" in taken
    said = ended.err.splitlines()[-1]
    assert said.startswith(f"arena run: cannot write the files of {tmp_path / 'run'}: No space left on device")
    assert "all answers are kept" in said and "resume with: python3 -m arena.run" in said and "--resume" in said
    monkeypatch.undo()
    assert table.play("--resume").code == 0


def test_full_disk_while_playing_is_told_with_the_way_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: AppendFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(AppendFile, "_write", full)
    table = Table(tmp_path)
    ended = table.play()
    said = ended.err.splitlines()[-1]
    assert ended.code == 1 and "cannot write api_calls.jsonl: No space left on device" in said
    assert "resume with: " in said and "Traceback" not in ended.err
    monkeypatch.undo()
    assert table.play("--resume").code == 0


def test_full_disk_before_the_first_file_promises_no_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("arena.store.files.os.replace", full)
    ended = Table(tmp_path).play()
    assert ended.code == 1 and "nothing was played" in ended.err and "resume with" not in ended.err


def test_file_in_place_of_the_run_directory_is_refused_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine", encoding="utf-8")
    ended = Table(tmp_path).play()
    assert ended.code == 2 and f"{tmp_path / 'run'} is a file; give another --out" in ended.err
    assert (tmp_path / "run").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("flag", ["--junit", "--github-summary"])
def test_result_file_that_cannot_be_written_is_refused_before_a_match(flag: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place, why in (("file/below.xml", "Not a directory"), (".", "Is a directory")):
        named = tmp_path / place
        ended = Table(tmp_path).play(flag, str(named))
        assert ended.code == 2 and f"cannot write {named}: {why}" in ended.err
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--limit", "1", *NO_TOOLS, "--out"),
        ("risk", "run", "--trials", "1", "--out"),
        ("cheaptalk", "run", "--num-tasks", "1", "--out"),
        ("report", EXAMPLE, "--out"),
        ("rejudge", EXAMPLE, "--judge", "mock/judge", "--out"),
        ("export", "hf-dataset", EXAMPLE, "--out"),
        ("export", "leaderboard-result", EXAMPLE, "--out"),
        ("check", EXAMPLE, "--junit"),
        ("check", EXAMPLE, "--github-summary"),
        ("compare", EXAMPLE, EXAMPLE, "--csv"),
        ("challenges", "render", "--out"),
    ],
    ids=lambda words: " ".join(str(word) for word in words if word != EXAMPLE),
)
def test_place_that_takes_no_files_is_named_as_given_with_exit_2(words: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    named = tmp_path / "file" / "below"
    ended = command(*words, named)
    assert ended.code == 2, ended.text
    assert str(named) in ended.err.splitlines()[-1] and "Not a directory" in ended.err
