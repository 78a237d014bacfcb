"""The protocols, one row each, and the methods of milestone 3 that are compared with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from arena.families.cheaptalk.protocols import (
    p1_evidence_first,
    p2_cross_exam,
    p3_slashing,
    self_consistency,
    self_refine,
)
from arena.families.cheaptalk.protocols.protocol import Protocol
from arena.messages import Sampling

_ROWS: tuple[Protocol, ...] = (
    p1_evidence_first.PROTOCOL,
    p2_cross_exam.PROTOCOL,
    p3_slashing.PROTOCOL,
)

PROTOCOLS: dict[str, Protocol] = {row.id: row for row in _ROWS}
"""Id -> protocol, from the loosest to the strictest: the order in which their IRIs are tested."""


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """How the methods of milestone 3 are set: samples, rounds, temperatures; `sampling` is that of the run."""

    k_samples: int
    num_rounds: int
    consistency_temperature: float
    refine_temperature: float
    sampling: Sampling


METHODS: dict[str, Callable[[MethodChoice], Protocol]] = {
    self_consistency.KIND: lambda choice: self_consistency.protocol(
        choice.k_samples, replace(choice.sampling, temperature=choice.consistency_temperature)
    ),
    self_refine.KIND: lambda choice: self_refine.protocol(
        choice.num_rounds, replace(choice.sampling, temperature=choice.refine_temperature)
    ),
}
"""Kind of method -> the method as it is set."""


def methods(kinds: Sequence[str], choice: MethodChoice) -> tuple[Protocol, ...]:
    """Return the methods of these kinds, as they are set."""
    return tuple(METHODS[kind](choice) for kind in kinds)
