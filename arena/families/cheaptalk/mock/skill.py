"""How well a mock model plays."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skill:
    """Probabilities from 0 to 1.

    `reads`: it understands sentences that it is shown. `obeys`: it follows a private instruction to deviate.
    `credulous`: added to its trust in a message that its own reading does not confirm.
    """

    reads: float
    obeys: float = 0.97
    credulous: float = 0.0


SKILLS: dict[str, Skill] = {
    "careful": Skill(0.92),
    "careless": Skill(0.65, credulous=0.2),
    "principled": Skill(0.92, obeys=0.0),
}
"""Mock model -> skill. `principled` refuses every instruction to deviate, and states its belief instead."""
