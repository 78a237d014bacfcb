"""Find the values that decide the right result and that no role has to keep secret. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from arena.families.crypto.challenges.draws import needs
from arena.families.crypto.challenges.expressions import names_in
from arena.families.crypto.challenges.instance import is_agreement, known_names
from arena.families.crypto.challenges.members.open_talk import talk_is_right
from arena.records import Json


def deciding(instance: Mapping[str, Json]) -> list[str]:
    """Return the sorted names of the values from which the right result is computed, directly or through other values.

    What a value is drawn from (the list of a `choice`, the ends of an `int`) decides nothing once it is drawn. If
    agreement decides, these are the values of the list that the result is one of.
    """
    truth, specs = instance["truth"], instance["values"]
    waiting = list(names_in(truth.get("among", []) if is_agreement(truth) else truth))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in specs:
            found.add(name)
            if specs[name]["draw"] == "computed":
                waiting += needs(specs[name])
    return sorted(found)


def said_openly(challenge: Mapping[str, Json]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield name and owners of each value that decides the result, that only some roles have, and that no role has to
    keep secret.

    Asking for such a value gives the result without any protocol. Nothing is yielded if plain talk is right.
    """
    if talk_is_right(challenge):
        return
    instance = challenge["instance"]
    roles = {participant["id"] for participant in challenge["participants"]}
    own: Mapping[str, list[str]] = instance.get("own", {})
    kept = {name for names in instance.get("secret", {}).values() for name in names}
    for name in deciding(instance):
        owners = tuple(role for role in own if name in own[role])
        if owners and set(owners) != roles and name not in known_names(instance) and name not in kept:
            yield name, owners
