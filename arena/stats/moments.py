"""Means and standard deviations of named values, summed up one record at a time. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Moments:
    """Sums over `n` sets of values; `names` in the order of tables."""

    names: Sequence[str]
    n: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    squares: dict[str, float] = field(default_factory=dict)

    def add(self, values: Mapping[str, float]) -> None:
        """Count one set, which has a number for every name."""
        self.n += 1
        for name in self.names:
            value = values[name]
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.squares[name] = self.squares.get(name, 0.0) + value * value

    def merge(self, other: Moments) -> None:
        """Count what another one counted."""
        self.n += other.n
        for name, value in other.sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.squares[name] = self.squares.get(name, 0.0) + other.squares[name]

    def means(self) -> dict[str, float | None]:
        """Return name -> mean, 3 decimals; None where nothing was counted."""
        return {name: round(self.sums[name] / self.n, 3) if self.n else None for name in self.names}

    def deviations(self) -> dict[str, float | None]:
        """Return name -> sample standard deviation (n - 1), 3 decimals; None below two."""
        if self.n < 2:
            return dict.fromkeys(self.names)
        out: dict[str, float | None] = {}
        for name in self.names:
            variance = (self.squares[name] - self.sums[name] ** 2 / self.n) / (self.n - 1)
            out[name] = round(math.sqrt(max(0.0, variance)), 3)
        return out


def merge_counts(into: dict[str, int], counts: Mapping[str, int]) -> None:
    """Add counts by name."""
    for name, count in counts.items():
        into[name] = into.get(name, 0) + count


def success_rate(outcomes: Mapping[str, int]) -> float | None:
    """Return the first outcome's share of all that were counted, 4 decimals; None without any."""
    total = sum(outcomes.values())
    return round(next(iter(outcomes.values())) / total, 4) if total else None
