"""Official FEVER rows: evidence names pages and sentence numbers; texts come from the wiki-pages folder.

`evidence` is a list of alternative sets; a set is a list of [annotation, evidence, page, sentence number] that belong
together. NOT ENOUGH INFO has null for page and number. FEVER 1.0 and 2.0, https://fever.ai/resources.html
"""

from __future__ import annotations

from arena.families.cheaptalk.claim import Label, Sentence
from arena.families.cheaptalk.data.rows import (
    Piece,
    Row,
    RowFault,
    key_of,
    kind,
    label_of,
    list_of,
    text_of,
    whole_text,
)


def read(row: Row) -> Piece:
    """Return the claim of one official row; its sentences have no text yet. Raises RowFault."""
    label = label_of(row.fields)
    sets: dict[tuple[Sentence, ...], None] = {}
    for index, group in enumerate(list_of(row.fields, "evidence")):
        if not isinstance(group, list):
            raise RowFault(f"/evidence/{index}", f"is {kind(group)} where a set (a list) belongs")
        items = [_sentence(item, f"/evidence/{index}/{place}") for place, item in enumerate(group)]
        named = [item for item in items if item is not None]
        if len(named) not in (0, len(items)):
            raise RowFault(f"/evidence/{index}", "names a page for some of its sentences only")
        if named:
            # Several annotators often name the same set; it is one alternative.
            sets.setdefault(tuple(dict.fromkeys(named)))
    if (label is Label.NEI) != (not sets):
        says = "names no page" if not sets else "names pages"
        raise RowFault("/evidence", f"{says}, which does not fit the label {label}")
    gold = {str(number): group for number, group in enumerate(sets)}
    return Piece(key_of(row.fields), text_of(row.fields, "claim"), label, gold)


def _sentence(item: object, pointer: str) -> Sentence | None:
    if not isinstance(item, list) or len(item) != 4:
        raise RowFault(pointer, "is not [annotation, evidence, page, sentence number]")
    page, number = item[2], item[3]
    if page is None and number is None:
        return None
    if not isinstance(page, str) or not page or not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise RowFault(pointer, "has no page title and sentence number")
    return Sentence(None, whole_text(f"{page}#{number}", pointer))
