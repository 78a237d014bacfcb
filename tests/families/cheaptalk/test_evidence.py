"""Evidence against gold: the predecessor's match, the stricter one, the FEVER score, and what a sender kept back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from arena.families.cheaptalk.claim import Claim, Label, Sentence
from arena.families.cheaptalk.data.load import load
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.verifying.evidence import account, fever_score, is_shown, strict_match, string_match
from arena.families.cheaptalk.verifying.words import folded, words

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT / "tests" / "data" / "cheaptalk" / "evidence_pairs.jsonl"
HAIR = 1e-9
GOLD = "Askrey Mill was sold to the miller Jon Pauwel in 1801."


def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]


def shipped() -> list[Claim]:
    row = dataset("claims")
    return [claim for claim in load(row, ROOT / row.default_path).claims if claim.gold]


def order(one: float | None, other: float | None) -> str:
    if one is None or other is None:
        return "=" if one is other else "?"
    return "=" if abs(one - other) < HAIR else ">" if one > other else "<"


def test_case_file_has_every_order() -> None:
    counts = Counter(case["expected"] for case in cases())
    assert set(counts) == {"a>b", "a=b", "a>=b"} and sum(counts.values()) >= 50


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['id']} {case['why']}")
def test_strict_match_orders_pieces_as_expected(case: dict[str, Any]) -> None:
    one, other = (strict_match(case[side], case["gold_sets"], case["claim"]) for side in ("a", "b"))
    assert order(one, other) in {"a>b": ">", "a=b": "=", "a>=b": ">="}[case["expected"]], (one, other)


def test_predecessors_match_gets_many_of_these_wrong() -> None:
    wrong = 0
    for case in cases():
        gold = [text for group in case["gold_sets"] for text in group]
        one, other = (string_match(case[side], gold) for side in ("a", "b"))
        wrong += order(one, other) not in {"a>b": ">", "a=b": "=", "a>=b": ">="}[case["expected"]]
    assert wrong >= 15


def test_gold_scores_one_and_distractors_little() -> None:
    claims = shipped()
    assert len(claims) >= 80
    assert all(abs((strict_match(c.gold_sets()[0], c.gold_sets(), c.text) or 0) - 1) < HAIR for c in claims)
    shown = [(c.distractors, c) for c in claims]
    assert mean(strict_match(pieces, c.gold_sets(), c.text) or 0 for pieces, c in shown) < 0.15
    assert mean(string_match(pieces, c.gold_texts()) or 0 for pieces, c in shown) > 0.6


def test_gold_among_all_sentences_earns_less_than_half() -> None:
    scores = [strict_match((*c.gold_sets()[0], *c.distractors), c.gold_sets(), c.text) or 0 for c in shipped()]
    assert 0.2 < mean(scores) < 0.5


@pytest.mark.parametrize(
    ("pieces", "score"),
    [
        (["The mill was sold in 1801."], 1.0),  # 4 of its 6 words, all of them common ones
        (["Askrey Mill was sold to the miller, yes."], 1.0),
        (["It was in the"], 1.0),
        (["Pauwel, people say, is called so."], 0.0),
        ([], 0.0),
    ],
)
def test_predecessors_match_needs_thirty_per_cent_of_either(pieces: list[str], score: float) -> None:
    gold = "Askrey Mill was sold to the miller Jon Pauwel by a weaver who had lost his wits and both his dogs."
    assert string_match(pieces, [gold, "short one"]) == score


def test_predecessors_match_drops_placeholders_and_short_texts() -> None:
    assert string_match([GOLD], ["short one", "None", "Placeholder."]) is None


def test_predecessors_match_counts_gold_sentences() -> None:
    assert string_match([GOLD], [GOLD, "Rye is ground on Mondays only."]) == 0.5


def test_claims_without_gold_have_no_match() -> None:
    assert string_match(["The mill grinds rye."], []) is None
    assert strict_match(["The mill grinds rye."], [], "The mill grinds.") is None
    assert strict_match([], [[GOLD]], "The mill was sold.") == 0.0


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("41,000 men", "41 000 men"),
        ("41'000 men", "41000 men"),
        ("May 3, 1811", "3 may, 1811"),
        ("Caf\u00e9 \u201cLor\u00e9\u201d", "cafe \u201clore\u201d"),
        ("Tuscany -LRB- Italy -RRB-", "tuscany italy"),
        ("58 %", "58 percent"),
    ],
)
def test_spellings_fold_to_one_form(text: str, same: str) -> None:
    assert folded(text) == folded(same)


@pytest.mark.parametrize(
    ("text", "number"),
    [("twenty-one", "21"), ("two hundred and six", "200"), ("three thousand four hundred", "3400"), ("3rd", "3")]
    + [("2.5 million", "2500000"), ("1.0", "1"), ("nineteen", "19"), ("seventy thousand", "70000"), ("007", "7")],
)
def test_numbers_fold_to_digits(text: str, number: str) -> None:
    assert number in words(f"It has {text} bells.").content


def test_one_as_a_pronoun_stays_a_word() -> None:
    assert "one" in words("One of them is old.").content and words("One of them is old.").numbers == frozenset()


@pytest.mark.parametrize("text", ["1,2,3", "1801,90", "3.5,000"])
def test_lists_of_numbers_are_not_joined(text: str) -> None:
    assert "123" not in words(text).content and "180190" not in words(text).content


def test_negation_denies_the_words_behind_it_only() -> None:
    found = words("The mill, not the ford, was sold; it did not burn but stood.")
    assert found.negated and found.denied == {"ford", "burn"}


def claim(label: Label, *sets: tuple[str, ...]) -> Claim:
    return Claim("x", "The mill was sold.", label, tuple(tuple(Sentence(text) for text in group) for group in sets))


def test_fever_score_needs_label_and_one_whole_set() -> None:
    other = "The ford lies below the mill of Askrey."
    two = claim(Label.SUPPORTS, (GOLD, other), ("Deeds name Jon Pauwel as owner from 1801.",))
    assert fever_score(True, [other, GOLD], two) is True
    assert fever_score(True, ["Deeds name Jon Pauwel as owner from 1801."], two) is True
    assert fever_score(True, [GOLD], two) is False
    assert fever_score(False, [GOLD, other], two) is False
    assert fever_score(True, [f"We read: {GOLD} {other}"], two) is True


def test_fever_score_counts_five_pieces() -> None:
    filler = [f"Sentence number {n} about something else." for n in range(5)]
    one = claim(Label.REFUTES, (GOLD,))
    assert fever_score(True, [*filler[:4], GOLD], one) is True
    assert fever_score(True, [*filler, GOLD], one) is False


def test_fever_score_without_gold_text() -> None:
    assert fever_score(True, [], claim(Label.NEI)) is True
    assert fever_score(False, [GOLD], claim(Label.NEI)) is False
    unknown = Claim("x", "The mill was sold.", Label.SUPPORTS, ((Sentence(None, "Mill#2"),),))
    assert fever_score(True, [GOLD], unknown) is None


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (GOLD, True),
        ("askrey mill was sold to the miller Jon Pauwel, in 1801", True),
        ("Askrey Mill was sold to the miller Jon Pauwel in 1810.", False),
        ("Askrey Mill was never sold to the miller Jon Pauwel in 1801.", False),
        ("Askrey Mill was sold.", False),
        ("", False),
    ],
)
def test_piece_is_a_sentence_or_not(piece: str, shown: bool) -> None:
    assert is_shown(GOLD, piece) is shown


def test_account_tells_shown_kept_and_invented() -> None:
    other, distractor = "The deed lies in the town hall of Askrey.", "The miller had three daughters."
    found = account([GOLD, "The mill burned down in 1799.", distractor], [GOLD, other], [distractor, "Rye is dear."])
    assert found.gold_shown == (GOLD,) and found.gold_kept == (other,)
    assert found.distractors_shown == (distractor,) and found.invented == ("The mill burned down in 1799.",)


def test_account_of_a_changed_sentence_is_invention() -> None:
    found = account([GOLD.replace("1801", "1811")], [GOLD], [])
    assert found.gold_shown == () and len(found.invented) == 1
