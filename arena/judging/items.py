"""Questions that a judge answers with yes or no in addition to the grades: their form in a verdict, and how the answers
of several judgements are combined.

Each is about one thing that a transcript shows, so that two careful readers give the same answer. docs/judging.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from arena.records import ItemAnswer, Json

YES: Literal["yes"] = "yes"
NO: Literal["no"] = "no"
SPLIT: Literal["split"] = "split"


@dataclass(frozen=True, slots=True)
class Item:
    """A question to the judge. `id`: unique among those of one match.  `asks`: the question in words."""

    id: str
    asks: str


def strict_object(properties: dict[str, Json]) -> dict[str, Json]:
    """Return the JSON schema of an object in the strict form of the APIs: all keys required, no further ones."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def items_schema(items: Sequence[Item]) -> dict[str, Json]:
    """Return the JSON schema of the answers: a list with an object for each question."""
    one = {
        "id": {"type": "string", "enum": [item.id for item in items]},
        "answer": {"type": "string", "enum": [YES, NO]},
        "turn": {"type": ["integer", "null"]},
    }
    return {"type": "array", "items": strict_object(one)}


def majority(judgements: Sequence[Sequence[ItemAnswer]]) -> tuple[ItemAnswer, ...]:
    """Return for each question the answer that most judgements give; `split` for equally many yes and no.

    `turn`: the turn that most of the judgements with this answer name, the earliest among equals; None if most name
    no turn, and for `split`. `judgements`: of one match, each with the same questions in the same order.
    """
    if len(judgements) == 1:
        return tuple(judgements[0])
    found = []
    for answers in zip(*judgements, strict=True):
        yes = sum(one.answer == YES for one in answers)
        no = len(answers) - yes
        if yes == no:
            found.append(ItemAnswer(answers[0].id, SPLIT, None))
            continue
        answer: Literal["yes", "no"] = YES if yes > no else NO
        turns = Counter(one.turn for one in answers if one.answer == answer)
        turn = min(turns, key=lambda one: (-turns[one], one is None, one or 0))
        found.append(ItemAnswer(answers[0].id, answer, turn))
    return tuple(found)
