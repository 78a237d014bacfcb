"""Expressions of a hostile challenge file: bounded in digits, size and depth, and linear in their lists."""

from __future__ import annotations

import pytest

from arena.families.crypto.challenges.expressions import ExpressionError, evaluate
from arena.families.crypto.challenges.value_bounds import MAX_SIZE, size_of
from arena.records import Json


def doubled(operator: str, start: Json, steps: int) -> Json:
    """Return what comes of `{operator: [x, x]}`, each time with the result as x."""
    value = start
    for _ in range(steps):
        value = evaluate({operator: ["x", "x"]}, {"x": value})
    return value


@pytest.mark.parametrize(
    ("operator", "start", "steps", "says"),
    [
        ("product", 3, 60, "more than 300 digits"),
        ("product", 1e200, 60, "number that is too large"),
        ("list", 1, 24, "takes at most 100,000 entries"),
        ("text", "ab", 60, "takes at most 100,000 entries"),
        ("sum", 10**299, 60, "more than 300 digits"),
    ],
)
def test_a_value_that_doubles_is_refused(operator: str, start: Json, steps: int, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        doubled(operator, start, steps)


def test_a_value_that_doubles_a_few_times_is_worked_out() -> None:
    assert doubled("product", 3, 5) == 3**32
    assert doubled("text", "ab", 3) == "ab" * 8
    assert size_of(doubled("list", 1, 10)) == 2**11 - 1


@pytest.mark.parametrize("operator", ["unique", "union", "intersection", "difference"])
def test_lists_take_no_square_of_their_entries(operator: str) -> None:
    """With a search through the list for each entry this would take 10^9 comparisons."""
    items = [[n] for n in range(MAX_SIZE // 5)]
    arguments: Json = ["x"] if operator in ("unique", "union") else ["x", "y"]
    found = evaluate({operator: arguments}, {"x": items, "y": items[::-1]})
    assert found == ([] if operator == "difference" else items)


def test_more_entries_than_the_bound_are_refused() -> None:
    with pytest.raises(ExpressionError, match="takes at most 100,000 entries"):
        evaluate({"unique": "x"}, {"x": list(range(MAX_SIZE + 1))})


def test_a_result_above_the_bound_is_refused() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate({"text": "x"}, {"x": [0.12345678901234567] * 90_000})
    assert str(caught.value) == "/text: results in a value larger than 100,000 entries"


@pytest.mark.parametrize(
    "expression", [{"mean": "x"}, {"minus": ["big", "half"]}, {"minus": ["half", "big"]}, {"sum": ["big", "half"]}]
)
def test_numbers_that_no_float_holds_are_refused(expression: Json) -> None:
    values: dict[str, Json] = {"x": [10**400, 0.5], "big": 10**400, "half": 0.5}
    with pytest.raises(ExpressionError):
        evaluate(expression, values)


def test_equal_entries_are_one_as_python_compares_them() -> None:
    assert evaluate({"unique": "x"}, {"x": [1, 1.0, True, "1", [1], [True], {"a": 1}, {"a": 1.0}]}) == [
        1, "1", [1], {"a": 1},
    ]  # fmt: skip


def test_a_message_quotes_little_of_a_long_value() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate({"int": "x"}, {"x": "9" * 10_000})
    assert len(str(caught.value)) < 200
