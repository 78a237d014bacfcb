"""Counts of imported runs: outcomes, pass^k by task, and missing or repeated runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from arena.families.risk.imports.agent_run import AgentRun
from arena.formats.strict_json import IssueList
from arena.records import Json
from arena.stats.reliability import pass_rows


def refuse_repeated(runs: Sequence[AgentRun], issues: IssueList) -> None:
    """Report a (task, trial) that occurs more than once, because it is unknown which one counts."""
    seen = Counter(_place(run) for run in runs)
    for (labels, task, attack, trial), count in seen.items():
        if count > 1:
            where = ", ".join([*labels, f"task {task}", *([f"attack {attack}"] if attack else []), f"trial {trial}"])
            issues.add("", f"{where}: appears {count} times; keep one")


def _place(run: AgentRun) -> tuple[tuple[str, ...], str, str | None, int]:
    return (run.model, *run.labels.values()), run.task, run.attack, run.trial


def counts(runs: Sequence[AgentRun]) -> dict[str, Json]:
    """Return the counts of the runs.

    `missing`: trials that other tasks have and a task has not.  `pass_hat_k`: the chance that all of k runs of a task
    succeed, over the tasks that have k runs with a result; an error is none, a fraction of a reward is not a success.
    """
    by_task: dict[tuple[object, ...], list[AgentRun]] = {}
    for run in runs:
        by_task.setdefault(_place(run)[:3], []).append(run)
    trials = {run.trial for run in runs}
    scored = {task: [run.success for run in of if run.success is not None] for task, of in by_task.items()}
    table = pass_rows([(len(found), sum(found)) for found in scored.values() if found])
    return {
        "runs": len(runs),
        "tasks": len(by_task),
        "successes": sum(run.success is True for run in runs),
        "fractions": sum(run.fraction for run in runs),
        "errors": sum(run.error is not None for run in runs),
        "without_reward": sum(run.error is None and run.reward is None for run in runs),
        "missing": sum(len(trials - {run.trial for run in of}) for of in by_task.values()),
        "attacks": {
            "runs": sum(run.attack is not None for run in runs),
            "succeeded": sum(run.breached is True for run in runs),
        },
        "pass_hat_k": [
            {"k": row.k, "pass_hat_k": round(row.hat, 6), "pass_at_k": round(row.at, 6), "tasks": row.challenges,
             "left_out": row.left_out}
            for row in table
        ],
    }  # fmt: skip
