"""Cases: what happens in a trial, whether it is real, and what counts as having dealt with it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arena.families.crypto.challenges.draws import CASE, KINDS, DrawError, Stream
from arena.families.crypto.challenges.instance import case_spec, draw_values, drawn_case, judged_instance, right_result
from arena.families.crypto.challenges.made_values import MEMBERS, OPS
from arena.families.crypto.challenges.members.instance import instance_problems
from arena.families.crypto.challenges.render import listing, seen_by
from arena.families.crypto.challenges.result_kinds import Unreadable, describe_result_form, normal
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.check_rates import CheckRates, cases_line
from arena.families.crypto.checks.obligations import check_obligations
from arena.families.crypto.checks.play_checks import unexpected
from arena.records import Entry, trial_seed

SET = load(Path(__file__).resolve().parents[3] / "src/crypto-challenges/benchmark_challenges_diverse_v2.json")
REFUSING = [challenge for challenge in SET.challenges if isinstance(challenge["instance"]["result"], list)]
"""Challenges whose result may be the word `refused`; in the others with cases a negative one has another result."""

OPENED_WHEN_SOMETHING_IS_WRONG = {"a-word-every-friday"}
"""There the papers stay shut, `refused`, as long as all is well."""

SEEDS = [trial_seed(number, "cases") for number in range(20)]
ROLES = ("Ann", "Bob")
STAMP, MARK = "ab12" * 32, "cd34" * 16
INSTANCE: dict[str, Any] = {
    "values": {
        "case": {"draw": "case", "honest": ["in_order"], "negative": ["forged", "expired"], "hidden": True},
        "stamp": {"draw": "is", "value": STAMP},
        "mark": {"draw": "is", "value": MARK},
    },
    "own": {"Ann": ["stamp"], "Bob": ["mark"]},
    "truth": {"if": [{"equal": ["case", {"is": "in_order"}]}, 7, {"is": "refused"}]},
    "result": ["refused", "int"],
}


def nobody(name: str, op: str, args: dict[str, Any]) -> Any:
    raise AssertionError("no value needs the calculator")


# --- the project's own set


def test_most_challenges_have_cases_and_two_of_five_trials_are_negative() -> None:
    with_cases = [challenge for challenge in SET.challenges if case_spec(challenge["instance"])]
    assert len(with_cases) >= 48
    negative = []
    for challenge in with_cases:
        name, spec = case_spec(challenge["instance"]) or ("", {})
        drawn = [KINDS[CASE].draw(spec, Stream(seed, name), {}) for seed in SEEDS]
        negative += [label in spec["negative"] for label in drawn]
    assert 0.3 <= sum(negative) / len(negative) <= 0.5


def test_in_most_challenges_with_cases_one_is_refused_with_the_word() -> None:
    assert len(REFUSING) >= 47


@pytest.mark.parametrize("challenge", REFUSING, ids=lambda challenge: str(challenge["id"]))
def test_the_right_result_follows_the_case(challenge: dict[str, Any]) -> None:
    instance = challenge["instance"]
    for seed in SEEDS[:6]:
        values = draw_values(instance, seed, nobody)
        case = drawn_case(instance, values)
        assert case is not None
        refused_in = not case.negative if challenge["id"] in OPENED_WHEN_SOMETHING_IS_WRONG else case.negative
        assert (judged_instance(instance, values)["right_result"] == "refused") == refused_in


@pytest.mark.parametrize("challenge", SET.challenges, ids=lambda challenge: str(challenge["id"]))
def test_every_case_has_an_obligation_of_its_own(challenge: dict[str, Any]) -> None:
    found = case_spec(challenge["instance"])
    for label in () if found is None else (*found[1]["honest"], *found[1]["negative"]):
        assert any(label in one.get("cases", [label]) for one in challenge["obligations"]), label


# --- values that an op makes


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("hash", {"data": "utf8:a"}),
        ("hmac", {"key": "0b" * 32, "data": "utf8:Grüße"}),
        ("commit_hash", {"msg": "utf8:heads", "nonce": "01" * 32, "context": "utf8:toss 7"}),
        ("ed25519_sign", {"sk": "9d" * 32, "msg": "72"}),
        ("ed25519_sign", {"sk": "00" * 32, "msg": "utf8:"}),
        ("hash_chain", {"seed": "utf8:abc", "n": 20}),
        ("merkle_root", {"leaves": [], "sort": True}),
        ("merkle_root", {"leaves": ["0b", "0a", "utf8:c", "0a", "ff00"], "sort": True}),
        ("merkle_root", {"leaves": ["0b", "0a", "0c", "0d", "0e", "0f", "0a"], "sort": False}),
    ],
)
def test_a_made_value_is_what_the_calculator_gives(op: str, args: dict[str, Any], calculator_binary: Path) -> None:
    request = json.dumps({"op": op, "args": args})
    answer = subprocess.run([calculator_binary], input=request, capture_output=True, text=True, check=True).stdout
    assert OPS[op][1](args) == json.loads(answer)["result"]


def test_every_op_of_the_made_values_is_compared_with_the_calculator() -> None:
    assert {"hash", "hmac", "commit_hash", "ed25519_sign", "hash_chain", "merkle_root"} == set(OPS)


@pytest.mark.parametrize("args", [{"sk": "9d" * 32, "msg": "72"}, {"sk": "00" * 32, "msg": "utf8:"}])
def test_a_member_made_alone_is_that_of_the_whole(args: dict[str, Any]) -> None:
    for (op, name), make in MEMBERS.items():
        spec = {"op": op, "args": args}
        whole = KINDS["made"].draw(spec, Stream(SEEDS[0], "x"), {})
        assert make(args) == whole[name] == KINDS["made"].draw({**spec, "get": name}, Stream(SEEDS[0], "x"), {})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"op": "hash", "args": {}}, "needs the arguments data"),
        ({"op": "hash", "args": {"data": "zz"}}, "is not hex"),
        ({"op": "ed25519_sign", "args": {"sk": "00", "msg": "00"}}, "expected 32 bytes"),
        ({"op": "hash_chain", "args": {"seed": "00", "n": 10**6}}, "whole number of steps"),
        ({"op": "hash", "args": {"data": "00"}, "get": "sig"}, "has no member"),
    ],
)
def test_a_value_that_cannot_be_made_says_why(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(DrawError, match=message):
        KINDS["made"].draw(spec, Stream(SEEDS[0], "x"), {})


# --- the form


def problems(values: dict[str, Any]) -> list[str]:
    challenge = {"instance": {**INSTANCE, "values": {**INSTANCE["values"], **values}}}
    return [message for _, message in instance_problems(challenge, "", ROLES)]


def test_an_instance_has_one_case_and_nobody_is_shown_it() -> None:
    assert problems({}) == []
    second = {"draw": "case", "honest": ["a"], "negative": ["b"], "hidden": True}
    assert any("second case" in message for message in problems({"other": second}))
    assert any("hidden" in message for message in problems({"case": {**INSTANCE["values"]["case"], "hidden": False}}))
    twice = {"draw": "case", "honest": ["a"], "negative": ["a"], "hidden": True}
    assert any("twice" in message for message in problems({"case": twice}))


def test_the_word_refused_is_read_beside_another_kind() -> None:
    kind = ["refused", "int"]
    assert normal(kind, "Refused.", ROLES) == normal(kind, "refused", ROLES) == "refused"
    assert normal(kind, "7", ROLES) == normal(kind, 7, ROLES) != "refused"
    with pytest.raises(Unreadable):
        normal(kind, "no", ROLES)
    with pytest.raises(Unreadable):
        normal("int", "refused", ROLES)
    assert "refused" in describe_result_form(kind, ROLES)


def test_the_truth_of_a_negative_case_is_the_refusal() -> None:
    found = {right_result(INSTANCE, draw_values(INSTANCE, seed, nobody)) for seed in SEEDS}
    assert found == {7, "refused"}


# --- obligations


def say(turn: int, seat: str, text: str) -> Entry:
    return Entry(turn, seat, ROLES, "say", text=text)


def call(turn: int, seat: str, op: str, result: Any, **args: Any) -> Entry:
    return Entry(turn, seat, (seat,), "call", id="c", op=op, args=args, answer={"ok": True, "result": result})


def checked(*entries: Entry, case: str = "forged", **more: Any) -> bool:
    obligation = {"id": "checked", "says": "x", "of": {"Ann": ["stamp"]}, "by": ["Bob"]}
    obligation |= {"any": [{"made": "given", "used": "verifies"}, {"made": "given", "used": "compares"}], **more}
    challenge = {"instance": INSTANCE, "obligations": [obligation]}
    found = check_obligations(entries, challenge, {"case": case, "stamp": STAMP, "mark": MARK})
    return found is None or found.ok


SHOWN = say(1, "Ann", f"My stamp: signet [{STAMP}].")


@pytest.mark.parametrize("valid", [True, False])
def test_a_check_of_what_was_given_counts_whatever_it_says(valid: bool) -> None:
    assert checked(SHOWN, call(2, "Bob", "ed25519_verify", {"valid": valid}, pk=MARK, sig=STAMP))


def test_what_was_given_and_never_shown_cannot_have_been_checked() -> None:
    assert not checked(call(2, "Bob", "ed25519_verify", {"valid": True}, pk=MARK, sig=STAMP))


def test_to_compare_counts_only_with_something_of_ones_own() -> None:
    assert not checked(SHOWN, call(2, "Bob", "ct_equal", True, a=STAMP, b=STAMP))
    assert checked(SHOWN, call(2, "Bob", "ct_equal", False, a=STAMP, b=MARK))


def test_an_obligation_holds_in_its_cases_only() -> None:
    assert not checked(SHOWN, case="in_order", cases=["in_order"])
    assert checked(SHOWN, case="forged", cases=["in_order"])


# --- plays, rates, what people are shown


def test_a_check_that_the_case_decides_may_fail_in_negative_cases_only() -> None:
    failed = Entry(2, "Bob", ("Bob",), "call", id="case_paper", op="ed25519_verify", args={"sig": STAMP},
                   answer={"ok": True, "result": {"valid": False}})  # fmt: skip
    assert list(unexpected([failed], True)) == []
    assert len(list(unexpected([failed], False))) == 1


def test_acceptance_and_refusal_are_told_together() -> None:
    rates = CheckRates()
    rates.n, rates.no_case = 6, 1
    rates.cases = {"honest": {"n": 3, "right": 3}, "negative": {"n": 2, "right": 1}}
    other = CheckRates(cases={"negative": {"n": 2, "right": 1}}, no_case=1)
    rates.merge(other)
    found = rates.to_json()["cases"]
    assert found["honest_accepted"] == {"n": 3, "ok": 3, "rate": 1.0}
    assert found["negative_refused"] == {"n": 4, "ok": 2, "rate": 0.5}
    assert found["none"] == 2
    line = cases_line({"checks": {"cases": found}}) or ""
    assert "honest cases accepted 3 of 3" in line and "negative cases refused 2 of 4 (50.0%)" in line
    assert cases_line({"checks": {"cases": {"none": 2}}}) is None


def test_the_list_names_negative_cases_and_show_the_case_of_the_seed() -> None:
    challenge = next(one for one in SET.challenges if one["id"] == "workshop-approval")
    assert "forged, expired, borrowed" in listing(SET)
    assert all(len(line) <= 80 for line in listing(SET, 80).splitlines()), "a narrow terminal gets fewer columns"
    assert set(listing(SET, 80).split()) >= {challenge["id"] for challenge in SET.challenges}
    values = draw_values(challenge["instance"], SEEDS[0], nobody)
    assert f"case: {values['case']}" in seen_by(challenge, values, None, 15)
