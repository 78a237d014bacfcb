"""The same answer in every match: the one that is right most often."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import sham


def play(case: Case) -> Turns | None:
    """Return turns of the fraud with the most frequent result."""
    return sham(case, case.usual)
