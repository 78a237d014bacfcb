"""Rows of each form of claims data, a few of each that can be used."""

from __future__ import annotations

from typing import Any

NEI = "NOT ENOUGH INFO"


def official(key: int, label: str, sets: list[list[tuple[str | None, int | None]]], claim: str = "") -> dict[str, Any]:
    evidence = [[[key, place, page, number] for page, number in group] for place, group in enumerate(sets)]
    return {"id": key, "verifiable": "x", "label": label, "claim": claim or f"Claim {key}.", "evidence": evidence}


def nothing() -> list[list[tuple[str | None, int | None]]]:
    return [[(None, None)]]


OFFICIAL = [
    official(1, "SUPPORTS", [[("Mill", 2)], [("Mill", 0), ("Ford", 1)], [("Mill", 2)]]),
    official(2, "REFUTES", [[("Ford", 4)]]),
    official(3, NEI, nothing()),
]
GOLD: list[dict[str, Any]] = [
    {"id": 10, "original_id": 1, "label": "SUPPORTS", "claim": "One.", "evidence": [["Mill", "2", "It grinds."]]},
    {
        "id": 11,
        "original_id": 1,
        "label": "SUPPORTS",
        "claim": "One.",
        "evidence": [["Mill", "0", "A."], ["F", 1, "B."]],
    },
    {"id": 12, "original_id": 2, "label": "REFUTES", "claim": "Two.", "evidence": [["Ford", "4", "It is dry."]]},
    {"id": 13, "original_id": 3, "label": NEI, "claim": "Three.", "evidence": [["Ford", "5", "It is old."]]},
]
SIMPLE: list[dict[str, Any]] = [
    {"claim": "One.", "label": "supported", "evidence": ["It grinds.", "It grinds.", "It is old."]},
    {"claim": "Two.", "label": "REFUTED", "evidence": ["It is dry."], "distractors": ["It is wide."]},
    {"claim": "Three.", "label": "nei", "evidence": ["It is old."]},
]
FLAT: list[dict[str, Any]] = [
    {"id": 1, "label": 0, "claim": "One.", "evidence_annotation_id": 7, "evidence_id": 70}
    | {"evidence_wiki_url": "Mill", "evidence_sentence_id": 2},
    {"id": 2, "label": 1, "claim": "Two.", "evidence_annotation_id": 8, "evidence_id": 80}
    | {"evidence_wiki_url": "Ford", "evidence_sentence_id": 4, "evidence_text": "It is dry."},
    {"id": 1, "label": 0, "claim": "One.", "evidence_annotation_id": 7, "evidence_id": 71}
    | {"evidence_wiki_url": "Mill", "evidence_sentence_id": 0},
    {"id": 1, "label": 0, "claim": "One.", "evidence_annotation_id": 7, "evidence_id": 71}
    | {"evidence_wiki_url": "Ford", "evidence_sentence_id": 1},
    {"id": 3, "label": 2, "claim": "Three.", "evidence_annotation_id": 9, "evidence_id": -1}
    | {"evidence_wiki_url": "", "evidence_sentence_id": -1},
]
SYMMETRIC: list[dict[str, Any]] = [
    {"id": 1, "claim": "The mill grinds.", "evidence": "It has ground rye since 1981.", "label": "SUPPORTS"},
    {"id": 2, "claim": "The mill grinds.", "evidence": "It has stood idle since 1930.", "label": "REFUTES"},
    {
        "id": 3,
        "claim": "The mill is idle.",
        "evidence_sentence": "It has ground rye since 1981.",
        "gold_label": "REFUTES",
    },
    {"id": 4, "claim": "The mill is idle.", "evidence_sentence": "It has stood idle since 1930.", "label": "SUPPORTS"},
]
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "fever": OFFICIAL, "gold": GOLD, "simple": SIMPLE, "flat": FLAT, "symmetric": SYMMETRIC,
}  # fmt: skip
"""Name of the form -> rows."""
