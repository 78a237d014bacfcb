"""Disguises: what tells a value without writing it, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from arena.families.crypto.checks.disguises import is_in_parts, is_spelled, is_sum, spelled, told_among_decoys
from arena.families.crypto.checks.folding import Said
from arena.families.crypto.checks.leaks import check_leaks
from arena.families.crypto.checks.number_words import goes_on
from arena.families.crypto.checks.public_atoms import PublicAtoms

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "may", "june", "july"]


@pytest.mark.parametrize(
    ("text", "bare", "found"),
    [
        ("it is delta oscar victor echo romeo", "dover", True),
        ("kilo, four, one, five", "k415", True),
        ("x-ray one two", "x12", True),
        ("my code is four one five", "415", True),
        ("my code is four_one_five", "415", True),
        ("four tea one five", "415", False),
        ("x-rays one two", "xs12", True),
        ("one or two of us", "12", False),
        ("a hotel in lima in november", "hln", False),
        ("delta oscar and then victor echo romeo", "dover", False),
    ],
)
def test_a_row_of_spelling_words_is_read(text: str, bare: str, found: bool) -> None:
    assert is_spelled(bare, spelled(text)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("begins with 'mar' and goes on with 'zipan'", True),
        ("marz ... ipan", True),
        ("in march we saw a zipan", False),
        ("mar" + " and much more talk about the weather of today " + "zipan", False),
        ("ma rzipan", False),
    ],
)
def test_two_halves_near_each_other_are_the_whole(text: str, found: bool) -> None:
    assert is_in_parts("marzipan", text) is found


@pytest.mark.parametrize(
    ("number", "text", "found"),
    [
        (415, "what 178 and 237 make together", True),
        (415, "it is 500 less 85", True),
        (415, "178 in the first week of a long winter, and later 237", False),
        (15, "7 and 8", False),
        (415, "room 415", False),
    ],
)
def test_two_numbers_near_each_other_give_the_third(number: int, text: str, found: bool) -> None:
    assert is_sum(number, text) is found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["mon", "tue", "wed", "sun"], True),
        (["mon", "tue", "wed"], False),
        (["mon", "sat", "sun"], False),
        (["mon", "tue", "fri", "sat", "sun"], False),
        (DAYS, False),
    ],
)
def test_most_of_a_list_with_a_few_decoys_is_told(said: list[str], found: bool) -> None:
    assert told_among_decoys(["mon", "tue", "wed"], DAYS, said) is found


def instance(**more: Any) -> dict[str, Any]:
    values = {
        "bid": {"draw": "int", "from": 100, "to": 900},
        "days": {"draw": "subset", "of": DAYS, "size": 3},
        "word": {"draw": "choice", "of": ["marzipan", "cinnamon"]},
    }
    return {"name": "x", "self_play": {"symmetry_breaker": "x"}, "participant_context": {"public_background": "x"},
            "instance": {"values": values, "own": {"Ann": list(values)}, "secret": {"Ann": list(values)},
                         "truth": "bid", "result": "int", **more}}  # fmt: skip


VALUES = {"bid": 415, "days": ["mon", "tue", "wed"], "word": "marzipan"}


def forms(text: str, turn: int = 3, **more: Any) -> list[tuple[str, str]]:
    challenge = instance(**more)
    found = check_leaks([Said(turn, "Ann", text)], challenge, VALUES, PublicAtoms(challenge, VALUES)).found
    assert all(leak.turn == turn for leak in found)
    return [(leak.value, leak.form) for leak in found]


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("Think of mon, tue, wed and sun.", ("days", "among decoys")),
        ("Mike alfa romeo zulu india papa alfa november.", ("word", "spelled")),
        ("It begins with 'marz', then 'ipan'.", ("word", "in parts")),
    ],
)
def test_the_check_reports_the_form_and_the_turn(text: str, leak: tuple[str, str]) -> None:
    assert leak in forms(text)


def test_a_sum_counts_where_the_value_is_not_the_result() -> None:
    assert forms("It is 200 and 215 together.", truth={"is": 1}) == [("bid", "as a sum")]
    assert forms("It is 200 and 215 together.") == [], "the right result is public"


def test_the_right_result_counts_before_the_event_that_makes_it_public() -> None:
    assert forms("It is 415.") == []
    assert forms("It is 415.", until={"bid": ["Ann"]}) == [("bid", "plain")]


def test_entries_that_are_spelled_with_pauses_between_them_are_found() -> None:
    rows = spelled("sierra zero one, sierra one four, sierra two zero")
    assert is_spelled("s14", rows) and not is_spelled("s02", rows)


@pytest.mark.parametrize(
    ("form", "rest", "longer"),
    [
        ("two hundred", " and twelve of them", True), ("thirty", "-four", True), ("two hundred", " thousand", True),
        ("thirty", " and five more", False), ("two hundred", " people", False), ("thirty-four", " hundred", False),
        ("marzipan", " two", False),
    ],
)  # fmt: skip
def test_a_number_in_words_counts_where_it_ends(form: str, rest: str, longer: bool) -> None:
    assert goes_on(form, rest) == longer
