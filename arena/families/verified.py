"""Verified scores: grades capped by facts in the record. Any family may have them in its Score.detail.

A detail with verified scores has them as its member `verified` (docs/verified-scores.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from arena.records import Record
from arena.stats.moments import Moments


@dataclass(frozen=True, slots=True)
class Cap:
    """A bound that a finding sets for a grade."""

    dimension: str
    cap: int
    reason: str


@dataclass(frozen=True, slots=True)
class VerifiedScores:
    """The capped grades (None if the match has none), the caps, and the outcome from them."""

    rule: str
    version: int
    scores: Mapping[str, float | int | None]
    caps: tuple[Cap, ...]
    outcome: str | None


@dataclass(slots=True)
class VerifiedCounts:
    """Sums over the records with verified scores.

    `scores`: of the capped grades.  `outcomes`: verified outcome -> records, all labels from the start, the success
    label first.  `n`: records with verified scores.  `capped`: those with a lowered grade.  `caps`: reason -> records.
    """

    scores: Moments
    outcomes: dict[str, int]
    n: int = 0
    capped: int = 0
    caps: dict[str, int] = field(default_factory=dict)


def verified_of(record: Record) -> VerifiedScores | None:
    """Return the verified scores of a record; None if its family has none, or it was broken off from outside."""
    found = getattr(record.score.detail, "verified", None)
    return found if isinstance(found, VerifiedScores) else None
