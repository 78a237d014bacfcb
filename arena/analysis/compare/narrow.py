"""A comparison on a terminal that is narrower than its tables: fewer columns, sentences broken. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.compare.text import headline, notes, sentences, tables, text
from arena.analysis.compare.text_of_parts import HEADER, RIGHT, short_rows, shown
from arena.formats.tables import fitted_table
from arena.records import Json

NOTE = "p is after Holm; rates are shares. All columns: --report-path FILE, --csv FILE."


def narrow_text(found: Mapping[str, Json], width: int | None) -> str:
    """Return the report so that it fits `width` columns; None, or if it fits unchanged: all columns."""
    whole = text(found)
    if width is None or all(len(line) <= width for line in whole.splitlines()):
        return whole
    lines: list[str] = [*headline(found), ""]
    sources = iter(dict.fromkeys(row["source"] for row in found["metrics"]))
    for title, header, rows in tables(found):
        if header[-1] == "verdict":
            source = next(sources)
            short = short_rows([row for row in found["metrics"] if row["source"] == source])
            lines += [title, fitted_table(HEADER, short, RIGHT, width), ""] if short else []
        elif "McNemar p" in header:
            kept = [header.index(name) for name in ("", "base", "tuned", "McNemar p")]
            cut = [[row[place] for place in kept] for row in rows]
            lines += [title, fitted_table([header[place] for place in kept], cut, frozenset({1, 2, 3}), width), ""]
        else:
            told = [
                place for place in range(len(header)) if place < 2 or any(row[place] not in ("0", "-") for row in rows)
            ]
            cut = [[row[place] for place in told] for row in rows]
            right = frozenset(range(1, len(told)))
            lines += [title, fitted_table([header[place] for place in told], cut, right, width), ""]
    lines += [f"- {sentence}" for sentence in sentences(found)]
    return shown([*lines, "", *notes(found), NOTE], width)
