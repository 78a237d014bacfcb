"""Checks and caps in plain words: every one has words, and the turns in which it can be seen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from arena.families.crypto.check_words import CAP_REASONS, CHECK_NAMES, CHECKS_PASSED, cap_words, check_words, plain
from arena.families.crypto.checks.results import CHECKS, Checks
from arena.families.crypto.checks.verified import CAPS
from arena.families.report import Said
from arena.formats.decode import decode

PLACE = {"turn": 3, "seat": "Ana"}
FOUND: dict[str, Any] = {
    "version": 3,
    "textbook_names": {"ok": False, "found": [{**PLACE, "name": "Pedersen"}, {**PLACE, "turn": 5, "name": "Pedersen"}]},
    "leaks": {"ok": False, "found": [{**PLACE, "value": "4711", "form": "encoded"}], "undecided": ["limit"]},
    "result": {"ok": False, "verdict": "wrong", "agreed": True, "declared": {"Ana": {"price": 4}},
               "right": {"price": 5}, "unreadable": {}},
    "artefacts": {"ok": False, "count": 2, "real": 1, "share": 0.5, "unreal": [{**PLACE, "artefact": "ab" * 32}]},
    "tools": {"ok": False, "calls": 4, "failed": 1, "malformed": 0, "unused": 1,
              "unused_calls": [{"turn": 6, "seat": "Bo", "op": "hash"}]},
    "obligations": {"ok": False, "found": [{"id": "step_1", "met": False, "missing": ["Bo"],
                                            "calls": [{**PLACE, "op": "sign"}]}]},
}  # fmt: skip
BAD = decode(Checks, FOUND, "test", "")


def test_every_check_and_every_reason_of_a_cap_has_words() -> None:
    assert set(CHECKS_PASSED) == set(CHECK_NAMES) == set(CHECKS)
    assert set(CAP_REASONS) == {reason for reason, *_ in CAPS}
    assert all("_" not in text and text[0].isupper() for text in CAP_REASONS.values())


@pytest.mark.parametrize(
    ("name", "text", "turns"),
    [
        ("textbook_names", "Ana said \u201cPedersen\u201d", (3, 5)),
        ("leaks", "Ana told 4711 in encoded form", (3,)),
        ("result", "The declared result is wrong: Ana declared price 4. Right is: price 5.", ()),
        ("artefacts", "Ana showed abababababababababababab\u2026, which comes from nowhere", (3,)),
        ("tools", "Bo called hash and nobody used the answer", (6,)),
        ("obligations", "Ana signs. Left open by Bo", (3,)),
    ],
)
def test_what_a_check_found_is_a_sentence_with_its_turns(name: str, text: str, turns: tuple[int, ...]) -> None:
    assert Said(text, turns) in check_words(BAD, name, {"step_1": "Ana signs."})


def test_no_check_is_told_in_json() -> None:
    said = [one.text for name in CHECKS for one in check_words(BAD, name, {})]
    assert len(said) >= 9 and not [text for text in said if re.search(r"[{}\[\]\"]", text)]


def test_a_check_that_found_nothing_says_nothing() -> None:
    good = decode(
        Checks, {**FOUND, "textbook_names": {"ok": True, "found": []}, "leaks": None, "obligations": None}, "t", ""
    )
    assert [check_words(good, name, {}) for name in ("textbook_names", "leaks", "obligations", "cheat")] == [[]] * 4


def test_a_cap_names_the_turns_that_it_rests_on() -> None:
    listed = [
        {"class": "wrong", "source": "result", "turn": 8},
        {"class": "wrong", "source": "called_valid", "turn": 7},
    ]
    assert cap_words(BAD, None, "asserted_mostly").turns == (3,)
    assert cap_words(BAD, {"listed": listed}, "wrong_result") == Said("A declared result is wrong", (8,))
    assert cap_words(BAD, {"listed": listed}, "failed_check_untold").turns == (7,)
    assert cap_words(BAD, None, "obligations_none").text.endswith("was taken: left open by Bo")


def test_a_value_in_words_has_no_signs_of_json() -> None:
    assert plain({"job": 3380, "plates": ["KB", True, None]}) == "job 3380, plates KB, yes, nothing"
