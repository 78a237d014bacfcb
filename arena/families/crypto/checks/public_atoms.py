"""Atoms that reveal nothing new in a match: those of its result, of common knowledge, and of texts that all roles read.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

from arena.families.crypto.challenges.instance import (
    allowed_results,
    fill,
    is_agreement,
    known_names,
    own_names,
    right_result,
    secrets_of,
)
from arena.families.crypto.challenges.members.instance import shared_texts
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.checks.atoms import atoms, named
from arena.records import Json


class PublicAtoms:
    """The public atoms of one match with these drawn values. Each set is computed once."""

    def __init__(self, challenge: Mapping[str, Json], values: Mapping[str, Json]) -> None:
        self._challenge, self._instance, self._values = challenge, challenge["instance"], values
        self._found: dict[tuple[str, bool], set[str | int]] = {}
        self._atoms: dict[str, tuple[str | int, ...]] = {}
        self._fixed = _fixed_atoms(Same(self._instance))

    @cached_property
    def result(self) -> Json:
        """The right result. If agreement decides, the list of possible results, or None if any is possible."""
        right = allowed_results if is_agreement(self._instance["truth"]) else right_result
        return right(self._instance, self._values)

    @cached_property
    def _shared(self) -> str:
        return fill(_shared_text(Same(self._challenge)), self._values).casefold()

    def in_value(self, name: str) -> tuple[str | int, ...]:
        """Return the atoms of a drawn value, public or not."""
        found = self._atoms.get(name)
        if found is None:
            value, fixed = self._values[name], self._fixed.get(name)
            found = fixed[1] if fixed is not None and fixed[0] == value else tuple(atoms(value))
            self._atoms[name] = found
        return found

    def of(self, role: str, early: bool) -> set[str | int]:
        """Return the atoms that reveal nothing new when this role says them.

        `early`: before the event of a secret that ends with one. The right result is not public yet at that time.
        """
        found = self._found.get((role, early))
        if found is None:
            found = self._found[role, early] = self._put_together(role, early)
        return found

    def _put_together(self, role: str, early: bool) -> set[str | int]:
        secret, names = _names(Same(self._instance), role)
        found = set() if early else set(atoms(self.result))
        found.update(*map(self.in_value, names))
        secrets = set().union(*map(self.in_value, secret))
        found.update([atom for atom in secrets if named(atom, self._shared)])
        return found


@lru_cache(maxsize=2048)
def _names(of: Same, role: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a role's secret values, and of the others that it is shown."""
    secret = tuple(secrets_of(of.held, role))
    return secret, tuple({*known_names(of.held), *own_names(of.held, role)}.difference(secret))


@lru_cache(maxsize=512)
def _shared_text(of: Same) -> str:
    return "\n".join([text for _, text in shared_texts(of.held, "")])


@lru_cache(maxsize=512)
def _fixed_atoms(of: Same) -> dict[str, tuple[Json, tuple[str | int, ...]]]:
    """Return the values that are the same in every trial, by name, each with its atoms."""
    fixed = {name: spec["value"] for name, spec in of.held["values"].items() if spec["draw"] == "is"}
    return {name: (value, tuple(atoms(value))) for name, value in fixed.items()}
