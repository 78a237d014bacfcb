"""Verified scores over the records of a run, for summary.json, the CSV and the end of a run.

Separate from the judge's own, never mixed with them: read from the detail of a record's score and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from arena.families.crypto.checks.results import detail_of
from arena.families.verified import VerifiedCounts
from arena.records import Json, Record
from arena.stats.moments import merge_counts, success_rate


@dataclass(slots=True)
class VerifiedRates(VerifiedCounts):
    """The fact group of verified scores. A record with an outcome but no scores (aborted) counts in the outcomes."""

    name: ClassVar[str] = "verified"

    @property
    def columns(self) -> list[str]:
        return [
            "verified_outcome",
            *(f"verified {name}" for name in self.scores.names),
            "verified_mean_score",
            "verified_caps",
        ]

    def add(self, record: Record) -> None:
        """Count one record; nothing if it carries no verified scores."""
        detail = detail_of(record)
        if detail is None:
            return
        found = detail.verified
        self.n += 1
        if found.outcome is not None:
            self.outcomes[found.outcome] += 1
        for reason in {cap.reason for cap in found.caps}:
            self.caps[reason] = self.caps.get(reason, 0) + 1
        if not record.scored:
            return
        self.scores.add(found.scores)
        self.capped += found.scores != record.score.values

    def merge(self, other: VerifiedRates) -> None:
        """Add the counts of another one."""
        self.n += other.n
        self.capped += other.capped
        merge_counts(self.outcomes, other.outcomes)
        merge_counts(self.caps, other.caps)
        self.scores.merge(other.scores)

    def to_json(self) -> dict[str, Json] | None:
        """Return means, deviations and outcomes as for the raw scores; `capped`: scored matches in which a
        grade was lowered; `caps`: reason -> matches. None if no record carries verified scores."""
        if not self.n:
            return None
        return {
            "n": self.n,
            "outcomes": self.outcomes,
            "success_rate": success_rate(self.outcomes),
            "mean_scores": self.scores.means(),
            "sd_scores": self.scores.deviations(),
            "scored": self.scores.n,
            "capped": self.capped,
            "caps": dict(sorted(self.caps.items())),
        }

    def cells(self, record: Record) -> list[Json]:
        """Return a record's values of `columns`; `verified_caps` holds the reasons with spaces between. Empty cells
        where there are none."""
        detail = detail_of(record)
        if detail is None:
            return [None] * (len(self.scores.names) + 3)
        found = detail.verified
        values = [found.scores.get(name) for name in self.scores.names]
        known = [value for value in values if value is not None]
        reasons = " ".join(dict.fromkeys(cap.reason for cap in found.caps))
        return [found.outcome, *values, round(sum(known) / len(known), 3) if known else None, reasons or None]


def verified_line(summary: Mapping[str, Json]) -> str | None:
    """Return the line about verified scores for the end of a run; None if there are none."""
    found = summary.get("verified")
    if found is None or not found["n"]:
        return None
    rule = summary["rules"]["verified_rule"]
    rate = found["success_rate"]
    lowered = [
        f"{name} {found['mean_scores'][name]:.2f}"
        for name, raw in summary["mean_scores"].items()
        if raw is not None and found["mean_scores"][name] != raw
    ]
    parts = [
        f"verified ({rule['name']} {rule['version']}): success rate {'-' if rate is None else format(rate, '.1%')}",
        *lowered,
        f"{found['capped']} of {found['scored']} matches capped",
    ]
    return "; ".join(parts)
