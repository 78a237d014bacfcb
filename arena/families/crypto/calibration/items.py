"""How well a judge answers questions with yes or no: by question and corruption. Pure.

A question is *turned* by a corruption where its answer spoke for the players in the reference play and does not in the
sabotaged one, same challenge and values. docs/calibration.md explains the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.families.crypto.calibration.rates import rate, shown
from arena.families.crypto.calibration.sabotage import AIMED_AT, CORRUPTIONS
from arena.families.crypto.items.words import answered, items_of
from arena.formats.tables import csv_line, text_table
from arena.records import Json, Record

REFERENCE = "reference"
ITEMS_TABLE = "calibration_items.csv"
MOST_SHOWN = 15
"""Questions in the text; calibration.json has all."""

Play = tuple[str, int, str]
"""Challenge, repetition, variant."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A question of a challenge."""

    challenge: str
    item: str
    dimension: str


class ItemTally:
    """Collects answers by challenge, repetition and variant. `challenges`: those of the run, by id."""

    def __init__(self, challenges: Mapping[str, Mapping[str, Json]]) -> None:
        self._challenges = challenges
        self._good: dict[Play, dict[str, bool]] = {}

    def add(self, play: Play, record: Record) -> None:
        """Count the answers of one record, if there are any."""
        found = {one.id: one.good for one in answered(record, self._challenges.get(play[0], {}))}
        if found:
            self._good[play] = found

    def report(self) -> dict[str, Json] | None:
        """Return the member `items` of calibration.json; None if nothing was asked."""
        if not self._good:
            return None
        places = list(self._places())
        corruptions = [name for name in CORRUPTIONS if any(play[2] == name for play in self._good)]
        return {
            "questions": len(places),
            "challenges": len({place.challenge for place in places}),
            "specificity": {
                "all": self._kept(places),
                "by_dimension": {name: self._kept(of) for name, of in _by_dimension(places).items()},
            },
            "sensitivity": {name: self._sensitivity(name, places) for name in corruptions},
            "by_item": [self._item(place, corruptions) for place in places],
        }

    def _places(self) -> Iterator[_Place]:
        played = {challenge for challenge, _, _ in self._good}
        for name, challenge in self._challenges.items():
            if name in played:
                yield from (_Place(name, item["id"], item["dimension"]) for item in items_of(challenge))

    def _references(self, place: _Place) -> list[bool]:
        return [
            found[place.item]
            for (challenge, _, variant), found in self._good.items()
            if (challenge, variant) == (place.challenge, REFERENCE)
        ]

    def _kept(self, places: Sequence[_Place]) -> dict[str, Json]:
        """In how many answers about reference plays the answer speaks for the players."""
        found = [good for place in places for good in self._references(place)]
        return rate(sum(found), len(found))

    def _turns(self, place: _Place, variant: str) -> list[bool]:
        """Of the pairs whose reference got the good answer: whether the sabotaged play got the other one."""
        return [
            not found[place.item]
            for (challenge, rep, name), found in self._good.items()
            if (challenge, name) == (place.challenge, variant)
            and self._good.get((challenge, rep, REFERENCE), {}).get(place.item)
        ]

    def _sensitivity(self, variant: str, places: Sequence[_Place]) -> dict[str, Json]:
        aimed = [place for place in places if place.dimension in AIMED_AT[variant]]
        others = [place for place in places if place.dimension not in AIMED_AT[variant]]
        turned_aimed = [one for place in aimed for one in self._turns(place, variant)]
        turned_others = [one for place in others for one in self._turns(place, variant)]
        return {
            "aimed_at": list(AIMED_AT[variant]),
            "noticed": self._noticed(variant, aimed),
            "aimed_questions": rate(sum(turned_aimed), len(turned_aimed)),
            "other_questions": rate(sum(turned_others), len(turned_others)),
        }

    def _noticed(self, variant: str, aimed: Sequence[_Place]) -> dict[str, Json]:
        """In how many pairs at least one question in a dimension that the corruption is aimed at was turned; pairs in
        which no such question could be turned are left out."""
        pairs = noticed = 0
        of: dict[str, list[str]] = {}
        for place in aimed:
            of.setdefault(place.challenge, []).append(place.item)
        for (challenge, rep, name), found in self._good.items():
            reference = self._good.get((challenge, rep, REFERENCE), {})
            could = [item for item in of.get(challenge, ()) if reference.get(item)] if name == variant else []
            pairs += bool(could)
            noticed += any(not found[item] for item in could)
        return rate(noticed, pairs)

    def _item(self, place: _Place, corruptions: Sequence[str]) -> dict[str, Json]:
        kept = self._references(place)
        turned = {}
        for name in corruptions:
            turns = self._turns(place, name)
            if turns:
                turned[name] = {"k": sum(turns), "n": len(turns)}
        return {
            "challenge": place.challenge,
            "item": place.item,
            "dimension": place.dimension,
            "specificity": {"k": sum(kept), "n": len(kept)},
            "sensitivity": turned,
        }


def _by_dimension(places: Sequence[_Place]) -> dict[str, list[_Place]]:
    found: dict[str, list[_Place]] = {}
    for place in places:
        found.setdefault(place.dimension, []).append(place)
    return dict(sorted(found.items()))


def items_csv(found: Mapping[str, Json]) -> bytes:
    """Return a row for each question: how often its answer speaks for the players of the reference (`kept` of
    `references`), and for each corruption how often it was turned (`k of n`; empty if it could not be)."""
    corruptions = list(found["sensitivity"])
    lines = [csv_line(["challenge_id", "item", "dimension", "kept", "references", *corruptions])]
    for row in found["by_item"]:
        turned = row["sensitivity"]
        cells = [f"{turned[name]['k']} of {turned[name]['n']}" if name in turned else None for name in corruptions]
        head = [row["challenge"], row["item"], row["dimension"], row["specificity"]["k"], row["specificity"]["n"]]
        lines.append(csv_line([*head, *cells]))
    return b"".join(lines)


def items_text(found: Mapping[str, Json]) -> list[str]:
    """Return the figures as lines for a terminal."""
    rows = [
        [name, *(shown(row[part]) for part in ("noticed", "aimed_questions", "other_questions"))]
        for name, row in found["sensitivity"].items()
    ]
    kept = found["specificity"]
    heads = ["corruption", "plays with a question turned where aimed", "questions turned where aimed", "elsewhere"]
    lines = [
        f"Questions with yes or no, {found['questions']} of {found['challenges']} challenges. Turned: answered for the"
        " players in the reference, against them in the sabotaged play.",
        text_table(heads, rows),
        f"answers about references that speak for the players: {shown(kept['all'])};"
        f" {'; '.join(f'{name} {shown(row)}' for name, row in kept['by_dimension'].items())}",
        f"Answers of one challenge are alike: the intervals are too narrow. By question and corruption: {ITEMS_TABLE};"
        " there n is the number of seeds, too few for a rate.",
    ]
    against = [row for row in found["by_item"] if not row["specificity"]["k"] and row["specificity"]["n"]]
    if against:
        lines.append(f"always answered against the players of the reference: {len(against)} questions")
        lines += [f"  {row['challenge']}: {row['item']} ({row['specificity']['n']})" for row in against[:MOST_SHOWN]]
    return lines
