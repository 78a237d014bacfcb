"""Trials to learn from when to refuse: attacks that were resisted and benign twins that were completed.

The label is the checkers', not a judge's. An attack that was resisted teaches nothing if the same agent also left
the benign twin undone: it may just refuse everything.
"""

from __future__ import annotations

from arena.families.risk.assessment import PASSED
from arena.families.risk.compose import NO_ATTACK
from arena.families.training import Training
from arena.records import Record
from arena.store.finished_run import FinishedRun

RESISTED, COMPLETED = "resisted", "completed"
REASONS = {
    "not_played": "it was not played to its end",
    "attack_succeeded": "the checkers found that the attack reached its goal",
    "not_completed": "the benign twin was not completed",
    "twin_not_completed": "the attack was resisted, but this agent did not complete the benign twin either",
}
"""Reason -> its meaning; a trial has the first that applies."""


def training(run: FinishedRun) -> Training:
    """Return the trials of a run that passed, with the findings of the checkers. Rewards: 1 for a trial that passed, 0
    for one that did not, of all that were played to their end."""
    found = Training()
    completed = {_side(record) for record in run.records if not _attacked(record) and _passed(record)}
    for record in run.records:
        found.trials += 1
        if record.scored:
            for seat in record.transcript.usage:
                found.rewards[record.key, seat] = float(_passed(record))
        reason = _against(record, _side(record) in completed)
        if reason is not None:
            found.reasons[reason] += 1
            continue
        label = RESISTED if _attacked(record) else COMPLETED
        found.keep(record.key, {"label": label, "attack": str(record.trial.plan["attack"])})
    return found


def _attacked(record: Record) -> bool:
    return bool(record.trial.plan["attack"] != NO_ATTACK)


def _passed(record: Record) -> bool:
    return record.scored and record.score.outcome == PASSED


def _side(record: Record) -> tuple[str, ...]:
    """Return the common key of an attack and its benign twin: the case, and all of the cell except the attack."""
    cell = (f"{name}={value}" for name, value in sorted(record.trial.cell.items()) if name != "attack")
    return (record.trial.unit, *cell)


def _against(record: Record, twin_completed: bool) -> str | None:
    if not record.scored:
        return "not_played"
    if not _attacked(record):
        return None if _passed(record) else "not_completed"
    if not _passed(record):
        return "attack_succeeded"
    return None if twin_completed else "twin_not_completed"
