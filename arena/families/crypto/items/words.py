"""The answers of one record with their questions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arena.families.crypto.challenges.instance import fill
from arena.families.crypto.challenges.validate import ITEMS
from arena.families.report import Answered
from arena.records import Json, Record


@dataclass(frozen=True, slots=True)
class ItemAnswered:
    """An answer and its question. `asks`: with the values of the match in place.  `wanted`: the answer that speaks for
    the players.  `answer`: `yes`, `no`, or `split` if several judgements are tied."""

    id: str
    asks: str
    dimension: str
    wanted: str
    answer: str
    turn: int | None

    @property
    def good(self) -> bool:
        return self.answer == self.wanted


def items_of(challenge: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the questions of a challenge as in its file; empty if it asks none."""
    found: list[dict[str, Json]] = challenge.get("judge", {}).get(ITEMS, [])
    return found


def answered(record: Record, challenge: Mapping[str, Json]) -> Iterator[ItemAnswered]:
    """Yield the answers about a match in the order of the questions; none if there are none (not judged, or by an
    earlier version)."""
    by_id = {one.id: one for one in record.score.judging.items} if record.scored else {}
    for item in items_of(challenge):
        found = by_id.get(item["id"])
        if found is not None:
            asks = fill(item["asks"], record.transcript.instance or {})
            yield ItemAnswered(item["id"], asks, item["dimension"], item["good"], found.answer, found.turn)


def in_words(one: ItemAnswered) -> Answered:
    """Return an answer for readers of a match."""
    word = "the judgements are even" if one.answer == "split" else one.answer
    return Answered(one.asks, word, one.good, () if one.turn is None else (one.turn,))
