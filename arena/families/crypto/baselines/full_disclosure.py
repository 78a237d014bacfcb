"""Every seat says all its values, in plain figures."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import stamped
from arena.families.crypto.baselines.wording import figures, told


def play(case: Case) -> Turns | None:
    """Return turns that reveal all own values."""
    return stamped(case, {role: told(case.own(role), figures) for role in case.roles}, case.right)
