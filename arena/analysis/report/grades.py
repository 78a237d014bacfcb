"""How often each grade was given, as judged and verified, and how grades and checks fit together. Pure.

Held in memory: a count per dimension and pair of grades, so as much for ten matches as for ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arena.families.verified import verified_of
from arena.records import Record

MOST_LEVELS = 10
"""Grades that a scale may have to be counted one by one."""


@dataclass(slots=True)
class Grades:
    """Counts of whole grades of a small scale. `levels` is empty if the family has no such scale."""

    names: Sequence[str]
    levels: Sequence[int]
    counts: dict[tuple[str, int, int | None], int] = field(default_factory=dict)
    """(dimension, the judge's grade, the verified grade or None) -> matches."""
    failed: dict[str, list[int]] = field(default_factory=dict)
    """Outcome -> matches by the number of mechanical checks that failed: place 0, 1, 2 ..."""
    broken: dict[tuple[str, str], int] = field(default_factory=dict)
    """(outcome, check) -> matches in which the check failed."""

    def add(self, record: Record, passed: Mapping[str, bool | None] | None) -> None:
        """Count one record; `passed`: check -> whether it passed, as of FamilyParts.passed."""
        self._count_checks(record, passed)
        found = verified_of(record)
        for name in self.names if self.levels and record.scored else ():
            grade = record.score.values.get(name)
            capped = found.scores.get(name) if found else None
            if grade is not None and grade in self.levels:
                key = name, int(grade), None if capped is None else int(capped)
                self.counts[key] = self.counts.get(key, 0) + 1

    def _count_checks(self, record: Record, passed: Mapping[str, bool | None] | None) -> None:
        outcome = record.score.outcome
        if passed is None or outcome is None:
            return
        bad = [name for name, ok in passed.items() if ok is False]
        row = self.failed.setdefault(outcome, [])
        row += [0] * (len(bad) + 1 - len(row))
        row[len(bad)] += 1
        for name in bad:
            self.broken[outcome, name] = self.broken.get((outcome, name), 0) + 1

    def given(self, name: str, verified: bool) -> Mapping[int, int]:
        """Return grade -> matches, for every grade of the scale."""
        found = dict.fromkeys(self.levels, 0)
        for (dimension, grade, capped), count in self.counts.items():
            value = capped if verified else grade
            if dimension == name and value in found:
                found[value] += count
        return found

    def shares(self, name: str, verified: bool) -> list[tuple[int, int, float]]:
        """Return (grade, matches, share) for every grade of the scale; nothing if none was given."""
        found = self.given(name, verified)
        whole = sum(found.values())
        return [(grade, count, count / whole) for grade, count in found.items()] if whole else []

    def lowered(self, name: str) -> tuple[int, int, int, int]:
        """Return for a dimension: matches with both grades, and those lowered by one, by two, by more."""
        steps = [0, 0, 0, 0]
        for (dimension, grade, capped), count in self.counts.items():
            if dimension == name and capped is not None:
                steps[min(3, grade - capped)] += count
        return sum(steps), steps[1], steps[2], steps[3]


def levels_of(scale: tuple[float, float] | None) -> Sequence[int]:
    """Return the whole numbers of a scale that is small enough; nothing for another one."""
    if scale is None or scale[0] != int(scale[0]) or scale[1] - scale[0] >= MOST_LEVELS or scale[0] < 0:
        return ()
    return range(int(scale[0]), int(scale[1]) + 1)
