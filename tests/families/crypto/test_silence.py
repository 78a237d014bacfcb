"""The rule for silence: a match cut after each turn, what the others then have, and what the one that left knew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.entry import main
from arena.errors import DataError
from arena.families.crypto.challenges.members.fairness import fairness_problems
from arena.families.crypto.silence.cuts import Cut, cuts, finished
from arena.records import EVERYBODY, Entry

SEAL, NONCE = "5ea10000000000001", "0d0000000000000002"
OTHER_SEAL, OTHER_NONCE = "5ea10000000000003", "0d0000000000000004"

WINS = {"Ann": {"if": [{"equal": ["result", {"is": "Ann"}]}, "worth_ann", 0]},
        "Bob": {"if": [{"equal": ["result", {"is": "Bob"}]}, "worth_bob", 0]}}  # fmt: skip
CHALLENGE: dict[str, Any] = {
    "id": "toss",
    "participants": [{"id": "Ann"}, {"id": "Bob"}],
    "self_play": {"initiator_agent_id": "Ann"},
    "instance": {
        "values": {"worth_ann": {"draw": "is", "value": 40}, "worth_bob": {"draw": "is", "value": 70}},
        "own": {"Ann": ["worth_ann"], "Bob": ["worth_bob"]},
        "secret": {"Bob": ["worth_bob"]},
        "truth": {"agreed": True},
        "result": "role",
    },
    "fairness": {
        "says": "Whoever fixed a number and does not show it loses.",
        "pays": WINS,
        "silent": {
            "Ann": {"free": {"Bob": 0}, "bound": {"Bob": "worth_bob"}, "open": {"Bob": WINS["Bob"]}},
            "Bob": {"free": {"Ann": 0}, "bound": {"Ann": "worth_ann"}, "open": {"Ann": WINS["Ann"]}},
        },
    },
}
VALUES = {"worth_ann": 40, "worth_bob": 70}


def say(turn: int, seat: str, text: str, result: Any = None) -> Entry:
    return Entry(turn, seat, EVERYBODY, "say", 0, text, result is not None, result)


def fix(turn: int, seat: str, seal: str, nonce: str) -> list[Entry]:
    result = {"commitment": seal, "nonce": nonce}
    call = Entry(turn, seat, (seat,), "call", id="c", op="commit_hash", args={"msg": "00"},
                 answer={"ok": True, "result": result})  # fmt: skip
    return [call, say(turn, seat, f"Fixed {seal}.")]


MATCH = [
    *fix(0, "Ann", SEAL, NONCE),
    *fix(1, "Bob", OTHER_SEAL, OTHER_NONCE),
    say(2, "Ann", f"Mine opens with {NONCE}."),
    say(3, "Bob", f"Mine with {OTHER_NONCE}; it is worth 70 to me.", "bob"),
    say(4, "Ann", "Yours.", "Bob"),
]


def found(turn: int, leaver: str) -> Cut:
    return next(cut for cut in cuts(MATCH, CHALLENGE, VALUES) if (cut.turn, cut.leaver) == (turn, leaver))


@pytest.mark.parametrize(
    "turn, leaver, state, worst",
    [
        (0, "Bob", "free", 0),
        (0, "Ann", "bound", 70),
        (1, "Bob", "bound", 40),
        (2, "Bob", "bound", 40),
        (2, "Ann", "open", 70),
    ],
)
def test_cut_gives_what_the_rule_says(turn: int, leaver: str, state: str, worst: float) -> None:
    cut = found(turn, leaver)
    assert (cut.state, cut.worst) == (state, worst)


def test_seat_that_saw_the_other_open_is_ahead() -> None:
    assert found(2, "Bob").ahead
    assert not found(1, "Bob").ahead and not found(2, "Ann").ahead


def test_leaver_has_learned_only_what_others_told() -> None:
    assert found(3, "Ann").learned == ("worth_bob",)
    assert found(2, "Ann").learned == ()


def test_seat_that_has_declared_a_result_leaves_no_more() -> None:
    assert (3, "Bob") not in [(cut.turn, cut.leaver) for cut in cuts(MATCH, CHALLENGE, VALUES)]
    assert max(cut.turn for cut in cuts(MATCH, CHALLENGE, VALUES)) == 3


def test_finished_match_pays_by_its_result_in_any_spelling() -> None:
    assert finished(MATCH, CHALLENGE, VALUES) == {"Ann": 0.0, "Bob": 70.0}


def test_payoff_that_is_no_number_is_told_with_its_place() -> None:
    broken = {**CHALLENGE, "fairness": {**CHALLENGE["fairness"], "pays": {"Ann": "result", "Bob": 0}}}
    with pytest.raises(DataError, match="/pays/Ann"):
        finished(MATCH, broken, VALUES)


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"says": " "}, "/fairness/says"),
        ({"pays": {"Ann": 1}}, "/fairness/pays"),
        ({"pays": {"Ann": "none", "Bob": 1}}, "/fairness/pays/Ann"),
        ({"silent": {"Ann": {}}}, "/fairness/silent"),
        ({"silent": {**CHALLENGE["fairness"]["silent"], "Ann": {"free": {"Bob": 0}}}}, "/fairness/silent/Ann"),
        ({"more": 1}, "/fairness/more"),
    ],
)
def test_bad_rule_is_told_at_its_place(change: dict[str, Any], pointer: str) -> None:
    broken = {**CHALLENGE, "fairness": {**CHALLENGE["fairness"], **change}}
    assert pointer in [place for place, _ in fairness_problems(broken, "", ["Ann", "Bob"])]


def test_result_before_the_seat_opened_is_refused_in_the_rule() -> None:
    silent = {**CHALLENGE["fairness"]["silent"]}
    silent["Ann"] = {**silent["Ann"], "bound": {"Bob": WINS["Bob"]}}
    broken = {**CHALLENGE, "fairness": {**CHALLENGE["fairness"], "silent": silent}}
    assert any(place.startswith("/fairness/silent/Ann/bound") for place, _ in
               fairness_problems(broken, "", ["Ann", "Bob"]))  # fmt: skip
    assert not list(fairness_problems(CHALLENGE, "", ["Ann", "Bob"]))


def test_command_prints_every_place_of_one_challenge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "abort-analysis", "the-hall-clock", "--seeds", "2"]) == 0
    out = capsys.readouterr().out
    assert "had learned" in out and "Kwame" in out and "the-hall-clock" in out


def test_command_gives_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "abort-analysis", "the-lowest-price-of-the-piano", "--seeds", "6", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)["challenges"]["the-lowest-price-of-the-piano"]
    assert one["matches"] > 0 and one["learned"] == ["lowest", "offer"]
    bound = [place for place in one["places"] if place["leaver"] == "Seller" and place["states"] == ["bound"]]
    assert bound and all(place["worst_seat"] == "Buyer" for place in bound)


def test_command_refuses_challenges_without_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenges", "abort-analysis", "salon-tips"]) == 2
    assert "rule for silence" in capsys.readouterr().err


def test_report_shows_what_silence_would_have_cost(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--participant-model", "mock/watchful", "--challenge-ids", "the-hall-clock", "--out", str(out), "--quiet"]
    assert main(["run", *words]) == 0
    assert main(["report", str(out)]) == 0
    assert "If somebody had fallen silent" in (out / "report.html").read_text(encoding="utf-8")


def test_command_takes_no_match_with_a_negative_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["challenges", "abort-analysis", "winter-market-pitch", "the-hall-clock", "--seeds", "6", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)["challenges"]
    assert all(0 < one["matches"] < 6 for one in found.values()), found
