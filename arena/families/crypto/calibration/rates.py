"""A proportion with its interval, as calibration.json and its tables give it."""

from __future__ import annotations

from collections.abc import Mapping

from arena.records import Json
from arena.stats.intervals import wilson


def rate(successes: int, n: int) -> dict[str, Json]:
    """Return a proportion with its 95 % Wilson interval; None if n is 0."""
    interval = wilson(successes, n)
    share = round(successes / n, 4) if n else None
    return {"k": successes, "n": n, "rate": share, "ci95": [round(x, 4) for x in interval] if interval else None}


def shown(found: Mapping[str, Json]) -> str:
    """Return `rate` for a table; a dash without trials."""
    if not found["n"]:
        return "-"
    low, high = found["ci95"]
    return f"{found['k']}/{found['n']} {found['rate']:.0%} [{low:.0%}, {high:.0%}]"
