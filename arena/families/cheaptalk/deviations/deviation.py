"""A deviation: a private instruction, and the check whether a sender followed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.detail import EvidenceDetail


@dataclass(frozen=True, slots=True)
class Conduct:
    """The mechanically checkable conduct of a sender.

    `asserted`: the label of its message; `belief`: the label that it believes; None if not readable.
    """

    asserted: Label | None
    belief: Label | None
    evidence: EvidenceDetail


Check = Callable[[Conduct], bool | None]
"""Return whether a sender followed its instruction; None if that is unknown."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The facts for a deviation with a condition, before an episode: the sender's reputation, the claim's
    difficulty."""

    reputation: float
    milk_above: float
    difficulty: str | None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One row of the table.

    `instruction`: private to the sender; empty for honesty. `acts`: for a deviation with a condition, the plain
    deviation that is acted out in an episode; its own instruction and check are then empty. `by_reputation`: it needs a
    protocol with a reputation. `by_difficulty`: it needs claims with a difficulty. `renames`: the sender takes a new
    name after it was slashed.
    """

    name: str
    about: str
    instruction: str = ""
    behaved: Check | None = None
    acts: Callable[[Moment], str] | None = None
    by_reputation: bool = False
    by_difficulty: bool = False
    renames: bool = False


def shows_nothing(conduct: Conduct) -> bool | None:
    """Return whether the message offers no evidence."""
    return not conduct.evidence.provided


def as_believed(conduct: Conduct) -> bool | None:
    """Return whether the sender asserts what it believes; None if either was not read."""
    if conduct.asserted is None or conduct.belief is None:
        return None
    return conduct.asserted is conduct.belief
