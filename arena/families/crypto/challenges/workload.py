"""The amount of work in a challenge, measured on its reference play without playing it. Pure.

It answers two questions. Do a run's limits leave room for players who need more turns and calls than the play? Which
difficulty does the work give a challenge, however well known its primitive is?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.data import roles
from arena.families.crypto.scripted import Line, Script
from arena.families.crypto.spec import CHALLENGES
from arena.records import Json

SLACK = 1.3
"""A run's limits should be this multiple of the reference play, so that players may ask and make mistakes."""

_DEFAULTS = {setting.name: setting.default for setting in CHALLENGES}
MOST_CALLS = int(_DEFAULTS["max_tool_calls_per_turn"] / SLACK)

OBLIGATION_EFFORT = 4
"""An obligation counts as this many calls, because somebody must think of that step."""

EASY, HARD = 19, 32
"""An effort up to the first number is Basic, from the second on Advanced: the thirds of the project's own set."""


class Workload(NamedTuple):
    """The size of a reference play: public turns, calls in all, and the most calls in one turn. A loop over values
    counts as one call, and so does a `batch`."""

    turns: int
    calls: int
    most_calls: int


def workload(script: Script, challenge: Mapping[str, Json]) -> Workload:
    """Return the size of a play of which every message is said."""
    seats, turns = roles(challenge), script.top.turns or {}
    last = calls = most = 0
    for place, seat in enumerate(seats):
        public = now = 0
        for line in turns.get(seat, ()):
            made = _calls(line)
            if made:
                now, calls = now + made, calls + made
                most = max(most, now)
            else:
                public, now = public + 1, 0
        last = max(last, place + (public - 1) * len(seats) + 1)
    return Workload(last, calls, most)


def ops_of(script: Script) -> frozenset[str]:
    """Return the ops that a play calls, those inside a `batch` included."""
    return frozenset(_ops([line.source for lines in (script.top.turns or {}).values() for line in lines if line.calls]))


def _ops(found: Json) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("op"), str):
            yield found["op"]
        for inner in found.values():
            yield from _ops(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _ops(inner)


def _calls(line: Line) -> int:
    return len(line.source["calls"]) if line.calls else 0


def difficulty_of(found: Workload, challenge: Mapping[str, Json]) -> str:
    """Return the difficulty by the work: the calls of the play, and the obligations of the challenge."""
    effort = found.calls + OBLIGATION_EFFORT * len(challenge.get("obligations", ()))
    return "Basic" if effort <= EASY else "Advanced" if effort >= HARD else "Intermediate"


def workload_problems(found: Workload, challenge: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield (member, message) if a limit leaves too little slack over the play, or if the difficulty is two steps away
    from the work in the play."""
    most_turns = int(turns_of(challenge, _DEFAULTS["max_turns"]) / SLACK)
    if found.turns > most_turns:
        yield "reference_play", f"takes {found.turns} turns; at most {most_turns} leave players {SLACK:.0%} of that"
    if found.most_calls > MOST_CALLS:
        yield (
            "reference_play",
            f"makes {found.most_calls} calls in a turn; at most {MOST_CALLS} leave players {SLACK:.0%} of that",
        )
    by_work = difficulty_of(found, challenge)
    if {challenge["difficulty"], by_work} == {"Basic", "Advanced"}:
        yield "difficulty", f"is {challenge['difficulty']}, and by its calls and obligations it is {by_work}"
