"""Counts of a run's summary that only this family has, besides rates and incentives (findings/facts.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.families.cheaptalk.episode_of_record import detail_of
from arena.records import Json, Record


class EarlyEnds:
    """Episodes that ended early for the budget of a task: `ended_early` in summary.json and in each group of it."""

    name = "ended_early"
    columns: Sequence[str] = ()

    def __init__(self) -> None:
        self.count = 0

    def add(self, record: Record) -> None:
        detail = detail_of(record)
        self.count += detail is not None and detail.spent.exhausted

    def merge(self, other: EarlyEnds) -> None:
        self.count += other.count

    def to_json(self) -> Json:
        return self.count

    def cells(self, record: Record) -> list[Json]:
        return []


def early_lines(summary: Mapping[str, Json]) -> list[str]:
    """Return how many episodes a budget ended, if any."""
    count = summary.get("ended_early")
    return [f"{count} episodes ended early, for the budget of a task"] if count else []
