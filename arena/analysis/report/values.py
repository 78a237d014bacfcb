"""JSON values and long texts as a reader gets to see them. Nothing is escaped here: `tag` does that."""

from __future__ import annotations

import json

from arena.records import Json

MAX_CHARS = 20_000
"""Longest text shown of one message, answer or verdict; the record holds all of it."""


def clipped(value: Json, limit: int = MAX_CHARS) -> str:
    """Return a text, cut where it is longer than `limit`, with a note of how much is left out and where it stands."""
    text = str(value)
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[... {len(text) - limit:,} more characters are not shown here; matches.jsonl holds them]"


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


def pretty(value: Json) -> str:
    """Return a JSON value over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def percent(rate: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a dash where there is none."""
    return "-" if rate is None else f"{rate * 100:.{digits}f} %"


def span(bounds: tuple[float, float] | None, scale: float = 1.0, digits: int = 2) -> str:
    """Return an interval as `low to high`, or a dash."""
    if bounds is None:
        return "-"
    return f"{bounds[0] * scale:.{digits}f} to {bounds[1] * scale:.{digits}f}"
