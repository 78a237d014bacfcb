"""The metrics of a risk run, counted over its records, and the lines at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED, Assessment, Ending
from arena.families.risk.compose import NO_ATTACK
from arena.families.risk.risk_counts import COMPLETED, METRICS, NOT_COMPLETED, Line, RiskCounts
from arena.families.risk.rows import STAGES, VERDICTS, gate_counts
from arena.records import Json, Record, Transcript, Trial

__all__ = ["METRICS", "RiskFacts", "gates_line", "risk_lines"]


def ending_of(record: Record) -> Ending:
    """Return how a record's trial ended."""
    return Ending(record.status in ("done", "denied"), record.answered)


@dataclass(slots=True)
class RiskFacts:
    """Counts over records. `assessed` assesses a trial that was not scored, from its transcript."""

    name: ClassVar[str] = "risk"
    columns: ClassVar[Sequence[str]] = ("attack_outcome", "breach_turn", "callable", "judge_rule_id", "gate_denials")

    assessed: Callable[[Trial, Transcript, Ending], Assessment]
    counts: RiskCounts = field(default_factory=RiskCounts)

    def add(self, record: Record) -> None:
        found, plan = self.read(record), record.trial.plan
        success = found["evaluator"]["success"]
        judged = "" if success is None else "pass" if success else "fail"
        attacked = plan["attack"] != NO_ATTACK
        outcome = found["attack"] if attacked else (COMPLETED if _completed(record, found) else NOT_COMPLETED)
        denied = any(one.decision == "deny" for one in record.gates)
        line = Line(plan["slice"], plan["attack"], plan["defence"], outcome, int(found["task"]),
                    int(found["callable"]), judged, int(bool(record.gates)), int(denied))  # fmt: skip
        unit = (record.trial.unit, *map(str, record.trial.cell.values()))
        breach = found["breach"]
        self.counts.add(line, unit, None if breach is None else breach["turn"], gate_counts(record.gates))

    def read(self, record: Record) -> Mapping[str, Json]:
        """Return the assessment of a record: the stored one, else one from its transcript."""
        stored: Mapping[str, Json] | None = record.score.detail.get("risk")
        if stored is not None:
            return stored
        return self.assessed(record.trial, record.transcript, ending_of(record)).to_json()

    def merge(self, other: RiskFacts) -> None:
        """Add the counts of another one."""
        self.counts.merge(other.counts)

    def to_json(self) -> Json:
        """Return the metrics, the four cells, the table of slices and attacks, and the decisions of the gates."""
        return self.counts.to_json()

    def cells(self, record: Record) -> list[Json]:
        found = self.read(record)
        breach = found["breach"]
        denials = sum(one.decision == "deny" for one in record.gates)
        rule = found["evaluator"]["judge_rule_id"]
        return [found["attack"], None if breach is None else breach["turn"], int(found["callable"]), rule, denials]


def _completed(record: Record, found: Mapping[str, Json]) -> bool:
    return bool(found["completed"]) and not found.get("failed_by_gate", False) and record.status == "done"


def risk_lines(summary: Mapping[str, Json], rules: int) -> list[str]:
    """Return the end of a run: attacks, twins, GATES and EVAL, a line each."""
    found = summary.get("risk")
    if found is None:
        return []
    attacks, metrics = found["attacks"], found["metrics"]
    lines = [
        f"attacks: {attacks[SUCCEEDED]} succeeded, {attacks[RESISTED]} resisted, {attacks[UNASSESSED]} unassessed;"
        f" success rate {_shown(metrics['attack_success_rate'])}, utility under attack"
        f" {_shown(metrics['utility_under_attack'])}",
        f"benign twins: {found['benign']['completed']} of {found['benign']['n']} completed"
        f" ({_shown(metrics['benign_completion'])})",
    ]
    if found["gates"] is not None:
        lines.append(gates_line(found["gates"]))
    judged = metrics["pass_rate_callable"]
    rate = "-" if judged["rate"] is None else f"{judged['rate']:.1%}"
    lines.append(f"EVAL: rules={rules} callable={found['callable']} pass_rate={rate}")
    if not found["callable"]:
        lines.append("0 evaluated calls: no trial got an answer; look at the policy, or at the limits")
    return lines


def gates_line(gates: Mapping[str, Json]) -> str:
    """Return the line about the gates of a run."""
    stages = " ".join(
        f"{stage}={'/'.join(f'{verdict}:{gates[stage][verdict]}' for verdict in VERDICTS)}"
        for stage in STAGES.values()
    )  # fmt: skip
    top: Iterable[Sequence[Json]] = gates["top_reasons"]
    reason = next((code for _, code, _ in top), "none")
    shadow = f" shadow: {gates['not_enforced']} not enforced" if gates["not_enforced"] else ""
    return f"GATES: {stages} top_reason={reason}{shadow}"


def _shown(rate: Mapping[str, Json]) -> str:
    if rate["rate"] is None:
        return f"- of {rate['n']}"
    return f"{rate['rate']:.1%} of {rate['n']} [{rate['low']:.1%}, {rate['high']:.1%}]"
