"""Prepared expressions: the same results and refusals as `evaluate`, with what stays worked out once."""

from __future__ import annotations

from typing import Any

import pytest

from arena.families.crypto.challenges.expressions import OPERATORS, ExpressionError, evaluate
from arena.families.crypto.challenges.prepared import evaluated, prepared
from arena.families.crypto.challenges.same import Same, Written
from arena.families.crypto.secrecy.domains import size_of
from arena.records import Json

VALUES: dict[str, Json] = {"a": 7, "b": 3, "list": [3, 1, 2], "word": "oak", "yes": True, "many": list(range(99_999))}

EXPRESSIONS: list[Json] = [
    "a",
    5,
    {"is": ["x"]},
    {"sum": ["a", "b", 10]},
    {"minus": [{"product": ["a", 2]}, {"sum": "list"}]},
    {"if": ["yes", {"text": ["word", {"is": "-"}, "a"]}, "b"]},
    {"object": {"one": "a", "two": {"sorted": "list"}}},
    {"winner": {"Ann": "a", "Bo": "b"}},
    {"lowest": {"Ann": 1, "Bo": 2}},
    {"intersection": ["list", {"is": [1, 2]}]},
    {"list": []},
]
REFUSED: list[Json] = [
    "nowhere",
    {"sum": ["a", "word"]},
    {"div": ["a", 0]},
    {"at": ["list", 9]},
    {"unknown": 1},
    {"two": 1, "members": 2},
    {"winner": {"Ann": "word"}},
    {"if": ["yes", "a", {"div": [1, 0]}]},
    {"union": ["many", "list"]},
    {"sum": [{"is": "x"}, 1]},
]


@pytest.mark.parametrize("moving", [[], ["a"], ["a", "list", "word"], list(VALUES)])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_prepared_expression_gives_what_evaluate_gives(expression: Json, moving: list[str]) -> None:
    work = prepared(expression, {name: value for name, value in VALUES.items() if name not in moving})
    for _ in range(2):
        assert work({name: VALUES[name] for name in moving}) == evaluate(expression, VALUES)


@pytest.mark.parametrize("moving", [[], ["a"], ["a", "list", "word"], list(VALUES)])
@pytest.mark.parametrize("expression", REFUSED)
def test_a_prepared_expression_refuses_what_evaluate_refuses(expression: Json, moving: list[str]) -> None:
    work = prepared(expression, {name: value for name, value in VALUES.items() if name not in moving})
    with pytest.raises(ExpressionError) as wanted:
        evaluate(expression, VALUES)
    for _ in range(2):
        with pytest.raises(ExpressionError) as found:
            work({name: VALUES[name] for name in moving})
        assert found.value.problem == wanted.value.problem


def test_computed_values_are_worked_out_in_order() -> None:
    steps: list[tuple[str, Json]] = [("double", {"product": ["a", 2]}), ("more", {"sum": ["double", "b"]})]
    assert prepared({"list": ["double", "more"]}, {"b": 3}, steps)({"a": 7}) == [14, 17]
    assert prepared({"list": ["double", "more"]}, {"a": 7, "b": 3}, steps)({}) == [14, 17]


def test_what_stays_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    whole = OPERATORS["product"]
    monkeypatch.setitem(OPERATORS, "product", whole._replace(run=lambda *found: calls.append(found) or 6))
    work = prepared({"sum": [{"product": ["a", "b"]}, "moving"]}, VALUES)
    assert [work({"moving": number}) for number in range(5)] == [6, 7, 8, 9, 10]
    assert calls == [(7, 3)]


def test_an_expression_names_the_place_of_what_is_wrong() -> None:
    with pytest.raises(ExpressionError) as found:
        evaluate({"if": ["yes", {"object": {"x": {"sum": ["a", {"div": ["a", 0]}]}}}, 1]}, VALUES, "/by")
    assert found.value.pointer == "/by/if/1/object/x/sum/1/div"
    assert found.value.problem == "division by zero"


SPECS: dict[str, Json] = {
    "low": {"draw": "int", "from": 1, "to": 9},
    "high": {"draw": "int", "from": "low", "to": 10},
    "total": {"draw": "computed", "by": {"sum": ["low", "high"]}},
    "other": {"draw": "int", "from": 1, "to": 99},
}


@pytest.mark.parametrize(
    ("known", "size"), [({}, 18), ({"low": 9}, 2), ({"low": 4}, 7), ({"low": 4, "high": 5}, 1), ({"other": 5}, 18)]
)
def test_candidates_are_counted_for_what_an_observer_knows(known: dict[str, Json], size: int) -> None:
    for _ in range(2):
        assert size_of("total", SPECS, known) == size


def test_candidates_of_another_challenge_are_counted_again() -> None:
    assert size_of("low", SPECS, {}) == 9
    assert size_of("low", {**SPECS, "low": {"draw": "int", "from": 1, "to": 5}}, {}) == 5


def test_keys_tell_objects_and_spellings_apart() -> None:
    one: list[Json] = []
    assert Same(one) == Same(one) and Same(one) != Same([])
    assert Written({"a": 1}) == Written({"a": 1}) and Written({"a": 1}) != Written({"a": True})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_prepared_for_all_matches_gives_what_evaluate_gives(expression: Json) -> None:
    other: dict[str, Json] = {**VALUES, "a": 70, "list": [2, 8], "word": "elm"}
    for values in (VALUES, other, VALUES):
        assert evaluated(expression, values) == evaluate(expression, values)


@pytest.mark.parametrize("expression", REFUSED)
def test_an_expression_prepared_for_all_matches_is_refused_with_its_place(expression: Json) -> None:
    with pytest.raises(ExpressionError) as wanted:
        evaluate(expression, VALUES)
    for _ in range(2):
        with pytest.raises(ExpressionError) as found:
            evaluated(expression, VALUES)
        assert (found.value.pointer, found.value.problem) == (wanted.value.pointer, wanted.value.problem)
