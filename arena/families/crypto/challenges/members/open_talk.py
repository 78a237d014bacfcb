"""The member `open_talk` of a challenge: its checks, and whether plain talk is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.checks.op_kinds import TELLS
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("right", "why")
MAX_WHY_CHARS = 600

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def talk_is_right(challenge: Mapping[str, Json]) -> bool:
    """Return whether a validated challenge declares plain talk to be right."""
    return "open_talk" in challenge


def open_talk_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with the declaration that plain talk is right.

    `pointer`: place of the challenge. `roles`: its role ids. An obligation must ask for something to be said. Otherwise
    nothing would separate a match in which it was said from one in which it was not.
    """
    found, place = challenge["open_talk"], f"{pointer}/open_talk"
    if not isinstance(found, dict):
        yield place, "expected an object with the members right: true, and why: a text"
        return
    yield from (
        (child(place, name), f"is not a member of open_talk; these are {', '.join(REQUIRED)}")
        for name in found if name not in REQUIRED
    )  # fmt: skip
    if found.get("right") is not True:
        yield f"{place}/right", "expected true; omit open_talk if open talk is not the right solution"
    why = found.get("why")
    if not isinstance(why, str) or not why.strip() or len(why) > MAX_WHY_CHARS:
        yield f"{place}/why", f"expected a text of at most {MAX_WHY_CHARS} characters: why nothing needs to be computed"
    obligations = challenge.get("obligations")
    ways = [
        way.get("made")
        for one in (obligations if isinstance(obligations, list) else []) if isinstance(one, dict)
        for way in (one["any"] if isinstance(one.get("any"), list) else []) if isinstance(way, dict)
    ]  # fmt: skip
    if TELLS not in ways:
        yield place, f"needs an obligation of the kind {TELLS}: what has to be said"
