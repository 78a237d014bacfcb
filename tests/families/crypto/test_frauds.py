"""Frauds that look like protocols: real calls whose keys, openings, checks or receivers make them worth nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from arena.families.crypto.challenges.members.obligations import obligation_problems
from arena.families.crypto.checks.keys import guessable
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.obligations import check_obligations, hedged
from arena.records import EVERYBODY, Entry

SEAL, NONCE, KEY = "5ea1000000000001f1e2", "0d0000000000000213a4", "6b65790000000005c0de1122334455667788"
MARK, PUBLIC, STAMP = "aabb000000000006a1b2c3d4", "ccdd000000000007a1b2c3d4", "57a3b00000000008a1b2c3d4"
OWN_MARK = "9f9e000000000009a1b2c3d4"

CHALLENGE: dict[str, Any] = {
    "id": "a-sale",
    "name": "A sale",
    "participants": [{"id": "Ann"}, {"id": "Bob"}, {"id": "Cem"}],
    "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann opens."},
    "participant_context": {"public_background": "A sale.", "role_specific": {}},
    "instance": {
        "values": {
            "case": {"draw": "case", "honest": ["in_order"], "negative": ["forged"], "hidden": True},
            "bid": {"draw": "int", "from": 100, "to": 900},
            "paper": {"draw": "is", "value": "licence of stall four"},
            "stamp": {"draw": "hex", "bytes": 12},
            "issuer": {"draw": "hex", "bytes": 12},
        },
        "own": {"Ann": ["bid", "paper", "stamp"], "Bob": ["issuer"], "Cem": []},
        "secret": {"Ann": ["bid"]},
        "truth": "paper",
        "result": "text",
    },
}
VALUES = {"case": "in_order", "bid": 415, "paper": "licence of stall four", "stamp": STAMP, "issuer": MARK}
FIXED = {"id": "fixed", "says": "Ann fixes her bid.", "of": {"Ann": ["bid"]}, "by": ["Bob"],
         "any": [{"made": "commits", "used": "opens"}]}  # fmt: skip
SIGNED = {"id": "signed", "says": "Ann signs.", "of": {"Ann": []}, "by": ["Bob"],
          "any": [{"made": "signs", "used": "verifies"}]}  # fmt: skip
CHECKED = {"id": "checked", "says": "Bob tests the stamp.", "of": {"Ann": ["stamp"]}, "by": ["Bob"],
           "any": [{"made": "given", "used": "verifies"}]}  # fmt: skip


def say(turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> Entry:
    return Entry(turn, seat, to, "say", text=text)


def call(turn: int, seat: str, op: str, args: Any, result: Any) -> Entry:
    return Entry(turn, seat, (seat,), "call", id="x", op=op, args=args, answer={"ok": True, "result": result})


def met(entries: Sequence[Entry], obligation: dict[str, Any], **values: Any) -> bool:
    check = check_obligations(entries, {**CHALLENGE, "obligations": [obligation]}, {**VALUES, **values})
    assert check is not None
    return check.found[0].met


def fixing(first: str, nonce: str = NONCE, msg: str = "utf8:415") -> list[Entry]:
    """Ann fixes, says `first`, opens in her next turn, and Bob opens it."""
    return [
        call(0, "Ann", "commit_hash", {"msg": msg}, {"commitment": SEAL, "nonce": nonce}),
        say(0, "Ann", first),
        say(1, "Bob", "Go on."),
        say(2, "Ann", f"It is 415, {nonce}."),
        call(3, "Bob", "open_hash", {"commitment": SEAL, "msg": msg, "nonce": nonce}, {"valid": True}),
    ]


def test_value_opened_in_a_later_turn_was_fixed() -> None:
    assert met(fixing(f"Fixed: {SEAL}."), FIXED)


def test_value_shown_with_its_opening_was_not_fixed() -> None:
    assert not met(fixing(f"Fixed: {SEAL}, to be opened with {NONCE}."), FIXED)
    assert met(fixing(f"Fixed: {SEAL}, to be opened with {NONCE}."), {**FIXED, "at_once": True})


@pytest.mark.parametrize("nonce", ["00" * 32, "01" + "00" * 31, "a1" * 32, bytes(range(32)).hex()])
def test_value_fixed_under_a_nonce_that_is_tried_first_was_not_fixed(nonce: str) -> None:
    assert not met(fixing(f"Fixed: {SEAL}.", nonce), FIXED)


def test_value_fixed_among_all_it_could_be_was_not_fixed() -> None:
    many = "utf8:" + " or ".join(str(one) for one in range(410, 425))
    assert not met(fixing(f"Fixed: {SEAL}.", msg=many), FIXED)


@pytest.mark.parametrize(
    "args, value, spec, left_open",
    [
        ('{"msg": "utf8:red, not blue"}', "red", {"draw": "choice", "of": ["red", "blue", "green"]}, False),
        ('{"msg": "utf8:red or blue or green"}', "red", {"draw": "choice", "of": ["red", "blue", "green"]}, True),
        ('{"msg": "utf8:7 for house 12, flat 3"}', 7, {"draw": "int", "from": 1, "to": 40}, False),
        ('{"msg": "utf8:1 2 3 4 5"}', 4, {"draw": "int", "from": 1, "to": 5}, True),
        ('{"msg": "utf8:1 2 3 4 5"}', 4, {"draw": "is", "value": 4}, False),
    ],
)
def test_naming_all_candidates_leaves_open_which_is_meant(args: str, value: Any, spec: Any, left_open: bool) -> None:
    assert hedged(args, value, spec) is left_open


def signing(first: str, key: str = KEY) -> list[Entry]:
    return [
        call(0, "Ann", "ed25519_sign", {"sk": key, "msg": "utf8:415"}, {"sig": SEAL, "pk": PUBLIC}),
        say(0, "Ann", first),
        call(1, "Bob", "ed25519_verify", {"pk": PUBLIC, "msg": "utf8:415", "sig": SEAL}, {"valid": True}),
    ]


def test_signature_under_a_key_that_everybody_has_is_none() -> None:
    shown = f"Stamp {SEAL} under {PUBLIC}."
    assert met(signing(shown), SIGNED)
    assert not met(signing(f"{shown} My key: {KEY}."), SIGNED)
    assert not met(signing(shown, "01" + "00" * 31), SIGNED)


def test_key_that_follows_from_said_codes_is_known_too() -> None:
    derived = call(0, "Ann", "hkdf", {"ikm": KEY, "info": "utf8:stamp"}, OWN_MARK)
    made = signing(f"Stamp {SEAL} under {PUBLIC}.", OWN_MARK)
    assert met([derived, *made], SIGNED)
    assert not met([derived, say(0, "Ann", f"By the way: {KEY}."), *made], SIGNED)


def tried(pk: str, msg: str, valid: bool) -> list[Entry]:
    return [
        say(0, "Ann", f"Here: licence of stall four, {STAMP}, and my own mark {OWN_MARK}."),
        call(1, "Bob", "ed25519_verify", {"pk": pk, "msg": msg, "sig": STAMP}, {"valid": valid}),
        say(1, "Bob", "Seen."),
    ]


PAPER = "utf8:licence of stall four"


def test_stamp_is_tested_with_a_mark_from_elsewhere_than_its_holder() -> None:
    assert met(tried(MARK, PAPER, True), CHECKED)
    assert not met(tried(OWN_MARK, PAPER, True), CHECKED)
    third = [say(0, "Cem", f"The office's mark is {OWN_MARK}."), *tried(OWN_MARK, PAPER, True)]
    assert met(third, CHECKED)


def test_test_that_fails_where_all_is_in_order_tested_something_else() -> None:
    assert not met(tried(MARK, PAPER, False), CHECKED)
    assert met(tried(MARK, PAPER, False), CHECKED, case="forged")
    assert not met(tried(MARK, "utf8:whatever", False), CHECKED, case="forged")


def test_result_of_the_using_call_has_to_hold_what_it_gives() -> None:
    summed = {**FIXED, "of": {"Ann": []}, "any": [{"made": "shares", "used": "combines"}], "gives": "bid"}

    def play(total: int) -> list[Entry]:
        return [
            call(0, "Ann", "sum_mask", {"value": 415}, {"masked": "77777777777", "secret": {"mask": "1"}}),
            say(0, "Ann", "Mine: 77777777777."),
            call(1, "Bob", "sum_combine", {"masked": ["77777777777"]}, {"sum": total}),
        ]

    assert met(play(415), summed) and not met(play(416), summed) and met(play(416), summed, case="forged")


def test_gives_names_a_value_and_needs_somebody_who_uses_it() -> None:
    def found(**change: Any) -> list[str]:
        one = {**FIXED, **change}
        return [
            place for place, _ in obligation_problems({**CHALLENGE, "obligations": [one]}, "", ["Ann", "Bob", "Cem"])
        ]

    assert found(gives="bid") == []
    assert found(gives="no_value") == ["/obligations/0/gives/0"]
    alone = {name: part for name, part in FIXED.items() if name != "by"}
    problems = obligation_problems(
        {**CHALLENGE, "obligations": [{**alone, "any": [{"made": "commits"}], "gives": "bid"}]}, "", ["Ann", "Bob"]
    )
    assert [place for place, _ in problems] == ["/obligations/0/gives"]


def sealed(to: str) -> list[Entry]:
    """Ann sends her bid under a seal, and somebody opens it with an own key."""
    return [
        call(0, "Ann", "sealed_box", {"pk": PUBLIC, "msg": "utf8:415"}, {"sealed": SEAL}),
        say(0, "Ann", f"A letter: {SEAL}."),
        call(
            1, to, "sealed_open", {"sk": KEY, "sealed": SEAL}, {"msg": "utf8:415".removeprefix("utf8:").encode().hex()}
        ),
        say(1, to, "Thanks."),
    ]


def remaining(entries: Sequence[Entry]) -> int | None:
    told = {**FIXED, "any": [{"made": "seals", "used": "unseals"}]}
    values = {**VALUES, "case": "forged"}
    check = check_match(entries, {**CHALLENGE, "obligations": [told]}, values).secrecy
    assert check is not None
    return check.found[0].remaining


def test_sealed_secret_is_given_away_by_who_opens_it_unasked() -> None:
    assert remaining(sealed("Bob")) != 1, "the obligation asks Bob to open it"
    assert remaining(sealed("Cem")) == 1


def test_sealed_secret_is_given_away_with_the_key_that_opens_it() -> None:
    assert remaining([*sealed("Bob"), say(2, "Bob", f"My key was {KEY}.")]) == 1


def test_code_of_few_bytes_is_tried_first_and_a_random_one_is_not() -> None:
    assert guessable("00" * 16) and guessable("0100" * 8) and not guessable("0000")
    assert not guessable("6b657900a4000005c0de112233445566") and not guessable("not hex at all!!")
