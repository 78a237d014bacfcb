"""The inputs of a baseline: the challenge, its reference play, and the values of the trial. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arena.families.crypto.challenges.instance import allowed_results, deciding_names, own_names, right_result
from arena.families.crypto.data import roles
from arena.records import Json

Turns = dict[str, list[Any]]
"""Role -> its messages, in the form of a script file (docs/reference-plays.md)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One match that a baseline plays.

    `values`: those that the trial draws. `rep`: the number of the match among those of its challenge, from 0. `usual`:
    the result that is right most often over all of these.
    """

    challenge: Mapping[str, Json]
    reference: Mapping[str, Json]
    values: Mapping[str, Json]
    rep: int
    usual: Json

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles in the order in which they speak."""
        return roles(self.challenge)

    @property
    def right(self) -> Json:
        """A result that counts as right."""
        return passing_result(self.challenge, self.values, self.rep)

    def own(self, role: str) -> dict[str, Json]:
        """Return the values that a role is shown, by name."""
        return {name: self.values[name] for name in own_names(self.challenge["instance"], role)}

    def deciding(self, role: str) -> dict[str, Json]:
        """Return those of a role's values that decide the right result."""
        names = deciding_names(self.challenge["instance"])
        return {name: value for name, value in self.own(role).items() if name in names}


def passing_result(challenge: Mapping[str, Json], values: Mapping[str, Json], rep: int) -> Json:
    """Return the right result; if agreement decides, one of the possible results."""
    instance = challenge["instance"]
    right = right_result(instance, values)
    if right is not None:
        return right
    allowed = allowed_results(instance, values)
    return roles(challenge)[0] if allowed is None else allowed[rep % len(allowed)]
