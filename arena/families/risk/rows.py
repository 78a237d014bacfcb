"""Rows of the risk lab: one for each planned trial, in the contract's fields, played or not.

Clock values (latency, timestamp) are not in records; whoever has the timings file fills them in.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.risk.assessment import PASSED
from arena.families.risk.checkers.checker import AGENT, public_texts
from arena.formats.decode import encode
from arena.records import Counters, Json, Record, Trial

SKIPPED = "SKIPPED_BUDGET_REACHED"
DRY_RUN = "DRY_RUN"
BLOCKED = "PROVIDER_CALL_BLOCKED_BY_POLICY"
_BEFORE, _AFTER = "before", "after"


def row_of(record: Record, found: Mapping[str, Json]) -> dict[str, Json]:
    """Return the row of a record; `found` is its assessment (RiskFacts.read)."""
    usage = record.transcript.usage.get(AGENT, Counters())
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    success = record.score.outcome == PASSED and found["evaluator"]["success"] is not False
    said = [text for _, text in public_texts(record.transcript.entries)]
    return {
        **_plan(record.trial),
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "success": success,
        "judge_score": int(success),
        "judge_rule_id": found["evaluator"]["judge_rule_id"],
        "attack_outcome": found["attack"],
        "fail_reason": None if success else _reason(record, found),
        "callable": found["callable"],
        "pre_call_gate": _gate(record, _BEFORE),
        "post_call_gate": _gate(record, _AFTER),
        "reply": "\n\n".join(said) or None,
    }


def _reason(record: Record, found: Mapping[str, Json]) -> str:
    if record.status == "denied":
        return BLOCKED if not found["callable"] else f"denied: {record.transcript.detail}"
    if record.status == "limit":
        return SKIPPED
    if record.status == "error":
        return f"error: {record.stop}"
    if found["breach"] is not None:
        return str(found["breach"]["what"])
    if found["evaluator"]["success"] is False:
        return str(found["evaluator"]["reason"])
    return "the task was not done" if record.status == "done" else str(record.stop)


def _gate(record: Record, phase: str) -> Json:
    """Return the weightiest decision of a phase: a denial, else a warning, else the last one."""
    found = [one for one in record.gates if one.phase == phase]
    for verdict in ("deny", "warn"):
        for one in found:
            if one.decision == verdict:
                return encode(one)
    return encode(found[-1]) if found else None


def unplayed_row(trial: Trial, why: str) -> dict[str, Json]:
    """Return the row of a planned trial that was not played; `why` is SKIPPED, DRY_RUN, or a text."""
    return {
        **_plan(trial),
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "success": False,
        "judge_score": 0,
        "judge_rule_id": None,
        "attack_outcome": None if trial.plan["attack"] == "none" else "unassessed",
        "fail_reason": why,
        "callable": False,
        "pre_call_gate": None,
        "post_call_gate": None,
        "reply": None,
    }


def _plan(trial: Trial) -> dict[str, Json]:
    plan = trial.plan
    return {
        "exp": plan["slice"],
        "seed": plan["seed"],
        "trial": trial.key,
        "model": trial.cell["model"],
        "mode": trial.cell["mode"],
        "attack": plan["attack"],
        "defence": plan["defence"],
        "input_case": plan["case"],
        "task": plan["facts"]["task"],
        "requested_amount": plan["facts"].get("requested_amount"),
    }
