"""Plots as SVG: values with their intervals on one axis, and curves. Pure.

Colours come from classes that the page and figures.css know, never alone: shapes, dashes and text say the same.
A plot has two forms: WIDTH wide, and NARROW for a phone, where labels are above their rows and the text is as large.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arena.formats.svg import Element, Rendered, element

WIDTH, NARROW = 560.0, 330.0
_LEFT, _RIGHT = 196.0, 92.0
_ROW, _TALL_ROW = 30.0, 46.0
_DOT = 4.5
"""Radius of a point."""
_SIGN = 7.2
"""Width of most signs of a bold text, so that a text at the end of its row does not touch a point there."""
_HALF_SIGN = 4.2
"""Half the width of the widest signs under an axis (%), so that the last text is not cut."""
_MARGIN = 14.0
"""Space next to the axis of the narrow form."""
_CURVE_HEIGHT = 220.0
_CURVE_LEFT, _CURVE_RIGHT, _CURVE_TOP, _CURVE_BOTTOM = 40.0, 160.0, 10.0, 34.0
_STYLES = (("raw", None), ("ver", "6 3"), ("raw", "2 3"), ("ver", None), ("raw", "9 3 2 3"), ("ver", "1 4"))
"""Class and dashes of each curve in turn."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a dot plot: label, value, interval, the same for a second series, and the text at its end."""

    label: str
    value: float | None
    bounds: tuple[float, float] | None
    second: float | None = None
    second_bounds: tuple[float, float] | None = None
    text: str = ""


def clip(text: str, limit: int) -> str:
    """Return a text for a label, cut to `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def figure(title: str, height: float, *children: Element | Rendered, width: float = WIDTH) -> Element:
    """Return a picture with its title, for readers of the page and of screens."""
    box = f"0 0 {width:g} {height:g}"
    return element("svg", element("title", title), *children, viewBox=box, role="img", aria_label=title,
                   font_family="system-ui, sans-serif", font_size=12.0, class_="f")  # fmt: skip


def dot_plot(
    title: str, rows: Sequence[Dot], low: float, high: float, ticks: Sequence[tuple[float, str]], narrow: bool = False
) -> Element:
    """Return values with their intervals on one axis; the second series is below the first, as a square."""
    reach = (high - low) or 1.0
    width, pitch = (NARROW, _TALL_ROW) if narrow else (WIDTH, _ROW)
    texts = max((len(row.text) for row in rows), default=0) * _SIGN + 2 * _DOT
    left, right = (_MARGIN, NARROW - _MARGIN) if narrow else (_LEFT, WIDTH - max(_RIGHT, texts))

    def at(value: float) -> float:
        return left + (min(max(value, low), high) - low) / reach * (right - left)

    height = pitch * len(rows) + 26
    parts = []
    for value, text in ticks:
        x = at(value)
        parts.append(element("line", x1=x, x2=x, y1=4.0, y2=height - 22, class_="grid"))
        parts.append(
            element(
                "text",
                text,
                x=min(x, width - _HALF_SIGN * len(text)),
                y=height - 6,
                text_anchor="middle",
                class_="soft",
                font_size=11.0,
            )
        )
    for number, row in enumerate(rows):
        y = pitch * number + (34 if narrow else 18)
        parts += _words_of(row, y - 16 if narrow else y + 4, narrow)
        two = row.second is not None
        if row.value is not None:
            centre = y - 4 if two else y
            parts += _whisker(row.bounds, at, centre, "raw")
            parts.append(element("circle", cx=at(row.value), cy=centre, r=_DOT, class_="raw"))
        if row.second is not None:
            parts += _whisker(row.second_bounds, at, y + 6, "ver")
            parts.append(element("rect", x=at(row.second) - 4, y=y + 2, width=8.0, height=8.0, class_="ver"))
    return figure(title, height, *parts, width=width)


def _words_of(row: Dot, y: float, narrow: bool) -> list[Element]:
    """Return the label and the text at the end of a row; in the narrow form both are above it."""
    end = NARROW if narrow else WIDTH
    label = clip(row.label, 34 if narrow else 27)
    place = {"x": 0.0} if narrow else {"x": _LEFT - 12}
    return [
        element("text", label, **place, y=y, text_anchor="start" if narrow else "end", class_="ink"),
        element("text", row.text, x=end, y=y, text_anchor="end", class_="ink", font_weight="600"),
    ]


def _whisker(bounds: tuple[float, float] | None, at: Callable[[float], float], y: float, shade: str) -> list[Element]:
    if bounds is None:
        return []
    low, high = at(bounds[0]), at(bounds[1])
    return [element("line", x1=low, x2=high, y1=y, y2=y, class_=f"bar {shade}")] + [
        element("line", x1=x, x2=x, y1=y - 4, y2=y + 4, class_=f"bar {shade}") for x in (low, high)
    ]


@dataclass(frozen=True, slots=True)
class Curve:
    """Values at 0, 1, 2, ... and the name at the end of the line."""

    name: str
    values: Sequence[float]


def curves(title: str, lines: Sequence[Curve], low: float, high: float, below: str, narrow: bool = False) -> Element:
    """Return curves over their places, at most as many as there are styles; `below` names the axis of places. Names
    are at the ends of the curves, in the narrow form in a list below."""
    shown = [line for line in lines if line.values][: len(_STYLES)]
    most = max((len(line.values) for line in shown), default=1)
    right, bottom = NARROW - _MARGIN if narrow else WIDTH - _CURVE_RIGHT, _CURVE_HEIGHT - _CURVE_BOTTOM

    def across(place: int) -> float:
        return _CURVE_LEFT + (right - _CURVE_LEFT) * (place / max(1, most - 1))

    def down(value: float) -> float:
        return bottom - (bottom - _CURVE_TOP) * (min(max(value, low), high) - low) / ((high - low) or 1.0)

    parts: list[Element] = []
    for step in range(5):
        value = low + (high - low) * step / 4
        parts.append(element("line", x1=_CURVE_LEFT, x2=right, y1=down(value), y2=down(value), class_="grid"))
        parts.append(element("text", f"{value:g}", x=_CURVE_LEFT - 6, y=down(value) + 4, text_anchor="end",
                             class_="soft", font_size=11.0))  # fmt: skip
    parts.append(element("text", f"{below}: 1 to {most}", x=(_CURVE_LEFT + right) / 2, y=_CURVE_HEIGHT - 8,
                         text_anchor="middle", class_="soft", font_size=11.0))  # fmt: skip
    ends = _apart([down(line.values[-1]) for line in shown])
    for number, (line, end, (shade, dashes)) in enumerate(zip(shown, ends, _STYLES, strict=False)):
        points = " ".join(
            f"{'L' if place else 'M'}{across(place):.2f} {down(value):.2f}" for place, value in enumerate(line.values)
        )
        parts.append(element("path", element("title", line.name), d=points, fill="none", class_=f"line bar {shade}",
                             stroke_dasharray=dashes))  # fmt: skip
        text = f"{clip(line.name, 20)} {line.values[-1]:.2f}"
        last = across(len(line.values) - 1)
        place = {"x": 34.0, "y": _CURVE_HEIGHT + 17 * number + 8} if narrow else {"x": last + 6, "y": end + 4}
        if narrow:
            y = place["y"] - 4
            parts.append(element("path", d=f"M0 {y:g}L28 {y:g}", fill="none", class_=f"line bar {shade}",
                                 stroke_dasharray=dashes))  # fmt: skip
        parts.append(element("text", text, **place, class_="ink", font_size=11.0))
    height = _CURVE_HEIGHT + (17 * len(shown) if narrow else 0)
    return figure(title, height, *parts, width=NARROW if narrow else WIDTH)


def _apart(heights: Sequence[float], least: float = 13.0) -> list[float]:
    """Return heights of texts moved down so that none overlaps another."""
    found = list(heights)
    before = -least
    for place in sorted(range(len(found)), key=lambda at: found[at]):
        before = found[place] = max(found[place], before + least)
    return found
