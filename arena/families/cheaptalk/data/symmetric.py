"""Symmetric pairs: the same claim occurs once with evidence that supports it and once with evidence that refutes it.

T. Schuster et al., "Towards Debiasing Fact Verification Models" (EMNLP 2019): id, claim, `evidence` or
`evidence_sentence` (text), `label` or `gold_label`; SUPPORTS and REFUTES only. A claim has both labels, so the key is
the id, never the claim, and the claim alone reveals nothing about its label.
"""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label, Sentence
from arena.families.cheaptalk.data.rows import Piece, Row, RowFault, key_of, label_of, one_set, text_of


def read(row: Row) -> Piece:
    """Return the claim of one row. Raises RowFault."""
    fields = row.fields
    label = label_of(fields, "label" if "label" in fields else "gold_label")
    if label is Label.NEI:
        raise RowFault("/label", "is NOT ENOUGH INFO, which symmetric pairs do not have")
    text = text_of(fields, "evidence" if "evidence" in fields else "evidence_sentence")
    gold = one_set([Sentence(text)], label, "/evidence")
    return Piece(key_of(fields), text_of(fields, "claim"), label, gold)
