"""The order of the tests: slow files begin first."""

from __future__ import annotations

from pathlib import Path

from tests.support.order import SLOW, slow_first

ROOT = Path(__file__).resolve().parent.parent


def test_every_slow_file_exists_once() -> None:
    assert [name for name in SLOW if not (ROOT / name).is_file()] == []
    assert len(set(SLOW)) == len(SLOW) > 10


def test_slow_files_begin_and_others_keep_their_order() -> None:
    given = ["b.py::1", f"{SLOW[1]}::z", "a.py::1", f"{SLOW[0]}::1", f"{SLOW[1]}::a"]
    found = slow_first(given, lambda item: item.partition("::")[0])
    assert found == [f"{SLOW[0]}::1", f"{SLOW[1]}::z", f"{SLOW[1]}::a", "b.py::1", "a.py::1"]


def test_make_keeps_the_order_over_several_processes() -> None:
    """Without the flag, pytest-xdist begins with the files of the most tests, whatever they take."""
    assert "--dist loadfile --no-loadscope-reorder" in (ROOT / "Makefile").read_text(encoding="utf-8")
