"""The figure of a comparison: differences with their intervals, one row a metric, as a self-contained SVG.

Scores and rates have their own scales, one panel each. The verdict can be read without colour: the mark is
filled if it is decided, and its word is in the row.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence

from arena.analysis.compare.comparison import BETTER, UNCLEAR, WORSE
from arena.analysis.compare.text import change, label
from arena.formats.tables import printable
from arena.records import Json

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP, _AXIS = 880, 290, 640, 26, 58, 44
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.t{font-weight:600}.s{fill:#555}.a{stroke:#999}"
    ".z{stroke:#555;stroke-dasharray:3 3}"
    f".{BETTER}{{stroke:#0b6e4f;fill:#0b6e4f}}.{WORSE}{{stroke:#b3261e;fill:#b3261e}}"
    ".unclear{stroke:#555;fill:#fff}.bg{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.s{fill:#bbb}.bg{fill:#161616}.a,.z{stroke:#999}"
    f".{BETTER}{{stroke:#5bd6a8;fill:#5bd6a8}}.{WORSE}{{stroke:#ff8a80;fill:#ff8a80}}.unclear{{stroke:#bbb;fill:#161616}}}}"
)
_CLASSES = {BETTER: BETTER, WORSE: WORSE, UNCLEAR: "unclear"}


def figure(found: Mapping[str, Json]) -> str:
    """Return the SVG of a result of `comparison.compare` or `comparison.compare_parts`."""
    made = found.get("comparisons", [found])
    parts: list[str] = []
    y = _TOP
    for one in made:
        for title, rows in _panels(one):
            parts += _panel(title, rows, y)
            y += _ROW * (len(rows) + 1) + _AXIS
    first = made[0]
    name = f"{first['base']['name']} against {first['tuned']['name']}"
    head = f"{name}: {first['pairs']} pairs in {first['challenges']} {first['words']['units']}"
    if "comparisons" in found:
        runs = dict.fromkeys(str(first[side]["name"]) for side in ("base", "tuned"))
        name = head = f"{' against '.join(runs)}, by {found['by']}"
    words = "; ".join(f"{label(row)} {change(row['difference'], row['kind'] == 'rate')} ({row['verdict']})"
                      for one in made for row in one["metrics"])  # fmt: skip
    top = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-labelledby="t d">',
        f'<title id="t">{_safe(name)}</title><desc id="d">{_safe(words)}</desc><style>{_STYLE}</style>',
        f'<rect class="bg" width="{_WIDTH}" height="{y}"/>',
        _text(16, 24, head, "t"),
        _text(16, 42, "Mark: difference. Line: 95 % interval (BCa where it is defined, else percentile).", "s"),
    ]
    return "\n".join([*top, *parts, "</svg>"]) + "\n"


def _panels(one: Mapping[str, Json]) -> list[tuple[str, list[Mapping[str, Json]]]]:
    """Return title and rows of each panel: scores and rates have their own axes."""
    by = one.get("by")
    sides = "tuned - base" if by is None else f"{by['tuned']} - {by['base']}"
    if by is not None and by["tuned"] == by["base"]:
        sides = f"tuned - base, {by['base']}"
    titles = (("score", f"Difference in scores, {sides}"), ("rate", f"Difference in percentage points, {sides}"))
    found = [(title, [row for row in one["metrics"] if row["kind"] == kind]) for kind, title in titles]
    return [(title, rows) for title, rows in found if rows]


def _panel(title: str, rows: Sequence[Mapping[str, Json]], top: int) -> list[str]:
    rate = rows[0]["kind"] == "rate"
    ends = [abs(end) for row in rows for end in (*_interval(row), row["difference"] or 0.0)]
    reach, step = _scale(max(ends, default=0.0), 0.01 if rate else 0.1)

    def x(value: float) -> float:
        return round((_LEFT + _RIGHT) / 2 + value / reach * (_RIGHT - _LEFT) / 2, 1)

    bottom = top + _ROW * (len(rows) + 1)
    parts = [_text(16, top + 16, title, "t"), _line(x(0), top + _ROW - 4, x(0), bottom, "z")]
    for number, row in enumerate(rows, 1):
        parts += _row(row, top + _ROW * number + 14, x)
    parts.append(_line(_LEFT, bottom, _RIGHT, bottom, "a"))
    for tick in range(-int(reach / step + 1e-9), int(reach / step + 1e-9) + 1):
        value = tick * step
        shown = f"{100 * value:+g}" if rate else f"{value:+g}"
        parts.append(_line(x(value), bottom, x(value), bottom + 5, "a"))
        parts.append(_text(x(value), bottom + 19, "0" if tick == 0 else shown, "s", "middle"))
    return parts


def _scale(largest: float, least: float) -> tuple[float, float]:
    """Return the reach of a symmetric axis, a little beyond `largest`, and the distance of its ticks (1, 2 or 5)."""
    wanted = max(largest * 1.05, least)
    power = 10.0 ** math.floor(math.log10(wanted / 3))
    step = next(power * factor for factor in (1, 2, 5, 10) if wanted / (power * factor) <= 4)
    return round(step * math.ceil(wanted / step - 1e-9), 10), round(step, 10)


def _row(row: Mapping[str, Json], y: int, x: Callable[[float], float]) -> list[str]:
    parts = [_text(16, y + 4, label(row), "")]
    if row["difference"] is None:
        return [*parts, _text(_RIGHT + 16, y + 4, row["verdict"], "s")]
    style = _CLASSES[row["verdict"]]
    interval = _interval(row)
    if interval:
        low, high = (x(end) for end in interval)
        parts.append(_line(low, y, high, y, style, 2))
        parts += [_line(end, y - 5, end, y + 5, style, 2) for end in (low, high)]
    parts.append(f'<circle class="{style}" cx="{x(row["difference"])}" cy="{y}" r="5" stroke-width="2"/>')
    said = f"{change(row['difference'], row['kind'] == 'rate')}  {row['verdict']}"
    return [*parts, _text(_RIGHT + 16, y + 4, said, "")]


def _interval(row: Mapping[str, Json]) -> Sequence[float]:
    return row["ci95_bca"] or row["ci95_percentile"] or ()


def _safe(text: str) -> str:
    """Return text as XML content: no markup, no control characters (not even those that XML forbids)."""
    return html.escape(printable(text).replace("\n", " "))


def _text(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}">{_safe(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, style: str, width: int = 1) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{style}" stroke-width="{width}"/>'
