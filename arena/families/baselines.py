"""The baselines of a set: generated plays that should fail, and how often each succeeds, as its owner published it.

A leaderboard shows the table next to runs of the same set, so that readers can judge a success on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.decode import decode, encode
from arena.records import Json


@dataclass(frozen=True, slots=True)
class BaselineRate:
    """How often a baseline succeeds in `n` matches: shares of SUCCESS, as judged and verified; None without a match."""

    name: str
    n: int
    success_rate: float | None
    verified_success_rate: float | None


@dataclass(frozen=True, slots=True)
class PublishedBaselines:
    """The table of one set under one rule for verified scores. `seeds`: matches of each baseline and unit.

    `verified_rule`: `{"name", "version"}`, as in the identity of a run.  `judge`: the model that judged.
    """

    benchmark_version: str
    verified_rule: dict[str, Json]
    judge: str
    seeds: int
    seed: int
    baselines: tuple[BaselineRate, ...]

    def belongs_to(self, rules: Mapping[str, Json]) -> bool:
        """Return whether a run under these rules played the same set, scored by the same rule."""
        return (
            rules.get("benchmark_version") == self.benchmark_version
            and rules.get("verified_rule") == self.verified_rule
        )

    def to_json(self) -> dict[str, Json]:
        return encode(self)


def read_baselines(path: Path) -> PublishedBaselines:
    """Return a published table. Errors: DataError with file and pointer for one that cannot be read."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError([Issue(str(path), "", f"cannot be read: {error}")]) from None
    return decode(PublishedBaselines, value, str(path))
