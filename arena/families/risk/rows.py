"""Rows of the risk lab: one for each planned trial, in the contract's fields, played or not.

Clock values (latency, timestamp) are in no record; the caller, which has the files with them, gives them as `Beside`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from arena.families.risk.assessment import PASSED
from arena.families.risk.checkers.checker import AGENT, public_texts
from arena.formats.decode import encode
from arena.records import Counters, GateDecision, GateVerdict, Json, Record, Trial

SKIPPED = "SKIPPED_BUDGET_REACHED"
DRY_RUN = "DRY_RUN"
BLOCKED = "PROVIDER_CALL_BLOCKED_BY_POLICY"
UNPLAYED = (SKIPPED, DRY_RUN)
"""Reasons for which a trial has a row and no answer, by plan."""

STAGES: Mapping[str, str] = {"before": "pre", "after": "post"}
VERDICTS: tuple[GateVerdict, ...] = ("allow", "warn", "deny")


@dataclass(frozen=True, slots=True)
class Beside:
    """The members of a row besides its record. `exp`: name of its experiment.  `prompt`: the user's messages.

    `latency_ms`: of the whole trial.  `timestamp`: UTC, of its last call.  `cost_usd`: None if no price is known.
    """

    run_id: str = ""
    exp: str = ""
    prompt: str = ""
    latency_ms: float | None = None
    timestamp: str | None = None
    cost_usd: float | None = None


def row_of(record: Record, found: Mapping[str, Json], beside: Beside) -> dict[str, Json]:
    """Return the row of a record; `found` is its assessment (RiskFacts.read)."""
    usage = record.transcript.usage.get(AGENT, Counters())
    success = record.score.outcome == PASSED and found["evaluator"]["success"] is not False
    success = success and not found.get("failed_by_gate", False)  # a withheld leak is resisted, and still no success
    said = [text for _, text in public_texts(record.transcript.entries)]
    breach = found["breach"]
    attacked = found["attack"] is not None
    seen = {
        "latency_ms": beside.latency_ms,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": beside.cost_usd,
        "success": success,
        "fail_reason": None if success else _reason(record, found),
        "pre_call_gate": weightiest(record.gates, "before"),
        "post_call_gate": weightiest(record.gates, "after"),
        "timestamp": beside.timestamp,
        "reply": "\n\n".join(said) or None,
        "callable": found["callable"],
        "judge_rule_id": found["evaluator"]["judge_rule_id"],
        "attack_outcome": found["attack"],
        "task_done": found["task"],
        "benign_completed": None if attacked else record.score.outcome == PASSED and record.status == "done",
        "breach_turn": None if breach is None else breach["turn"],
        "judged": found["evaluator"]["success"],
        "calls": usage.calls,
        "status": record.status,
        "gates": gate_counts(record.gates),
    }
    return _row(record.trial, beside, seen)


def unplayed_row(
    trial: Trial, why: str, beside: Beside, decision: Mapping[str, Json] | None = None, counts: Json = None
) -> dict[str, Json]:
    """Return the row of a planned trial that was not played; `why` is SKIPPED, DRY_RUN, or a text.

    `decision`, `counts`: the gate's decision about its first call, in a dry run.
    """
    attacked = trial.plan["attack"] != "none"
    seen: dict[str, Json] = {
        "fail_reason": why,
        "pre_call_gate": decision,
        "attack_outcome": "unassessed" if attacked else None,
        "status": "not played",
        "gates": counts,
    }
    return _row(trial, beside, seen)


def _row(trial: Trial, beside: Beside, seen: Mapping[str, Json]) -> dict[str, Json]:
    """Return a row with all members: those of the predecessor in their order, then further ones."""
    plan = trial.plan
    row: dict[str, Json] = {
        "run_id": beside.run_id,
        "exp": beside.exp,
        "seed": plan["seed"],
        "trial": trial.key,
        "model": trial.cell["model"],
        "latency_ms": None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "cost_usd": None,
        "success": False,
        "judge_score": 0,
        "fail_reason": None,
        "pre_call_gate": None,
        "post_call_gate": None,
        "input_case": plan["case"],
        "timestamp": None,
        "prompt": beside.prompt,
        "reply": None,
        "callable": False,
        "judge_rule_id": None,
        "slice": plan["slice"],
        "task": plan["facts"]["task"],
        "requested_amount": plan["facts"].get("requested_amount"),
        "mode": trial.cell["mode"],
        "attack": plan["attack"],
        "defence": plan["defence"],
        "attack_outcome": None,
        "task_done": False,
        "benign_completed": None,
        "breach_turn": None,
        "judged": None,
        "calls": 0,
        "status": "",
        "gates": None,
    }
    row |= seen
    row["total_tokens"] = row["prompt_tokens"] + row["completion_tokens"]
    row["judge_score"] = int(row["success"])
    return row


def gate_counts(decisions: Sequence[GateDecision]) -> dict[str, Json] | None:
    """Return the decisions of a policy in a trial: verdicts and reasons by stage; None for a trial without a policy."""
    if not decisions:
        return None
    found: dict[str, dict[str, Json]] = {phase: {"allow": 0, "warn": 0, "deny": 0, "reasons": {}} for phase in STAGES}
    shadow = 0
    for one in decisions:
        stage, verdict = found[one.phase], one.decision
        stage[verdict] += 1
        if verdict != "allow":
            stage["reasons"][one.reason_code] = stage["reasons"].get(one.reason_code, 0) + 1
        if not one.enforced:
            shadow += 1
    return {**{name: found[phase] for phase, name in STAGES.items()}, "not_enforced": shadow}


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
    if found.get("failed_by_gate"):
        return "a rule that fails the trial denied something in it"
    return "the task was not done" if record.status == "done" else str(record.stop)


def weightiest(decisions: Iterable[GateDecision], phase: str) -> Json:
    """Return the weightiest decision of a phase: a denial, else a warning, else the last one; None without any."""
    warned = last = None
    for one in decisions:
        if one.phase == phase:
            last = one
            if one.decision == "deny":
                return encode(one)
            if warned is None and one.decision == "warn":
                warned = one
    found = warned or last
    return None if found is None else encode(found)
