"""Derived metrics of thresholds: figures, the worst of several, shares, one metric minus another."""

from __future__ import annotations

from typing import Any

import pytest

from arena.analysis.check.expressions import BadExpression, evaluate, parse
from arena.analysis.check.metrics import Measure, UnknownMetric


def figure(value: float | None, n: int = 50, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n}


SUMMARY: dict[str, Any] = {
    "n_matches": 4,
    "by": {},
    "group": {
        "cells": {
            "one": {"gain": {"a": figure(-0.2, 50, -0.3, -0.1), "b": figure(0.1, 30)}, "index": figure(0.05)},
            "two": {"gain": {"a": figure(None, 0), "c": figure(-0.5, 40)}, "index": figure(0.02)},
            "three": None,
        },
        "methods": {"x": {"accuracy": figure(0.6)}, "y": {"accuracy": figure(0.7)}},
        "none": {},
        "bare": {"p": 0.25, "q": 0.75},
        "rated": {"k": 1, "n": 4, "rate": 0.25, "low": 0.05, "high": 0.7},
    },
}


def only(text: str) -> Measure:
    (found,) = evaluate(SUMMARY, parse(text))
    return found


def test_figure_has_its_interval_and_its_observations() -> None:
    found = only("group.cells.one.gain.a")
    assert (found.value, found.n, found.interval) == (-0.2, 50, (-0.3, -0.1))
    assert only("group.cells.one.gain.b").interval is None
    assert (only("group.rated").value, only("group.rated").n) == (0.25, 4)


def test_figure_without_a_value_says_over_how_many() -> None:
    found = only("group.cells.two.gain.a")
    assert found.value is None and "0 observations" in found.why


def test_object_that_is_no_figure_is_no_number() -> None:
    with pytest.raises(UnknownMetric, match="is not a number"):
        only("group.cells.one")


@pytest.mark.parametrize(
    ("text", "value", "n"),
    [
        ("max(group.cells.*.gain.*)", 0.1, 30),
        ("min(group.cells.*.gain.*)", -0.5, 30),
        ("mean(group.cells.*.gain.*)", -0.2, 3),
        ("max(group.bare.*)", 0.75, None),
        ("share(group.cells.*.gain.* < 0)", 2 / 3, 3),
        ("share( group.cells.*.gain.*  >=  -0.2 )", 2 / 3, 3),
        ("group.cells.one.index - group.cells.two.index", 0.03, 50),
        ("group.cells.one.index - max(group.methods.*.accuracy)", -0.65, 50),
        ("max(group.cells.*.index) - min(group.methods.*.accuracy)", -0.55, 50),
        ("group.cells.one.index - group.bare.p", -0.2, None),
    ],
)
def test_expression_has_its_value_and_the_fewest_observations(text: str, value: float, n: int | None) -> None:
    found = only(text)
    assert found.value == pytest.approx(value) and found.n == n


def test_worst_names_the_part_it_is_of() -> None:
    assert only("max(group.cells.*.gain.*)").name == "max(group.cells.*.gain.*) [one, b]"
    assert only("group.bare.p - group.bare.q").name == "group.bare.p - group.bare.q"


def test_share_has_an_interval() -> None:
    interval = only("share(group.cells.*.gain.* < 0)").interval
    assert interval is not None and interval[0] < 2 / 3 < interval[1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("max(group.none.*)", "nothing that `*` matches"),
        ("share(group.none.* < 0)", "nothing that `*` matches"),
        ("max(group.cells.three.gain.*)", "no value of group.cells.three"),
        ("group.cells.one.index - group.cells.three.index", "no value of group.cells.three"),
        ("group.cells.three.index - group.cells.one.index", "no value of group.cells.three"),
        ("group.cells.one.index - max(group.none.*)", "nothing that `*` matches"),
    ],
)
def test_missing_part_leaves_no_value_and_a_reason(text: str, why: str) -> None:
    found = only(text)
    assert found.value is None and why in found.why


def test_star_on_the_left_is_one_difference_for_each() -> None:
    found = evaluate(SUMMARY, parse("group.methods.*.accuracy - group.cells.one.index"))
    assert [round(one.value or 0, 2) for one in found] == [0.55, 0.65]
    assert found[0].name == "group.methods.x.accuracy - group.cells.one.index"


def test_several_values_on_the_right_are_refused() -> None:
    with pytest.raises(UnknownMetric, match=r"gives 2 values; write max"):
        evaluate(SUMMARY, parse("group.bare.p - group.bare.*"))


def test_unknown_name_within_a_function_is_refused() -> None:
    for text in ("max(group.typo.*)", "group.bare.p - group.bare.typo"):
        with pytest.raises(UnknownMetric, match="typo"):
            evaluate(SUMMARY, parse(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a - b - c", "more than one"),
        ("a -  - b", "more than one|not a dotted name"),
        ("share(a.*)", "needs a bound"),
        ("share(a.* < x)", "is not a number"),
        ("share(a.* < inf)", "is not a number"),
        ("max()", "not a dotted name"),
        ("a..b", "not a dotted name"),
        ("", "not a dotted name"),
        ("a - ", "not a dotted name"),
    ],
)
def test_text_that_is_no_expression_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadExpression, match=message):
        parse(text)


@pytest.mark.parametrize("text", ["a.b", "max(a.*)", "share(a.* < 0)", "a.b-c - min(d.*.e)"])
def test_expression_is_shown_as_it_is_written(text: str) -> None:
    assert parse(text).shown == text
