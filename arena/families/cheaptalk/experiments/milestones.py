"""The predecessor's milestones as sets of conditions: which protocols, deviations and methods each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.deviations.table import BASELINE
from arena.families.cheaptalk.metrics.episodes import HONEST

P1, P2, P3 = "p1_evidence_first", "p2_cross_exam", "p3_slashing"
SIX = (HONEST, "no_evidence", "lie", "withhold", "persuasion_only", "low_effort")
FOUR = (HONEST, "lie", "withhold", "persuasion_only")


@dataclass(frozen=True, slots=True)
class Milestone:
    """`methods`: the methods of milestone 3 are also played, within the budget. `folder`: for its files."""

    name: str
    protocols: tuple[str, ...]
    deviations: tuple[str, ...]
    methods: bool = False
    folder: str = ""


MILESTONES: dict[str, Milestone] = {
    row.name: row
    for row in (
        Milestone("milestone1", (P1,), (HONEST, "no_evidence")),
        Milestone("milestone2", (P1,), SIX, folder="milestone2"),
        Milestone("milestone3", (P1,), (HONEST,), methods=True, folder="milestone3"),
        Milestone("milestone4", (P1, P2, P3), FOUR, folder="milestone4"),
    )
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a plan. `milestones`: those that it belongs to; none for a control."""

    protocol: str
    deviation: str
    milestones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A request. `protocols`, `deviations`: empty for those of the milestones.  `methods`: ids."""

    milestones: tuple[str, ...]
    protocols: tuple[str, ...]
    deviations: tuple[str, ...]
    controls: tuple[str, ...]
    methods: tuple[str, ...]


def conditions(choice: Choice, applies: Mapping[str, frozenset[str]]) -> list[Condition]:
    """Return every condition once, with all milestones that it belongs to.

    `applies`: protocol -> deviations that can be played under it.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for name in choice.milestones:
        milestone = MILESTONES[name]
        deviations = (HONEST,) if milestone.methods else choice.deviations or milestone.deviations
        for protocol in choice.protocols or milestone.protocols:
            for deviation in deviations:
                if deviation in applies[protocol]:
                    found.setdefault((protocol, deviation), []).append(name)
        if milestone.methods:
            for method in choice.methods:
                found.setdefault((method, BASELINE), []).append(name)
    rows = [Condition(*key, tuple(names)) for key, names in found.items()]
    first = first_protocol(choice)
    return [*rows, *(Condition(first, control, ()) for control in choice.controls)]


def protocols_of(choice: Choice) -> tuple[str, ...]:
    """Return the protocols that are played, each once."""
    return tuple(
        dict.fromkeys(one for name in choice.milestones for one in choice.protocols or MILESTONES[name].protocols)
    )


def deviations_of(choice: Choice) -> tuple[str, ...]:
    """Return the deviations that are played, each once."""
    return tuple(
        dict.fromkeys(
            one
            for name in choice.milestones
            for one in ((HONEST,) if MILESTONES[name].methods else choice.deviations or MILESTONES[name].deviations)
        )
    )


def first_protocol(choice: Choice) -> str:
    """Return the protocol under which controls are played."""
    return protocols_of(choice)[0]


def compared(choice: Choice) -> frozenset[str]:
    """Return the protocols and methods that share the budget of milestone 3; empty without it."""
    protocols: Sequence[str] = choice.protocols or MILESTONES["milestone3"].protocols
    return frozenset((*protocols, *choice.methods)) if "milestone3" in choice.milestones else frozenset()
