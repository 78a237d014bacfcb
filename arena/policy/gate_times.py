"""How long the decisions of a gate took, over all sessions of a run: counts of durations, and their file.

gate_times.json holds clock values, on which nothing else depends. A run without it has no such times. Durations have
three digits, so memory and file are bounded however many decisions there are, and a percentile is within 0.5 %.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from arena.formats.bounded import parse_json
from arena.formats.strict_json import IssueList, child, read_bytes
from arena.records import Json
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

GATE_TIMES_FILE = "gate_times.json"
FORMAT = 1
_FORMAT, _COUNTS = "gate_times_format", "nanoseconds"
DIGITS = 3
MOST_DIGITS = 18
"""Digits of the longest duration in nanoseconds: 30 years."""


@dataclass(slots=True)
class GateTimes:
    """Duration in nanoseconds, rounded to DIGITS digits -> number of decisions."""

    counts: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, seconds: Iterable[float]) -> GateTimes:
        """Count durations in seconds; at most MOST_DIGITS digits of nanoseconds."""
        found = cls()
        for one in seconds:
            whole = max(0, round(one * 1e9))
            found._add(round(whole, DIGITS - len(str(whole))) if whole >= 10**DIGITS else whole, 1)
        return found

    def _add(self, duration: int, count: int) -> None:
        self.counts[duration] = self.counts.get(duration, 0) + count

    def plus(self, other: GateTimes) -> GateTimes:
        """Return the counts of both."""
        found = GateTimes(dict(self.counts))
        for duration, count in other.counts.items():
            found._add(duration, count)
        return found

    def latency_ms(self) -> dict[str, float | int] | None:
        """Return the number of decisions, and the 50th and 95th percentile in milliseconds; None for no decision.

        A decision asks no model, so it costs no tokens.
        """
        if not self.counts:
            return None
        ordered = sorted(self.counts)
        ends = list(accumulate(self.counts[one] for one in ordered))

        def at(place: int) -> int:
            return ordered[bisect_right(ends, place)]

        def percentile(share: float) -> float:
            exact = share * (ends[-1] - 1)
            below = int(exact)
            low, high = at(below), at(min(below + 1, ends[-1] - 1))
            return round((low + (exact - below) * (high - low)) / 1e6, 4)

        return {"n": ends[-1], "p50": percentile(0.5), "p95": percentile(0.95), "tokens": 0}

    def to_json(self) -> dict[str, Json]:
        return {_FORMAT: FORMAT, _COUNTS: {str(one): self.counts[one] for one in sorted(self.counts)}}


def read_gate_times(folder: Path) -> GateTimes:
    """Return the times of a run; empty without the file. Errors: DataError for one that is damaged."""
    path = folder / GATE_TIMES_FILE
    if not path.is_file():
        return GateTimes()
    value, issues = parse_json(read_bytes(path), str(path)), IssueList(str(path))
    counts = value.get(_COUNTS) if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.keys() != {_FORMAT, _COUNTS} or value[_FORMAT] != FORMAT:
        issues.add("", f"must be an object with {_FORMAT}: {FORMAT} and {_COUNTS}")
    elif not isinstance(counts, dict):
        issues.add(child("", _COUNTS), "must be an object")
    for name, count in counts.items() if isinstance(counts, dict) else ():
        whole = name.isascii() and name.isdecimal() and len(name) <= MOST_DIGITS and name == str(int(name))
        if not whole or type(count) is not int or count < 1:
            issues.add(child(child("", _COUNTS), name), "must be nanoseconds and how many decisions took them")
    issues.raise_if_any()
    return GateTimes({int(name): count for name, count in (counts or {}).items()})


def add_gate_times(folder: Path, times: GateTimes) -> None:
    """Add the times of a session to the file of a run. Errors: DataError for a damaged file, OSError."""
    if times.counts:
        write_atomic(folder / GATE_TIMES_FILE, pretty_json(read_gate_times(folder).plus(times).to_json()))
