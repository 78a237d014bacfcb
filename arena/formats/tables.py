"""Tables: text for terminals and reports, CSV for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence

from arena.formats.json_types import Json

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: Json) -> str:
    """Return a value as CSV text: numbers as they are, None as nothing, and no text that a spreadsheet would compute.

    Text that begins like a formula gets an apostrophe in front (OWASP, "CSV Injection").
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def csv_line(values: Sequence[Json]) -> bytes:
    """Return one CSV line (RFC 4180 quoting, \\n at the end) as UTF-8."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([csv_cell(value) for value in values])
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """Return text without control characters, so that nothing an agent wrote can steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Return an aligned plain-text table; `right` names the columns that are set flush right."""
    cells = [[printable(cell).replace("\n", " ") for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        return "  ".join(parts).rstrip()

    return "\n".join([line(cells[0]), "  ".join("-" * w for w in widths), *(line(row) for row in cells[1:])])
