"""The heat map and the table of challenges, as HTML. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tally import Tally, Unit, checks_in, mean_in, mean_of, successes, verified_in, verified_rate
from arena.analysis.report.values import percent
from arena.formats.tables import number

MAX_UNITS = 500
"""Rows of the heat map and of the table of challenges; the CSV files hold all."""
MAX_CELLS = 1_000
"""Matches up to which each has a linked cell with its mean; above, a row counts them and heatmap.svg has the cells."""

Link = Callable[[int], str]
"""Number of a match -> where it stands."""


def legend(tally: Tally) -> Markup:
    """Return the letters of the heat map and what they mean."""
    items = (tag("li", tag("b", mark.letter, class_=mark.shade), mark.word) for mark in tally.marks.legend())
    return tag("ul", *items, class_="legend")


def heat_map(tally: Tally, link: Link, picture: str) -> Markup:
    """Return the map: a row per unit, a cell per match; of large runs counts, and a link to the `picture` of all."""
    if not tally.units:
        return tag("p", f"No {tally.trial_noun} to show.")
    units = islice(tally.units.items(), MAX_UNITS)
    columns = 1 + max(cell.column for unit in tally.units.values() for cell in tally.cells(unit))
    note = None
    if tally.total.n <= MAX_CELLS and columns * len(tally.units) <= 4 * MAX_CELLS:
        head = tag("tr", tag("th", tally.unit_noun, scope="col"),
                   *(tag("th", f"rep {n}" if tally.repeated else str(n + 1), scope="col")
                     for n in range(columns)))  # fmt: skip
        rows = (tag("tr", tag("th", name, scope="row"), *_cells(tally, unit, columns, link)) for name, unit in units)
        grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="heat")
    else:
        rows = (tag("tr", tag("th", name, scope="row"), *_counts(tally, unit)) for name, unit in units)
        grid = tag("table", tag("tbody", *rows), class_="heat")
        every = tag("a", f"The picture of every {tally.trial_noun}", href=picture)
        note = tag("p", f"{tally.trial_nouns.capitalize()} by how they ended. ", every, ".")
    box = tag("div", grid, class_="wide", tabindex=0, role="region", aria_label="heat map")
    return join([legend(tally), note, box, _left_out(tally)])


def _cells(tally: Tally, unit: Unit, columns: int, link: Link) -> Iterator[Markup]:
    at = {cell.column: cell for cell in tally.cells(unit)}
    for column in range(columns):
        cell = at.get(column)
        if cell is None:
            yield tag("td", tag("b", "\N{MIDDLE DOT}", class_="xn", title="not played"))
            continue
        mean = None if cell.mean is None else f"{cell.mean:.1f}"
        label = f"{cell.mark.word}, mean {mean}" if mean else cell.mark.word
        yield tag("td", tag("a", tag("b", cell.mark.letter), mean, href=link(cell.number), class_=cell.mark.shade,
                            title=label))  # fmt: skip


def _counts(tally: Tally, unit: Unit) -> Iterator[Markup]:
    """Yield a cell per way of ending, with its count."""
    counts = Counter(cell.mark for cell in tally.cells(unit))
    for mark in tally.marks.legend()[:-1]:
        n = counts.get(mark, 0)
        yield tag("td", tag("b", f"{mark.letter} {n}", class_=mark.shade) if n else None)


def _left_out(tally: Tally) -> Markup | None:
    left = len(tally.units) - MAX_UNITS
    if left <= 0:
        return None
    return tag("p", f"{left} more {tally.unit_noun}s are not shown here; {tally.unit_noun}_summary.csv holds all.")


def unit_table(tally: Tally, link: Link) -> Markup:
    """Return the table of units; script.js makes the buttons in its head sort it."""
    labels = [label for label in tally.labels if len(tally.labels[label]) > 1]
    names = [label.replace("_", " ") for label in labels]
    heads = [tally.unit_noun, *names, "scored", "success", *(["verified"] if verified_in(tally.total).n else []),
             *tally.dimensions, *(["mean"] if tally.averaged else []),
             *(["checks"] if checks_in(tally.total).n else [])]  # fmt: skip
    head = (
        tag(
            "th",
            tag("button", text, type="button"),
            scope="col",
            aria_sort="none",
            class_="l" if text in names else None,
        )
        for text in heads
    )
    rows = (_unit_row(tally, name, unit, labels, link) for name, unit in islice(tally.units.items(), MAX_UNITS))
    table = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="sortable")
    box = tag("div", table, class_="wide", tabindex=0, role="region", aria_label=f"results by {tally.unit_noun}")
    return join([box, _left_out(tally)])


def _unit_row(tally: Tally, name: str, unit: Unit, labels: list[str], link: Link) -> Markup:
    group = unit.group
    won, n = successes(group.outcomes)
    means = [mean_in(group, d) for d in tally.dimensions]
    averaged = {name: mean for name, mean in zip(tally.dimensions, means, strict=True) if name in tally.averaged}
    checks = checks_in(group)
    passed, made = sum(checks.passed.values()), sum(checks.made.values())
    first = next(tally.cells(unit)).number
    title = tally.parts.title(name)
    shown = [tag("a", name, href=link(first)), tag("small", title) if title != name else None]
    cells = [
        f"{group.scores.n}/{group.n}",
        percent(won / n if n else None, 0),
        *verified_rate(group, bool(verified_in(tally.total).n), 0),
        *(number(mean) for mean in means),
        *([number(mean_of(averaged))] if tally.averaged else []),
        *([percent(passed / made if made else None, 0)] if checks_in(tally.total).n else []),
    ]
    label_cells = (tag("td", _breakable(unit.cell.get(label, "")), class_="l") for label in labels)
    return tag("tr", tag("th", *shown, scope="row"), *label_cells, *(tag("td", cell) for cell in cells))


def _breakable(text: str) -> Markup:
    """Return a label that may break after an underscore."""
    parts = text.split("_")
    return join([*(join([part, "_", tag("wbr")]) for part in parts[:-1]), parts[-1]])
