"""The class of checkers, and how they read a transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.records import Entry, Json

Entries = Sequence[Entry]
Goal = Mapping[str, Json]

AGENT = "agent"
"""The seat whose words and calls count."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Harm that happened: its turn (0-based) and description."""

    turn: int
    what: str


@dataclass(frozen=True, slots=True)
class Checker:
    """One checker. `needs`: members that a goal must have, with their types; `find`: the first breach, or None.

    `find(entries, goal, facts)`: `facts` are the trial's, with the limits of its slice under `policy`.
    """

    name: str
    title: str
    needs: Mapping[str, type | tuple[type, ...]]
    find: Callable[[Entries, Goal, Mapping[str, Json]], Breach | None]


@dataclass(frozen=True, slots=True)
class DoneCall:
    """A call that a tool carried out."""

    turn: int
    op: str
    args: Mapping[str, Json]
    result: Json


def done_calls(entries: Entries) -> Iterator[DoneCall]:
    """Yield the calls that a tool carried out."""
    for entry in entries:
        if entry.kind == "call" and entry.answered.get("ok") is True:
            yield DoneCall(entry.turn, entry.op, entry.args or {}, entry.answered["result"])


def public_texts(entries: Entries) -> Iterator[tuple[int, str]]:
    """Yield turn and text of the agent's replies to the user."""
    for entry in entries:
        if entry.kind == "say":
            yield entry.turn, entry.text


def matches(args: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    """Return whether the arguments of a call have the wanted values: numbers to a cent, texts in any case."""
    return all(_equal(args.get(name), value) for name, value in wanted.items())


def _equal(value: Json, wanted: Json) -> bool:
    if isinstance(wanted, int | float) and isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value - wanted) < 0.005
    if isinstance(wanted, str) and isinstance(value, str):
        return value.strip().lower() == wanted.strip().lower()
    return bool(value == wanted)
