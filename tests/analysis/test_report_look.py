"""How the report looks in a browser: nothing wider than the page, plots that can be read, no barriers, keyboard.

Pages of all three families, of two runs, and those beside a page, at 1280 and 390 pixels, light and dark.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from arena.analysis.report import build
from arena.cli.entry import main
from tests.support import axe_rig
from tests.support.arena_rig import arena
from tests.support.chromium_rig import HOW_TO_GET, Chromium, Page, browser, find
from tests.support.report_rig import report

pytestmark = [pytest.mark.long, pytest.mark.skipif(find() is None, reason=HOW_TO_GET)]

SIZES = [(1280, False), (1280, True), (390, False), (390, True)]
PAGES = ("crypto", "two", "cheaptalk", "risk", "beside", "pair")
LEAST_PLOT_PX = 11
"""Height of the smallest text of a plot, in pixels of the page."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def quietly(*words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(list(words)) in (0, 1), words


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Pages of real runs of all families, by name."""
    folder = tmp_path_factory.mktemp("pages")
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
        "beside": folder / "large_matches/0001.html",
        "pair": folder / "two_matches/pairs_0001.html",
    }


def shown(chromium: Chromium, path: Path, width: int, dark: bool, opened: int = 2) -> Page:
    """Open a page with some of its folded parts open."""
    tab = chromium.tab()
    tab.view(width, 900, dark)
    tab.go(path.as_uri())
    tab.js(f"document.querySelectorAll('details').forEach((d, n) => {{ d.open = n < {opened}; }})")
    return tab


WIDER = """[...document.querySelectorAll('body *')].filter(e => !e.closest('svg') && e.checkVisibility()
  && !e.matches('.skip') && !e.closest('thead') && e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)"""
CUT = """[...document.querySelectorAll('.wide, .draw')].filter(e => e.checkVisibility()
  && e.scrollWidth > e.clientWidth + 1).map(e => `${e.getAttribute('aria-label') || e.className} ${e.scrollWidth}`)"""
PLOT_TEXTS = """[...document.querySelectorAll('svg text')].filter(t => t.checkVisibility() && t.getScreenCTM())
  .map(t => [t.getScreenCTM().a * parseFloat(getComputedStyle(t).fontSize), t.textContent])"""


@pytest.mark.parametrize(("width", "dark"), SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_page_and_nothing_is_on_the_console(
    name: str, width: int, dark: bool, chromium: Chromium, pages: Mapping[str, Path]
) -> None:
    tab = shown(chromium, pages[name], width, dark)
    assert tab.js("document.documentElement.scrollWidth") <= width
    assert tab.js(WIDER) == []
    assert tab.problems == [] and set(tab.requests) == {pages[name].as_uri()}
    tab.send("Page.close")


@pytest.mark.parametrize("name", ["crypto", "two", "cheaptalk", "risk"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_table_and_no_plot_is_cut(name: str, width: int, chromium: Chromium, pages: Mapping[str, Path]) -> None:
    tab = shown(chromium, pages[name], width, False)
    assert tab.js("document.querySelectorAll('.wide, .draw').length") > 5
    assert tab.js(CUT) == []
    tab.send("Page.close")


@pytest.mark.parametrize("name", ["crypto", "two", "cheaptalk", "risk"])
@pytest.mark.parametrize("width", [1280, 390])
def test_text_of_plots_is_large_enough(name: str, width: int, chromium: Chromium, pages: Mapping[str, Path]) -> None:
    tab = shown(chromium, pages[name], width, False)
    found = tab.js(PLOT_TEXTS)
    assert len(found) > 5 and [text for text in found if text[0] < LEAST_PLOT_PX - 0.01] == []
    tab.send("Page.close")


@pytest.mark.skipif(axe_rig.find() is None, reason=axe_rig.HOW_TO_GET)
@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(name: str, width: int, dark: bool, chromium: Chromium, pages: Mapping[str, Path]) -> None:
    tab = shown(chromium, pages[name], width, dark)
    assert axe_rig.violations(tab) == []
    tab.send("Page.close")


@pytest.mark.skipif(axe_rig.find() is None, reason=axe_rig.HOW_TO_GET)
def test_axe_finds_a_barrier_where_there_is_one(chromium: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        '<!doctype html><html lang="en"><title>t</title><main><h1>h</h1><p><img src="data:,">', encoding="utf-8"
    )
    tab = shown(chromium, path, 1280, False)
    assert [line.partition(":")[0] for line in axe_rig.violations(tab)] == ["image-alt"]


def press(tab: Page, key: str, code: int, shift: bool = False) -> None:
    """Press a key, with Shift where it is wanted."""
    for kind in ("keyDown", "keyUp"):
        more = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
        tab.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                 modifiers=8 if shift else 0, **more)  # fmt: skip


def test_the_keyboard_goes_through_the_list_into_a_transcript_and_back(
    chromium: Chromium, pages: Mapping[str, Path]
) -> None:
    tab = shown(chromium, pages["crypto"], 1280, False, opened=0)
    here = "[...document.querySelectorAll('.m')].indexOf(document.activeElement.closest('.m'))"
    tab.js("document.getElementById('search').focus()")
    for _ in range(12):
        press(tab, "Tab", 9)
        if tab.js(here) == 0:
            break
    assert tab.js(here) == 0 and tab.js("document.activeElement.tagName") == "SUMMARY"
    press(tab, "Tab", 9)
    assert tab.js(here) == 1, "a closed match is one stop"
    press(tab, "Tab", 9, shift=True)
    press(tab, "Enter", 13)
    assert tab.js("document.querySelector('#m0 .turns').checkVisibility()") is True
    for _ in range(60):
        press(tab, "Tab", 9)
        if re.search("^#m0-t", str(tab.js("document.activeElement.getAttribute('href')"))):
            break
    target = tab.js("document.activeElement.getAttribute('href')")
    press(tab, "Enter", 13)
    assert tab.js("location.hash") == target
    seen = f"document.getElementById({json.dumps(target[1:])}).getBoundingClientRect().top"
    assert 0 <= tab.js(seen) < 900, "the link of a finding leads to its turn"
    tab.js("document.querySelector('#m0').closest('.m').querySelector('summary').focus()")
    press(tab, "Enter", 13)
    assert tab.js("document.querySelector('#m0 .turns').checkVisibility()") is False
    assert tab.js(here) == 0 and tab.problems == []
    tab.send("Page.close")
