"""Reputations over the episodes of a series, counted record by record: the curves of the report page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.cheaptalk.episode_of_record import detail_of
from arena.records import Json, Record
from arena.stats.intervals import mean

Condition = tuple[str, str]
"""Protocol and deviation."""


@dataclass(slots=True)
class Course:
    """The course of one reputation: its score after each episode, and the event."""

    scores: list[float] = field(default_factory=list)
    slashed: int = 0
    redeemed: int = 0


@dataclass(slots=True)
class ReputationCurves:
    """The courses of all series, by condition. Records come in the order of the plan."""

    name: ClassVar[str] = "reputation"
    columns: ClassVar[Sequence[str]] = ()

    courses: dict[Condition, dict[str, Course]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        detail = detail_of(record)
        if detail is None or detail.reputation is None:
            return
        key = detail.condition.protocol, detail.condition.deviation
        course = self.courses.setdefault(key, {}).setdefault(record.trial.series or "", Course())
        course.scores.append(detail.reputation.after.score)
        course.slashed += detail.reputation.slashed
        course.redeemed += detail.reputation.redeemed

    def merge(self, other: ReputationCurves) -> None:
        """Add the counts of another one. All episodes of a series are in one of the two."""
        for key, courses in other.courses.items():
            self.courses.setdefault(key, {}).update(courses)

    def to_json(self) -> Json:
        return None

    def cells(self, record: Record) -> list[Json]:
        return []


def mean_course(courses: Sequence[Course]) -> list[float]:
    """Return the mean score after each episode, over the series that have so many."""
    longest = max((len(course.scores) for course in courses), default=0)
    return [mean([one.scores[place] for one in courses if place < len(one.scores)]) for place in range(longest)]
