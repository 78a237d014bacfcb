"""The report in Firefox: the same promises as in Chromium, for what depends on the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.firefox_rig import HOW_TO_GET, Firefox, find, firefox
from tests.support.report_pages import SIZES, WIDER, real_pages

pytestmark = [pytest.mark.long, pytest.mark.skipif(find() is None, reason=HOW_TO_GET)]

TAB, ENTER = "\ue004", "\ue007"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox")) as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return real_pages(tmp_path_factory.mktemp("pages"))


def test_an_error_of_a_page_is_seen(browser: Firefox, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<!doctype html><title>t</title><script>nothing.here()</script>")
    browser.go(page.as_uri())
    assert browser.problems() == ["ReferenceError: nothing is not defined"]


@pytest.mark.parametrize(("width", "dark"), SIZES)
@pytest.mark.parametrize("name", ["crypto", "two", "cheaptalk", "risk", "beside", "pair"])
def test_nothing_is_wider_than_the_page_or_on_the_console(
    name: str, width: int, dark: bool, browser: Firefox, pages: Mapping[str, Path]
) -> None:
    browser.view(width, 900, dark)
    browser.go(pages[name].as_uri())
    browser.js("document.querySelectorAll('details').forEach((d, n) => { d.open = n < 2; })")
    assert browser.js("innerWidth") == width
    assert browser.js("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert browser.js(WIDER) == []
    assert browser.problems() == []


def test_sorting_searching_and_the_keyboard_work(browser: Firefox, pages: Mapping[str, Path]) -> None:
    browser.view(1280, 900)
    browser.go(pages["crypto"].as_uri())
    first = "document.querySelector('table.sortable th button')"
    browser.js(f"{first}.click()")
    assert browser.js(f"{first}.closest('th').ariaSort") == "ascending"
    matches = "[...document.querySelectorAll('.m')].filter(e => !e.hidden).length"
    assert browser.js(matches) == 8
    browser.click("#search")
    browser.keys(*"zebra")
    assert browser.js(matches) == 0
    browser.js("(() => { const s = document.getElementById('search'); s.value = '';"
               " s.dispatchEvent(new Event('input')); s.focus(); })()")  # fmt: skip
    assert browser.js(matches) == 8
    for _ in range(12):
        browser.keys(TAB)
        if browser.js("document.activeElement.tagName") == "SUMMARY":
            break
    browser.keys(ENTER)
    opened = "document.activeElement.closest('details').querySelector('.turns').checkVisibility()"
    assert browser.js(opened) is True
    assert browser.problems() == []
