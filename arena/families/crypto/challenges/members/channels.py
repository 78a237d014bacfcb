"""Check `channels`: who may hear private messages, and which secrets may be told in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.families.crypto.challenges.members.fields import Problems, field_problems, role_problems
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("listeners",)
OPTIONAL = ("may_hear",)


def channels_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's private messages.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    found, place = challenge["channels"], f"{pointer}/channels"
    if not isinstance(found, dict) or not found:
        yield place, "expected an object with the member listeners: the roles that hear every private message, or []"
        return
    yield from field_problems(found, place, "channels", REQUIRED, OPTIONAL)
    if roles is not None and len(roles) < 3:
        yield place, "needs three roles: between two every message is heard by both"
    if "listeners" in found:
        yield from role_problems(found["listeners"], f"{place}/listeners", roles)
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
        yield from role_problems(listed, child(f"{place}/may_hear", name), roles)
