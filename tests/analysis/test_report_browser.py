"""The report in a real browser: it loads nothing, runs only its own script, and does what its buttons say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.analysis.report import build, matches
from tests.analysis.test_report_hostile import hostile_run
from tests.support.chromium_rig import HOW_TO_GET, Chromium, Page, browser, find
from tests.support.many_matches import multiply
from tests.support.report_rig import HOSTILE, fault, record, report, write_run

pytestmark = [pytest.mark.long, pytest.mark.skipif(find() is None, reason=HOW_TO_GET)]

SHOWN = "[...document.querySelectorAll('.m')].filter(e => !e.hidden && !e.closest('[hidden]')).length"
FIRST_COLUMN = "[...document.querySelectorAll('table.sortable tbody tr')].map(r => r.cells[%d].textContent)"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 24 matches with all grades and some errors, so that there is something to sort and to filter."""
    records = [record(f"unit-{n % 12:02}", n // 12, score=1 + n % 5) for n in range(22)]
    records += [fault("unit-10", 1), record("unit-11", 1, verdict="A zebra was seen.")]
    for n, one in enumerate(records):
        one["cell"] = {"participant": "local/m", "difficulty": ("Basic", "Advanced")[n % 2]}
    folder = write_run(tmp_path_factory.mktemp("run") / "run", records, planned=30)
    assert report(folder) == 0
    return folder


@pytest.fixture
def page(chromium: Chromium, run: Path) -> Iterator[Page]:
    opened = chromium.open((run / "report.html").as_uri())
    yield opened
    assert opened.problems == [], "nothing on the console"
    assert set(opened.requests) == {(run / "report.html").as_uri()}, "nothing was asked for but the file"


def test_the_page_opens_without_a_request_or_an_error_and_looks_like_this(page: Page, tmp_path: Path) -> None:
    assert page.js("document.querySelector('h1').textContent") == "Arena report: crypto, local/m"
    for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("phone", 400, False)):
        page.view(width, 1400, dark)
        picture = page.screenshot(tmp_path / f"{name}.png")
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
        print(f"screenshot: {picture}")
        assert page.js("document.documentElement.scrollWidth <= innerWidth"), f"{name}: nothing sticks out"
    assert page.pdf(tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_click_on_a_heading_sorts_the_table_and_a_second_one_turns_it_round(page: Page) -> None:
    heads = page.js("[...document.querySelectorAll('table.sortable th[aria-sort] button')].map(b => b.textContent)")
    column = heads.index("mean")
    page.click(f"table.sortable th:nth-child({column + 1}) button")
    values = [float(text) for text in page.js(FIRST_COLUMN % column)]
    assert len(values) == 12 and values == sorted(values) and len(set(values)) > 2
    state = f"document.querySelector('table.sortable th:nth-child({column + 1})').ariaSort"
    assert page.js(state) == "ascending"
    page.click(f"table.sortable th:nth-child({column + 1}) button")
    assert [float(text) for text in page.js(FIRST_COLUMN % column)] == sorted(values, reverse=True)
    assert page.js(state) == "descending"
    page.click("table.sortable th:nth-child(1) button")
    names = page.js(FIRST_COLUMN % 0)
    assert names == sorted(names)


def test_filters_and_words_leave_the_matches_that_fit(page: Page) -> None:
    assert page.js(SHOWN) == 24
    option = page.js("[...document.querySelector('select[data-facet]').options].find(o => o.text != 'any').value")
    page.js(f"(() => {{ const s = document.querySelector('select[data-facet]'); s.value = {json.dumps(option)};"
            " s.dispatchEvent(new Event('change')); })()")  # fmt: skip
    some = page.js(SHOWN)
    assert 0 < some < 24
    assert page.js("document.getElementById('count').textContent") == f"{some} of 24 matches shown"
    page.js("(() => { const s = document.querySelector('select[data-facet]'); s.value = '';"
            " s.dispatchEvent(new Event('change')); })()")  # fmt: skip
    page.click("#search")
    page.send("Input.insertText", text="ZEBRA unit-11")
    assert page.js(SHOWN) == 1
    page.js(
        "(() => { const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input')); })()"
    )
    assert page.js(SHOWN) == 24


def test_matches_can_be_ordered_by_their_mean_and_back(page: Page) -> None:
    means = "[...document.querySelectorAll('.m .c-m')].map(e => e.textContent)"
    order = (
        "(() => { const s = document.getElementById('order'); s.value = '%s'; s.dispatchEvent(new Event('change'));"
        " })()"
    )
    before = page.js(means)
    known = [float(mean) for mean in before if mean != "-"]
    assert len(known) == 23
    page.js(order % "m up")
    assert page.js(means) == [*(f"{mean:.2f}" for mean in sorted(known)), "-"], "what has no mean stands last"
    page.click(".m-head .c-m")
    assert page.js(means) == [*(f"{mean:.2f}" for mean in sorted(known, reverse=True)), "-"]
    page.js(order % "")
    assert page.js(means) == before


def test_filters_over_the_table_of_challenges_leave_what_fits_worst_first(page: Page) -> None:
    shown = "[...document.querySelectorAll('table.sortable tbody tr')].filter(r => !r.hidden)"
    choose = "(() => { const s = document.querySelector('.sorted %s'); s.value = s.options[1].value;" \
             " s.dispatchEvent(new Event('change')); return s.value; })()"  # fmt: skip
    label = page.js(choose % "select[data-c]")
    assert page.js(f"{shown}.map(r => r.cells[1].textContent)") == [label] * 6
    assert page.js("document.querySelector('.sorted output').textContent") == "6 of 12 shown"
    place = page.js(choose % "select:not([data-c])").split()[0]
    means = [float(text) for text in page.js(f"{shown}.map(r => r.cells[{place}].textContent)")]
    assert means == sorted(means) and len(set(means)) > 1


def test_a_transcript_opens_by_click_by_keyboard_and_by_link(page: Page, run: Path) -> None:
    seen = "document.querySelector('#m%d .turns').checkVisibility()"
    assert page.js(seen % 0) is False
    page.click(".m > summary")
    assert page.js(seen % 0) is True
    page.js("document.querySelectorAll('.m > summary')[1].focus()")
    page.key("Enter", 13)
    assert page.js(seen % 1) is True
    page.js("location.hash = '#m5'")
    assert page.js("new Promise(done => setTimeout(() => done(document.querySelector('#m5').checkVisibility()), 100))")


def test_as_seen_by_a_role_hides_what_only_others_saw(page: Page) -> None:
    page.click(".m > summary")
    hidden = "[...document.querySelectorAll('#m0 .turns > li')].filter(e => !e.checkVisibility()).map(e => e.dataset.p)"
    private = page.js("[...document.querySelectorAll('#m0 .turns > li[data-p]')].map(e => e.dataset.p)")
    assert page.js(hidden) == []
    page.click("#v0-1")
    assert page.js(hidden) == [seats for seats in private if "1" not in seats.split()]
    page.click("#v0-0")
    assert page.js(hidden) == []


def test_the_first_stop_of_the_keyboard_is_the_link_past_the_navigation(page: Page) -> None:
    page.key("Tab", 9)
    assert page.js("document.activeElement.getAttribute('href')") == "#main"
    assert page.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_javascript_everything_but_the_filters_is_there(chromium: Chromium, run: Path) -> None:
    tab = chromium.tab()
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.go((run / "report.html").as_uri())
    assert tab.js("document.getElementById('filter').checkVisibility()") is False
    assert tab.js("document.querySelectorAll('.m > summary').length") == 24
    tab.click(".m > summary")
    assert tab.js("document.querySelector('#m0 .turns').checkVisibility()") is True


CONTRAST = """
(() => {
  const part = v => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.map(part);
    return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = s => s.match(/[0-9.]+/g).map(Number);
  const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return rgb(getComputedStyle(document.body).backgroundColor); };
  document.querySelectorAll('details').forEach((d, n) => { if (n < 3) d.open = true; });
  const bad = [];
  for (const e of document.querySelectorAll('main *, header *')) {
    const words = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!words || e.closest('svg') || !e.checkVisibility()) continue;
    const one = light(rgb(getComputedStyle(e).color)), two = light(back(e));
    const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
    if (ratio < 4.5) bad.push([e.tagName, e.className, ratio.toFixed(2), e.textContent.slice(0, 30)]);
  }
  return bad;
})()
"""
"""Contrast ratio of every shown text against what is behind it: WCAG 2.2, success criterion 1.4.3, level AA."""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_the_contrast_of_level_aa(page: Page, dark: bool) -> None:
    page.view(1280, 900, dark)
    assert page.js(CONTRAST) == []


def test_no_hostile_text_runs_loads_or_changes_anything(
    chromium: Chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "INLINE_BYTES", 1 << 30)
    for number, text in enumerate(HOSTILE.values()):
        run = hostile_run(tmp_path / str(number), text)
        assert report(run) == 0
        for file in [run / "report.html", *sorted((run / "figures").iterdir())]:
            tab = chromium.open(file.as_uri())
            if file.suffix == ".html":
                tab.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                assert "pwned" not in tab.js("document.title").replace(text, "")
                assert (
                    tab.js("document.querySelectorAll('script, iframe, object, embed, form, base, link').length") == 1
                )
            assert (tab.problems, tab.requests) == ([], [file.as_uri()])
            tab.send("Page.close")


def test_files_beside_a_large_page_open_at_the_match(
    chromium: Chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "INLINE_MATCHES", 2)
    monkeypatch.setattr(matches, "FILE_MATCHES", 2)
    run = write_run(tmp_path / "run", [record("c1", rep) for rep in range(5)])
    assert report(run) == 0
    tab = chromium.open((run / "report.html").as_uri())
    tab.click(".m:nth-child(4)")
    chromium.wait(lambda: tab.loaded == 2, "the match")
    assert tab.js("location.pathname.split('/').pop() + location.hash") == "0002.html#m3"
    assert tab.js("document.querySelector('#m3 .turns').checkVisibility()") is True, "opened without a script"
    assert tab.problems == []


def test_a_page_of_ten_thousand_matches_filters_and_sorts(chromium: Chromium, run: Path, tmp_path: Path) -> None:
    large = multiply(run, 10_000, tmp_path / "large")
    assert report(large) == 0
    tab = chromium.open((large / "report.html").as_uri())
    assert tab.js(SHOWN) == 10_000
    tab.click("#search")
    tab.send("Input.insertText", text="unit-03")
    assert tab.js(SHOWN) == 834
    assert tab.problems == [] and len(tab.requests) == 1
