"""`make example`: the stored run is replaced only if a new play says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import renew_example
from tests.support.arena_rig import NO_TOOLS, everything

WORDS = ("run", "--limit", "1", "--max-turns", "2", *NO_TOOLS, "--quiet")


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(renew_example, "WORDS", WORDS)
    folder = tmp_path / "example"
    assert renew_example.main([str(folder)]) == 0
    return folder


def test_example_stays_as_it_was_where_only_times_differ(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(stored)
    assert renew_example.main([str(stored)]) == 0
    assert everything(stored) == before
    assert "nothing has changed but times" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["matches.jsonl", "api_calls.jsonl", "manifest.json", "summary.json"])
def test_example_is_replaced_where_it_says_something_else(name: str, stored: Path) -> None:
    path = stored / name
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("careful", "careless"), encoding="utf-8")
    assert renew_example.main([str(stored)]) == 0
    assert "careless" not in path.read_text(encoding="utf-8")


def test_run_that_fails_leaves_the_example(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(stored)
    monkeypatch.setattr(renew_example, "WORDS", (*WORDS, "--limit", "none"))
    assert renew_example.main([str(stored)]) == 2
    assert everything(stored) == before
