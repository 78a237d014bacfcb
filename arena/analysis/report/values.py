"""JSON values and long texts as a reader gets to see them. Nothing is escaped here: `tag` does that."""

from __future__ import annotations

import json
from collections.abc import Sequence

from arena.formats.indented_json import indented
from arena.records import Json

NBSP = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, which belong on one line."""
MAX_CHARS = 20_000
"""Most characters shown of one message, answer or verdict; the record has all."""


def clipped(value: Json, limit: int = MAX_CHARS) -> str:
    """Return a text, cut if it is longer than `limit`, with a note on the length and place of the rest."""
    text = str(value)
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[... {len(text) - limit:,} more characters are not shown here; matches.jsonl has them]"


def shown(value: Json) -> str:
    """Return a JSON value on one line: numbers short, nothing as a dash, texts as they are, the rest as JSON."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def told(value: Json) -> str:
    """Return a JSON value on one line without its punctuation: `job 3380, plate KB-TT 271`."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {told(one)}" for name, one in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(told, value)) or "-"
    return shown(value)


def pretty(value: Json) -> str:
    """Return a JSON value over several lines."""
    return indented(value, " ")


def percent(rate: float | None) -> str:
    """Return a share as a percentage with one decimal, a dash if there is none."""
    return "-" if rate is None else f"{rate * 100:.1f}{NBSP}%"


def span(bounds: Sequence[float] | None) -> str:
    """Return an interval of a mean as `low to high` with two decimals, or a dash."""
    return "-" if bounds is None else f"{bounds[0]:.2f}{NBSP}to{NBSP}{bounds[1]:.2f}"


def percent_span(bounds: Sequence[float] | None) -> str:
    """Return an interval of a share as `low to high %`, or a dash."""
    return "-" if bounds is None else f"{bounds[0] * 100:.1f}{NBSP}to{NBSP}{bounds[1] * 100:.1f}{NBSP}%"


def spaced(name: str) -> str:
    """Return the name of a label, a check or a counter for readers: words, no underscores."""
    return name.replace("_", " ")


def dollars(amount: float) -> str:
    """Return an amount of US dollars with four decimals."""
    return f"${amount:,.4f}"


def seconds(value: float | None) -> str:
    """Return seconds with two decimals, or a dash."""
    return "-" if value is None else f"{value:,.2f}{NBSP}s"
