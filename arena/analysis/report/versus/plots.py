"""Differences between two runs as SVG: all metrics with their intervals, and a challenge in a row of a table. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from arena.formats.plots import Dot, dot_plot, figure
from arena.formats.svg import Element, element
from arena.records import Json

_WIDTH, _HEIGHT = 150.0, 18.0


def metrics_figure(rows: Sequence[Mapping[str, Json]], kind: str, narrow: bool = False) -> Element | None:
    """Return the differences of one kind (`score` or `rate`) with their intervals on an axis that includes 0; verified
    ones below, as squares. None if there is none."""
    found: dict[str, dict[str, Mapping[str, Json]]] = {}
    for row in rows:
        if row["kind"] == kind and row["difference"] is not None:
            found.setdefault(str(row["metric"]), {})[str(row["source"])] = row
    dots = [_dot(name, sources, kind) for name, sources in found.items()]
    if not dots:
        return None
    ends = [end for row in rows if row["kind"] == kind for end in (*_interval(row), row["difference"] or 0.0)]
    reach = _reach(max((abs(end) for end in ends), default=0.0))
    scale, unit = (100.0, " %") if kind == "rate" else (1.0, "")
    ticks = [(step * reach / 2, f"{scale * step * reach / 2:+.3g}{unit}" if step else "0") for step in range(-2, 3)]
    what = "success rate, in percentage points" if kind == "rate" else "means"
    return dot_plot(f"Difference in {what}, with 95 % intervals", dots, -reach, reach, ticks, narrow)


def _dot(name: str, sources: Mapping[str, Mapping[str, Json]], kind: str) -> Dot:
    first = sources.get("judge") or next(iter(sources.values()))
    second = sources.get("verified") if "judge" in sources else None
    texts = [signed(row["difference"], kind) for row in (first, second) if row is not None]
    return Dot(name.replace("_", " "), first["difference"], _bounds(first),
               None if second is None else second["difference"], None if second is None else _bounds(second),
               " / ".join(texts))  # fmt: skip


def signed(value: float | None, kind: str = "score") -> str:
    """Return a difference with its sign: of means with two decimals, of rates in percentage points with one."""
    if value is None:
        return "-"
    text = f"{100 * value:+.1f}" if kind == "rate" else f"{value:+.2f}"
    return text if float(text) else text.replace("-", "+")


def _interval(row: Mapping[str, Json]) -> Sequence[float]:
    return row["ci95_bca"] or row["ci95_percentile"] or ()


def _bounds(row: Mapping[str, Json]) -> tuple[float, float] | None:
    found = _interval(row)
    return (found[0], found[1]) if found else None


def _reach(largest: float) -> float:
    """Return the end of a symmetric axis, a round number not below `largest`."""
    power = 10.0 ** math.floor(math.log10(largest)) if largest > 0 else 1.0
    return next(power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if power * step >= largest * (1 - 1e-9))


def row_figure(name: str, differences: Sequence[float], reach: float) -> Element:
    """Return the differences of the pairs of one challenge: their mean, and a line from the lowest to the highest."""
    middle = _WIDTH / 2

    def at(value: float) -> float:
        return middle + (_WIDTH / 2 - 7) * max(-1.0, min(1.0, value / (reach or 1.0)))

    mean, y = sum(differences) / len(differences), _HEIGHT / 2
    low, high = at(min(differences)), at(max(differences))
    return figure(
        f"{name}: {signed(mean)}", _HEIGHT,
        element("line", x1=middle, x2=middle, y1=0.0, y2=_HEIGHT, class_="zero"),
        element("line", x1=low, x2=high, y1=y, y2=y, class_="bar raw"),
        element("circle", cx=at(mean), cy=y, r=4.5, class_="raw"),
        width=_WIDTH,
    )  # fmt: skip
