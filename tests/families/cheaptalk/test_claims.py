"""The shipped claims: counts, form, labels that agree with their sentences, no wording that gives the label away."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "src" / "claims" / "claims.jsonl"
LABELS = ("SUPPORTS", "REFUTES", "NOT ENOUGH INFO")
PER_LABEL, LEAST_DISTRACTORS = 40, 3
FIELDS = ["id", "claim", "label", "difficulty", "gold", "distractors"]
MOST_ALIKE = 0.5
"""Share of common words above which two claims would be near duplicates."""
MOST_GUESSED = 0.52
"""Share that may be told from the claim's words alone; a third is chance."""
REAL_PLACES = frozenset(
    re.findall(
        r"\w+",
        """
africa america amsterdam asia athens australia beijing berlin boston brazil britain cairo canada chicago china
delhi denmark dublin egypt england europe finland france geneva germany greece hamburg india ireland italy
japan kyoto lisbon london madrid mexico moscow munich naples norway oslo oxford paris poland portugal prague
rome russia scotland spain sweden sydney tokyo turkey ukraine venice vienna wales warsaw zurich danube rhine
thames seine nile alps andes everest atlantic pacific baltic mediterranean
""",
    )
)
STOP_WORDS = frozenset(("the", "of", "a", "in", "on", "was", "is", "and", "to", "it", "at", "by", "has", "for"))


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w']+", text.lower()))


def alike(one: str, other: str) -> float:
    a, b = words(one) - STOP_WORDS, words(other) - STOP_WORDS
    return len(a & b) / len(a | b)


def faults(row: dict[str, Any]) -> list[str]:
    """What is wrong with one row."""
    gold = [sentence for group in row["gold"] for sentence in group]
    found = []
    if list(row) != FIELDS:
        found.append("fields")
    if row["label"] not in LABELS or row["difficulty"] not in ("easy", "medium", "hard"):
        found.append("spelling")
    if (row["label"] == "NOT ENOUGH INFO") != (row["gold"] == []) or not all(row["gold"]):
        found.append("gold against label")
    if set(gold) & set(row["distractors"]):
        found.append("gold among distractors")
    if len(set(row["distractors"])) < max(LEAST_DISTRACTORS, len(row["distractors"])):
        found.append("too few distractors")
    texts = [row["claim"], *gold, *row["distractors"]]
    if any(text != " ".join(text.split()) or len(text) < 20 or not text.endswith(".") for text in texts):
        found.append("no sentence")
    if row["claim"] in texts[1:]:
        found.append("claim is its own evidence")
    if any(words(text) & REAL_PLACES for text in texts):
        found.append("real place")
    return found


def guessed(table: list[dict[str, Any]]) -> float:
    """Share of labels that naive Bayes on the claims' words finds for places it was not trained on."""
    right = 0
    for row in table:
        counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
        sizes: Counter[str] = Counter()
        for other in table:
            if other["id"].rsplit("-", 1)[0] != row["id"].rsplit("-", 1)[0]:
                sizes[other["label"]] += 1
                counts[other["label"]].update(words(other["claim"]))
        scores = {
            label: math.fsum(math.log((counts[label][w] + 0.5) / (sizes[label] + 1)) for w in words(row["claim"]))
            for label in LABELS
        }
        right += max(LABELS, key=scores.__getitem__) == row["label"]
    return right / len(table)


def test_every_label_has_forty_claims() -> None:
    counts = Counter(row["label"] for row in rows())
    assert set(counts) == set(LABELS)
    assert min(counts.values()) >= PER_LABEL
    assert max(counts.values()) == min(counts.values())


def test_every_claim_is_well_formed() -> None:
    assert {row["id"]: found for row in rows() if (found := faults(row))} == {}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"label": "Supported"}, "spelling"),
        ({"gold": []}, "gold against label"),
        ({"label": "NOT ENOUGH INFO"}, "gold against label"),
        ({"gold": [["The mill has stood by the river for a century."]]}, "gold among distractors"),
        ({"distractors": ["The mill has stood by the river for a century."] * 3}, "too few distractors"),
        ({"claim": "The mill of Askrey was moved to Paris."}, "real place"),
        ({"claim": "no full stop here and short"}, "no sentence"),
        ({"claim": "The mill was sold to its miller in 1801."}, "claim is its own evidence"),
    ],
)
def test_a_fault_in_a_row_is_found(change: dict[str, Any], fault: str) -> None:
    good = {
        "id": "x-1",
        "claim": "The mill changed hands in 1801.",
        "label": "SUPPORTS",
        "difficulty": "easy",
        "gold": [["The mill was sold to its miller in 1801."]],
        "distractors": [
            "The mill has stood by the river for a century.",
            "The miller had three daughters.",
            "The other mill is driven by wind.",
        ],
    }
    assert faults(good) == []
    assert fault in faults(good | change)


def test_ids_and_claims_are_unique() -> None:
    table = rows()
    assert len({row["id"] for row in table}) == len({row["claim"].casefold() for row in table}) == len(table)


def test_no_two_claims_are_near_duplicates() -> None:
    pairs = combinations([row["claim"] for row in rows()], 2)
    assert [pair for pair in pairs if alike(*pair) > MOST_ALIKE] == []
    assert alike("The mill of Askrey was sold in 1801.", "The mill of Askrey was sold in 1802.") > MOST_ALIKE


def test_number_in_id_says_nothing_about_label() -> None:
    counts = Counter((row["id"].rsplit("-", 1)[1], row["label"]) for row in rows())
    assert len(counts) == 9 and max(counts.values()) <= 21


def test_wording_alone_does_not_tell_label() -> None:
    table = rows()
    assert guessed(table) < MOST_GUESSED
    given_away = [row | {"claim": f"{row['claim']} {row['label'].split()[0].lower()}x"} for row in table]
    assert guessed(given_away) > 0.9


def test_some_claims_need_two_sentences_together() -> None:
    sizes = Counter(min(map(len, row["gold"])) for row in rows() if row["gold"])
    assert sizes[1] >= 40 and sizes[2] >= 8
