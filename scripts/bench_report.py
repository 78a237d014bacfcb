"""The report's part of `make bench`: its size, the time and memory to build it, the time in which a browser opens
it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from arena.formats.tables import text_table
from tests.support.chromium_rig import HOW_TO_GET, Chromium, browser, find
from tests.support.many_matches import multiply

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "state/examples/mock-three"
SIZES = (100, 10_000)
ROUNDS = 5

OPENED = """
new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))
"""
"""Milliseconds from the start of the navigation until a second frame after the load was begun."""

_HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>blank</title></head><body>'


def _build(run: Path) -> tuple[float, float]:
    """Write the report of a run in its own process; return seconds and peak MiB."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "arena", "report", str(run), "--quiet"], cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"arena report {run} ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def _opening(chromium: Chromium, page: Path) -> float:
    tab = chromium.open(page.as_uri())
    milliseconds: float = tab.js(OPENED)
    tab.send("Page.close")
    return milliseconds


def _compare(folder: Path, report: Path) -> list[str]:
    """Return lines: the report against blank pages of as many bytes, opened in turn, medians."""
    size = report.stat().st_size
    comment, text = folder / "comment.html", folder / "text.html"
    comment.write_text(f"{_HEAD}<!--{'x' * (size - len(_HEAD) - 7)}-->", encoding="utf-8")
    text.write_text(_HEAD + ("some words on a page without any style " * (size // 39 + 1))[: size - len(_HEAD)])
    with browser(folder) as chromium:
        _opening(chromium, report)
        taken = [[_opening(chromium, page) for page in (report, text, comment)] for _ in range(ROUNDS)]
    ours, plain, hidden = (statistics.median(column) for column in zip(*taken, strict=True))
    return [
        f"opening it in Chromium: {ours:.0f} ms; {ours / plain:.2f} of a page of as many bytes of plain text"
        f" ({plain:.0f} ms), {ours / hidden:.2f} of a page of as many bytes in a comment ({hidden:.0f} ms)"
    ]


def report_lines(folder: Path) -> list[str]:
    """Return the lines about the report; runs and pages are made in `folder`."""
    rows = []
    for count in SIZES:
        run = multiply(EXAMPLE, count, folder / f"report-{count}")
        seconds, peak = _build(run)
        size = (run / "report.html").stat().st_size
        rows.append([f"{count:,}", f"{seconds:.1f} s", f"{peak:.0f} MiB", f"{size / 1e6:.2f} MB",
                     f"{size / count / 1000:.2f} kB"])  # fmt: skip
    lines = [text_table(["report of so many matches", "built in", "peak memory", "page", "a match"], rows)]
    if find() is None:
        return [*lines, f"opening it in a browser: skipped, {HOW_TO_GET}"]
    return lines + _compare(folder, folder / f"report-{SIZES[-1]}" / "report.html")
