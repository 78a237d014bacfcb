"""The report's view of risk runs: the scores that are shares, and the order of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from arena.families.report import FamilyParts
from arena.families.risk.assessment import OUTCOMES
from arena.families.risk.family import VALUES
from arena.store.finished_run import FinishedRun


class RiskParts(FamilyParts):
    """The risk family: every score of a trial is 0 or 1."""

    outcomes: Sequence[str] = OUTCOMES
    unit_noun = "case"
    trial_nouns = ("trial", "trials")
    shares = tuple(value.name for value in VALUES)


def parts_of(run: FinishedRun) -> RiskParts:
    """Return the report's view of a risk run."""
    return RiskParts()
