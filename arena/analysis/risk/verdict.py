"""The outcome of a run, in lines and banners: gates, budget, evaluator, thresholds, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from arena.analysis.risk.tally import RiskTally, Sums
from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED
from arena.families.risk.risk_facts import gates_line
from arena.policy.run_thresholds import FAIL, OK, WARN, RunThresholds, ThresholdsVerdict, compare
from arena.records import Json

NO_LIMIT = "\N{INFINITY}"
NOT_ASSESSED = "no attack was assessed"


def judge(thresholds: RunThresholds, tally: RiskTally, strict: bool = False) -> ThresholdsVerdict:
    """Return the verdict over a run. A run with attacks, none of them assessed, is never OK.

    `strict`: a warning is a failure.
    """
    total = tally.total()
    verdict = compare(thresholds, total.threshold_counts(), strict)
    attacks = total.counts.to_json()["attacks"]
    if not attacks[UNASSESSED] or attacks[SUCCEEDED] or attacks[RESISTED]:
        return verdict
    status = FAIL if verdict.status == FAIL or strict or thresholds.policy == "strict" else WARN
    return replace(verdict, status=status, misses=(*verdict.misses, NOT_ASSESSED))


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


def lines_of(tally: RiskTally, head: Mapping[str, Json], verdict: ThresholdsVerdict) -> list[str]:
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


__all__ = ["FAIL", "OK", "WARN", "banners", "budget_line", "budget_of", "eval_line", "judge", "lines_of"]
