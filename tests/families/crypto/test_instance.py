"""Draws, expressions and results: the same seed gives the same values, and what is right follows from them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.families.crypto.challenges.draws import KINDS as DRAWS
from arena.families.crypto.challenges.draws import Stream
from arena.families.crypto.challenges.expressions import OPERATORS, ExpressionError, evaluate, problems
from arena.families.crypto.challenges.instance import (
    draw_values,
    drawing_order,
    fill,
    own_values,
    right_result,
    values_line,
)
from arena.families.crypto.challenges.result_kinds import KINDS, Unreadable, describe_result_form, normal
from arena.families.crypto.judged import JudgeTemplate
from arena.records import Json, trial_seed

SEED = "ab" * 32
ROLES = ("Ann", "Bob")
LETTERS = ["a", "b", "c", "d", "e", "f"]


def no_calculator(name: str, op: str, args: dict[str, Json]) -> Json:
    raise AssertionError("no calculator draw here")


def draw(values: dict[str, Json], seed: str = SEED) -> dict[str, Json]:
    return draw_values({"values": values}, seed, no_calculator)


# --- draws


def test_a_value_depends_on_seed_and_name_and_on_no_other_value() -> None:
    number = {"draw": "int", "from": 0, "to": 10**9}
    alone = draw({"x": number})["x"]
    assert draw({"w": number, "x": number, "y": number})["x"] == alone
    assert draw({"y": number, "x": number})["x"] == alone
    assert draw({"y": number})["y"] != alone
    assert draw({"x": number}, "cd" * 32)["x"] != alone


def test_the_stream_is_fixed_for_ever() -> None:
    """Instances of published results must stay what they were: a change here makes every old result unverifiable."""
    assert [Stream(SEED, "x").below(1000) for _ in range(2)] == [Stream(SEED, "x").below(1000)] * 2
    assert draw({"n": {"draw": "int", "from": 0, "to": 10**6}, "k": {"draw": "hex", "bytes": 4}}) == STORED


STORED = {"k": "952819f9", "n": 741866}


def test_numbers_are_spread_evenly_over_the_range_with_its_step() -> None:
    counts = Counter(draw({"n": {"draw": "int", "from": 10, "to": 20, "step": 5}}, trial_seed(0, str(i)))["n"]
                     for i in range(300))  # fmt: skip
    assert set(counts) == {10, 15, 20}
    assert min(counts.values()) > 60


def test_a_subset_includes_and_excludes_and_keeps_the_order_of_the_list() -> None:
    values = {
        "common": {"draw": "subset", "of": LETTERS, "size": 2},
        "mine": {"draw": "subset", "of": LETTERS, "size": [3, 4], "include": "common"},
        "yours": {"draw": "subset", "of": LETTERS, "size": 3, "include": "common", "exclude": "mine"},
    }
    sizes = set()
    for number in range(40):
        found = draw(values, trial_seed(number, "s"))
        assert [x for x in found["mine"] if x in found["yours"]] == found["common"]
        assert all(found[name] == sorted(found[name]) for name in found)
        sizes.add(len(found["mine"]))
    assert sizes == {3, 4}


def test_numbers_to_exclude_are_not_drawn() -> None:
    values = {"a": {"draw": "int", "from": 0, "to": 1}, "b": {"draw": "int", "from": 0, "to": 1, "exclude": "a"}}
    assert all(found["a"] != found["b"] for found in (draw(values, trial_seed(i, "x")) for i in range(20)))


def test_dates_choices_shuffles_lists_and_fixed_values() -> None:
    found = draw({
        "day": {"draw": "date", "from": "2026-02-27", "to": "2026-03-01"},
        "one": {"draw": "choice", "of": LETTERS},
        "mixed": {"draw": "shuffle", "of": LETTERS},
        "three": {"draw": "list", "item": {"draw": "hex", "bytes": 2}, "length": 3},
        "fixed": {"draw": "is", "value": {"k": [1]}},
        "bound": {"draw": "int", "from": 1, "to": "limit"},
        "limit": {"draw": "computed", "by": {"sum": [1, 1]}},
    })  # fmt: skip
    assert found["day"] in ("2026-02-27", "2026-02-28", "2026-03-01")
    assert found["one"] in LETTERS and sorted(found["mixed"]) == LETTERS
    assert [len(item) for item in found["three"]] == [4, 4, 4]
    assert found["fixed"] == {"k": [1]} and found["bound"] in (1, 2)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"draw": "subset", "of": ["a"], "size": 2}, "2 more entries are wanted and only 1 are left in `of`"),
        ({"draw": "subset", "of": ["a"], "size": 1, "include": "other"}, "`include` holds 'z', which is not in `of`"),
        ({"draw": "choice", "of": ["z"], "exclude": "other"}, "`exclude` leaves nothing to choose from"),
        ({"draw": "int", "from": 5, "to": 5, "exclude": "five"}, "no number from 5 to 5 differs from those to exclude"),
        ({"draw": "int", "from": 5, "to": 4}, "`from` 5 is above `to` 4"),
        ({"draw": "date", "from": "2026-11-21", "to": "2026-11-20"}, "`from` 2026-11-21 is after `to` 2026-11-20"),
        ({"draw": "computed", "by": {"at": ["other", 7]}}, "by/at: there is no entry 7 in a list of 1"),
        ({"draw": "made", "op": "hash", "args": {"data": 7}}, "hash: expected hex, or text after utf8:, found 7"),
    ],
)
def test_a_draw_that_cannot_be_made_says_why_and_where(spec: dict[str, Json], why: str) -> None:
    values = {"x": spec, "other": {"draw": "is", "value": ["z"]}, "five": {"draw": "is", "value": 5}}
    with pytest.raises(DataError) as caught:
        draw(values)
    assert str(caught.value) == f"instance: /values/x: cannot be drawn: {why}"


def test_calculator_draws_are_asked_for_in_drawing_order_with_earlier_values() -> None:
    values = {
        "b_key": {"draw": "calculator", "op": "sign", "args": {"sk": "{secret}", "msg": "utf8:x"}, "get": "pk"},
        "a_key": {"draw": "calculator", "op": "hash", "args": {"data": "{b_key}"}},
        "secret": {"draw": "hex", "bytes": 2},
    }
    asked: list[tuple[str, str, dict[str, Json]]] = []

    def ask(name: str, op: str, args: dict[str, Json]) -> Json:
        asked.append((name, op, args))
        return {"pk": "beef"} if op == "sign" else "cafe"

    found = draw_values({"values": values}, SEED, ask)
    assert found["a_key"] == "cafe" and found["b_key"] == "beef"
    assert [name for name, _, _ in asked] == ["b_key", "a_key"]
    assert asked[0][2] == {"sk": found["secret"], "msg": "utf8:x"} and asked[1][2] == {"data": "beef"}


def test_values_that_need_each_other_have_no_order() -> None:
    a, b = {"draw": "choice", "of": "b"}, {"draw": "choice", "of": "a"}
    assert drawing_order({"a": a, "b": b}) is None
    assert drawing_order({"b": b, "a": {"draw": "is", "value": [1]}}) == ["a", "b"]


# --- expressions

VALUES = {"p": ["a", "b", "c"], "q": ["b", "c", "d"], "n": 7, "m": 3, "day": "1990-05-18", "later": "2008-05-17",
          "obj": {"k": 1}, "yes": True}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("n", 7),
        (5, 5),
        ({"is": "text"}, "text"),
        ({"list": ["n", "m"]}, [7, 3]),
        ({"intersection": ["p", "q"]}, ["b", "c"]),
        ({"union": ["p", "q"]}, ["a", "b", "c", "d"]),
        ({"difference": ["p", "q"]}, ["a"]),
        ({"unique": {"is": [1, 1, 2]}}, [1, 2]),
        ({"sorted": {"is": [3, 1]}}, [1, 3]),
        ({"keep": ["p", {"is": [1, 2, 3]}, {"is": [3, 1]}]}, ["a", "c"]),
        ({"sort_by": ["p", {"is": [3, 1, 2]}]}, ["b", "c", "a"]),
        ({"size": "p"}, 3),
        ({"at": ["p", 1]}, "b"),
        ({"index": ["p", {"is": "c"}]}, 2),
        ({"index": ["p", {"is": "z"}]}, -1),
        ({"get": ["obj", {"is": "k"}]}, 1),
        ({"table": ["p", {"is": [1, 2, 3]}]}, {"a": 1, "b": 2, "c": 3}),
        ({"sum": ["n", "m"]}, 10),
        ({"sum": {"is": [1, 2]}}, 3),
        ({"minus": ["n", "m"]}, 4),
        ({"product": ["n", "m"]}, 21),
        ({"div": ["n", "m"]}, 2),
        ({"mod": ["n", "m"]}, 1),
        ({"mean": ["n", "m"]}, 5),
        ({"mean": {"is": [1, 2]}}, 1.5),
        ({"max": ["n", "m"]}, 7),
        ({"min": ["n", "m"]}, 3),
        ({"second_highest": ["n", "m", 5]}, 5),
        ({"at_least": ["n", 7]}, True),
        ({"above": ["n", 7]}, False),
        ({"equal": ["n", 7, 7]}, True),
        ({"member": [{"is": "a"}, "q"]}, False),
        ({"years_between": ["day", "later"]}, 17),
        ({"days_between": [{"is": "2026-02-27"}, {"is": "2026-03-01"}]}, 2),
        ({"and": ["yes", {"not": "yes"}]}, False),
        ({"or": [{"not": "yes"}, "yes"]}, True),
        ({"if": ["yes", "n", "m"]}, 7),
        ({"text": ["n", {"is": " of "}, "p"]}, "7 of a, b, c"),
        ({"int": {"is": "0x10"}}, 16),
        ({"winner": {"Ann": "m", "Bob": "n"}}, "Bob"),
        ({"winner": {"Ann": "n", "Bob": "n"}}, "Ann"),
        ({"lowest": {"Ann": "m", "Bob": "n"}}, "Ann"),
        ({"object": {"who": {"winner": {"Ann": 1}}, "n": "n"}}, {"who": "Ann", "n": 7}),
    ],
)
def test_expressions_come_to_what_they_say(expression: Json, result: Json) -> None:
    assert evaluate(expression, VALUES) == result
    assert list(problems(expression, frozenset(VALUES), ROLES)) == []


def test_every_operator_is_tried_above() -> None:
    marks: Any = test_expressions_come_to_what_they_say
    tried = str([case[0] for case in marks.pytestmark[0].args[1]])
    assert [name for name in OPERATORS if f"'{name}'" not in tried] == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ({"sum": ["n", "p"]}, "/sum: expected a number, found a list"),
        ({"minus": ["n", {"at": ["p", 9]}]}, "/minus/1/at: there is no entry 9 in a list of 3"),
        ({"div": ["n", 0]}, "/div: division by zero"),
        ({"mod": ["n", {"is": 1.5}]}, "/mod: expected a whole number, found a number"),
        ({"intersection": ["p", "n"]}, "/intersection: expected a list, found a number"),
        ({"index": ["n", "p"]}, "/index: expected a list, found a number"),
        ({"years_between": ["n", "day"]}, "/years_between: expected a date such as 2026-11-20, found 7"),
        ({"not": "n"}, "/not: expected true or false, found a number"),
        ({"winner": {"Ann": "p"}}, "/winner: expected a number, found a list"),
        ({"get": ["n", {"is": "z"}]}, "/get: expected an object, found a number"),
        ({"get": ["obj", {"is": "z"}]}, "/get: there is no member 'z'; there are: k"),
        ({"int": {"is": "seven"}}, "/int: expected the digits of a whole number, found 'seven'"),
        ("nobody", "/: there is no value 'nobody'"),
        ({"nothing": []}, "/nothing: there is no operator 'nothing'"),
        ({"sorted": {"is": [1, "a"]}}, "/sorted: expected entries of one kind, all texts or all numbers"),
        ({"sort_by": [{"is": [1, 2]}, {"is": [1, "a"]}]},
         "/sort_by: expected keys of one kind, all texts or all numbers"),
        ({"sort_by": [{"is": [1, 2]}, {"is": [1]}]}, "/sort_by: expected as many keys (1) as entries (2)"),
        ({"keep": [{"is": [1, 2]}, {"is": [1]}, {"is": [1]}]}, "/keep: expected as many keys (1) as entries (2)"),
        ({"second_highest": 7}, "/second_highest: expected at least two numbers"),
        ({"size": ["p", "p"]}, "/size: takes 1 arguments, found 2"),
        ({"mean": {"is": [10**400, 0.5]}}, "/mean: results in a number too large to compute"),
    ],
)  # fmt: skip
def test_an_expression_that_cannot_be_evaluated_says_why_and_where(expression: Json, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, VALUES)
    assert str(caught.value) == said


# --- prompts


def test_placeholders_are_filled_as_people_read_values() -> None:
    values = {"list": ["a", 1], "yes": True, "table": {"x": 1, "y": 2}}
    assert fill("{list}; {yes}; {table}; {unknown}; { list }", values) == "a, 1; yes; x: 1; y: 2; {unknown}; { list }"


INSTANCE: dict[str, Json] = {
    "values": {}, "own": {"Ann": ["b", "a"]}, "known": ["day"], "truth": {"sum": ["a", "b"]}, "result": "int"
}  # fmt: skip


def test_a_role_is_shown_its_own_and_the_known_values_on_one_sorted_line() -> None:
    values = {"a": 1, "b": [2], "c": 3, "day": "x"}
    assert values_line(own_values(INSTANCE, "Ann", values)) == '{"a": 1, "b": [2], "day": "x"}'
    assert own_values(INSTANCE, "Bob", values) == {"day": "x"}


def test_the_judge_reads_the_values_of_each_role_and_the_right_result() -> None:
    challenge = {
        "instance": INSTANCE | {"truth": {"sum": ["a", 1]}},
        "self_play": {"symmetry_breaker": "On {day}."},
        "participant_context": {"public_background": "x", "role_specific": {}},
        "judge": {"what_good_looks_like": ["They find {a}."]},
        "reference_play": "reference_plays/x.json",
    }
    template = JudgeTemplate.of(challenge)
    shown = json.loads(template.filled({"a": 1, "b": [2], "day": 'Mon"day'}))
    assert shown["instance"] == {"values": {"Ann": {"a": 1, "b": [2], "day": 'Mon"day'}}, "right_result": 2}
    assert shown["self_play"]["symmetry_breaker"] == 'On Mon"day.'
    kept = {"secret": {"Ann": ["b"]}, "until": {"b": ["Ann"]}}
    told = JudgeTemplate.of(challenge | {"instance": INSTANCE | {"truth": {"sum": ["a", 1]}} | kept})
    assert json.loads(told.filled({"a": 1, "b": [2], "day": 'Mon"day'}))["instance"] == shown["instance"] | kept
    assert shown["judge"]["what_good_looks_like"] == ["They find 1."] and "reference_play" not in shown
    assert json.loads(template.filled(None))["instance"] == challenge["instance"]


def test_agreement_has_no_right_result_of_its_own() -> None:
    assert right_result({"truth": {"agreed": True}}, {}) is None


# --- results


@pytest.mark.parametrize(
    ("kind", "one", "same"),
    [
        ("set", ["B", "a"], "a, b"),
        ("set", ["city baths"], ["City  Baths"]),
        ("list", [1, "2"], ["1", 2]),
        ("int", 1305, "1,305 euros"),
        ("int", 385, "385."),
        ("number", 1.5, "1.50"),
        ("text", "Rd3-D7+", " rd3-d7+ "),
        ("bool", True, "yes"),
        ("role", "Ann", "ann"),
        ({"winner": "role", "price": "int"}, {"winner": "Bob", "price": 5}, {"Price": "5 euros", "winner": "bob"}),
    ],
)
def test_equal_results_are_equal_however_they_are_written(kind: Json, one: Json, same: Json) -> None:
    assert normal(kind, one, ROLES) == normal(kind, same, ROLES)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [("set", ["a"], ["a", "b"]), ("list", [1, 2], [2, 1]), ("int", 5, 6), ("text", "a b", "ab"), ("bool", True, False)],
)
def test_different_results_differ(kind: Json, one: Json, other: Json) -> None:
    assert normal(kind, one, ROLES) != normal(kind, other, ROLES)


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(Unreadable, match="^one whole number$"):
        normal("int", 1.5, ROLES)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("set", 5), ("int", "5 or 6"), ("int", 1.5), ("int", True), ("number", []), ("bool", "maybe"), ("role", "Cy"),
        ("text", None), ({"a": "int"}, 5), ({"a": "int"}, {"b": 5}),
    ],
)  # fmt: skip
def test_a_result_of_another_kind_is_unreadable(kind: Json, value: Json) -> None:
    with pytest.raises(Unreadable):
        normal(kind, value, ROLES)


def test_players_are_told_the_form_of_every_kind() -> None:
    assert all(describe_result_form(kind, ROLES) for kind in KINDS)
    assert describe_result_form({"who": "role", "n": "int"}, ROLES) == (
        'a JSON object with "who" (the name of a role (Ann, Bob)), "n" (a whole number)'
    )


# --- the page that describes it


def test_the_page_lists_every_draw_operator_and_kind(repo_root: Path) -> None:
    page = (repo_root / "docs/challenges.md").read_text(encoding="utf-8")
    assert [name for name in DRAWS if f"| `{name}` |" not in page] == []
    assert [name for name, op in OPERATORS.items() if f"| `{name}` |" not in page or op.help not in page] == []
    assert [name for name in KINDS if f"`{name}`" not in page] == []
