"""Episodes to learn honest play from: the honest sender under P1, P2 and P3, with the payoffs as rewards."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from arena.families.cheaptalk.experiments.milestones import P1, P2, P3
from arena.families.cheaptalk.metrics.episodes import HONEST
from arena.families.cheaptalk.scene import RECEIVER, SENDER, SOLVER
from arena.families.training import Training
from arena.records import Record
from arena.store.finished_run import FinishedRun

PROTOCOLS = (P1, P2, P3)
PAYOFFS = {SENDER: "payoff", RECEIVER: "receiver_payoff"}
"""Seat -> value of the score that it is paid."""
EARNED: Mapping[str, Collection[str]] = {
    "payoff": (SENDER, SOLVER),
    "receiver_payoff": (RECEIVER, SOLVER),
    "evidence_provided": (SENDER, SOLVER),
    "evidence_match": (SENDER, SOLVER),
    "correct": (SENDER, RECEIVER, SOLVER),
    "fever": (SENDER, RECEIVER, SOLVER),
}
"""Value of the score -> the seats that earn it. A sender that is asked alone earns nothing by its answer."""

REASONS = {
    "not_honest": "the sender was told to deviate, or was shown to a control",
    "other_protocol": "it was played under none of P1, P2 and P3",
    "not_scored": "it was not played to its end",
    "wrong_answer": "the receiver did not find the right label",
}
"""Reason -> its meaning; an episode has the first that applies."""


def training(run: FinishedRun) -> Training:
    """Return the honest episodes of a run in which the receiver was right. Rewards are those of all honest episodes,
    so that a learner also sees the payoff of honest play that failed."""
    found = Training(earned=EARNED)
    for record in run.records:
        found.trials += 1
        reason = _against(record)
        if reason in (None, "wrong_answer"):
            for seat, name in PAYOFFS.items():
                paid = record.score.values.get(name)
                if paid is not None:
                    found.rewards[record.key, seat] = float(paid)
        if reason is not None:
            found.reasons[reason] += 1
            continue
        cell = record.trial.cell
        payoffs = {seat: record.score.values.get(name) for seat, name in PAYOFFS.items()}
        found.keep(record.key, {"protocol": cell["protocol"], "information": cell["information"], "payoffs": payoffs})
    return found


def _against(record: Record) -> str | None:
    if record.trial.plan["deviation"] != HONEST:
        return "not_honest"
    if record.trial.plan["protocol"] not in PROTOCOLS:
        return "other_protocol"
    if not record.scored:
        return "not_scored"
    return None if record.score.values.get("correct") == 1 else "wrong_answer"
