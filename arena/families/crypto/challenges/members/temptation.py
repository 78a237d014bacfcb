"""Check `temptation`, the seat that may cheat: its way, its gain, its instructions, and the signs of the cheat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.instance import known_names, own_names, placeholders
from arena.families.crypto.checks.op_kinds import KINDS_USED
from arena.formats.strict_json import child
from arena.records import Json

WAYS = (
    "altered_opening",
    "false_part",
    "altered_document",
    "marked_list",
    "copied_commitment",
    "late_withdrawal",
    "equivocation",
    "replay",
    "drop",
    "delay",
)
"""Ways of cheating; docs/challenges.md explains each."""

REQUIRED = ("seat", "way", "of_ten", "gain", "told", "carried_out", "shows")
OPTIONAL = ("shown",)
CARRIED_OUT = ("says", "copies", "keeps_shut", "drops", "delays", "mixes")
MAX_TOLD = 6
MAX_CHARS = 600
FEWEST, MOST = 2, 8

COMPARES = "compares"
"""A use that obligations do not know: a comparison of a computed value with a posted one."""

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def temptation_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's temptation.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    found, place = challenge["temptation"], f"{pointer}/temptation"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}"
        return
    instance = challenge.get("instance")
    if not isinstance(instance, dict) or not isinstance(instance.get("values"), dict):
        yield place, "needs `instance`: without drawn values nothing says whether somebody cheated"
        return
    for name in found:
        if name not in REQUIRED + OPTIONAL:
            yield child(place, name), f"is not a member of a temptation; these are {', '.join(REQUIRED + OPTIONAL)}"
    missing = [name for name in REQUIRED if name not in found]
    yield from ((f"{place}/{name}", "is missing") for name in missing)
    if not missing:
        yield from _members(found, place, roles)
        yield from _values(found, place, instance)
        yield from _carried_out(found["carried_out"], f"{place}/carried_out", instance, roles)


def _members(found: Mapping[str, Json], place: str, roles: Sequence[str] | None) -> Problems:
    if not isinstance(found["seat"], str) or (roles is not None and found["seat"] not in roles):
        yield f"{place}/seat", "is not a participant"
    if found["way"] not in WAYS:
        yield f"{place}/way", f"expected one of {', '.join(WAYS)}"
    if type(found["of_ten"]) is not int or not FEWEST <= found["of_ten"] <= MOST:
        yield f"{place}/of_ten", f"expected a whole number from {FEWEST} to {MOST}: in so many of ten matches"
    if not _is_text(found["gain"]):
        yield f"{place}/gain", f"expected a text of at most {MAX_CHARS} characters: what the seat gains by it"
    told = found["told"]
    if not isinstance(told, list) or not 0 < len(told) <= MAX_TOLD or not all(map(_is_text, told)):
        yield (
            f"{place}/told",
            f"expected 1 to {MAX_TOLD} texts of at most {MAX_CHARS} characters: what it is told",
        )
    kinds = (*KINDS_USED, COMPARES)
    shows = found["shows"]
    if not isinstance(shows, list) or not all(kind in kinds for kind in shows):
        yield f"{place}/shows", f"expected a list of uses that fail where it was done, of {', '.join(kinds)}"


def _values(found: Mapping[str, Json], place: str, instance: Mapping[str, Json]) -> Problems:
    """Check that the values shown to the seat are hidden from others, and that its texts name only values that it is
    shown."""
    shown = found.get("shown", [])
    if not isinstance(shown, list) or not all(isinstance(name, str) for name in shown):
        yield f"{place}/shown", "expected a list of values' names"
        return
    for index, name in enumerate(shown):
        spec = instance["values"].get(name)
        if not isinstance(spec, dict):
            yield f"{place}/shown/{index}", f"there is no value {name!r}"
        elif spec.get("hidden") is not True:
            yield f"{place}/shown/{index}", f'{name!r} must be drawn with "hidden": true, so that no other seat sees it'
    if not isinstance(found["seat"], str) or not isinstance(instance.get("own", {}), dict):
        return
    allowed = {*shown, *known_names(instance), *own_names(instance, found["seat"])}
    for where, text in texts_of(found, place):
        for name in placeholders(text):
            if name not in allowed:
                yield where, f"{{{name}}} is no value that {found['seat']} is shown: name it in `shown`"


def _carried_out(found: Json, place: str, instance: Mapping[str, Json], roles: Sequence[str] | None) -> Problems:
    if not isinstance(found, dict) or len(found) != 1 or not set(found) <= set(CARRIED_OUT):
        yield place, f"expected an object with one member of {', '.join(CARRIED_OUT)}"
        return
    ((kind, value),) = found.items()
    if kind == "says":
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            yield f"{place}/says", "expected a list of values' names"
            return
        for index, name in enumerate(value):
            if name not in instance["values"]:
                yield f"{place}/says/{index}", f"there is no value {name!r}"
    elif kind == "copies":
        if not isinstance(value, str) or (roles is not None and value not in roles):
            yield f"{place}/copies", "is not a participant"
    elif kind == "mixes":
        if not isinstance(value, list) or not value:
            yield f"{place}/mixes", "expected a list of the roles out of whose values the seat makes one"
            return
        yield from ((f"{place}/mixes/{at}", "is not a participant") for at, role in enumerate(value)
                    if not isinstance(role, str) or (roles is not None and role not in roles))  # fmt: skip
    elif kind in ("drops", "delays"):
        yield from _handed(value, f"{place}/{kind}", instance, roles)
    elif value is not True:
        yield f"{place}/keeps_shut", "expected true"


def _handed(value: Json, place: str, instance: Mapping[str, Json], roles: Sequence[str] | None) -> Problems:
    """Check what is passed on late or never: a role's message to the seat, or a value that the seat was given."""
    if not isinstance(value, str):
        yield place, "expected the role that hands something over, or the name of a value that the seat was given"
    elif value not in instance["values"] and (roles is None or value not in roles):
        yield place, f"{value!r} is neither a participant nor a value"


def texts_of(found: Mapping[str, Json], place: str) -> Iterator[tuple[str, str]]:
    """Yield (pointer, text) for every well-formed text of a temptation that its seat is shown."""
    told = found.get("told")
    listed = [("gain", found.get("gain")), *((f"told/{at}", text) for at, text in enumerate(_list(told)))]
    return ((f"{place}/{name}", text) for name, text in listed if isinstance(text, str))


def _list(found: Json) -> list[Json]:
    return found if isinstance(found, list) else []


def _is_text(found: Json) -> bool:
    return isinstance(found, str) and bool(found.strip()) and len(found) <= MAX_CHARS
