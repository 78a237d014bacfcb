"""Places of an installed package: where a file that the documents name is."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.settings import places

SHIPPED = "config/thresholds.yaml"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / SHIPPED).parent.mkdir()
    (tmp_path / SHIPPED).write_text("thresholds_format: 1\n", encoding="utf-8")
    monkeypatch.setattr(places, "DATA_ROOT", tmp_path)
    monkeypatch.setattr(places, "INSTALLED", True)
    return tmp_path


def missing(path: str) -> str:
    return f"{path}: cannot be read: No such file or directory"


def test_missing_file_of_the_clone_is_named_in_the_package(package: Path) -> None:
    assert places.where_shipped(missing(SHIPPED)) == f"; this package has it as {package / SHIPPED}"


@pytest.mark.parametrize("path", ["config/mine.yaml", "mine.yaml", f"other/{SHIPPED}", f"/{SHIPPED}"])
def test_file_that_the_package_lacks_gets_no_hint(package: Path, path: str) -> None:
    assert places.where_shipped(missing(path)) == ""


def test_clone_gives_no_hint(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "INSTALLED", False)
    assert places.where_shipped(missing(SHIPPED)) == ""
