"""Tables: text for terminals and reports, CSV for spreadsheets and data frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from arena.errors import one_line, visible
from arena.formats.json_types import Json

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA_START = re.compile(rf"\s*[{_FORMULA}]|[\t\r]")
_FORMULA_INSIDE = re.compile(rf"([;\t\r\n|]\s*)(?=[{_FORMULA}])")
"""After a sign at which a spreadsheet of another locale begins a new cell; quotes do not keep it from that."""

MAX_KEPT_CHARS = 100
"""Cells of longer texts are not kept."""

_QUOTED = re.compile(r'[,;"\t\r\n|]')


def csv_cell(value: Json) -> str:
    """Return a value as CSV text: numbers as they are, None as nothing, and no text that a spreadsheet would compute.

    Where text begins like a formula, also in full-width signs or after a semicolon, it gets an apostrophe in front
    (OWASP, "CSV Injection").
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = _FORMULA_INSIDE.sub(r"\1'", str(value))
    return "'" + text if _FORMULA_START.match(text) else text


def csv_line(values: Sequence[Json]) -> bytes:
    """Return one CSV line (RFC 4180 quoting, \\n at the end) as UTF-8."""
    return (",".join(map(_cell, values)) + "\n").encode("utf-8", "backslashreplace")


def _cell(value: Json) -> str:
    kind = type(value)
    if kind is str:
        return _short_cell(value) if len(value) <= MAX_KEPT_CHARS else _quoted(csv_cell(value))
    return repr(value) if kind is int or kind is float else _quoted(csv_cell(value))


@lru_cache(maxsize=4096)
def _short_cell(text: str) -> str:
    """Return a short text as a cell: names stand in many lines."""
    return _quoted(csv_cell(text))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell


def printable(text: str) -> str:
    """Return text whose control and format characters are written out: nothing an agent wrote steers a terminal, or is
    a command to the system that reads our output."""
    return visible(text)


class Block(str):
    """Text of several lines, each made to be one: what `text_table` returns."""

    __slots__ = ()


def join_lines(parts: Iterable[str]) -> str:
    """Return parts below each other, each on one line whatever names it quotes; only a Block has several."""
    return "\n".join(part if isinstance(part, Block) else one_line(part) for part in parts)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table, or a dash if there is none. What rounds to zero has no sign."""
    if value is None:
        return "-"
    shown = f"{value:.{digits}f}"
    return shown.lstrip("-") if not shown.strip("-0.") else shown


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> Block:
    """Return an aligned plain-text table; `right` names the columns that are set flush right."""
    cells = [[one_line(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return "  ".join(parts).rstrip()

    return Block("\n".join([line(cells[0]), "  ".join("-" * w for w in widths), *(line(row) for row in cells[1:])]))


READABLE, SHORTEST = 24, 8
"""Columns to which a text is cut before the headings of numbers are, and to which it is cut at most."""


def fitted_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int], width: int | None
) -> Block:
    """Return a table that fits `width`.

    Texts are cut to READABLE columns first, the longest before the others; then headings of numbers, then texts again.
    """
    if width is None:
        return text_table(header, rows, right)
    cells = [[one_line(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    room = width - 2 * (len(header) - 1)
    texts = [i for i in range(len(header)) if i not in right]
    _cut_texts(widths, texts, room, READABLE)
    for i in sorted(right):
        while sum(widths) > room and widths[i] > max(len(row[i]) for row in cells[1:]):
            widths[i] -= 1
    _cut_texts(widths, texts, room, SHORTEST)
    cut = [[_cut(cell, widths[i]) for i, cell in enumerate(row)] for row in cells]
    return text_table(cut[0], cut[1:], right)


def _cut_texts(widths: list[int], texts: Sequence[int], room: int, floor: int) -> None:
    while sum(widths) > room and widths[longest := max(texts, key=lambda i: widths[i])] > floor:
        widths[longest] -= 1


def _cut(text: str, width: int) -> str:
    """Cut a text; a short last part of a path or key stays."""
    if len(text) <= width:
        return text
    last = text[text.rfind("/") :] if "/" in text[1:] else ""
    if 3 * len(last) > width:
        last = ""
    return text[: width - 1 - len(last)] + "…" + last
