"""A leaderboard as one HTML page: no script, nothing loaded, no name becomes markup. Pure.

Style, content security policy and escaping are those of the report (arena/report).
"""

from __future__ import annotations

from collections.abc import Sequence

from arena.analysis.leaderboard.leaderboard import Board
from arena.analysis.leaderboard.text import (
    BASELINE_HEADS,
    LEFT,
    baseline_cells,
    baselines_title,
    note_on_figures,
    notes,
    shown,
    title,
)
from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.analysis.report.page import policy, style
from arena.families.baselines import PublishedBaselines


def page(found: Sequence[Board]) -> bytes:
    """Return the page as UTF-8."""
    head = join(
        (
            tag("meta", charset="utf-8"),
            trusted(f'<meta http-equiv="Content-Security-Policy" content="{policy(None)}">'),
            tag("meta", name="referrer", content="no-referrer"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", "Leaderboard"),
            trusted(f"<style>{style()}</style>"),
        ),
        "\n",
    )
    top = tag("header", tag("h1", "Leaderboard"), tag("p", note_on_figures(found), class_="soft"))
    body = tag("body", top, tag("main", *(_section(board, found) for board in found)))
    return f'<!doctype html>\n<html lang="en"><head>\n{head}\n</head>{body}</html>\n'.encode()


def _section(board: Board, found: Sequence[Board]) -> Markup:
    columns, runs = shown(board)
    classes = ["l" if name in LEFT else None for name in columns]
    heads = [tag("th", name, scope="col", class_=side) for name, side in zip(columns, classes, strict=True)]
    rows = [tag("tr", *(_cell(cell, side) for cell, side in zip(row, classes, strict=True))) for row in runs]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", join(rows, "\n")), class_="sortable")
    said = notes(board, found)
    baselines = [] if board.baselines is None else [_baselines(board.baselines)]
    return tag(
        "section",
        tag("h2", title(board)),
        *([tag("ul", *(tag("li", note) for note in said))] if said else []),
        tag("div", table, class_="wide"),
        tag("p", f"Outcomes: {'/'.join(board.rows[0].outcomes)}.", class_="soft"),
        *baselines,
    )


def _baselines(published: PublishedBaselines) -> Markup:
    heads = [
        tag("th", name, scope="col", class_="l" if place == 0 else None) for place, name in enumerate(BASELINE_HEADS)
    ]
    rows = [
        tag("tr", *(_cell(cell, "l" if place == 0 else None) for place, cell in enumerate(row)))
        for row in baseline_cells(published)
    ]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", join(rows, "\n")))
    return tag("div", tag("p", baselines_title(published)), tag("div", table, class_="wide"))


def _cell(text: str, side: str | None) -> Markup:
    """Return a cell; a figure does not break at the hyphen of its interval."""
    return tag("td", text if side else text.replace("-", "\N{NON-BREAKING HYPHEN}"), class_=side)
