"""Every seat gives its values away as sums and halves."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import stamped
from arena.families.crypto.baselines.wording import sums, told


def play(case: Case) -> Turns | None:
    """Return turns from which every own value can be computed, without naming any."""
    return stamped(case, {role: told(case.own(role), sums) for role in case.roles}, case.right)
