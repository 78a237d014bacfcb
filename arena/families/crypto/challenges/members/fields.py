"""Checks that several members of a challenge share: names of fields, a text, a list of roles, payoffs of roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.expressions import problems
from arena.formats.strict_json import child
from arena.records import Json

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def field_problems(
    found: Mapping[str, Json], place: str, what: str, required: Sequence[str], optional: Sequence[str] = ()
) -> Problems:
    """Yield the fields of an object that are unknown, then those that are missing. `what`: the object in words."""
    known = (*required, *optional)
    for name in found:
        if name not in known:
            yield child(place, name), f"is not a member of {what}; these are {', '.join(known)}"
    yield from ((f"{place}/{name}", "is missing") for name in required if name not in found)


def is_text(found: Json, most: int) -> bool:
    """Return whether this is a text that is not blank and has at most `most` characters."""
    return isinstance(found, str) and bool(found.strip()) and len(found) <= most


def role_problems(listed: Json, where: str, roles: Sequence[str] | None, least: int = 0) -> Problems:
    """Yield the problems with a list of roles. `roles`: those of the challenge, None if they are malformed."""
    if not isinstance(listed, list) or len(listed) < least or not all(isinstance(role, str) for role in listed):
        yield where, "expected a list of at least one role" if least else "expected a list of roles"
    elif roles is not None:
        yield from ((f"{where}/{at}", f"{role!r} is not a participant") for at, role in enumerate(listed)
                    if role not in roles)  # fmt: skip


def payoff_problems(
    found: Json, place: str, names: frozenset[str], wanted: Sequence[str], roles: Sequence[str]
) -> Problems:
    """Yield the problems with an object: role -> expression of its payoff.

    `names`: what expressions may name.  `wanted`: the roles that it must have.  `roles`: those of the challenge.
    """
    if not isinstance(found, dict) or set(found) != set(wanted):
        yield place, f"expected an object: role -> what it has, for {', '.join(wanted)}"
        return
    for role, expression in found.items():
        where = child(place, role)
        yield from ((where + inner, message) for inner, message in problems(expression, names, roles))
