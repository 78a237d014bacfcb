"""What is said of a path that is not a run directory, and the run that is offered instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.store import not_a_run as module
from arena.store.not_a_run import not_a_run


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two runs, as state/runs in the working directory."""
    folder = tmp_path / "state" / "runs"
    for name in ("first", "second-run"):
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(module, "RUNS_DIR", folder)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("typed", ["first", "frist", "state/runs/frist"])
def test_name_close_to_a_run_is_answered_with_its_path(typed: str) -> None:
    assert not_a_run(Path(typed)).endswith("there is no such folder; did you mean state/runs/first?")


@pytest.mark.parametrize("typed", ["nothing-like-it", "elsewhere/first", "x" * 300])
def test_name_unlike_every_run_is_offered_none(typed: str) -> None:
    assert not_a_run(Path(typed)) == f"{typed} is not a run directory: there is no such folder"


def test_folder_of_runs_is_answered_with_one_of_them() -> None:
    assert "it has no manifest.json; it holds runs, such as state/runs/first" in not_a_run(Path("state/runs"))


def test_folder_without_runs_lacks_a_manifest(tmp_path: Path) -> None:
    assert not_a_run(tmp_path / "state").endswith("it has no manifest.json")


def test_file_is_called_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    assert not_a_run(Path("notes.txt")) == "notes.txt is not a run directory: it is a file"


def test_run_seen_from_elsewhere_is_offered_whole(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("away"))
    assert not_a_run(Path("first")).endswith(f"did you mean {runs / 'first'}?")
