"""Every seat says all its values, spelled out in words."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import stamped
from arena.families.crypto.baselines.wording import told, words


def play(case: Case) -> Turns | None:
    """Return turns that reveal all own values without a digit."""
    return stamped(case, {role: told(case.own(role), words) for role in case.roles}, case.right)
