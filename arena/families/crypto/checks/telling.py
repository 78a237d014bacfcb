"""Values that seats said or kept secret in plain words: the obligations that no call can meet. Pure.

Where plain talk is what a matter needs, the thing to do is to say it, and in time; where a wish cannot be granted, it
may be to say nothing. Ceremony is neither.
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
"""Replaces the op if a turn, and not a call, meets an obligation."""


class Telling(NamedTuple):
    """The first turn in which a seat says all of a value in plain, and its number among the seat's turns, from 1.
    `nth` is 0 where it was never said to everybody."""

    turn: int
    nth: int


Told = Mapping[tuple[str, str], Telling]
"""(Seat, name of a value) -> when it was said; values that were never said are missing."""


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
    """Return the turns by which a seat met an obligation in words; None if it did not, or where it is none.

    `tells`: all values were said to everybody, within the seat's first `within` turns where that is given.  `keeps`:
    none of them was said to anybody.
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
