"""Yes to every question."""

from __future__ import annotations

from arena.families.crypto.baselines.case import Case, Turns
from arena.families.crypto.baselines.theatre import sham
from arena.families.crypto.challenges.result_kinds import told_result
from arena.records import Json


def play(case: Case) -> Turns | None:
    """Return turns of the fraud in which every yes or no of the right result is a yes; None if it has none."""
    kind = told_result(case.challenge["instance"]["result"])
    agreed = _agreed(kind, case.right)
    return None if agreed is None else sham(case, agreed)


def _agreed(kind: Json, right: Json) -> Json:
    if kind == "bool":
        return True
    if isinstance(kind, dict) and "bool" in kind.values():
        rest = right if isinstance(right, dict) else dict.fromkeys(kind, 1)  # where it should refuse
        return {name: True if kind.get(name) == "bool" else value for name, value in rest.items()}
    return None
