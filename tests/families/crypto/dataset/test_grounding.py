"""True results in place of invented ones: what is carried, what is left, what cannot be mended."""

from __future__ import annotations

import pytest

from arena.families.crypto.dataset.grounding import carried, differing, pairs, replaced

OLD, NEW = "0123456789abcdef0123", "fedcba98765432100000"


def test_leaves_of_results_are_paired_place_by_place() -> None:
    invented = {"commitment": OLD, "proof": {"z": ["aaaaaaaa", "bbbbbbbb"]}, "valid": True, "n": 5, "extra": "cccccc"}
    true = {"commitment": NEW, "proof": {"z": ["11111111", "22222222"]}, "valid": True, "n": 7}
    assert dict(pairs(invented, true)) == {OLD: NEW, "aaaaaaaa": "11111111", "bbbbbbbb": "22222222"}


def test_values_within_an_opened_message_are_paired_too() -> None:
    invented, true = {"plaintext": f"share {OLD}, index 2"}, {"plaintext": f"share {NEW}, index 2"}
    assert dict(pairs(invented, true))[OLD] == NEW


def test_messages_of_other_words_pair_no_values() -> None:
    assert OLD not in dict(pairs({"plaintext": f"share {OLD}"}, {"plaintext": f"my share {NEW}"}))


def test_a_failed_call_gives_no_pairs() -> None:
    assert dict(pairs({"commitment": OLD}, None)) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"It is [{OLD}].", f"It is [{NEW}]."),
        (f'{{"args": {{"c": "{OLD}"}}}}', f'{{"args": {{"c": "{NEW}"}}}}'),
        (f"It begins with {OLD[:10]}...", f"It begins with {NEW[:10]}..."),
        (f"It begins with {OLD[:10]}\u2026", f"It begins with {NEW[:10]}\u2026"),
    ],
)
def test_a_quoted_value_becomes_the_true_one(text: str, expected: str) -> None:
    assert replaced(text, {OLD: NEW}) == expected


@pytest.mark.parametrize("text", [f"x{OLD}", f"{OLD}9", OLD[:12], f"{OLD[:7]}...", "nothing of the kind"])
def test_what_is_no_whole_value_stays(text: str) -> None:
    assert replaced(text, {OLD: NEW}) == text


def test_of_two_values_the_longer_one_is_replaced_whole() -> None:
    assert replaced("abcdef1 abcdef1-2", {"abcdef1": "x", "abcdef1-2": "y"}) == "x y"


@pytest.mark.parametrize(
    ("invented", "true"),
    [
        ({"valid": True}, {"valid": False}),
        ({"count": 5}, {"count": 6}),
        ({"items": [1, 2]}, {"items": [1]}),
        ({"sig": OLD, "more": 1}, {"sig": NEW}),
        (OLD, None),
        ({"n": "12"}, {"n": "13"}),
    ],
)
def test_a_result_that_decides_what_is_said_cannot_be_mended(invented: object, true: object) -> None:
    assert differing(invented, true)


def test_codes_may_differ_in_value_but_not_in_place() -> None:
    assert not differing({"sig": OLD, "valid": True}, {"sig": NEW, "valid": True})


def test_a_listener_learns_values_from_what_was_said() -> None:
    written = f"Sealed [{OLD}], for 12 o'clock, word [aaaaaaaa]."
    heard = f"Sealed [{NEW}], for 12 o'clock, word [bbbbbbbb]."
    assert carried(written, heard, [OLD, "aaaaaaaa", "never said"]) == {OLD: NEW, "aaaaaaaa": "bbbbbbbb"}


def test_a_value_with_blanks_is_learnt_whole() -> None:
    assert carried("I pay [Nadia Brook] now", "I pay [Ada B] now", ["Nadia Brook"]) == {"Nadia Brook": "Ada B"}


@pytest.mark.parametrize("heard", ["Something else", f"Sealed [{NEW}] now", f"sealed [{NEW}]"])
def test_texts_that_differ_elsewhere_teach_nothing(heard: str) -> None:
    assert carried(f"Sealed [{OLD}]", heard, [OLD]) == {}


def test_values_side_by_side_teach_nothing() -> None:
    assert carried(f"{OLD}+aaaaaaaa", f"{NEW}+bbbbbbbb", [f"{OLD}", "+aaaaaaaa"]) == {}
