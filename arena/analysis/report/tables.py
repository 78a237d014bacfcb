"""Tables, figures and sentences of the overview. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.families.report import Panel, PanelTable
from arena.formats.svg import Element, render


def table(heads: Sequence[object], rows: Sequence[Sequence[object]], name: str) -> Markup:
    """Return a small table whose first column names the rows; `name` is for screen readers. On a phone each row of
    many columns is a card, in which every cell has the heading of its column."""
    sides = ["l" if any(_is_words(row[place]) for row in rows) else "r" for place in range(len(heads))]
    head = tag("tr", *(tag("th", text, scope="col", class_=side) for text, side in zip(heads, sides, strict=True)))
    lines = []
    for first, *others in rows:
        cells = (cell(*one) for one in zip(others, heads[1:], sides[1:], strict=True))
        lines.append(tag("tr", tag("th", first, scope="row"), *cells))
    shape = "deck" if len(heads) > MOST_ON_A_PHONE else "slim"
    return boxed(tag("table", tag("thead", head), tag("tbody", *lines), class_=shape), name)


def _is_words(text: object) -> bool:
    """Return whether a cell contains words, which are aligned left; a number, with its unit, is aligned right."""
    return isinstance(text, str) and not isinstance(text, Markup) and text[:1].isalpha()


MOST_ON_A_PHONE = 4
"""Columns of a table that is shown as a table on a phone too."""

MOST_BESIDE = 32
"""Characters of a cell that is shown next to others in a card."""


def cell(text: object, label: object, shade: str | None = None) -> Markup:
    """Return a cell that knows the heading of its column. A sentence gets a line of its own in the card of a phone."""
    if type(text) is str and len(text) > MOST_BESIDE:
        shade = f"{shade} long" if shade else "long"
    return tag("td", text, data_l=label, class_=shade)


def boxed(whole: Markup, name: str) -> Markup:
    """Return a table in a box that scrolls if the table is wider than the page."""
    return tag("div", whole, class_="wide", tabindex=0, role="group", aria_label=name)


def drawn(picture: Element | None, caption: str, narrow: Element | None = None) -> Markup:
    """Return a figure in the page, empty if there is none; `narrow` is its form for a phone."""
    if picture is None:
        return Markup("")
    boxes = [tag("div", trusted(render(picture)), class_="draw" if narrow is None else "draw broad")]
    if narrow is not None:
        boxes.append(tag("div", trusted(render(narrow)), class_="draw thin"))
    return tag("figure", *boxes, tag("figcaption", caption))


def prose(text: str) -> Markup:
    """Return a sentence in which words between backticks are set as code."""
    return join(tag("code", part) if place % 2 else part for place, part in enumerate(text.split("`")))


def pair(*parts: Markup) -> Markup:
    """Return parts side by side if there is room; empty ones are omitted."""
    return tag("div", *(tag("div", part) for part in parts if part), class_="pair")


def beside(picture: Element | None, caption: str, whole: Markup) -> Markup:
    """Return a figure, in its narrow form, next to a table that needs most of the width."""
    if picture is None:
        return whole
    return tag("div", tag("div", drawn(picture, caption)), tag("div", whole), class_="pair lean")


def panel_parts(panel: Panel) -> Iterator[Markup]:
    """Yield the parts of a family's section: narrow parts are in two columns if there is room, a table of many
    columns has the whole width. A sentence stays with the table that it introduces."""
    flowing: list[Markup] = []
    words: list[Markup] = []

    def flow() -> Iterator[Markup]:
        found = [*flowing, *words]
        flowing.clear()
        words.clear()
        if found:
            yield tag("div", *found, class_="flow") if len(found) > 1 else found[0]

    for part in panel.parts:
        if isinstance(part, str):
            flowing += words
            words[:] = [tag("p", prose(part))]
        elif isinstance(part, PanelTable) and len(part.heads) > MOST_FLOWING:
            yield from flow()
            yield table(part.heads, part.rows, part.name)
        elif isinstance(part, PanelTable) and len(part.rows) <= MOST_KEPT:
            flowing.append(tag("div", *words, table(part.heads, part.rows, part.name)))
            words.clear()
        elif isinstance(part, PanelTable):
            yield from flow()
            yield tag("details", tag("summary", part.name), table(part.heads, part.rows, part.name))
        else:
            flowing += [*words, drawn(part.picture, part.caption, part.narrow)]
            words.clear()
    yield from flow()


MOST_FLOWING = 6
"""Columns of a table that has room in half the width."""
MOST_KEPT = 12
"""Most rows of such a table that is open; a longer one is folded."""
