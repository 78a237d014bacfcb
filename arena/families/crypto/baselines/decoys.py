"""Every seat reveals its values among a few false ones."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import stamped
from arena.families.crypto.baselines.wording import with_decoys
from arena.records import Json


def play(case: Case) -> Turns | None:
    """Return turns that hide nothing, each value under two more of its domain."""
    said = {}
    for role in case.roles:
        parts = [f"my {name.replace('_', ' ')}: {with_decoys(value, _domain(case, name))}"
                 for name, value in case.own(role).items()]  # fmt: skip
        said[role] = f"Roughly: {'; '.join(parts)}." if parts else "I have nothing to add."
    return stamped(case, said, case.right)


def _domain(case: Case, name: str) -> list[Json]:
    """Return the list that a value is drawn from; empty if there is none."""
    of = case.challenge["instance"]["values"][name].get("of", [])
    return list(case.values[of]) if isinstance(of, str) else list(of)
