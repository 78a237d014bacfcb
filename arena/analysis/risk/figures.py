"""The metrics of a run's rows by the names that thresholds use: trials, pass rate, denials, shares of attacks.

`rows_figures` makes of them what the thresholds of `arena check` apply to (analysis/check/thresholds.py), for the whole
run and for each value of a label (`by.slice.NAME.pass_rate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arena.analysis.check.run_keys import CALLABLE, PASS_RATE, POST_DENY, TOTAL
from arena.analysis.check.thresholds import OF_KEYS
from arena.analysis.risk.tally import RiskTally, Sums
from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED
from arena.records import Json
from arena.stats.intervals import wilson

PASSED = "passed_trials"
WITHOUT_RESULT = "attacks_without_result"
ROW_METRICS: Mapping[str, str] = {
    TOTAL: "rows: trials of the plan",
    CALLABLE: "trials with an answer",
    PASSED: "trials with an answer that passed",
    PASS_RATE: f"{PASSED} of {CALLABLE}",
    POST_DENY: "denials after a call",
    WITHOUT_RESULT: "number of attacks if none of them was assessed, else 0",
}
"""Metric of the rows -> meaning."""
LABELS = ("slice", "attack", "defence", "mode", "model")


@dataclass(frozen=True, slots=True)
class Counts:
    """What keys of thresholds bound. The pass rate is `passed` of `callable`; None without one."""

    total: int = 0
    callable: int = 0
    passed: int = 0
    post_deny: int = 0

    @property
    def pass_rate(self) -> float | None:
        return self.passed / self.callable if self.callable else None

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.total + other.total,
            self.callable + other.callable,
            self.passed + other.passed,
            self.post_deny + other.post_deny,
        )

    def to_json(self) -> dict[str, Json]:
        """Return the metrics by name, the pass rate with its interval."""
        low, high = wilson(self.passed, self.callable) or (None, None)
        rate = {"value": self.pass_rate, "n": self.callable, "low": low, "high": high}
        return {TOTAL: self.total, CALLABLE: self.callable, PASSED: self.passed, PASS_RATE: rate,
                POST_DENY: self.post_deny}  # fmt: skip


def counts_of(tally: RiskTally) -> Counts:
    """Return the counts of all rows."""
    found = Counts()
    for sums in tally.cells.values():
        found = found.plus(_of_cell(sums))
    return found


def _of_cell(sums: Sums) -> Counts:
    return Counts(sums.rows, sums.callable, sums.passed, sums.denials("post"))


def rows_figures(tally: RiskTally) -> dict[str, Json]:
    """Return the metrics of a run's rows: ROW_METRICS, `risk.attacks`, `risk.metrics`, and ROW_METRICS `by` label."""
    found = tally.total().counts.to_json()
    attacks = found["attacks"]
    assessed = attacks[SUCCEEDED] + attacks[RESISTED]
    by: dict[str, dict[str, Counts]] = {label: {} for label in LABELS}
    for key, sums in tally.cells.items():
        counts = _of_cell(sums)
        for label in LABELS:
            value = getattr(key, label)
            by[label][value] = by[label].get(value, Counts()).plus(counts)
    return {
        "family": OF_KEYS,
        **counts_of(tally).to_json(),
        WITHOUT_RESULT: 0 if assessed else attacks[UNASSESSED],
        "risk": {"attacks": attacks, "metrics": found["metrics"]},
        "by": {label: {value: counts.to_json() for value, counts in groups.items()} for label, groups in by.items()},
    }


def summary_with_rows(summary: Mapping[str, Json], figures: Mapping[str, Json]) -> dict[str, Json]:
    """Return a summary with the metrics of the rows beside its own."""
    by: dict[str, dict[str, Json]] = {}
    for part in (figures["by"], summary["by"]):
        for label, groups in part.items():
            mine = by.setdefault(label, {})
            for value, group in groups.items():
                mine[value] = {**mine.get(value, {}), **group}
    return {**{name: figures[name] for name in ROW_METRICS}, **summary, "by": by}
