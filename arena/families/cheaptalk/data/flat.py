"""Hub-style flat rows: one row per evidence item, the claim repeated in each.

Fields of the `fever` data set on the Hugging Face hub (config v1.0): id, label, claim, evidence_annotation_id,
evidence_id, evidence_wiki_url (a page title), evidence_sentence_id. Rows of one claim with the same annotation and
evidence number belong to one set; without these numbers all rows of a claim do. NOT ENOUGH INFO has an empty page and
-1. `evidence_text` or `evidence` may carry the sentence; that of a NOT ENOUGH INFO row is a distractor.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.cheaptalk.claim import Label, Sentence
from arena.families.cheaptalk.data.rows import (
    Piece,
    Row,
    RowFault,
    checked_text,
    key_of,
    label_of,
    text_of,
    whole_text,
)


def read(row: Row) -> Piece:
    """Return what one row says. Raises RowFault."""
    fields = row.fields
    label, key, claim = label_of(fields), key_of(fields), text_of(fields, "claim")
    text, source = _text(fields), _source(fields)
    if label is Label.NEI:
        if source:
            raise RowFault("/evidence_wiki_url", f"names a page, which does not fit the label {label}")
        return Piece(key, claim, label, distractors=() if text is None else (text,))
    if text is None and not source:
        raise RowFault("/evidence_wiki_url", f"names no page, which does not fit the label {label}")
    group = f"{fields.get('evidence_annotation_id')}/{fields.get('evidence_id')}"
    return Piece(key, claim, label, {group: (Sentence(text, source),)})


def _text(fields: Mapping[str, object]) -> str | None:
    for name in ("evidence_text", "evidence"):
        if fields.get(name) not in (None, ""):
            return checked_text(fields[name], f"/{name}")
    return None


def _source(fields: Mapping[str, object]) -> str:
    """Return `Title#number`; empty if the row names no page."""
    page, number = fields.get("evidence_wiki_url"), fields.get("evidence_sentence_id")
    if page in (None, "") and number in (None, -1):
        return ""
    if not isinstance(page, str) or not page or not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise RowFault("/evidence_sentence_id", "is not the number of a sentence on a page")
    return whole_text(f"{page}#{number}", "/evidence_wiki_url")
