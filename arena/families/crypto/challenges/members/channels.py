"""What the member `channels` of a challenge must hold: every problem at its pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("listeners",)
OPTIONAL = ("may_hear",)

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def channels_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield what is wrong with a challenge's private messages.

    `pointer`: place of the challenge.  `roles`: its role ids, None if they are broken.
    """
    found, place = challenge["channels"], f"{pointer}/channels"
    if not isinstance(found, dict) or not found:
        yield place, "expected an object with the member listeners: the roles that hear every private message, or []"
        return
    for name in found:
        if name not in REQUIRED + OPTIONAL:
            yield child(place, name), f"is not a member of channels; these are {', '.join(REQUIRED + OPTIONAL)}"
    if roles is not None and len(roles) < 3:
        yield place, "needs three roles: between two every message is heard by both"
    if "listeners" not in found:
        yield f"{place}/listeners", "is missing"
    else:
        yield from _roles(found["listeners"], f"{place}/listeners", roles)
    may_hear = found.get("may_hear", {})
    if not isinstance(may_hear, dict):
        yield (
            f"{place}/may_hear",
            "expected an object: name of a secret value -> roles that may learn it",
        )
        return
    instance = challenge.get("instance")
    secret = instance.get("secret", {}) if isinstance(instance, dict) else {}
    secret = secret if isinstance(secret, dict) else {}  # its mistakes are reported where it is checked
    names = {name for held in secret.values() if isinstance(held, list) for name in held if isinstance(name, str)}
    for name, listed in may_hear.items():
        if name not in names:
            yield child(f"{place}/may_hear", name), f"there is no secret value {name!r}"
        yield from _roles(listed, child(f"{place}/may_hear", name), roles)


def _roles(listed: Json, where: str, roles: Sequence[str] | None) -> Problems:
    if not isinstance(listed, list) or not all(isinstance(role, str) for role in listed):
        yield where, "expected a list of roles"
    elif roles is not None:
        yield from ((f"{where}/{at}", f"{role!r} is not a participant") for at, role in enumerate(listed)
                    if role not in roles)  # fmt: skip
