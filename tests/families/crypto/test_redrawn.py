"""The result of a draw is computed again from the calls of the match: that all agree is not yet true."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from arena.families.crypto.challenges.members.drawn import drawn_problems
from arena.families.crypto.check_words import check_words
from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.redrawn import redrawn
from arena.families.crypto.prompts import system_prompt
from arena.records import EVERYBODY, Entry, Json

ANN, BOB = "a1" * 16, "b2" * 16
JOINT = hashlib.sha256(bytes.fromhex(ANN + BOB)).hexdigest()
HALF = {"if": [{"above": [8, {"mod": ["draw", 16]}]}, {"is": "Ann"}, {"is": "Bob"}]}
DRAWN: dict[str, Json] = {"says": "the last hex digit decides.", "by": ["Ann", "Bob"], "ways": [{"number": HALF}]}
WINNER, LOSER = ("Ann", "Bob") if int(JOINT[-1], 16) < 8 else ("Bob", "Ann")


def challenge(truth: Json = None) -> dict[str, Any]:
    names = ["Ann", "Bob"]
    return {
        "id": "c-1",
        "name": "A toss",
        "participants": [{"id": name, "display_name": name} for name in names],
        "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann begins."},
        "participant_context": {
            "public_background": "One of them gets the cabin.",
            "role_specific": {n: {"goals": ["g"], "constraints": ["c"], "private_info": ["p"]} for n in names},
        },
        "instance": {
            "values": {"n": {"draw": "is", "value": 7, "hidden": True}},
            "own": {},
            "truth": {"agreed": True, "among": {"is": names}, "drawn": DRAWN} if truth is None else truth,
            "result": "role",
            "asks": "who gets the cabin",
        },
    }


def call(seat: str, op: str, args: dict[str, Json], result: Json) -> Entry:
    return Entry(0, seat, (seat,), "call", op=op, args=args, answer={"ok": True, "result": result})


def say(turn: int, seat: str, text: str, result: Json = None) -> Entry:
    return Entry(turn, seat, EVERYBODY, "say", 0, text, result is not None, result)


def fresh(seat: str, code: str) -> Entry:
    return call(seat, "random_bytes", {"len": len(code) // 2}, code)


def joined(seat: str, parts: str = ANN + BOB) -> Entry:
    return call(seat, "hash", {"data": parts}, hashlib.sha256(bytes.fromhex(parts)).hexdigest())


BOTH = (fresh("Ann", ANN), fresh("Bob", BOB))


def verdict(*entries: Entry, result: str = WINNER) -> tuple[str, bool | None]:
    ended = (say(1, "Ann", "So it is.", result), say(2, "Bob", "Yes.", result))
    found = check_match([*entries, *ended], challenge(), {"n": 7}).result
    assert found is not None
    return found.verdict, found.redrawn


def test_the_result_that_the_draw_comes_to_is_right_and_the_other_wrong() -> None:
    played = (*BOTH, joined("Ann"), joined("Bob"))
    assert verdict(*played) == ("right", True)
    assert verdict(*played, result=LOSER) == ("wrong", True)


@pytest.mark.parametrize(
    "played",
    [
        (),
        BOTH,
        (*BOTH, joined("Ann")),
        (*BOTH, joined("Ann"), joined("Ann")),
        (fresh("Ann", ANN), joined("Ann"), joined("Bob")),
        (*BOTH, joined("Ann", ANN), joined("Bob", ANN)),
    ],
    ids=["no calls", "no joining", "one seat", "one seat twice", "one part made up", "one part left out"],
)
def test_agreement_without_a_draw_of_both_is_wrong(played: tuple[Entry, ...]) -> None:
    assert verdict(*played) == ("wrong", False)


def test_what_is_missing_is_said() -> None:
    ended = (say(1, "Ann", "So it is.", WINNER), say(2, "Bob", "Yes.", WINNER))
    words = [said.text for said in check_words(check_match(list(ended), challenge(), {"n": 7}), "result", {})]
    assert any("shows no draw" in one for one in words)


def test_agreement_decides_where_no_draw_is_declared() -> None:
    ended = [say(1, "Ann", "So it is.", "Ann"), say(2, "Bob", "Yes.", "Ann")]
    found = check_match(ended, challenge({"agreed": True}), {"n": 7}).result
    assert found is not None and (found.verdict, found.redrawn) == ("right", None)


def test_all_roles_read_how_chance_decides() -> None:
    for role in ("Ann", "Bob"):
        assert "Chance decides in this way: the last hex digit decides." in system_prompt(challenge(), role, None, 9)
    assert "Chance decides" not in system_prompt(challenge({"agreed": True}), "Ann", None, 9)


# --- the ways to read what was drawn


def results(*entries: Entry, values: dict[str, Json] | None = None, **drawn: Json) -> list[Json]:
    return redrawn(entries, {**DRAWN, **drawn}, values or {})


def test_an_outcome_of_the_declared_sides_counts_as_it_is() -> None:
    opened = {"openings": [{"msg": ANN}, {"msg": BOB}], "sides": 6}
    coins = [call(seat, "coin_combine", opened, {"outcome": 5, "randomness": "0f" * 32}) for seat in ("Ann", "Bob")]
    ways: list[Json] = [{"number": "draw"}]
    assert results(*BOTH, *coins, ways=ways, sides=6) == [5]
    assert results(*BOTH, *coins, ways=ways, sides=4) == [int("0f" * 32, 16)]


def test_a_number_modulo_another_is_read_as_decimal() -> None:
    rests = [call(seat, "modpow", {"base": f"0x{JOINT}", "exp": "1", "mod": "7"}, "3") for seat in ("Ann", "Bob")]
    assert results(*BOTH, joined("Ann"), *rests, ways=[{"number": "draw"}]) == [3]


def test_names_are_drawn_out_of_the_joint_value() -> None:
    lots = [call(seat, "sortition", {"randomness": JOINT}, {"drawn": ["Bob", "Ann"]}) for seat in ("Ann", "Bob")]
    assert results(*BOTH, joined("Ann"), *lots, ways=[{"names": "first"}]) == ["Bob"]
    assert results(*BOTH, joined("Ann"), *lots, ways=[{"names": "all"}]) == [["Bob", "Ann"]]
    assert results(*BOTH, *lots, ways=[{"names": "first"}]) == [], "the value comes from nowhere"


def test_entries_are_ranked_by_the_codes_that_each_gets() -> None:
    codes = {114: "ff" * 32, 179: "0a" * 32, 203: "7e" * 32}
    keyed = [call("Ann", "hash", {"data": f"utf8:{JOINT} {number}"}, code) for number, code in codes.items()]
    ways: list[Json] = [{"ranked": "plots"}]
    values: dict[str, Json] = {"plots": [114, 179, 203]}
    assert results(*BOTH, joined("Ann"), joined("Bob"), *keyed, values=values, ways=ways) == [[179, 203, 114]]
    assert results(*BOTH, joined("Ann"), joined("Bob"), *keyed[:2], values=values, ways=ways) == []


def test_entries_are_ranked_by_a_value_mixed_of_all_numbers() -> None:
    mixed = [call(seat, "beacon_mix", {"contributions": [ANN, BOB]}, {"randomness": JOINT}) for seat in ("Ann", "Bob")]
    codes = {114: "ff" * 32, 179: "0a" * 32}
    keyed = [call("Ann", "hash", {"data": f"utf8:{JOINT} {number}"}, code) for number, code in codes.items()]
    values: dict[str, Json] = {"plots": [114, 179]}
    assert results(*BOTH, *mixed, *keyed, values=values, ways=[{"ranked": "plots"}]) == [[179, 114]]
    assert results(*BOTH, mixed[0], *keyed, values=values, ways=[{"ranked": "plots"}]) == [], (
        "nobody worked it out again"
    )


def test_the_lowest_of_the_verified_own_numbers_wins() -> None:
    word, keys = "c3" * 16, {"Ann": "a9" * 32, "Bob": "b9" * 32}
    entries = [call("Cem", "random_bytes", {"len": 16}, word)]
    betas = {"Ann": "22" * 32, "Bob": "11" * 32}
    for role, other in (("Ann", "Bob"), ("Bob", "Ann")):
        alpha, pi = f"utf8:night {word}", role.lower() * 20
        entries.append(fresh(role, keys[role]))
        entries.append(call(role, "vrf_prove", {"sk": keys[role], "alpha": alpha}, {"pi": pi, "beta": betas[role]}))
        entries.append(call(other, "vrf_verify", {"alpha": alpha, "pi": pi}, {"valid": True, "beta": betas[role]}))
    drawn: dict[str, Json] = {"by": ["Cem"], "roles": {"is": ["Ann", "Bob"]}, "ways": [{"each": "lowest"}]}
    assert results(*entries, **drawn) == ["Bob"]
    assert results(*entries[:-1], **drawn) == [], "nobody verified the other number"


def test_the_higher_of_two_cards_that_both_opened_wins() -> None:
    points = {number: f"{number:02d}" * 32 for number in range(1, 7)}
    cards = [call("Ann", "hash_to_curve", {"msg": f"utf8:card {n}"}, {"point": p}) for n, p in points.items()]
    looks = [("Ann", 4), ("Bob", 2), ("Bob", 4), ("Ann", 2)]
    opened = [call(seat, "elgamal_decrypt", {"c1": "00"}, points[number]) for seat, number in looks]
    assert results(*cards, *opened, ways=[{"cards": "winner"}]) == ["Ann"]
    assert results(*cards, *opened[:3], ways=[{"cards": "winner"}]) == [], "Bob's card was never shown"


def test_blurred_answers_come_to_their_estimate() -> None:
    def row(seat: str, bits: str) -> list[Entry]:
        calls = [call(seat, "randomized_response", {"bit": "1"}, {"bit": bit}) for bit in bits]
        return [*calls, say(0, seat, f"My answers: {' '.join(bits)}.")]

    ways: list[Json] = [{"answers": 1}]
    assert results(*row("Ann", "1101"), *row("Bob", "1100"), ways=ways) == [74, 75, 76], "5 of 8, twice less a half"
    assert results(*row("Ann", "1101"), *row("Bob", "1100")[:-1], ways=ways) == []


@pytest.mark.parametrize(
    ("change", "pointer", "part"),
    [
        ({"says": " "}, "/says", "at most 300 characters"),
        ({"by": []}, "/by", "at least one role"),
        ({"by": ["Cem"]}, "/by/0", "'Cem' is not a participant"),
        ({"ways": []}, "/ways", "at least one way"),
        ({"ways": [{"luck": 1}]}, "/ways/0", "one of number, names"),
        ({"ways": [{"number": "z"}]}, "/ways/0/number", "there is no value 'z'"),
        ({"ways": [{"names": "last"}]}, "/ways/0/names", "one of first, all"),
        ({"ways": [{"each": "lowest"}]}, "/ways/0/each", "needs `roles`"),
        ({"ways": [{"answers": 9}]}, "/ways/0/answers", "from 0 to 5"),
        ({"luck": 1}, "/luck", "is not a member of a draw"),
    ],
)
def test_what_is_wrong_with_a_declared_draw_is_named(change: dict[str, Json], pointer: str, part: str) -> None:
    found = list(drawn_problems({**DRAWN, **change}, "", frozenset({"n"}), ["Ann", "Bob"]))
    assert any(where == pointer and part in message for where, message in found), found
    assert not list(drawn_problems(DRAWN, "", frozenset({"n"}), ["Ann", "Bob"]))
