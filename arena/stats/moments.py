"""Means and standard deviations of named values, summed up one record at a time. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Moments:
    """Sums over `n` sets of values; `names` in the order of tables. A value may be missing (None) in some sets."""

    names: Sequence[str]
    n: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    squares: dict[str, float] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, values: Mapping[str, float | None]) -> None:
        """Count one set."""
        self.n += 1
        for name in self.names:
            value = values.get(name)
            if value is None:
                self.missing[name] = self.missing.get(name, 0) + 1
                continue
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.squares[name] = self.squares.get(name, 0.0) + value * value

    def merge(self, other: Moments) -> None:
        """Add the counts of another one."""
        self.n += other.n
        for name, value in other.sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.squares[name] = self.squares.get(name, 0.0) + other.squares[name]
        merge_counts(self.missing, other.missing)

    def count(self, name: str) -> int:
        """Return how many sets have this value."""
        return self.n - self.missing.get(name, 0)

    def means(self) -> dict[str, float | None]:
        """Return name -> mean, 3 decimals; None if nothing was counted."""
        return {name: round(self.sums[name] / n, 3) if (n := self.count(name)) else None for name in self.names}

    def deviations(self) -> dict[str, float | None]:
        """Return name -> sample standard deviation (n - 1), 3 decimals; None below two."""
        out: dict[str, float | None] = {}
        for name in self.names:
            n = self.count(name)
            if n < 2:
                out[name] = None
                continue
            variance = (self.squares[name] - self.sums[name] ** 2 / n) / (n - 1)
            out[name] = round(math.sqrt(max(0.0, variance)), 3)
        return out


def merge_counts(into: dict[str, int], counts: Mapping[str, int]) -> None:
    """Add counts by name."""
    for name, count in counts.items():
        into[name] = into.get(name, 0) + count


def success_rate(outcomes: Mapping[str, int], success: str | None = None) -> float | None:
    """Return the share of one outcome (by default the first) among all that were counted, 4 decimals; None without
    any."""
    total = sum(outcomes.values())
    if not total:
        return None
    wanted = next(iter(outcomes)) if success is None else success
    return round(outcomes.get(wanted, 0) / total, 4)
