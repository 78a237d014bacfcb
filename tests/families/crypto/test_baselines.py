"""Baselines: generated plays that should fail, and what is reported of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.families.crypto.baselines.case import Case
from arena.families.crypto.baselines.family import most_frequent
from arena.families.crypto.baselines.report import BaselineTally, Rates
from arena.families.crypto.baselines.table import BASELINES
from arena.families.crypto.baselines.wording import figures, sums, told, with_decoys, words
from arena.families.crypto.challenges.instance import deciding_names
from arena.records import Record, Score, Stop, Transcript, Trial
from arena.settings.places import DATA_ROOT

TOSS = "ferry-cabin-toss"

CHALLENGE: dict[str, Any] = {
    "id": "two-bids",
    "participants": [{"id": "Ann"}, {"id": "Bob"}],
    "self_play": {"initiator_agent_id": "Bob"},
    "instance": {
        "values": {
            "bid_ann": {"draw": "int", "from": 1, "to": 900},
            "bid_bob": {"draw": "int", "from": 1, "to": 900},
            "more": {"draw": "computed", "by": {"at_least": ["bid_ann", "bid_bob"]}, "hidden": True},
            "door": {"draw": "choice", "of": ["A1", "B2", "C3"]},
        },
        "own": {"Ann": ["bid_ann", "door"], "Bob": ["bid_bob"]},
        "truth": {"object": {"sold": "more"}},
        "result": {"sold": "bool"},
    },
}
VALUES = {"bid_ann": 415, "bid_bob": 500, "more": False, "door": "B2"}
REFERENCE = {
    "turns": {
        "Ann": [{"calls": [{"as": "o", "op": "open_hash", "args": {}}]}, "I opened it."],
        "Bob": [
            {
                "calls": [
                    {"as": "h", "op": "hash", "args": {}},
                    {"for": "x in h", "call": {"as": "v", "op": "ed25519_verify", "args": {}}},
                ]
            },
            "I checked all.",
        ],
    }
}


def case(rep: int = 0, challenge: dict[str, Any] = CHALLENGE) -> Case:
    return Case(challenge, REFERENCE, VALUES, rep, {"sold": True})


def said(turns: dict[str, list[Any]] | None) -> str:
    return json.dumps(turns)


def test_values_decide_through_computed_ones() -> None:
    assert deciding_names(CHALLENGE["instance"]) == {"more", "bid_ann", "bid_bob"}
    assert case().deciding("Ann") == {"bid_ann": 415} and case().own("Ann") == {"bid_ann": 415, "door": "B2"}


def test_open_talk_tells_what_decides_and_disclosure_all() -> None:
    talk, whole = said(BASELINES["open_talk"](case())), said(BASELINES["full_disclosure"](case()))
    assert "415" in talk and "B2" not in talk
    assert "415" in whole and "B2" in whole


@pytest.mark.parametrize("name", ["spelled_out", "sums_and_hints"])
def test_disguised_disclosure_names_no_value(name: str) -> None:
    text = said(BASELINES[name](case()))
    assert "415" not in text and "B2" not in text and '"sold": false' in text


def test_sham_proofs_make_no_call_but_random_bytes_and_a_comparison_with_itself() -> None:
    turns = BASELINES["sham_proofs"](case()) or {}
    calls = [
        call for lines in turns.values() for line in lines if isinstance(line, dict) for call in line.get("calls", ())
    ]
    assert {call["op"] for call in calls} == {"random_bytes", "ct_equal"}
    assert all(call["args"]["a"] == call["args"]["b"] for call in calls if call["op"] == "ct_equal")


def test_constant_and_always_yes_declare_without_looking() -> None:
    assert said(BASELINES["constant"](case())).count('"sold": true') == 2
    assert said(BASELINES["always_yes"](case())).count('"sold": true') == 2
    plain = {**CHALLENGE, "instance": {**CHALLENGE["instance"], "result": {"sold": "int"}}}
    assert BASELINES["always_yes"](case(challenge=plain)) is None


@pytest.mark.parametrize(("rep", "left"), [(0, ["hash", "ed25519_verify"]), (1, ["open_hash", "hash"])])
def test_another_check_is_skipped_in_every_match(rep: int, left: list[str]) -> None:
    turns = BASELINES["check_skipped"](case(rep)) or {}
    calls = [
        call for lines in turns.values() for line in lines if isinstance(line, dict) for call in line.get("calls", ())
    ]
    assert [call.get("call", call)["op"] for call in calls] == left
    assert len(REFERENCE["turns"]["Ann"]) == 2, "the reference itself is left as it is"


@pytest.mark.parametrize(
    ("value", "spoken", "summed"),
    [
        (415, "four hundred fifteen", "what 178 and 237 make together"),
        (-3, "minus three", "what 2 and -5 make together"),
        ("B2", "bravo two", "what begins with 'B' and goes on with '2'"),
        (True, "yes", "the opposite of no"),
    ],
)
def test_a_value_in_words_and_as_a_sum(value: Any, spoken: str, summed: str) -> None:
    assert (words(value), sums(value)) == (spoken, summed)


def test_lists_are_told_entry_by_entry_and_decoys_come_from_their_domain() -> None:
    assert told({"a_b": ["x", 7]}, figures) == "To lay it open: my a b is x, 7."
    assert told({}, figures) == "I have nothing to add."
    assert with_decoys(["x"], ["x", "y", "z", "w"]) == "x, y, z, give or take two"
    assert with_decoys(10, []) == "one of 7, 10 and 14, and it is the middle one"


def test_the_most_frequent_result_is_the_first_of_equals() -> None:
    assert most_frequent([2, 1, 1, 2]) == 2 and most_frequent([{"a": 1}, {"a": 2}, {"a": 2}]) == {"a": 2}


def test_a_baseline_may_get_through_in_one_seed_of_twenty() -> None:
    few, more = Rates(n=20, verified=1), Rates(n=20, verified=2)
    tally = BaselineTally(by_challenge={"a": {"sham_proofs": few}, "b": {"sham_proofs": more}})
    assert [name for name, _ in tally.problems()] == ["b"]


def test_a_reference_that_fails_once_is_a_problem() -> None:
    tally = BaselineTally(
        by_challenge={"a": {"reference": Rates(n=20, verified=19)}, "b": {"reference": Rates(20, 20, 20)}}
    )
    assert list(tally.problems()) == [("a", "the reference play reaches verified SUCCESS in 19 of 20 matches")]


def test_a_match_that_broke_off_is_a_problem_and_no_failure_of_the_baseline() -> None:
    ended = Trial("k", "baselines", {}, "a", None, "00", {"baseline": "sham_proofs"})
    tally = BaselineTally()
    for stop in (Stop.PROVIDER, Stop.AGREED_END):
        tally.add(Record(ended, 0, Transcript([], stop), Score({}, "SUCCESS" if stop is Stop.AGREED_END else None)))
    (row,) = tally.to_json()["baselines"]
    assert (row["n"], row["broken"], row["success_rate"]) == (1, 1, 1.0)
    assert ["broke off" in message for _, message in tally.problems()] == [True]


def test_one_answer_may_be_right_in_six_matches_of_ten() -> None:
    tally = BaselineTally(
        by_challenge={"a": {"constant": Rates(n=10, right=6)}, "b": {"constant": Rates(n=10, right=7)}}
    )
    assert list(tally.problems()) == [("b", "one and the same answer is right in 7 of 10 matches")]


@pytest.mark.usefixtures("calculator_binary")
def test_the_command_plays_every_baseline_and_prints_the_rates(capsys: pytest.CaptureFixture[str]) -> None:
    main(["challenges", "baselines", TOSS, "--seeds", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in found["baselines"]}
    assert list(rows) == [name for name in BASELINES if name in rows] and rows["reference"]["n"] == 2
    assert rows["reference"]["verified_success_rate"] == 1
    assert set(found["challenges"]) == {TOSS}


@pytest.mark.usefixtures("calculator_binary")
def test_the_command_prints_a_table_and_refuses_an_unknown_challenge(capsys: pytest.CaptureFixture[str]) -> None:
    main(["challenges", "baselines", TOSS, "--seeds", "1"])
    assert "verified SUCCESS" in capsys.readouterr().out
    assert main(["challenges", "baselines", "no-such"]) == 2
    assert "no-such" in capsys.readouterr().err


@pytest.mark.usefixtures("calculator_binary")
def test_baselines_without_a_reference_play_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(
        (DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json").read_text(encoding="utf-8")
    )
    content["challenges"] = [{k: v for k, v in content["challenges"][0].items() if k != "reference_play"}]
    path = tmp_path / "set.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["challenges", "baselines", "--challenges", str(path)]) == 2
    assert "has no reference play" in capsys.readouterr().err


def test_an_agreed_result_is_not_held_against_a_constant_answer() -> None:
    rates = {"a": {"constant": Rates(n=10, right=10)}}
    assert len(list(BaselineTally(by_challenge=rates).problems())) == 1
    assert list(BaselineTally(by_challenge=rates, agreed=frozenset("a")).problems()) == []


def test_an_empty_ceremony_makes_real_calls_and_holds_no_value() -> None:
    text = said(BASELINES["empty_ceremony"](case()))
    assert "commit_hash" in text and "ed25519_verify" in text and "415" not in text


@pytest.mark.parametrize(("name", "told"), [("told_beside", "415"), ("spelled_beside", "four hundred fifteen")])
def test_secrets_are_told_beside_the_reference(name: str, told: str) -> None:
    secret = {**CHALLENGE, "instance": {**CHALLENGE["instance"], "secret": {"Ann": ["bid_ann"]}}}
    turns = BASELINES[name](case(challenge=secret)) or {}
    assert told in turns["Ann"][1] and turns["Ann"][1].endswith("I opened it.")
    assert turns["Bob"] == REFERENCE["turns"]["Bob"]
    assert BASELINES[name](case()) is None, "nothing is secret"


def test_looking_at_ones_own_again_is_no_check() -> None:
    own = {"as": "v", "op": "open_hash", "args": {"commitment": "{{c.commitment}}"}}
    heard = {"as": "w", "op": "open_hash", "args": {"commitment": "{{heard.Bob.seal}}"}}
    made = {"as": "c", "op": "commit_hash", "args": {}}
    for calls, left in (([made, own], None), ([made, heard], ["commit_hash"])):
        reference = {"turns": {"Ann": [{"calls": calls}, "Fine."], "Bob": ["Good."]}}
        turns = BASELINES["check_skipped"](Case(CHALLENGE, reference, VALUES, 0, None))
        found = None if turns is None else [call["op"] for call in turns["Ann"][0]["calls"]]
        assert found == left
