"""What mock players say of their drawn values, and the results that they claim: only what they can really know."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.instance import draw_values
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.results import Checks, LeaksCheck, ResultCheck
from arena.families.crypto.mock.claims import (
    best_offer,
    may_say,
    own_list,
    own_number,
    role_words,
    total_result,
    weights,
)
from arena.families.crypto.mock.scene import Scene, read_brief
from arena.families.crypto.prompts import system_prompt
from arena.formats.decode import encode
from arena.records import Json
from arena.run import main
from tests.support.match_table import OPS, SEATS, SEED, TOOLS, Table, challenge, compute, play
from tests.support.plain_records import records_of

TOOLS_WITH_BATCH = f"{TOOLS}\n- batch(...): an operation"


def drawn(word: str, instance: dict[str, Json], **texts: Any) -> tuple[dict[str, Any], dict[str, Json]]:
    """A challenge of two roles with drawn values, and the values. `constraints`: what each role must keep to."""
    made = challenge(SEATS[:2], word) | {"instance": instance}
    for role in SEATS[:2]:
        made["participant_context"]["role_specific"][role]["constraints"] = texts.get("constraints", ["Be fair."])
    return made, draw_values(instance, SEED, lambda name, op, args: None)


def played(word: str, instance: dict[str, Json], **texts: Any) -> tuple[Checks, ResultCheck, LeaksCheck]:
    """Play it with careful players; return the checks, and of them those of result and leaks."""
    made, values = drawn(word, instance, **texts)
    transcript = play(word, Table(), given=(made, values))
    assert transcript.stop == "agreed_end"
    checks = check_match(transcript.entries, made, values)
    assert checks.result is not None and checks.leaks is not None
    return checks, checks.result, checks.leaks


def number(low: int, high: int) -> dict[str, Json]:
    return {"draw": "int", "from": low, "to": high}


def two(kind: str, draw: dict[str, Json], **more: Json) -> dict[str, Json]:
    """An instance in which each of two roles owns one value, `kind_ada` and `kind_ben`, to be kept."""
    names = {"Ada": [f"{kind}_ada"], "Ben": [f"{kind}_ben"]}
    return {"values": {f"{kind}_ada": draw, f"{kind}_ben": draw}, "own": names, "secret": names, **more}


DAYS = ["Mon 18", "Tue 19", "Wed 20", "Thu 21", "Fri 22"]
TOTAL = two("pay", number(1000, 9000), truth={"sum": ["pay_ada", "pay_ben"]}, result="int", asks="the total of both")
APART = two("pay", number(1000, 9000), truth="pay_ada", result="int", asks="by how much the two amounts differ")
BIDS = two(
    "bid", number(100, 900), truth={"winner": {"Ada": "bid_ada", "Ben": "bid_ben"}}, result="role", asks="who gets it"
)
COMMON = two("days", {"draw": "subset", "of": DAYS, "size": 3}, truth={"intersection": ["days_ada", "days_ben"]},
             result="set", asks="the days on which both are free")  # fmt: skip
MOVE: dict[str, Json] = {
    "values": {"move": {"draw": "choice", "of": ["Rd3", "Qf4", "Kg1", "h2h4"]}}, "own": {"Ada": ["move"]},
    "truth": "move", "result": "text", "asks": "the move that was fixed tonight",
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "instance"),
    [
        ("average", TOTAL),
        ("calendar", COMMON),
        ("envelope for a move", MOVE),
        ("lottery", {"values": {"x": number(1, 9)}, "own": {"Ada": ["x"]}, "truth": {"agreed": True}, "result": "role",
                     "asks": "who goes first"}),
    ],
)  # fmt: skip
def test_a_result_that_the_routine_reaches_is_right_and_no_value_is_leaked(word: str, instance: dict[str, Any]) -> None:
    checks, result, _ = played(word, instance)
    assert result.verdict == "right", result
    assert checks.all_green


def test_two_numbers_are_compared_under_covers_and_only_their_difference_shows() -> None:
    made, values = drawn("total", APART)
    _, result, leaks = played("total", APART)
    declared = set(result.declared.values())
    assert declared == {abs(values["pay_ada"] - values["pay_ben"])} and leaks.ok  # type: ignore[operator]


def test_the_highest_of_sealed_bids_wins_where_the_background_says_so() -> None:
    instance = BIDS | {"secret": {}}
    assert played("auction: the highest bid wins", instance)[1].verdict == "right"


@pytest.mark.parametrize(
    ("word", "instance", "constraints"),
    [
        ("auction without a rule", BIDS | {"secret": {}}, ["Be fair."]),
        ("auction: the highest bid wins", BIDS, ["Your figure must reach nobody."]),
        ("average", TOTAL | {"asks": "the larger of the two"}, ["Be fair."]),
        ("envelope for a move", MOVE, ["Do not name the move."]),
        ("envelope for a move", MOVE | {"asks": "the move that is left afterwards"}, ["Be fair."]),
        ("calendar", COMMON | {"asks": "the days that only one of them has"}, ["Be fair."]),
        ("receipt", MOVE | {"truth": True, "result": "bool", "asks": "true when the move is fixed"}, ["Be fair."]),
    ],
)
def test_a_result_that_it_cannot_know_is_left_open(word: str, instance: dict[str, Any], constraints: list[str]) -> None:
    checks, result, leaks = played(word, instance, constraints=constraints)
    assert result.verdict == "none" and not result.declared
    assert leaks.ok and checks.artefacts.ok


def test_a_list_longer_than_the_calls_of_a_turn_goes_into_a_batch_or_is_left_out() -> None:
    many = [f"day {n}" for n in range(30)]
    instance = COMMON | {
        "values": {f"days_{who}": {"draw": "subset", "of": many, "size": 20} for who in ("ada", "ben")}
    }
    made, values = drawn("calendar", instance)
    with_batch = play("calendar", Table(), given=(made, values), tools=TOOLS_WITH_BATCH)
    assert check_match(with_batch.entries, made, values).result.verdict == "right"
    without = play("calendar", Table(), given=(made, values))
    assert "more than the calculator takes" in json.dumps([encode(entry) for entry in without.entries])
    assert check_match(without.entries, made, values).result.verdict == "none"


@pytest.mark.parametrize("word", ["calendar", "average", "password"])
def test_sums_are_compared_by_a_call_where_there_is_one_and_a_false_one_is_not_agreed_to(word: str) -> None:
    tools = f"{TOOLS}\n- ct_equal(...): an operation"

    def wrong(op: str, args: dict[str, Json], seed: str) -> dict[str, Json]:
        return {"ok": True, "result": False} if op == "ct_equal" else compute(op, args, seed)

    good, bad = play(word, Table(), tools=tools), play(word, Table(calculator=wrong), tools=tools)
    assert good.stop == "agreed_end" and [entry for entry in good.entries if entry.op == "ct_equal"]
    assert bad.stop == "max_turns" and "do not agree" in json.dumps([encode(entry) for entry in bad.entries])


# --- the rules, one by one


def brief(values: dict[str, Json], result: Json = "int", asks: str = "the total", role: str = "Ada", **texts: Any):  # type: ignore[no-untyped-def]
    made = challenge(SEATS[:2], "matter") | {
        "instance": {"values": {}, "own": {role: list(values)}, "truth": 1, "result": result, "asks": asks}
    }
    own = made["participant_context"]["role_specific"]
    own[role] = own["Ada"] | texts
    return read_brief(system_prompt(made, role, TOOLS, 12, values))


def test_a_prompt_is_read_with_its_values_and_the_form_of_the_result() -> None:
    found = brief({"a": 1, "b": ["x"]}, {"winner": "role", "price": "int"}, "who wins, and the price")
    assert found.values == {"a": 1, "b": ["x"]} and found.asks == "who wins, and the price"
    assert found.kinds == {"winner": "role", "price": "int"}
    assert found.ops == frozenset(OPS)
    bare = read_brief("You are Ann.")
    assert not bare.values and not bare.kinds and not bare.asks


@pytest.mark.parametrize(("role", "words"), [("CheeseStall", {"cheese", "stall"}), ("Parent_A", {"parent", "a"})])
def test_a_role_has_words(role: str, words: set[str]) -> None:
    assert role_words(role) >= words - {"a"}


def test_the_own_number_is_the_one_that_ends_in_the_role() -> None:
    assert own_number(brief({"pay_ada": 7, "limit": 9})) == ("pay", 7)
    assert own_number(brief({"pay": 7})) is None
    assert own_number(brief({"pay_ada": 7, "debt_ada": 9})) is None, "which of two is meant cannot be told"
    assert own_number(brief({"pay_ada": "seven"})) is None


def test_the_own_list_is_the_only_one_or_the_one_that_ends_in_the_role() -> None:
    assert own_list(brief({"days": ["a", 1], "n": 3})) == ["a", "1"]
    assert own_list(brief({"days_ada": ["a"], "all": ["b"]})) == ["a"]
    assert own_list(brief({"one": ["a"], "two": ["b"]})) is None


@pytest.mark.parametrize(
    ("line", "fixed", "allowed"),
    [
        ("Never name the hook.", False, False),
        ("The hook's number is said to nobody.", True, False),
        ("Name the hook only after all have fixed theirs.", True, True),
        ("Name the hook only after all have fixed theirs.", False, False),
        ("Never say the dose. The hook hangs low.", False, True),
        ("Be fair.", False, True),
    ],
)
def test_constraints_decide_whether_a_value_may_be_said(line: str, fixed: bool, allowed: bool) -> None:
    assert may_say(brief({"hook": 3}, constraints=[line]), frozenset({"hook"}), fixed) is allowed


def test_a_value_called_a_code_or_key_is_never_said() -> None:
    assert not may_say(brief({"code": 3}), frozenset({"code"}), True)


def test_chances_count_where_every_role_has_a_known_number() -> None:
    assert weights(brief({"shares_ada": 2, "shares_ben": 5, "worth_ada": 9}), ["Ada", "Ben"]) == [2, 5]
    assert weights(brief({"worth_ada": 9}), ["Ada", "Ben"]) is None


def test_a_total_may_come_with_whether_an_amount_covers_it() -> None:
    asks = "the total, and whether 2,000 euros cover it"
    assert total_result(brief({}, {"total": "int", "enough": "bool"}, asks), 1999) == {"total": 1999, "enough": True}
    assert total_result(brief({}, {"total": "int", "enough": "bool"}, asks), 2001) == {"total": 2001, "enough": False}
    assert total_result(brief({}, {"total": "int", "enough": "bool"}, "the total"), 1) is None
    assert total_result(brief({}, "int", "the largest"), 1) is None


def test_equal_best_offers_and_a_price_of_unknown_rule_are_left_open() -> None:
    def result(rule: str, **offers: int) -> Json:
        found = brief({}, {"winner": "role", "price": "int"}, rule)
        return best_offer(Scene(found, SEED, {}, [[]], False), offers)

    assert result("the highest gets it", Ada=5, Ben=4) == {"winner": "Ada", "price": 5}
    assert result("the highest pays the second-highest", Ada=5, Ben=4) == {"winner": "Ada", "price": 4}
    assert result("the lowest gets it", Ada=5, Ben=4) == {"winner": "Ben", "price": 4}
    assert result("the highest gets it", Ada=5, Ben=5) is None
    assert result("one of them gets it", Ada=5, Ben=4) is None


# --- the project's own set


def verdicts(model: str, folder: Path) -> tuple[Counter[str], list[dict[str, Any]]]:
    words = ["--participant-model", f"mock/{model}", "--judge-model", "mock/judge", "--quiet", "--repetitions", "2"]
    assert main([*words, "--out", str(folder)]) == 0
    records = records_of(folder)
    return Counter(record["judging"]["checks"]["result"]["verdict"] for record in records), records


@pytest.fixture(scope="module")
def careful(
    calculator_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Counter[str], list[dict[str, Any]]]:
    return verdicts("careful", tmp_path_factory.mktemp("set") / "careful")


def test_careful_players_declare_no_wrong_result_where_nothing_has_to_be_refused(
    careful: tuple[Counter[str], list[dict[str, Any]]],
) -> None:
    """They understand no texts, so they refuse nothing: what should be refused they accept, or leave open. Nor do
    they read how a draw decides: they draw lots in their own way."""
    counted, records = careful
    bad = []
    for record in records:
        checks = record["judging"]["checks"]
        refusing = checks["case"] is not None and (checks["case"]["negative"] or checks["result"]["right"] == "refused")
        own_draw = checks["result"]["redrawn"] is not None
        if not refusing and not own_draw and checks["result"]["verdict"] not in ("right", "none"):
            bad.append(record["key"])
    assert bad == [], "a rule of arena/families/crypto/mock/claims.py claims too much for these"
    assert counted["right"] >= 12, counted


def test_careful_players_pass_every_other_check_on_the_whole_set(
    careful: tuple[Counter[str], list[dict[str, Any]]],
) -> None:
    for record in careful[1]:
        for name in ("leaks", "textbook_names", "artefacts", "tools"):
            assert record["judging"]["checks"][name]["ok"], (record["key"], name, record["judging"]["checks"][name])


def test_careless_players_do_worse_in_results_and_grades(
    careful: tuple[Counter[str], list[dict[str, Any]]], tmp_path: Path
) -> None:
    counted, records = verdicts("careless", tmp_path / "careless")
    assert counted["right"] < careful[0]["right"] and counted["wrong"] > 0

    def mean(found: list[dict[str, Any]]) -> float:
        scores = [sum(record["scores"].values()) / 5 for record in found if record["scores"]]
        return sum(scores) / len(scores)

    assert mean(records) < mean(careful[1]) - 0.5
    assert mean([r for r in careful[1] if r["judging"]["checks"]["result"]["verdict"] == "right"]) > 4.5
