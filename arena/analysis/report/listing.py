"""The heat map and the table of challenges, as HTML. Pure."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tables import table
from arena.analysis.report.tally import (
    RunTally,
    Unit,
    checks_in,
    mean_in,
    mean_over,
    successes,
    verified_in,
    verified_rate,
)
from arena.analysis.report.values import percent, spaced
from arena.formats.tables import number

MAX_UNITS = 500
"""Most rows of the heat map and of the table of challenges; the CSV files have all."""
MAX_OPTIONS = 60
"""Values up to which a label gets a filter."""
MAX_CELLS = 1_000
"""Matches up to which each has a linked cell with its mean; above, a row counts them and heatmap.svg has the cells."""

Link = Callable[[int], str]
"""Number of a match -> its place."""


def legend(tally: RunTally) -> Markup:
    """Return the abbreviations of the heat map and their meanings."""
    items = (
        tag("li", tag("b", mark.short, class_=mark.shade), None if mark.short == mark.word else mark.word)
        for mark in tally.marks.legend()
    )
    return tag("ul", *items, class_="legend")


def heat_map(tally: RunTally, link: Link, picture: str) -> Markup:
    """Return the map: a row per unit, a cell per match; of large runs counts, and a link to the `picture` of all."""
    if not tally.units:
        return tag("p", f"No {tally.trial_noun} to show.")
    columns = 1 + max(cell.column for unit in tally.units.values() for cell in tally.cells(unit))
    small = tally.total.n <= MAX_CELLS and columns * len(tally.units) <= 4 * MAX_CELLS
    means = ", and the mean of its grades" if tally.averaged else ""
    note = tag("p", f"A cell is one {tally.trial_noun}: how it ended{means}. It leads to the {tally.trial_noun}.")
    if not small:
        note = tag("p", f"{tally.trial_nouns.capitalize()} by how they ended. ",
                   tag("a", f"The picture of every {tally.trial_noun}", href=picture), ".")  # fmt: skip
    parts = [legend(tally), note]
    for name, units in _groups(tally):
        n = sum(unit.group.n for _, unit in units)
        if name:
            parts.append(tag("h3", name, tag("small", f" {len(units)} {tally.unit_noun}s, {n} {tally.trial_nouns}")))
        parts.append(_grid(tally, units, columns if small else 0, link))
    return join([*parts, _left_out(tally)])


def _groups(tally: RunTally) -> list[tuple[str, list[tuple[str, Unit]]]]:
    """Return the units that are shown by the value of the label that the family groups by, in its order."""
    label = tally.parts.group_by
    order = [str(value) for value, _ in tally.in_order(label)] if len(tally.labels.get(label, {})) > 1 else []
    found: dict[str, list[tuple[str, Unit]]] = {value: [] for value in order}
    for name, unit in islice(tally.units.items(), MAX_UNITS):
        found.setdefault(str(unit.cell.get(label, "")) if order else "", []).append((name, unit))
    return [(value, units) for value, units in found.items() if units]


def _grid(tally: RunTally, units: list[tuple[str, Unit]], columns: int, link: Link) -> Markup:
    """Return the rows of one group; where they are short, several columns of rows are side by side. `columns` is 0
    where matches are counted."""
    if columns:
        names = (f"rep {n}" if tally.repeated else str(n + 1) for n in range(columns))
        head = tag("tr", *(tag("th", name, scope="col") for name in (tally.unit_noun, *names)))
        rows = (tag("tr", tag("th", name, scope="row"), *_cells(tally, unit, columns, link)) for name, unit in units)
        grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="heat")
    else:
        rows = (tag("tr", tag("th", name, scope="row"), *_counts(tally, unit)) for name, unit in units)
        grid = tag("table", tag("tbody", *rows), class_="heat")
    shape = "wide few" if 0 < columns <= MOST_FEW and len(units) > 2 * columns else "wide"
    return tag("div", grid, class_=shape, tabindex=0, role="group", aria_label="heat map")


MOST_FEW = 3
"""Repetitions up to which rows of the heat map are short enough for several columns."""


def _cells(tally: RunTally, unit: Unit, columns: int, link: Link) -> Iterator[Markup]:
    at = {cell.column: cell for cell in tally.cells(unit)}
    for column in range(columns):
        cell = at.get(column)
        if cell is None:
            yield tag("td", tag("b", "\N{MIDDLE DOT}", class_="xn", title="not played"))
            continue
        mean = None if cell.mean is None else f"{cell.mean:.2f}"
        label = f"{cell.mark.word}, mean {mean}" if mean else cell.mark.word
        yield tag("td", tag("a", tag("b", cell.mark.short), mean, href=link(cell.number), class_=cell.mark.shade,
                            title=label))  # fmt: skip


def _counts(tally: RunTally, unit: Unit) -> Iterator[Markup]:
    """Yield a cell per way of ending, with its count."""
    counts = Counter(cell.mark for cell in tally.cells(unit))
    for mark in tally.marks.legend()[:-1]:
        n = counts.get(mark, 0)
        yield tag("td", tag("b", f"{mark.short} {n}", class_=mark.shade) if n else None)


def _left_out(tally: RunTally) -> Markup | None:
    left = len(tally.units) - MAX_UNITS
    if left <= 0:
        return None
    return tag("p", f"{left} more {tally.unit_noun}s are not shown here; {tally.unit_noun}_summary.csv has all.")


def unit_table(tally: RunTally, link: Link) -> Markup:
    """Return the table of units, with filters for its labels; script.js makes them and the buttons in its head work."""
    labels = [label for label in tally.labels if len(tally.labels[label]) > 1]
    checked, verified = checks_in(tally.total).n > 0, verified_in(tally.total).n > 0
    heads = [*(["verified"] if verified else []), *map(spaced, tally.dimensions), *(["mean"] if tally.averaged else []),
             *(["checks passed"] if checked else [])]  # fmt: skip
    words = [tally.unit_noun, *map(spaced, labels)]
    names = [*words, "scored", "success", *heads]
    head = (
        tag("th", tag("button", text, type="button"), scope="col", aria_sort="none",
            class_="l" if place < len(words) else None)
        for place, text in enumerate(names)
    )  # fmt: skip
    rows = (_unit_row(tally, unit, labels, names, link) for unit in islice(tally.units.items(), MAX_UNITS))
    whole = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="sortable deck")
    box = tag("div", whole, class_="wide", tabindex=0, role="group", aria_label=f"results by {tally.unit_noun}")
    return tag("div", _unit_filters(tally, labels, names), box, _left_out(tally), class_="sorted")


def _unit_filters(tally: RunTally, labels: list[str], names: list[str]) -> Markup:
    """Return the filters over the table of units: its labels, and the order."""
    parts = []
    for place, label in enumerate(labels, 1):
        values = [spaced(str(value)) for value, _ in tally.in_order(label)]
        options = [tag("option", "any", value=""), *(tag("option", value) for value in values[:MAX_OPTIONS])]
        wanted = len(values) <= MAX_OPTIONS
        parts.append(tag("label", spaced(label), tag("select", *options, data_c=str(place)), hidden=not wanted))
    column = names.index("mean") if "mean" in names else names.index("success")
    ways = [("plan order", ""), ("worst first", f"{column} up"), ("best first", f"{column} down")]
    parts.append(tag("label", "order", tag("select", *(tag("option", text, value=way) for text, way in ways))))
    parts.append(tag("output", "", aria_live="polite"))
    return tag("div", *parts, class_="filter", role="group", aria_label=f"filters of {tally.unit_noun}s", hidden=True)


def _unit_row(tally: RunTally, one: tuple[str, Unit], labels: list[str], names: list[str], link: Link) -> Markup:
    name, unit = one
    group = unit.group
    won, n = successes(group.outcomes)
    checks = checks_in(group)
    passed, made = sum(checks.passed.values()), sum(checks.made.values())
    first = next(tally.cells(unit)).number
    title = tally.parts.title(name)
    shown = [tag("a", name, href=link(first)), tag("small", title) if title != name else None]
    cells = [
        f"{group.scores.n} of {group.n}",
        percent(won / n if n else None),
        *verified_rate(group, verified_in(tally.total).n > 0),
        *(number(mean_in(group, dimension)) for dimension in tally.dimensions),
        *([number(mean_over(group, tally.averaged))] if tally.averaged else []),
        *([percent(passed / made if made else None)] if checks_in(tally.total).n else []),
    ]
    values = [tag("td", _breakable(spaced(str(unit.cell.get(label, "")))), data_l=text, class_="l")
              for label, text in zip(labels, names[1:], strict=False)]  # fmt: skip
    rest = (tag("td", cell, data_l=text) for cell, text in zip(cells, names[1 + len(labels) :], strict=True))
    return tag("tr", tag("th", *shown, scope="row"), *values, *rest)


def weakest(tally: RunTally, link: Link) -> Markup:
    """Return the units that failed most, and the checks that they failed; nothing if none failed."""
    found = []
    for name, unit in tally.units.items():
        won, n = successes(unit.group.outcomes)
        mean = mean_over(unit.group, tally.averaged)
        if won < n:
            found.append((-(n - won) / n, 0.0 if mean is None else mean, name, unit))
    if not found:
        return Markup("")
    made = checks_in(tally.total).made
    rows: list[list[object]] = []
    for share, mean, name, unit in heapq.nsmallest(MOST_WEAK, found, key=lambda one: one[:3]):
        n, checks = sum(unit.group.outcomes.values()), checks_in(unit.group)
        row: list[object] = [tag("a", tally.parts.title(name), href=link(next(tally.cells(unit)).number))]
        row += [f"{round(-share * n)} of {n}", *([number(mean)] if tally.averaged else [])]
        row += [f"{checks.made.get(check, 0) - checks.passed.get(check, 0)}" for check in made]
        rows.append(row)
    heads = [tally.unit_noun, f"Not {tally.outcomes[0]}", *(["Mean"] if tally.averaged else [])]
    heads += [f"Failed: {tally.parts.check_names.get(check, spaced(check))}" for check in made]
    said = f"{len(found)} of {len(tally.units)} {tally.unit_noun}s failed at least once."
    said += " Of those that failed equally often, the ones with the lowest mean are listed." if tally.averaged else ""
    said += f" The last columns count the {tally.trial_nouns} that failed a check." if made else ""
    title = f"The {tally.unit_noun}s that failed most"
    return join([tag("h3", title), tag("p", said), table(heads, rows, title)])


MOST_WEAK = 10
"""Most rows of the list of units that failed most."""


def _breakable(text: str) -> Markup:
    """Return a label that may break after a slash."""
    parts = text.split("/")
    return join([*(join([part, "/", tag("wbr")]) for part in parts[:-1]), parts[-1]])
