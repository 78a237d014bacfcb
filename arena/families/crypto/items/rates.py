"""Counts of answers over the records of a run, for summary.json, the CSV, the end of a run and the report page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.crypto.items.words import answered, items_of
from arena.families.report import Panel, PanelTable
from arena.records import Json, Record
from arena.stats.moments import merge_counts

TITLE = "What the judge answered with yes or no"
MOST_LISTED = 25
"""Questions in the table of the report page; item_rates.csv has all."""

Counts = dict[str, int]


def items_line(summary: Mapping[str, Json]) -> str | None:
    """Return the line for the end of a run; None if no question was answered."""
    found = summary.get("items")
    if not found:
        return None
    counted = f"{found['good']} of {found['answers']} answers speak for the players ({found['rate']:.1%})"
    return f"questions to the judge: {counted}"


@dataclass(slots=True)
class ItemRates:
    """Answers by dimension, and by challenge and question. `challenges`: those of the run, by id."""

    name: ClassVar[str] = "items"
    columns: ClassVar[Sequence[str]] = ("items_answered", "items_good")

    challenges: Mapping[str, Mapping[str, Json]]
    by_dimension: dict[str, Counts] = field(default_factory=dict)
    by_item: dict[tuple[str, str], Counts] = field(default_factory=dict)
    """(challenge, question) -> how often `yes`, `no`, `split`, and how often that was `good`."""

    def add(self, record: Record) -> None:
        """Count one record, if it has answers."""
        unit = record.trial.unit
        for one in answered(record, self.challenges.get(unit, {})):
            counts = self.by_dimension.get(one.dimension)
            if counts is None:
                counts = self.by_dimension[one.dimension] = {"answers": 0, "good": 0}
            counts["answers"] += 1
            counts["good"] += one.good
            counts = self.by_item.get((unit, one.id))
            if counts is None:
                counts = self.by_item[unit, one.id] = {"yes": 0, "no": 0, "split": 0, "good": 0}
            counts[one.answer] = counts.get(one.answer, 0) + 1
            counts["good"] += one.good

    def merge(self, other: ItemRates) -> None:
        """Add the counts of another one."""
        for dimension, counts in other.by_dimension.items():
            merge_counts(self.by_dimension.setdefault(dimension, {"answers": 0, "good": 0}), counts)
        for key, counts in other.by_item.items():
            merge_counts(self.by_item.setdefault(key, {"yes": 0, "no": 0, "split": 0, "good": 0}), counts)

    def to_json(self) -> dict[str, Json] | None:
        """Return how many answers are in favour of the players, in all and by dimension; None without answers."""
        if not self.by_dimension:
            return None
        whole: Counts = {"answers": 0, "good": 0}
        for counts in self.by_dimension.values():
            merge_counts(whole, counts)
        by_dimension = {name: _share(counts) for name, counts in sorted(self.by_dimension.items())}
        return {**_share(whole), "by_dimension": by_dimension}

    def cells(self, record: Record) -> list[Json]:
        """Return how many questions were answered about a match, and how many of the answers speak for the players."""
        found = list(answered(record, self.challenges.get(record.trial.unit, {})))
        return [len(found), sum(one.good for one in found)] if found else [None, None]

    def rows(self) -> list[dict[str, Json]]:
        """Return one row for each question that was answered, in the order of the file."""
        found = []
        for unit, challenge in self.challenges.items():
            for item in items_of(challenge):
                counts = self.by_item.get((unit, item["id"]))
                if counts is None:
                    continue
                n = counts["yes"] + counts["no"] + counts["split"]
                found.append({
                    "challenge_id": unit, "item": item["id"], "dimension": item["dimension"], "good": item["good"],
                    "n": n, **{word: counts[word] for word in ("yes", "no", "split")},
                    "share_yes": round(counts["yes"] / n, 4), "share_good": round(counts["good"] / n, 4),
                    "asks": item["asks"],
                })  # fmt: skip
        return found

    def panels(self) -> list[Panel]:
        """Return the section of the report page; none without answers."""
        found = self.to_json()
        if found is None:
            return []
        dimensions = [[name, str(row["answers"]), f"{row['rate']:.0%}"] for name, row in found["by_dimension"].items()]
        rows = sorted(self.rows(), key=lambda row: (row["share_good"], -row["n"]))
        worst = [row for row in rows if row["share_good"] < 1][:MOST_LISTED]
        listed = [
            [row["challenge_id"], row["asks"], row["good"], f"{row['yes']} of {row['n']}", f"{row['share_good']:.0%}"]
            for row in worst
        ]
        note = (
            "Each challenge asks the judge a few questions, each about one thing that a transcript shows. Every match"
            " lists its own, with the turn; item_rates.csv has all of them."
        )
        parts: list[str | PanelTable] = [
            note,
            PanelTable("Answers by dimension", ("Dimension", "Answers", "Speak for the players"), dimensions),
        ]
        if listed:
            heads = ("Challenge", "Question", "Good is", "Answered yes", "Answered as is good")
            parts.append(PanelTable("Questions with the worst answers", heads, listed))
        return [Panel("questions", TITLE, parts)]


def _share(counts: Mapping[str, int]) -> dict[str, Json]:
    return {**counts, "rate": round(counts["good"] / counts["answers"], 4)}
