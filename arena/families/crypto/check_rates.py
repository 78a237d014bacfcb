"""Rates of the mechanical checks over the records of a run, for summary.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.crypto.checks.results import detail_of
from arena.records import Json, Record
from arena.stats.moments import merge_counts


@dataclass(slots=True)
class CheckRates:
    """Counts over the records that carry checks: how many passed each, and what the countable ones add up to."""

    name: ClassVar[str] = "checks"
    columns: ClassVar[Sequence[str]] = (
        "result_check",
        "textbook_names",
        "leaks",
        "artefacts",
        "artefacts_real",
        "calls_unused",
    )

    n: int = 0
    made: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    artefacts: int = 0
    artefacts_real: int = 0
    calls_unused: int = 0

    def add(self, record: Record) -> None:
        """Count one record; nothing where it carries no checks (errors, limits, denied, other families)."""
        detail = detail_of(record)
        if detail is None:
            return
        checks = detail.checks
        self.n += 1
        for name, ok in checks.passed().items():
            if ok is not None:
                self.made[name] = self.made.get(name, 0) + 1
                self.passed[name] = self.passed.get(name, 0) + ok
        if checks.result is not None:
            verdict = checks.result.verdict
            self.results[verdict] = self.results.get(verdict, 0) + 1
        self.artefacts += checks.artefacts.count
        self.artefacts_real += checks.artefacts.real
        self.calls_unused += checks.tools.unused

    def merge(self, other: CheckRates) -> None:
        """Count what another one counted."""
        self.n += other.n
        merge_counts(self.made, other.made)
        merge_counts(self.passed, other.passed)
        merge_counts(self.results, other.results)
        self.artefacts += other.artefacts
        self.artefacts_real += other.artefacts_real
        self.calls_unused += other.calls_unused

    def to_json(self) -> dict[str, Json]:
        """Return `n`, per check `n`, `ok` and `rate`, the results by verdict, and the share of real evidence values."""
        share = round(self.artefacts_real / self.artefacts, 4) if self.artefacts else None
        return {
            "n": self.n,
            "passed": {
                name: {"n": n, "ok": self.passed[name], "rate": round(self.passed[name] / n, 4)}
                for name, n in sorted(self.made.items())
            },
            "results": dict(sorted(self.results.items())),
            "artefacts": {"n": self.artefacts, "real": self.artefacts_real, "share": share},
            "calls_unused": self.calls_unused,
        }

    def cells(self, record: Record) -> list[Json]:
        """Return a record's checks in the order of `columns`; empty cells where a check was not made."""
        detail = detail_of(record)
        if detail is None:
            return [None] * len(self.columns)
        checks = detail.checks
        return [
            None if checks.result is None else checks.result.verdict,
            len(checks.textbook_names.found),
            None if checks.leaks is None else len(checks.leaks.found),
            checks.artefacts.count,
            checks.artefacts.real,
            checks.tools.unused,
        ]
