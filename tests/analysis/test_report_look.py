"""How the report looks in a browser: nothing wider than the page, plots that can be read, no barriers, keyboard.

Pages of all three families, of two runs, and those next to a page, at 1280 and 390 pixels, light and dark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support import axe_rig
from tests.support.chromium_rig import HOW_TO_GET, Chromium, Page, browser, find
from tests.support.report_pages import SIZES, WIDER, real_pages

pytestmark = [pytest.mark.long, pytest.mark.skipif(find() is None, reason=HOW_TO_GET)]

PAGES = ("crypto", "two", "cheaptalk", "risk", "lab", "beside", "pair")
LEAST_PLOT_PX = 11
"""Height of the smallest text of a plot, in pixels of the page."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return real_pages(tmp_path_factory.mktemp("pages"))


def shown(chromium: Chromium, path: Path, width: int, dark: bool, opened: int = 2) -> Page:
    """Open a page with some of its folded parts open."""
    tab = chromium.tab()
    tab.view(width, 900, dark)
    tab.go(path.as_uri())
    tab.js(f"document.querySelectorAll('details').forEach((d, n) => {{ d.open = n < {opened}; }})")
    return tab


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
