"""Simple rows: `claim`, `label`, `evidence` (list of text); `id` and `distractors` (list of text) may be given.

Instead of `evidence` the list may have one of the other names in EVIDENCE_FIELDS, which published copies of FEVER use.
The rows do not say which sentences are alternatives, so all of a row's evidence counts as one set. A row without `id`
gets a key from its text. The sentences of a NOT ENOUGH INFO row are distractors.
"""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.data.rows import (
    Piece,
    Row,
    checked_text,
    content_key,
    evidence_text,
    key_of,
    label_of,
    list_of,
    one_set,
    text_of,
)

EVIDENCE_FIELDS = ("evidence", "evidence_sequence", "retrieved_sentences", "evidence_sentences", "sentences")


def read(row: Row) -> Piece:
    """Return the claim of one row. Raises RowFault."""
    fields = row.fields
    label, claim = label_of(fields), text_of(fields, "claim")
    name = next((one for one in EVIDENCE_FIELDS if one in fields), EVIDENCE_FIELDS[0])
    items = list_of(fields, name) if name in fields or label is not Label.NEI else []
    sentences = [evidence_text(item, f"/{name}/{place}") for place, item in enumerate(items)]
    extra = list_of(fields, "distractors") if "distractors" in fields else []
    distractors = [checked_text(item, f"/distractors/{place}") for place, item in enumerate(extra)]
    if label is Label.NEI:
        distractors += [s.text for s in sentences if s.text is not None]
    key = key_of(fields) if fields.get("id") is not None else content_key(claim, label, [s.text for s in sentences])
    gold = one_set(sentences, label, f"/{name}")
    return Piece(key, claim, label, gold, tuple(dict.fromkeys(distractors)))
