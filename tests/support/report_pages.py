"""Report pages of real runs of all families, for tests that look at them in a browser."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from arena.analysis.report import build
from arena.cli.entry import main
from tests.support.arena_rig import arena
from tests.support.report_rig import report

SIZES = [(1280, False), (1280, True), (390, False), (390, True)]
"""Width in pixels, and whether the colours are dark."""

WIDER = """[...document.querySelectorAll('body *')].filter(e => !e.closest('svg') && e.checkVisibility()
  && !e.matches('.skip') && !e.closest('thead') && e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)"""
"""JavaScript: the elements that stick out of the page."""


def quietly(*words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(list(words)) in (0, 1), words


def real_pages(folder: Path) -> Mapping[str, Path]:
    """Play small runs of all families below `folder` and return their pages by name."""
    for name in ("careful", "careless"):
        ended = arena("--limit", "4", "--repetitions", "2", "--participant-model", f"mock/{name}",
                      "--out", str(folder / name))  # fmt: skip
        assert ended.code == 0
    quietly("cheaptalk", "run", "--num-tasks", "6", "--out", str(folder / "talk"), "--quiet")
    quietly("risk", "run", "--attacks", "direct,escalation", "--defences", "none,gates", "--trials", "1",
            "--results-dir", str(folder / "risk"))  # fmt: skip
    risk = next(path.parent for path in sorted((folder / "risk").glob("*/matches.jsonl")))
    assert report(folder / "careless") == report(folder / "talk") == report(risk) == 0
    assert report(folder / "careful", folder / "careless", "--out", folder / "two.html") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "INLINE_MATCHES", 0)
        assert report(folder / "careless", "--out", folder / "large.html") == 0
    return {
        "crypto": folder / "careless/report.html",
        "two": folder / "two.html",
        "cheaptalk": folder / "talk/report.html",
        "risk": risk / "report.html",
        "lab": risk / "index.html",
        "beside": folder / "large_matches/0001.html",
        "pair": folder / "two_matches/pairs_0001.html",
    }
