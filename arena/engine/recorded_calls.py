"""Check whether the journal of a resumed run contains the calls of all recorded trials.

A call is journalled before its answer is used, and a trial is recorded after its calls. If a recorded trial has fewer
calls in the journal than its record counts, lines of the journal were lost, for example in a power failure or an edit.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from arena.play.services import JUDGE_SEAT, SETUP_SEAT
from arena.store.calls import CallLine
from arena.store.journal import JOURNAL_FILE
from arena.store.stored import Calls, Stored, StoredRecords

MOST_NAMED = 3

_FIELD = {("model", False): 0, ("judge", True): 1, ("tool", False): 2, ("tool", True): 3}
"""Kind of a call, and whether it is a judge's -> place of its count in Calls."""


def _every(one: Stored) -> bool:
    return True


class CallCount:
    """Counts the lines of a journal against records. `judges_only`: the players' calls are in another run's journal."""

    def __init__(self, stored: StoredRecords, judges_only: bool, kept: Callable[[Stored], bool] = _every) -> None:
        """`kept`: whether the calls of a record must be there."""
        self._stored = stored
        self._judges_only = judges_only
        self._kept = kept
        self._found = array("I", bytes(4 * len(Calls._fields))) * stored.numbers

    def see(self, line: CallLine) -> None:
        """Count a line of the journal."""
        if not line.settled or line.seat == SETUP_SEAT:
            return
        number = self._stored.number(line.trial)
        if number is None or line.attempt != self._stored.attempt(number):
            return
        field = _FIELD.get((line.kind, line.seat == JUDGE_SEAT))
        if field is not None:  # otherwise a player's call with the judge's seat, which no run makes
            self._found[number * len(Calls._fields) + field] += 1

    def short(self) -> list[str]:
        """Return the keys of the recorded trials that have calls missing from the journal."""
        return [key for key, one in self._stored.items() if self._kept(one) and self._lacks(key, one.calls)]

    def _lacks(self, key: str, wanted: Calls) -> bool:
        number = self._stored.number(key)
        assert number is not None
        first = number * len(Calls._fields)
        found = Calls(*self._found[first : first + len(Calls._fields)])
        judged = found.judge < wanted.judge or found.judge_tool < wanted.judge_tool
        return judged or (not self._judges_only and (found.model < wanted.model or found.tool < wanted.tool))


def lost_text(lost: Sequence[str], trials: str) -> str:
    """Return the message about recorded trials whose calls are missing; `trials`: the family's word for them."""
    more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    return (
        f"{JOURNAL_FILE}: lines are missing: {len(lost)} recorded {trials} lack calls"
        f" ({', '.join(lost[:MOST_NAMED])}{more}). They are finished again: recorded calls are used, missing"
        " ones are repeated"
    )
