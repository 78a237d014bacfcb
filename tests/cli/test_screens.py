"""Every screen of tests/screens is compared whole: exit code, standard output, standard error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.screen_rig import SCREENS, Shown, play, read, written

FILES = sorted(SCREENS.glob("*.toml"))


@pytest.fixture(scope="module")
def stored_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stored")


def test_there_are_screens() -> None:
    assert len(FILES) >= 16


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_screen_is_shown_as_its_file_says(path: Path, tmp_path: Path, stored_runs: Path) -> None:
    screen = read(path)
    shown = play(screen, tmp_path, stored_runs)
    assert shown == Shown(screen["status"], screen["stdout"], screen["stderr"])


def test_changed_screen_is_noticed(tmp_path: Path) -> None:
    screen = {"args": ["dance"], "status": 2, "stdout": "", "stderr": "something else\n"}
    assert play(screen, tmp_path, tmp_path) != Shown(2, "", "something else\n")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_screen_file_survives_being_rewritten(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_text(written(read(path), ""), encoding="utf-8")
    assert read(copy) == read(path)
