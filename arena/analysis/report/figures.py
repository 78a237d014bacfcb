"""The figures of a run as SVG: outcomes, dimensions, grades, checks, success by label, heat map. Pure.

Every figure is in the page and in its own file. Colours come from classes (figures.css), and letters, numbers and
shapes always repeat their meaning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from arena.analysis.report.marks import NOT_PLAYED, STATUS_MARKS, UNSCORED, Mark
from arena.analysis.report.tally import Cell, RunTally, checks_in, success_interval, successes, verified_in
from arena.analysis.report.values import spaced
from arena.formats.plots import NARROW, WIDTH, Dot, clip, dot_plot, figure
from arena.formats.svg import Element, Rendered, element, render
from arena.stats.intervals import wilson

_SQUARE = 17.0
MAX_ROWS = 40
"""Rows of a plot by label."""
DETAILED = 2_000
"""Matches up to which the heat map has a square and a title for each."""


def outcome_counts(tally: RunTally) -> list[tuple[Mark, int]]:
    """Return every way in which a match ended, with its count; aborted ones apart from their outcome."""
    total, aborted = tally.total, tally.total.statuses["aborted"]
    counts = [(tally.marks.outcome(label), n) for label, n in total.outcomes.items()]
    if counts:
        worst, n = counts[-1]
        counts[-1] = (worst, max(0, n - aborted))
    counts += [(STATUS_MARKS["aborted"], aborted), (UNSCORED, total.unscored)]
    counts += [(STATUS_MARKS[name], total.statuses[name]) for name in ("error", "denied", "limit", "pending")]
    return [*counts, (NOT_PLAYED, max(0, tally.planned - total.n))]


def outcomes_figure(tally: RunTally, narrow: bool = False) -> Element:
    """Return the matches of the plan as one bar: outcomes first, then the matches that are in no mean."""
    counts = [(mark, n) for mark, n in outcome_counts(tally) if n]
    whole, room = sum(n for _, n in counts), NARROW if narrow else WIDTH
    parts: list[Element] = []
    x = 0.0
    for mark, n in counts:
        width = room * n / whole
        label = element("title", f"{mark.word}: {n} of {whole}")
        parts.append(element("rect", label, x=x, y=4.0, width=max(width - 1.5, 0.5), height=30.0, class_=mark.shade))
        text = next((one for one in (f"{mark.word} {n}", f"{mark.short} {n}", str(n)) if _fits(one, width)), None)
        if text is not None:
            parts.append(element("text", text, x=x + width / 2, y=24.0, text_anchor="middle", font_weight="600",
                                 class_=f"t-{mark.shade}"))  # fmt: skip
        x += width
    if not counts:
        parts.append(element("text", f"no {tally.trial_noun} in the plan", x=0.0, y=24.0, class_="ink"))
    return figure(f"How the {tally.trial_nouns} ended", 40.0, *parts, width=room)


def _fits(text: str, width: float) -> bool:
    """Return whether a text of 12 pixels, in a bold font, has room: capitals of such fonts are about 9 pixels wide."""
    return 8 + 8.8 * len(text) <= width


def dimensions_figure(tally: RunTally, narrow: bool = False) -> Element | None:
    """Return the means with their intervals; with verified scores both series. None if nothing is scored."""
    if not tally.total.scores.n:
        return None
    verified = verified_in(tally.total).scores.n > 0
    rows = []
    for name in tally.dimensions:
        mean = tally.mean(name)
        second = tally.mean(name, True) if verified else None
        text = f"{mean:.2f}" if mean is not None else "-"
        text += f" / {second:.2f}" if second is not None else ""
        bounds = tally.interval(name, True) if verified else None
        rows.append(Dot(spaced(name), mean, tally.interval(name), second, bounds, text))
    low, high = tally.parts.scale or _range(rows)
    steps = int(high - low) if tally.parts.scale and high - low <= 10 else round((high - low) / 0.25)
    while steps > 8:
        steps = math.ceil(steps / 2)
    ticks = [(low + (high - low) * n / steps, f"{low + (high - low) * n / steps:.3g}") for n in range(steps + 1)]
    return dot_plot("Mean scores with 95 % intervals", rows, low, high, ticks, narrow)


def _range(rows: Sequence[Dot]) -> tuple[float, float]:
    known = [x for row in rows for x in (row.value, row.second, *(row.bounds or ()), *(row.second_bounds or ()))
             if x is not None]  # fmt: skip
    if not known:
        return 0.0, 1.0
    return math.floor(4 * min(0.0, *known)) / 4, math.ceil(4 * max(1.0, *known)) / 4


_SHARES = [(n / 4, f"{n * 25} %") for n in range(5)]


def label_figure(tally: RunTally, label: str, narrow: bool = False) -> Element | None:
    """Return the success rate by value of one label, with Wilson intervals; None below 2 and above MAX_ROWS values."""
    groups = tally.labels.get(label, {})
    if not 2 <= len(groups) <= MAX_ROWS or not tally.outcomes:
        return None
    rows = []
    for value, group in tally.in_order(label):
        won, n = successes(group.outcomes)
        rows.append(Dot(spaced(str(value)), won / n if n else None, success_interval(group.outcomes),
                        text=f"{won} of {n}"))  # fmt: skip
    return dot_plot(f"Success rate by {spaced(label)}", rows, 0.0, 1.0, _SHARES, narrow)


def checks_figure(tally: RunTally, narrow: bool = False) -> Element | None:
    """Return the share of matches that passed each mechanical check, with Wilson intervals; None without checks."""
    found = checks_in(tally.total)
    rows = [
        Dot(tally.parts.check_names.get(name, spaced(name)), found.passed[name] / n, wilson(found.passed[name], n),
            text=f"{found.passed[name]} of {n}")
        for name, n in found.made.items()
    ]  # fmt: skip
    return dot_plot("Mechanical checks passed", rows, 0.0, 1.0, _SHARES, narrow) if rows else None


def grades_figure(tally: RunTally, narrow: bool = False) -> Element | None:
    """Return how often each grade was given, a bar per dimension, and a thin one below it for verified grades. None
    where grades are not whole numbers of a small scale."""
    grades = tally.grades
    if not grades.levels:
        return None
    room, left = (NARROW, 0.0) if narrow else (WIDTH, 196.0)
    pitch, lead = (54.0, 16.0) if narrow else (42.0, 0.0)
    parts: list[Element] = []
    for number, name in enumerate(grades.names):
        top = pitch * number + lead + 4
        words = {"x": 0.0, "y": top - 5} if narrow else {"x": left - 12, "y": top + 16}
        parts.append(element("text", clip(spaced(name), 34 if narrow else 27), **words, class_="ink",
                             text_anchor="start" if narrow else "end"))  # fmt: skip
        for verified, y, height in ((False, top, 22.0), (True, top + 24, 8.0)):
            parts += _grade_bar(grades.shares(name, verified), (left, y, room - left, height))
    return figure("Grades by dimension", pitch * len(grades.names) + 6, *parts, width=room)


def _grade_bar(shares: Sequence[tuple[int, int, float]], place: tuple[float, float, float, float]) -> Iterator[Element]:
    """Yield the parts of one bar; `shares`: grade, count, share; `place`: x, y, width, height."""
    x, y, room, height = place
    for place_in_scale, (grade, count, share) in enumerate(shares):
        rank = round(4 * place_in_scale / max(1, len(shares) - 1))
        width = room * share
        told = element("title", f"grade {grade}: {count}")
        if count:
            yield element("rect", told, x=x, y=y, width=max(width - 1, 0.5), height=height, class_=f"g{rank}")
        if count and height > 12 and width >= 18:
            yield element("text", str(grade), x=x + width / 2, y=y + 15.5, text_anchor="middle", font_weight="600",
                          class_=f"t-g{rank}")  # fmt: skip
        x += width


def heat_figure(tally: RunTally) -> Element:
    """Return the heat map: a row per unit, a square per match with the letter of how it ended.

    Above DETAILED matches, equal neighbours share a rectangle and no square has a title.
    """
    left = 230.0
    detailed = tally.total.n <= DETAILED
    rows: list[Rendered] = []
    widest = 1
    marks = tally.marks.legend()
    top = 10 + _SQUARE * len(marks)
    for number, (name, unit) in enumerate(tally.units.items()):
        y = top + _SQUARE * number
        label = element("text", clip(name, 38), x=left - 8, y=y + 12.5, text_anchor="end", class_="ink", font_size=11.0)
        cells = list(tally.cells(unit))
        widest = max([widest, *(cell.column + 1 for cell in cells)])
        squares = _squares(name, cells, left, y) if detailed else _strips(cells, left, y)
        rows.append(render(element("g", label, *squares)))
    height = top + _SQUARE * max(1, len(tally.units)) + 4
    rows[:0] = [render(part) for number, mark in enumerate(marks) for part in _legend(mark, 4 + _SQUARE * number)]
    columns = "repetition" if tally.repeated else tally.trial_noun
    title = f"{tally.unit_noun.capitalize()} by {columns}"
    return figure(title, height, *rows, width=left + _SQUARE * widest + 4)


def _legend(mark: Mark, y: float) -> Iterator[Element]:
    """Yield a line of the legend, which the file needs: it has letters only."""
    yield element("rect", x=4.0, y=y, width=_SQUARE - 1.5, height=_SQUARE - 1.5, class_=mark.shade)
    yield element("text", mark.letter, x=3.25 + _SQUARE / 2, y=y + 12, text_anchor="middle", font_size=10.0,
                  class_=f"t-{mark.shade}")  # fmt: skip
    yield element("text", clip(mark.word, 30), x=10 + _SQUARE, y=y + 12, class_="ink", font_size=11.0)


def _squares(name: str, cells: Sequence[Cell], left: float, y: float) -> Iterator[Element]:
    for column, _, mark, mean in cells:
        x = left + _SQUARE * column
        told = f"{name}, {column + 1}: {mark.word}" + ("" if mean is None else f", mean {mean:.2f}")
        yield element("rect", element("title", told), x=x, y=y, width=_SQUARE - 1.5, height=_SQUARE - 1.5,
                      class_=mark.shade)  # fmt: skip
        yield element("text", mark.letter, x=x + _SQUARE / 2 - 0.75, y=y + 12, text_anchor="middle", font_size=10.0,
                      class_=f"t-{mark.shade}")  # fmt: skip


def _strips(cells: Sequence[Cell], left: float, y: float) -> Iterator[Element]:
    for (mark, _), group in groupby(enumerate(cells), lambda pair: (pair[1].mark, pair[1].column - pair[0])):
        run = [cell for _, cell in group]
        x, width = left + _SQUARE * run[0].column, _SQUARE * len(run)
        yield element("rect", x=x, y=y, width=width - 1.5, height=_SQUARE - 1.5, class_=mark.shade)
        places = " ".join(f"{x + _SQUARE * (n + 0.5) - 0.75:g}" for n in range(len(run)))
        yield element("text", mark.letter * len(run), x=places, y=y + 12, text_anchor="middle", font_size=10.0,
                      class_=f"t-{mark.shade}")  # fmt: skip
