"""Tables, figures and sentences as they stand in the overview. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.families.report import Panel, PanelFigure, PanelTable
from arena.formats.svg import Element, render


def table(heads: Sequence[object], rows: Sequence[Sequence[object]], name: str) -> Markup:
    """Return a small table whose first column names the rows; `name` is what readers of screens hear."""
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    lines = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    whole = tag("table", tag("thead", head), tag("tbody", *lines))
    return tag("div", whole, class_="wide", tabindex=0, role="region", aria_label=name)


def drawn(picture: Element | None, caption: str) -> Markup:
    """Return a figure in the page, or nothing where there is none."""
    if picture is None:
        return Markup("")
    box = tag("div", trusted(render(picture)), class_="draw")
    return tag("figure", box, tag("figcaption", caption))


def prose(text: str) -> Markup:
    """Return a sentence in which words between backticks are set as code."""
    return join(tag("code", part) if place % 2 else part for place, part in enumerate(text.split("`")))


def pair(*parts: Markup) -> Markup:
    """Return a figure and a table side by side where there is room."""
    return tag("div", *parts, class_="pair")


def panel_parts(panel: Panel) -> Iterator[Markup]:
    """Yield the parts of a family's section."""
    for part in panel.parts:
        if isinstance(part, PanelTable):
            yield table(part.heads, part.rows, part.name)
        elif isinstance(part, PanelFigure):
            yield drawn(part.picture, part.caption)
        else:
            yield tag("p", prose(part))
