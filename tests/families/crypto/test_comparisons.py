"""Comparisons in words: what `mine is above 40` leaves of a secret number, and what leaves all of it."""

from __future__ import annotations

from typing import Any

import pytest

from arena.families.crypto.checks.match import check_match
from arena.families.crypto.checks.number_words import in_digits
from arena.families.crypto.checks.results import SecretFound
from arena.families.crypto.checks.verified import caps_of, findings
from arena.families.crypto.secrecy.comparisons import COMPARED
from arena.records import EVERYBODY, Entry, Json

VALUES: dict[str, Json] = {"bid_ann": 415, "rent_ann": 720, "bid_bob": 380, "city": "Bergen"}


def challenge(**instance: Json) -> dict[str, Any]:
    names = ["Ann", "Bob"]
    return {
        "id": "c-1",
        "name": "A matter",
        "participants": [{"id": name, "display_name": name} for name in names],
        "self_play": {"initiator_agent_id": "Ann", "symmetry_breaker": "Ann begins."},
        "participant_context": {
            "public_background": "They have a flat to settle.",
            "role_specific": {n: {"goals": ["g"], "constraints": ["c"], "private_info": ["p"]} for n in names},
        },
        "instance": {
            "values": {
                "bid_ann": {"draw": "int", "from": 100, "to": 599},
                "rent_ann": {"draw": "int", "from": 500, "to": 999},
                "bid_bob": {"draw": "int", "from": 100, "to": 599},
                "city": {"draw": "choice", "of": ["Arles", "Bergen"]},
            },
            "own": {"Ann": ["bid_ann", "rent_ann"], "Bob": ["bid_bob", "city"]},
            "secret": {"Ann": ["bid_ann"], "Bob": ["bid_bob"]},
            "truth": {"winner": {"Ann": "bid_ann", "Bob": "bid_bob"}},
            "result": "role",
        }
        | instance,
    }


def say(turn: int, seat: str, text: str, to: tuple[str, ...] = EVERYBODY) -> Entry:
    return Entry(turn, seat, to, "say", 0, text)


def left(name: str, *entries: Entry, **instance: Json) -> SecretFound:
    found = check_match(list(entries), challenge(**instance), VALUES).secrecy
    assert found is not None
    return next(one for one in found.found if one.value == name)


@pytest.mark.parametrize(
    ("text", "remaining"),
    [
        ("My bid is more than 400 euros.", 199),
        ("I bid over four hundred and ten.", 189),
        ("My bid is no more than 430.", 331),
        ("With my bid I won't go above 430.", 331),
        ("My bid is 401 or more.", 199),
        ("My bid is between 410 and 420.", 11),
        ("My bid is above 409 and below 421.", 11),
        ("Mine is at least 400.", 200),
        ("My bid is odd.", 250),
        ("My bid is not even.", 250),
        ("My bid is a multiple of 5.", 100),
        ("My bid ends in 15.", 5),
        ("My bid begins with 4.", 100),
    ],
)
def test_a_true_comparison_rules_out_what_does_not_fit(text: str, remaining: int) -> None:
    found = left("bid_ann", say(1, "Ann", text))
    assert (found.remaining, [step.by for step in found.steps][-1:]) == (remaining, [COMPARED])


@pytest.mark.parametrize(
    "text",
    [
        "Is my bid above 400?",
        "If my bid were above 400, would you mind?",
        "My bid is above 500.",
        "My bid is above 500 and below 590.",
        "Bob's bid is above 400.",
        "Fix more than 400 bytes of it.",
        "My rent is above 700.",
        "My bid and my rent are above 400.",
        "My bid is fixed. The calculator took more than 400 steps.",
        "My bid is even better than last time.",
        "My bid is above 80.",
        "My bid is above 400.5.",
    ],
)
def test_what_is_no_true_word_about_the_number_rules_out_nothing(text: str) -> None:
    found = left("bid_ann", say(1, "Ann", text))
    assert (found.ok, found.remaining, found.steps) == (True, 500, ())


def test_comparisons_of_several_turns_add_up() -> None:
    entries = [say(1, "Ann", "My bid is above 410."), say(2, "Bob", "Hm."), say(3, "Ann", "My bid is below 418.")]
    found = left("bid_ann", *entries)
    assert (found.ok, [(step.turn, step.left) for step in found.steps]) == (True, [(1, 189), (3, 7)])


def test_fewer_than_the_declared_candidates_fail() -> None:
    entries = [say(1, "Ann", "My bid is between 410 and 420.")]
    assert left("bid_ann", *entries, secret_candidates={"bid_ann": 11}).ok
    assert not left("bid_ann", *entries, secret_candidates={"bid_ann": 12}).ok


def test_a_number_that_comparisons_single_out_counts_as_worked_out() -> None:
    entries = [say(1, "Ann", "My bid is odd, and ends in 15, and begins with 4.")]
    checks = check_match(entries, challenge(), VALUES)
    assert left("bid_ann", *entries).remaining == 1
    assert "secret_worked_out" in [cap.reason for cap in caps_of(findings(entries, challenge(), VALUES, checks))]


def test_a_comparison_with_the_hearers_own_number_counts_for_the_hearer() -> None:
    assert left("bid_ann", say(1, "Ann", "Mine is above yours.")).remaining == 219
    assert left("bid_ann", say(1, "Ann", "My bid is higher than Bob's.")).remaining == 219
    assert left("bid_ann", say(1, "Ann", "Mine is below yours.")).remaining == 500, "that is not true"


def test_a_private_word_counts_for_those_who_hear_it() -> None:
    found = left("bid_ann", say(1, "Ann", "My bid is above 400.", to=("Bob",)))
    assert (found.remaining, found.observer) == (199, "Bob")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("above four hundred and nineteen euros", "above 419 euros"),
        ("two thousand and five", "2005"),
        ("three hundred forty-one thousand two hundred", "341200"),
        ("a hundred", "a 100"),
        ("twenty thirty", "twenty thirty"),
        ("four one one", "four one one"),
        ("someone often", "someone often"),
    ],
)
def test_number_words_are_read_as_digits(text: str, digits: str) -> None:
    assert in_digits(text) == digits
