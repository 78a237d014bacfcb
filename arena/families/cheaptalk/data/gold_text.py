"""Gold-evidence rows with text: one row per evidence set, sentences as [page, number, text].

The form of P. Atanasova, D. Wright and I. Augenstein, "Generating Label Cohesive and Well-Formed Adversarial Claims"
(EMNLP 2020). `original_id` names the claim; rows that share it are alternative sets. The sentences of a NOT ENOUGH INFO
row were retrieved and decide nothing, so they are distractors.
"""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.data.rows import (
    Piece,
    Row,
    content_key,
    evidence_text,
    key_of,
    label_of,
    list_of,
    one_set,
    text_of,
)


def read(row: Row) -> Piece:
    """Return what one row says. Raises RowFault."""
    label, claim = label_of(row.fields), text_of(row.fields, "claim")
    items = list_of(row.fields, "evidence")
    sentences = [evidence_text(item, f"/evidence/{place}") for place, item in enumerate(items)]
    key = key_of(row.fields, "original_id" if row.fields.get("original_id") is not None else "id")
    if label is Label.NEI:
        return Piece(key, claim, label, distractors=tuple(s.text for s in sentences if s.text is not None))
    found = one_set(sentences, label, "/evidence")["0"]
    return Piece(key, claim, label, {content_key([s.text for s in found]): found})
