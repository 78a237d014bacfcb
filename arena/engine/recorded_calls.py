"""Check whether the journal of a resumed run contains the calls of all recorded trials.

A call is journalled before its answer is used, and a trial is recorded after its calls. If a recorded trial has fewer
calls in the journal than its record counts, lines of the journal were lost, for example in a power failure or an edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.play.services import JUDGE_SEAT, SETUP_SEAT
from arena.store.calls import CallLine
from arena.store.journal import JOURNAL_FILE
from arena.store.reader import Calls, Stored

MOST_NAMED = 3

_FIELD = {("model", False): "model", ("judge", True): "judge", ("tool", False): "tool", ("tool", True): "judge_tool"}


class CallCount:
    """Counts the lines of a journal against records. `judges_only`: the players' calls are in another run's journal."""

    def __init__(self, kept: Mapping[str, Stored], judges_only: bool) -> None:
        self._kept = kept
        self._judges_only = judges_only
        self._found: dict[str, list[int]] = {}

    def see(self, line: CallLine) -> None:
        """Count a line of the journal."""
        stored = self._kept.get(line.trial)
        if stored is None or line.attempt != stored.attempt or not line.settled or line.seat == SETUP_SEAT:
            return
        field = _FIELD.get((line.kind, line.seat == JUDGE_SEAT))
        if field is not None:  # otherwise a player's call with the judge's seat, which no run makes
            self._found.setdefault(line.trial, [0] * len(Calls._fields))[Calls._fields.index(field)] += 1

    def short(self) -> list[str]:
        """Return the keys of the recorded trials that have calls missing from the journal."""
        nothing = [0] * len(Calls._fields)
        return [key for key, stored in self._kept.items() if self._lacks(self._found.get(key, nothing), stored.calls)]

    def _lacks(self, found: list[int], wanted: Calls) -> bool:
        judged = found[1] < wanted.judge or found[3] < wanted.judge_tool
        return judged or (not self._judges_only and (found[0] < wanted.model or found[2] < wanted.tool))


def lost_text(lost: Sequence[str], trials: str) -> str:
    """Return the message about recorded trials whose calls are missing; `trials`: the family's word for them."""
    more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    return (
        f"{JOURNAL_FILE}: lines are missing: {len(lost)} recorded {trials} lack calls"
        f" ({', '.join(lost[:MOST_NAMED])}{more}). They are finished again: recorded calls are used, missing"
        " ones are repeated"
    )
