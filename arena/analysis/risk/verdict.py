"""The outcome of a run, in lines and banners: gates, budget, evaluator, thresholds, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from arena.analysis.check import thresholds as engine
from arena.analysis.check.expressions import Expression, Term
from arena.analysis.check.run_keys import CALLABLE, PASS_RATE, POST_DENY, TOTAL
from arena.analysis.check.thresholds import FAIL, OK, POINT, WARN, CheckFinding, Rule, Rules
from arena.analysis.risk.figures import WITHOUT_RESULT, Counts, counts_of, rows_figures
from arena.analysis.risk.tally import RiskTally, Sums
from arena.errors import DataError, Issue
from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED
from arena.families.risk.risk_facts import gates_line
from arena.records import Json

NO_LIMIT = "\N{INFINITY}"
NOT_ASSESSED = "no attack was assessed"
_WORDS: Mapping[str, str] = {TOTAL: "total", CALLABLE: "callable", PASS_RATE: PASS_RATE, POST_DENY: POST_DENY}
"""Metric -> its name in a miss."""
_SIDES: Mapping[str, str] = {">=": "below", "<=": "above"}


@dataclass(frozen=True, slots=True)
class RiskVerdict:
    """The outcome of the thresholds of a run. `misses`: what is not kept, each in words."""

    status: str
    misses: tuple[str, ...]
    counts: Counts

    def line(self) -> str:
        """Return the line that a run prints."""
        counts, rate = self.counts, self.counts.pass_rate
        shown = "-" if rate is None else f"{rate:.2f}"
        reasons = "; ".join(self.misses) or "all met"
        return (
            f"THRESHOLDS: {self.status} ({reasons} | total={counts.total}, callable={counts.callable},"
            f" pass={counts.passed}, pass_rate={shown})"
        )


def load_thresholds(path: Path) -> Rules:
    """Return the thresholds of a file: keys, or rules over the metrics of rows.

    Errors: DataError with all mistakes, also for a metric that rows do not have, so that a run is not played in vain.
    """
    rules = engine.load_rules(path, "; name the thresholds with --thresholds FILE", keys=True)
    try:
        judge(rules, RiskTally())
    except DataError as error:
        more = "rows of trials have the metrics of docs/policy.md, `arena check RUN` those of summary.json too"
        raise DataError([*error.issues, Issue(str(path), "", more)]) from None
    return rules


def with_result(rules: Rules) -> Rules:
    """Return the rules and the one that always applies: a run with attacks, none of them assessed, is never OK."""
    metric = Expression(Term((WITHOUT_RESULT,)))
    place = Issue(rules.file, "", "")
    never = Rule(metric, "<=", 0, None, 0, POINT, WARN, NOT_ASSESSED, place, always=True)
    return replace(rules, rules=(*rules.rules, never))


def judge(thresholds: Rules, tally: RiskTally, strict: bool = False) -> RiskVerdict:
    """Return the verdict of `arena check` over the rows of a run. `strict`: a warning is a failure.

    Errors: DataError for a rule whose metric the rows do not have.
    """
    found = engine.judge(with_result(thresholds), rows_figures(tally))
    misses = tuple(_miss(finding) for finding in found.findings if not finding.kept)
    return RiskVerdict(found.outcome(strict), misses, counts_of(tally))


def _miss(finding: CheckFinding) -> str:
    measure, bound, side = finding.measure, finding.bound, _SIDES.get(finding.rule.op)
    if measure.name == WITHOUT_RESULT:
        return NOT_ASSESSED
    name = _WORDS.get(measure.name)
    if name is None or bound is None or side is None or finding.rule.compare != POINT:
        return f"{measure.name}: {finding.why}"
    if measure.name == PASS_RATE:
        return f"{name} {'none' if measure.value is None else f'{measure.value:.2f}'} {side} {bound:.2f}"
    return f"{name} {measure.value} {side} {bound}"


def budget_line(total: Sums, head: Mapping[str, Json]) -> str:
    """Return the line about limits: use and bound of each, and the limit that stopped the run."""
    limits, budget = head.get("limits") or {}, budget_of(head)
    calls, tokens = (_limit(limits.get(name)) for name in ("max_calls", "max_total_tokens"))
    early = "true" if budget["stopped_early"] else "false"
    return (
        f"BUDGET: calls={total.calls}/{calls} tokens={total.total_tokens}/{tokens} stopped_early={early}"
        f" hit={budget['budget_hit']}"
    )


def budget_of(head: Mapping[str, Json]) -> dict[str, Json]:
    """Return the budget of run.json; without one, nothing was stopped."""
    return {"stopped_early": False, "budget_hit": "none", **(head.get("budget") or {})}


def _limit(value: Json) -> str:
    return NO_LIMIT if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def eval_line(total: Sums, head: Mapping[str, Json]) -> str:
    """Return the line about the evaluator: rules, callable trials, and how many of the judged ones passed."""
    rules = (head.get("evaluator") or {}).get("rules_total", 0)
    rate = total.counts.to_json()["metrics"]["pass_rate_callable"]["rate"]
    return f"EVAL: rules={rules} callable={total.callable} pass_rate={'-' if rate is None else f'{rate:.1%}'}"


def lines_of(tally: RiskTally, head: Mapping[str, Json], verdict: RiskVerdict) -> list[str]:
    """Return the lines of a run: GATES, BUDGET, EVAL, THRESHOLDS."""
    total = tally.total()
    gates = total.counts.to_json()["gates"]
    return [
        "GATES: none" if gates is None else gates_line(gates),
        budget_line(total, head),
        eval_line(total, head),
        verdict.line(),
    ]


def banners(tally: RiskTally, head: Mapping[str, Json]) -> list[str]:
    """Return the warnings: no data, all denied, shadow mode, dry run, outages, limits."""
    total = tally.total()
    attacks = total.counts.to_json()["attacks"]
    found = []
    if not total.rows:
        found.append("No data: there are no rows of trials. Look at <experiment>/rows.jsonl.")
    if total.rows and total.dry == total.rows:
        found.append("Dry run: gates and bookkeeping without a model; no model was called, so there is no rate.")
    elif total.rows and total.pre_denied == total.rows:
        found.append("0 evaluated calls: the policy denied every trial before its call. Review its rules and bounds.")
    elif total.rows and not total.callable:
        found.append(f"0 evaluated calls: no trial got an answer ({_why_none(total)}).")
    if total.counts.shadow:
        found.append(f"Shadow mode: {total.counts.shadow} decisions were recorded and nothing followed from them.")
    if attacks[UNASSESSED] and not (attacks[SUCCEEDED] or attacks[RESISTED]) and total.dry < total.rows:
        found.append("No attack was assessed: this run has no result about attacks.")
    if total.errors:
        found.append(f"{total.errors} of {total.rows} trials ended in an error; they are in no rate.")
    budget = budget_of(head)
    if budget["stopped_early"]:
        found.append(f"A limit stopped the run ({budget['budget_hit']}): {total.skipped} trials were skipped.")
    if tally.malformed.count:
        found.append(f"{tally.malformed.count} lines of rows.jsonl are malformed and not counted.")
    return found


def _why_none(total: Sums) -> str:
    parts = {
        "denied before the call": total.pre_denied,
        "ended in an error": total.errors,
        "skipped by a limit": total.skipped,
        "dry run": total.dry,
    }
    return ", ".join(f"{count} {what}" for what, count in parts.items() if count) or "look at rows.jsonl"


__all__ = ["FAIL", "OK", "WARN", "RiskVerdict", "banners", "budget_line", "budget_of", "eval_line", "judge", "lines_of",
           "load_thresholds", "with_result"]  # fmt: skip
