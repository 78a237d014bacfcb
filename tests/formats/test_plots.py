"""Plots: curves and dots lie where their values are, texts stay apart, nothing leaves the picture."""

from __future__ import annotations

import re

import pytest

from arena.formats.plots import WIDTH, Curve, Dot, curves, dot_plot
from arena.formats.svg import render


def paths(text: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r' d="([^"]+)"', text)
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", one)] for one in found]


def test_curve_rises_where_its_values_do() -> None:
    (points,) = paths(render(curves("Reputation", [Curve("honest", [0.7, 0.8, 1.0])], 0.0, 1.0, "episode")))
    heights = [y for _, y in points]
    assert len(points) == 3 and heights == sorted(heights, reverse=True)
    assert [x for x, _ in points] == sorted(x for x, _ in points)


def test_curves_differ_in_more_than_colour() -> None:
    text = str(render(curves("R", [Curve("a", [0.1, 0.2]), Curve("b", [0.1, 0.3]), Curve("c", [0.1, 0.4])], 0, 1, "n")))
    strokes = re.findall(r'class="line bar (\w+)"(?: stroke-dasharray="([^"]+)")?', text)
    assert len(strokes) == 3 and len(set(strokes)) == 3


def test_names_of_equal_ends_stand_apart() -> None:
    text = str(render(curves("R", [Curve(name, [0.5, 0.5]) for name in "abc"], 0, 1, "n")))
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>[abc] 0.50', text))
    assert len(heights) == 3 and min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 13


def test_value_outside_the_axis_stays_in_the_picture() -> None:
    (points,) = paths(render(curves("R", [Curve("a", [-5.0, 9.0])], 0, 1, "n")))
    assert all(0 <= x <= WIDTH and 0 <= y <= 220 for x, y in points)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_curve_of_few_values_is_drawn_all_the_same(values: list[float]) -> None:
    assert "<svg" in render(curves("R", [Curve("a", values)], 0, 1, "n"))


def test_dot_has_its_interval_and_its_text() -> None:
    text = str(render(dot_plot("Gains", [Dot("lie", -0.2, (-0.3, -0.1), text="-0.200")], -0.5, 0.0, [(0.0, "0")])))
    assert text.count("<circle") == 1 and text.count('class="bar raw"') == 3 and "-0.200" in text


def test_text_at_the_end_of_a_row_stands_clear_of_its_point() -> None:
    words = "100.0% of 12345"
    text = str(render(dot_plot("Rates", [Dot("all", 1.0, (0.9, 1.0), text=words)], 0.0, 1.0, [(1.0, "100 %")])))
    point = float(re.findall(r'<circle cx="([\d.]+)"', text)[0])
    assert point + 4.5 <= WIDTH - 7 * len(words)


def test_text_of_others_is_escaped() -> None:
    text = str(render(curves("<b>", [Curve("<script>", [0.5, 0.5])], 0, 1, "n")))
    assert "<script>" not in text and "<b>" not in text
