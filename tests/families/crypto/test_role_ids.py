"""Role ids: no hidden signs, no mark that precedes a line, and none that looks like another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.errors import DataError
from arena.families.crypto.challenges.role_ids import role_problem, skeleton
from arena.families.crypto.challenges.schema import load
from tests.support.arena_rig import ROOT

ODD = ROOT / "tests/data/challenges/valid/v2_five_odd_roles.json"


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("Bob\u200b", "U+200B ZERO WIDTH SPACE"),
        ("B\u00adob", "U+00AD SOFT HYPHEN"),
        ("\u202eBob", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\ufeffBob", "U+FEFF"),
        ("Bob\u2066", "U+2066"),
        ("Bob\u034f", "U+034F COMBINING GRAPHEME JOINER"),
        ("Bo\ue000b", "U+E000"),
        ("Bob\ufe0f", "U+FE0F"),
        ("B\u0336ob", "U+0336"),
        ("Bob:", "':'"),
        ("Bob|", "'|'"),
        ("Bob: Ann", "':'"),
        ("(Bob)", "parenthesis"),
        (" Bob", "space"),
        ("Bob ", "space"),
        ("--", "nothing by which"),
        ("User", "calls somebody else"),
        ("Calculator", "calls somebody else"),
        ("аssistant", "calls somebody else"),
    ],
)
def test_an_id_that_hides_something_or_looks_like_the_arena_is_refused(role: str, says: str) -> None:
    assert says in role_problem(role, ())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob", "bob"),
        ("Bob", "BOB"),
        ("Bob", "Bоb"),  # Cyrillic o
        ("Ana", "Аnа"),  # Cyrillic A, a
        ("Zoe", "Zoë"),
        ("Ann Lee", "AnnLee"),
        ("Ann-Lee", "Ann_Lee"),
        ("Bob", "Ｂｏｂ"),  # full width
        ("Lil", "Ιil"),  # Greek Iota
        ("Bob1", "Bobl"),
        ("Bob0", "Bobo"),
        ("Arno", "Amo"),  # rn reads as m
        ("Straße", "Strasse"),
    ],
)
def test_ids_that_look_alike_are_refused(one: str, other: str) -> None:
    assert "looks like" in role_problem(other, (one,)) and "looks like" in role_problem(one, (other,))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "Anne"),
        ("Tenant 1", "Tenant 2"),
        ("小李", "小王"),
        ("राम", "रमा"),
        ("مريم", "سارة"),
        ("Buyer", "Seller"),
    ],
)
def test_ids_that_differ_are_let_in(one: str, other: str) -> None:
    assert role_problem(one, ()) == role_problem(other, (one,)) == ""
    assert skeleton(one) != skeleton(other)


def test_a_challenge_with_ids_that_look_alike_is_refused_at_its_place(tmp_path: Path) -> None:
    text = ODD.read_text(encoding="utf-8").replace('"zweite"', '"BUYER"')
    path = tmp_path / "set.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load(path)
    (issue,) = caught.value.issues
    assert issue.pointer == "/challenges/0/participants/1/id" and "looks like 'Buyer'" in issue.message


def test_every_role_of_the_shipped_set_is_let_in() -> None:
    for path in sorted((ROOT / "src/crypto-challenges").glob("benchmark_*.json")):
        for challenge in json.loads(path.read_bytes())["challenges"]:
            ids = [participant["id"] for participant in challenge["participants"]]
            assert [role_problem(role, ids[:place]) for place, role in enumerate(ids)] == [""] * len(ids)
