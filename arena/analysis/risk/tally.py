"""Adds up rows: counts and metrics of a run and its cells, in one pass; memory grows with cells, not with rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from arena.analysis.risk.rows_file import ROWS_FILE, Malformed, counts_of, experiments_in, rows_in
from arena.errors import UsageError
from arena.families.risk.assessment import SUCCEEDED, UNASSESSED
from arena.families.risk.compose import NO_ATTACK, NO_DEFENCE
from arena.families.risk.risk_counts import COMPLETED, NOT_COMPLETED, Line, RiskCounts
from arena.families.risk.rows import DRY_RUN, SKIPPED, STAGES
from arena.records import Json
from arena.stats.intervals import quantile
from arena.store.files import require_plain

MOST_AUDITED = 5_000
"""Decisions that are listed one by one; the others are counted."""
MOST_REASONS = 1_000
"""Different reasons of failure that are counted one by one; the others count as OTHER."""
OTHER = "other"


class CellKey(NamedTuple):
    """The meaning of a line of the table."""

    exp: str
    slice: str
    attack: str
    defence: str
    mode: str
    model: str


@dataclass(slots=True)
class Sums:
    """Counts over a group of rows."""

    counts: RiskCounts = field(default_factory=RiskCounts)
    rows: int = 0
    callable: int = 0
    passed: int = 0
    skipped: int = 0
    dry: int = 0
    errors: int = 0
    pre_denied: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    seeds: dict[int, None] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        self.rows += 1
        self.callable += row["callable"]
        self.passed += row["callable"] and row["success"]
        reason, status = row.get("fail_reason"), row.get("status")
        self.skipped += reason == SKIPPED
        self.dry += reason == DRY_RUN
        self.errors += status == "error" or (isinstance(reason, str) and reason.startswith("exception:"))
        gate = row.get("pre_call_gate")
        self.pre_denied += not row["callable"] and gate is not None and gate["decision"] == "deny"
        self.calls += row.get("calls") or 0
        self.prompt_tokens += row["prompt_tokens"]
        self.completion_tokens += row["completion_tokens"]
        cost = row.get("cost_usd")
        self.cost_usd += cost or 0.0
        self.unpriced += cost is None and row["callable"]
        if row["callable"] and row.get("latency_ms") is not None:
            self.latencies.append(row["latency_ms"])
        if row.get("seed") is not None and len(self.seeds) < MOST_REASONS:
            self.seeds[row["seed"]] = None

    def merge(self, other: Sums) -> None:
        """Add the counts of another group."""
        self.counts.merge(other.counts)
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latencies.extend(other.latencies)
        self.seeds |= other.seeds

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def latency(self, share: float) -> float | None:
        """Return a quantile of the latencies of callable trials, in milliseconds; None for none."""
        return round(quantile(sorted(self.latencies), share), 3) if self.latencies else None

    def denials(self, stage: str) -> int:
        return self.counts.gates.get((stage, "deny"), 0)


_ADDED = (
    "rows", "callable", "passed", "skipped", "dry", "errors", "pre_denied", "calls", "prompt_tokens",
    "completion_tokens", "cost_usd", "unpriced",
)  # fmt: skip


class Curve(NamedTuple):
    """How often an attack has succeeded by each turn: assessed trials, and successes by turn (0-based)."""

    n: int
    by_turn: Mapping[int, int]


@dataclass(slots=True)
class RiskTally:
    """All counts of a run. `audit`: decisions other than a plain allowance, the first MOST_AUDITED of them."""

    cells: dict[CellKey, Sums] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    judge_rules: dict[str, list[int]] = field(default_factory=dict)
    """Evaluator rule -> [passed, failed] of the trials that it decided."""
    curves: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    """(attack, defence) -> turn of the success -> trials; -1: assessed without one."""
    rules: dict[str, int] = field(default_factory=dict)
    """Gate rule -> number of trials in which it made the weightiest decision of a stage."""
    audit: list[dict[str, Json]] = field(default_factory=list)
    audited: int = 0
    malformed: Malformed = field(default_factory=Malformed)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row, which `rows_file.row_problem` has nothing against."""
        key = cell_of(row)
        gates = counts_of(row)
        line, unit = line_of(row, key, gates), (str(row.get("input_case")), *key)
        sums = self.cells.get(key)
        if sums is None:
            sums = self.cells[key] = Sums()
        sums.add(row)
        sums.counts.add(line, unit, row.get("breach_turn"), gates)
        self._note(row, line)

    def total(self, exp: str | None = None) -> Sums:
        """Return the sums of an experiment; None: of all."""
        found = Sums()
        for key, sums in self.cells.items():
            if exp is None or key.exp == exp:
                found.merge(sums)
        return found

    @property
    def experiments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.exp for key in self.cells))

    def _note(self, row: Mapping[str, Any], line: Line) -> None:
        reason = row.get("fail_reason")
        if reason is not None:
            self.note_reason(reason, 1)
        rule, judged = row.get("judge_rule_id"), row.get("judged")
        if rule is not None and judged is not None:
            self.note_judged(rule, int(judged), int(not judged))
        if line.attack != NO_ATTACK and line.outcome != UNASSESSED:
            turn = row.get("breach_turn")
            curve = self.curves.setdefault((line.attack, line.defence), {})
            place = -1 if line.outcome != SUCCEEDED or turn is None else turn
            curve[place] = curve.get(place, 0) + 1
        for stage in STAGES.values():
            self._audit(row, stage)

    def note_reason(self, reason: str, count: int) -> None:
        """Count a reason of failure."""
        known = reason if reason in self.reasons or len(self.reasons) < MOST_REASONS else OTHER
        self.reasons[known] = self.reasons.get(known, 0) + count

    def note_judged(self, rule: str, passed: int, failed: int) -> None:
        """Count trials that a rule of the evaluator decided."""
        if rule in self.judge_rules or len(self.judge_rules) < MOST_REASONS:
            counts = self.judge_rules.setdefault(rule, [0, 0])
            counts[0] += passed
            counts[1] += failed

    def note_rule(self, rule: str, count: int) -> None:
        """Count trials in which a rule of the gates made the weightiest decision of a stage."""
        if rule in self.rules or len(self.rules) < MOST_REASONS:
            self.rules[rule] = self.rules.get(rule, 0) + count

    def _audit(self, row: Mapping[str, Any], stage: str) -> None:
        gate = row.get(f"{stage}_call_gate")
        if gate is None:
            return
        rule = str(gate.get("rule_id"))
        self.note_rule(rule, 1)
        if gate["decision"] == "allow":
            return
        self.audited += 1
        if len(self.audit) < MOST_AUDITED:
            self.audit.append({
                "exp": row["exp"], "trial": row.get("trial"), "stage": stage, "decision": gate["decision"],
                "reason_code": gate.get("reason_code"), "rule_id": rule, "message": gate.get("message"),
                "observed": gate.get("observed"), "bound": gate.get("bound"), "enforced": gate.get("enforced", True),
                "timestamp": row.get("timestamp"),
            })  # fmt: skip

    def curve(self, attack: str, defence: str) -> Curve:
        found = self.curves[attack, defence]
        return Curve(sum(found.values()), {turn: count for turn, count in sorted(found.items()) if turn >= 0})


def joined(tallies: Sequence[RiskTally]) -> RiskTally | None:
    """Return the counts of groups of rows as if they had been counted one after the other.

    None where that cannot be known: a group had more reasons or rules than are counted one by one. The groups have no
    cell in common.
    """
    if len(tallies) == 1:
        return tallies[0]
    whole = RiskTally()
    for one in tallies:
        if max(len(one.reasons), len(one.judge_rules), len(one.rules)) >= MOST_REASONS or one.malformed.count:
            return None
        whole.cells |= one.cells
        for reason, count in one.reasons.items():
            whole.note_reason(reason, count)
        for rule, (passed, failed) in one.judge_rules.items():
            whole.note_judged(rule, passed, failed)
        for key, turns in one.curves.items():
            curve = whole.curves.setdefault(key, {})
            for turn, count in turns.items():
                curve[turn] = curve.get(turn, 0) + count
        for rule, count in one.rules.items():
            whole.note_rule(rule, count)
        whole.audited += one.audited
        whole.audit += one.audit[: MOST_AUDITED - len(whole.audit)]
    return whole


def tally_of(rows: Iterable[Mapping[str, Any]]) -> RiskTally:
    """Return the counts of rows."""
    found = RiskTally()
    for row in rows:
        found.add(row)
    return found


def counted(folder: Path) -> RiskTally:
    """Return the counts of a folder's rows. Errors: UsageError for a folder without rows."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; `arena risk list` lists the runs")
    require_plain(folder)
    experiments = experiments_in(folder)
    if not experiments:
        told = "`arena risk report` writes those of a run of `arena risk`"
        raise UsageError(f"{folder} has no rows (<experiment>/{ROWS_FILE}); {told}")
    tally = RiskTally()
    for row in rows_in(folder, experiments, tally.malformed):
        tally.add(row)
    return tally


def cell_of(row: Mapping[str, Any]) -> CellKey:
    """Return the cell of a row; a missing slice, attack, defence or mode becomes the placeholder."""
    return CellKey(
        row["exp"],
        row.get("slice") or row["exp"],
        row.get("attack") or NO_ATTACK,
        row.get("defence") or NO_DEFENCE,
        row.get("mode") or "-",
        row["model"],
    )


def line_of(row: Mapping[str, Any], key: CellKey, gates: Mapping[str, Json] | None) -> Line:
    """Return the counts of a row besides its gates, which `counts_of` has counted."""
    if key.attack == NO_ATTACK:
        done = row.get("benign_completed")
        outcome = COMPLETED if (row["success"] if done is None else done) else NOT_COMPLETED
    else:
        outcome = row.get("attack_outcome") or UNASSESSED
    judged = row.get("judged")
    denied = gates is not None and any([gates[stage]["deny"] for stage in STAGES.values()])
    return Line(
        key.slice, key.attack, key.defence, outcome, int(bool(row.get("task_done"))), int(row["callable"]),
        "" if judged is None else "pass" if judged else "fail", int(gates is not None), int(denied),
    )  # fmt: skip
