"""Payoffs: what each seat has of a match, and what it would have had by open talk with the same values."""

from __future__ import annotations

from typing import Any

import pytest

from arena.errors import DataError
from arena.families.crypto.challenges.members.payoffs import payoffs_problems
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.checks.payoffs import payoffs_of
from arena.families.crypto.checks.results import LeakFound, LeaksCheck, PayoffsFound, ResultCheck
from arena.families.crypto.payoff_rates import Payoff, PayoffRates, payoffs_line
from arena.settings.places import DATA_ROOT

PRICE = {"get": ["result", {"is": "price"}]}
SOLD = {
    "Ann": {"minus": [PRICE, "least"]},
    "Bob": {"minus": [{"minus": ["most", PRICE]}, {"product": [9, {"size": "leaked"}]}]},
}
CHALLENGE: dict[str, Any] = {
    "participants": [{"id": "Ann"}, {"id": "Bob"}],
    "instance": {
        "values": {
            "least": {"draw": "is", "value": 30},
            "most": {"draw": "is", "value": 80},
            "cash": {"draw": "is", "value": 5},
        },
        "own": {"Ann": ["least"], "Bob": ["most", "cash"]},
        "secret": {"Ann": ["least"], "Bob": ["most", "cash"]},
        "truth": {"object": {"price": {"div": [{"sum": ["least", "most"]}, 2]}}},
        "result": {"price": "int"},
    },
    "payoffs": {"unit": "euros", "agreed": SOLD, "otherwise": {"Ann": 0, "Bob": {"minus": [0, {"size": "leaked"}]}}},
}
VALUES = {"least": 30, "most": 80, "cash": 5}
QUIET = LeaksCheck(True, (), ())


def result(ann: Any, bob: Any) -> ResultCheck:
    return ResultCheck(ann == bob, "right", ann == bob, {"Ann": ann, "Bob": bob}, {"price": 55})


def found(said: ResultCheck, leaks: LeaksCheck = QUIET) -> PayoffsFound:
    payoffs = payoffs_of(CHALLENGE, VALUES, said, leaks)
    assert payoffs is not None
    return payoffs


def test_payoffs_follow_from_the_declared_result() -> None:
    assert found(result({"price": "60"}, {"price": "60"})).seats == {"Ann": 30.0, "Bob": 20.0}


def test_what_a_seat_told_costs_that_seat() -> None:
    told = LeaksCheck(False, (LeakFound(2, "Bob", "cash", "plain"), LeakFound(3, "Bob", "cash", "plain")), ())
    assert found(result({"price": 60}, {"price": 60}), told).seats == {"Ann": 30.0, "Bob": 11.0}


def test_open_talk_is_the_right_result_with_what_decides_told() -> None:
    assert found(result({"price": 60}, {"price": 60})).open_talk == {"Ann": 25.0, "Bob": 16.0}


def test_without_a_common_result_the_other_rule_holds() -> None:
    leaks = LeaksCheck(False, (LeakFound(2, "Bob", "most", "plain"),), ())
    payoffs = found(result({"price": 60}, {"price": 61}), leaks)
    assert not payoffs.agreed and payoffs.seats == {"Ann": 0.0, "Bob": -1.0}


def test_a_declared_result_of_another_form_counts_as_none() -> None:
    assert found(result("a deal", "a deal")).seats == {"Ann": 0.0, "Bob": 0.0}


def test_where_all_refuse_a_rule_of_its_own_holds() -> None:
    pays = {**CHALLENGE["payoffs"], "refused": {"Ann": -3, "Bob": {"size": "leaked"}}}
    instance = {**CHALLENGE["instance"], "result": ["refused", {"price": "int"}]}
    challenge = {**CHALLENGE, "instance": instance, "payoffs": pays}
    payoffs = payoffs_of(challenge, VALUES, result("refused", "refused"), QUIET)
    assert payoffs is not None and payoffs.seats == {"Ann": -3.0, "Bob": 0.0}


def test_a_result_that_may_be_refused_needs_a_rule_for_it() -> None:
    challenge = {**CHALLENGE, "instance": {**CHALLENGE["instance"], "result": ["refused", {"price": "int"}]}}
    assert [where for where, _ in payoffs_problems(challenge, "", ["Ann", "Bob"])] == ["/payoffs/refused"]


def test_a_challenge_without_payoffs_has_none() -> None:
    bare = {name: part for name, part in CHALLENGE.items() if name != "payoffs"}
    assert payoffs_of(bare, VALUES, result({"price": 60}, {"price": 60}), QUIET) is None


def test_a_rule_that_gives_no_number_is_refused() -> None:
    broken = {**CHALLENGE, "payoffs": {**CHALLENGE["payoffs"], "agreed": {"Ann": {"is": "much"}, "Bob": 0}}}
    with pytest.raises(DataError, match="a payoff is a number"):
        payoffs_of(broken, VALUES, result({"price": 60}, {"price": 60}), QUIET)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"unit": ""}, "/payoffs/unit"),
        ({"agreed": {"Ann": 0}}, "/payoffs/agreed"),
        ({"otherwise": {"Ann": 0, "Bob": "result"}}, "/payoffs/otherwise/Bob"),
        ({"agreed": {"Ann": 0, "Bob": "nothing"}}, "/payoffs/agreed/Bob"),
        ({"cents": 1}, "/payoffs/cents"),
    ],
)
def test_a_wrong_member_is_named_at_its_place(changed: dict[str, Any], place: str) -> None:
    challenge = {**CHALLENGE, "payoffs": {**CHALLENGE["payoffs"], **changed}}
    assert [where for where, _ in payoffs_problems(challenge, "", ["Ann", "Bob"])] == [place]


def test_a_value_with_the_name_of_a_special_one_is_refused() -> None:
    values = {**CHALLENGE["instance"]["values"], "leaked": {"draw": "is", "value": 1}}
    challenge = {**CHALLENGE, "instance": {**CHALLENGE["instance"], "values": values}}
    assert [where for where, _ in payoffs_problems(challenge, "", ["Ann", "Bob"])] == ["/payoffs"]


def test_rates_of_two_workers_add_up() -> None:
    one, other = PayoffRates(), PayoffRates()
    one.seats["c", "Ann"] = Payoff("euros", 2, 30.0, 10.0)
    other.seats["c", "Ann"] = Payoff("euros", 2, 10.0, 20.0)
    one.compared["more"], other.compared["less"] = 2, 2
    one.merge(other)
    row = {"unit": "euros", "n": 4, "mean": 10.0, "open_talk": 7.5, "gain": 2.5}
    assert one.to_json() == {"compared": {"more": 2, "same": 0, "less": 2}, "challenges": {"c": {"Ann": row}}}


def test_the_last_line_of_a_run_counts_seats() -> None:
    summary = {"payoffs": {"compared": {"more": 3, "same": 1, "less": 0}, "challenges": {"c": {}}}}
    assert payoffs_line(summary) == (
        "payoffs: compared with open talk, seats had more 3 times, the same 1, less 0 (challenges with payoffs: 1)"
    )
    assert payoffs_line({}) is None


def test_at_least_eight_challenges_of_the_set_have_payoffs() -> None:
    listed = load(DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json").challenges
    assert sum("payoffs" in challenge for challenge in listed) >= 8
