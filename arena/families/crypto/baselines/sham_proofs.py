"""Random bytes as seals and proofs, a value compared with itself as a check, and the right result without a
computation."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import sham


def play(case: Case) -> Turns | None:
    """Return turns of the fraud with the right result."""
    return sham(case, case.right)
