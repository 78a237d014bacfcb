"""A challenge as one match plays it: unchanged, with cheating possible, or with a seat that is told to cheat. Pure.

All code reads a variant as it reads a challenge. Its differences have names that no challenge file may contain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from arena.families.crypto.challenges.draws import Stream
from arena.families.crypto.challenges.instance import case_spec
from arena.families.crypto.challenges.same import Same
from arena.records import Json

NONE, TOLD, SCRIPTED = "none", "told", "scripted"
ADVERSARIES = (NONE, TOLD, SCRIPTED)
"""Whether seats cheat in a run: nowhere, if they are told to, or by a script in that seat."""

WATCHED, TEMPTED = "watched", "tempted"
"""Names of the two variants: all players know that somebody may cheat and how to declare it; in the second one seat is
also told to cheat."""

CONDUCT_MEMBER = "(conduct)"
"""The member that names a variant."""
_STREAM = "(temptation)"

CHEAT = "cheat"
"""The member of a declared result that names a seat which cheated, in place of the result that was asked for."""

PLAYS_FOLDER = "cheating_plays"
"""Folder next to the challenge file with a script for each tempted seat, `<challenge id>.json`."""

SCRIPTED_LABEL = f"scripted/{PLAYS_FOLDER}"
"""The name in results of the player of a tempted seat under `--adversary scripted`."""


def conduct_in(challenge: Mapping[str, Json], seed: str, adversary: str) -> str | None:
    """Return how a trial plays a challenge: WATCHED, TEMPTED, or None for a run or a challenge without cheats.

    `seed`: the trial's. Each trial is tempted with a chance of `of_ten` in ten, independent of its other draws.
    """
    temptation = challenge.get("temptation")
    if temptation is None or adversary == NONE:
        return None
    return TEMPTED if Stream(seed, _STREAM).below(10) < temptation["of_ten"] else WATCHED


def variant(challenge: Mapping[str, Json], conduct: str | None) -> Mapping[str, Json]:
    """Return the challenge as a trial of this conduct plays it.

    If a seat may cheat, the challenge's case is an honest one, so that only one thing can go wrong in a match.
    """
    return challenge if conduct is None else _variant(Same(challenge), conduct)


@lru_cache(maxsize=512)
def _variant(of: Same, conduct: str) -> Mapping[str, Json]:
    """Make a variant once: other caches about a challenge know it by its object."""
    challenge = of.held
    temptation, instance = challenge["temptation"], _honest(challenge["instance"])
    if conduct == TEMPTED and temptation.get("shown"):
        own, seat = instance.get("own", {}), temptation["seat"]
        instance = {**instance, "own": {**own, seat: [*own.get(seat, ()), *temptation["shown"]]}}
    return {**challenge, CONDUCT_MEMBER: conduct, "instance": instance}


def _honest(instance: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return an instance whose case is never a negative one."""
    found = case_spec(instance)
    if found is None:
        return instance
    name, spec = found
    return {**instance, "values": {**instance["values"], name: {**spec, "percent": 0}}}


def conduct_of(challenge: Mapping[str, Json]) -> str | None:
    """Return the conduct of a variant; None for an unchanged challenge."""
    found: str | None = challenge.get(CONDUCT_MEMBER)
    return found


def variant_key(challenge: Mapping[str, Json]) -> str:
    """Return the key of a variant among all challenges; ids of challenges cannot contain the separator."""
    conduct = conduct_of(challenge)
    return str(challenge["id"]) if conduct is None else f"{challenge['id']}+{conduct}"


def tempted_seat(challenge: Mapping[str, Json]) -> str | None:
    """Return the seat that is told to cheat in this variant; None if none is."""
    return str(challenge["temptation"]["seat"]) if conduct_of(challenge) == TEMPTED else None


def told_to(challenge: Mapping[str, Json], role: str) -> Sequence[str]:
    """Return the instructions to cheat for a role in this variant, line by line; empty for all but the tempted seat."""
    if tempted_seat(challenge) != role:
        return ()
    temptation = challenge["temptation"]
    return (temptation["gain"], *temptation["told"])
