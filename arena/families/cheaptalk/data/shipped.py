"""The claims of this project (src/claims/README.md): id, claim, label, difficulty, gold sets, distractors."""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label, Sentence
from arena.families.cheaptalk.data.rows import (
    Piece,
    Row,
    RowFault,
    checked_text,
    key_of,
    kind,
    label_of,
    list_of,
    text_of,
)

DIFFICULTIES = ("easy", "medium", "hard")


def read(row: Row) -> Piece:
    """Return the claim of one row. Raises RowFault."""
    label, difficulty = label_of(row.fields), text_of(row.fields, "difficulty")
    if difficulty not in DIFFICULTIES:
        raise RowFault("/difficulty", f"{difficulty!r} is none of {', '.join(DIFFICULTIES)}")
    gold: dict[str, tuple[Sentence, ...]] = {}
    for index, group in enumerate(list_of(row.fields, "gold")):
        if not isinstance(group, list) or not group:
            raise RowFault(f"/gold/{index}", f"is {kind(group)} where a list with sentences belongs")
        texts = [checked_text(item, f"/gold/{index}/{place}") for place, item in enumerate(group)]
        gold[str(index)] = tuple(Sentence(text) for text in texts)
    if (label is Label.NEI) != (not gold):
        raise RowFault("/gold", f"is {'empty' if not gold else 'not empty'}, which does not fit the label {label}")
    others = list_of(row.fields, "distractors")
    distractors = tuple(checked_text(item, f"/distractors/{place}") for place, item in enumerate(others))
    return Piece(key_of(row.fields), text_of(row.fields, "claim"), label, gold, distractors, difficulty)
