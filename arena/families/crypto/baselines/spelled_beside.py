"""The reference play, and everybody also spells its secrets out in words."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.told_beside import beside
from arena.families.crypto.baselines.wording import words


def play(case: Case) -> Turns | None:
    """Return the reference's turns with the secrets in words; None if nothing is secret."""
    return beside(case, words)
