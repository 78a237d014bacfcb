"""Obligations that no call can meet: values that seats must say in plain words, or must not say. Pure.

Where a matter needs plain talk, the seat must say the value, and in time. Where a wish cannot be granted, the right
conduct may be to say nothing. No computation replaces either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from arena.families.crypto.checks.atoms import atoms, named
from arena.families.crypto.checks.folding import reading
from arena.families.crypto.checks.op_kinds import KEEPS, TELLS
from arena.families.crypto.checks.results import CallOfObligation
from arena.families.crypto.views import spoken
from arena.records import EVERYBODY, Entry, Json

SAYS = "says"
"""Stands in place of an op if a turn, and not a call, meets an obligation."""


class Telling(NamedTuple):
    """The first turn in which a seat says all of a value in plain, and the number of that turn among the seat's turns,
    from 1.

    `nth` is 0 if the seat never said it to everybody.
    """

    turn: int
    nth: int


Told = Mapping[tuple[str, str], Telling]
"""(Seat, name of a value) -> when it was said. Values that were never said are missing."""


def tellings(
    entries: Sequence[Entry], listed: Sequence[Mapping[str, Json]], values: Mapping[str, Json]
) -> dict[tuple[str, str], Telling]:
    """Return when each seat said the values that an obligation in words names for it."""
    watched = {
        (seat, name)
        for obligation in listed if _kinds(obligation) & {TELLS, KEEPS}
        for seat, names in obligation["of"].items()
        for name in names if name in values
    }  # fmt: skip
    found: dict[tuple[str, str], Telling] = {}
    turns: dict[str, int] = {}
    for entry in entries if watched else ():
        if entry.kind != "say":
            continue
        turns[entry.seat] = turns.get(entry.seat, 0) + 1
        text = reading(spoken(entry)).folded
        nth = turns[entry.seat] if entry.to == EVERYBODY else 0
        for seat, name in watched:
            before = found.get((seat, name))
            if seat != entry.seat or (before is not None and (before.nth or not nth)):
                continue
            if all(named(atom, text) for atom in atoms(values[name])):
                found[seat, name] = Telling(entry.turn, nth)
    return found


def met_in_words(
    obligation: Mapping[str, Json], maker: str, holding: Sequence[str], told: Told
) -> list[CallOfObligation] | None:
    """Return the turns by which a seat met an obligation in words; None if it did not meet it, or if it is not such an
    obligation.

    `tells`: the seat said all values to everybody, within its first `within` turns if that is given. `keeps`: it said
    none of them to anybody.
    """
    kinds = _kinds(obligation)
    said = [told.get((maker, name)) for name in holding]
    if KEEPS in kinds and not any(said):
        return []
    if TELLS in kinds:
        latest = obligation.get("within", float("inf"))
        in_time = [one for one in said if one is not None and 0 < one.nth <= latest]
        if len(in_time) == len(said):
            return [CallOfObligation(one.turn, maker, SAYS) for one in in_time]
    return None


def _kinds(obligation: Mapping[str, Json]) -> set[str]:
    return {way["made"] for way in obligation.get("any", ())}
