"""The resume index of a run that was played in one go, from the lines as they were written, so that no file of the run
is read again for it (store/resume_index.py)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from arena.messages import Usage
from arena.play.services import JUDGE_SEAT, SETUP_SEAT
from arena.records import STOPS, Json, Record
from arena.store import resume_index
from arena.store.journal import AppendFile, encode_line
from arena.store.resume_index import Spent

_PLACES = {("model", False): 0, ("judge", True): 1, ("tool", False): 2, ("tool", True): 3}
"""Kind of a call, and whether it is a judge's -> place of its count."""


class EarlyIndex:
    """What the index says of the calls and records of one session. Thread-safe."""

    def __init__(self, judges_only: bool) -> None:
        """`judges_only`: as of CallCount (recorded_calls.py)."""
        self._judges_only = judges_only
        self._lock = threading.Lock()
        self._rows = bytearray()
        self._number = self._offset = 0
        self._calls: dict[str, list[int]] = {}
        """Key of a trial without a record so far -> its calls that need not be made again, by their place."""
        self._spent: dict[str, Spent] = {}
        self._not_sent: dict[str, set[str]] = {}
        self._short = False

    def call(self, fields: Mapping[str, Json]) -> None:
        """Take in a line that was appended to the journal."""
        with self._lock:
            if "fault" not in fields and fields["seat"] != SETUP_SEAT:
                place = _PLACES.get((fields["kind"], fields["seat"] == JUDGE_SEAT))
                if place is not None:
                    self._calls.setdefault(fields["trial"], [0, 0, 0, 0])[place] += 1
            model = fields.get("provider")
            if model:
                self._spend(model, fields)

    def _spend(self, model: str, fields: Mapping[str, Json]) -> None:
        spent = self._spent.get(model)
        if spent is None:
            spent = self._spent[model] = Spent()
        reply, assumed, http = fields.get("reply"), fields.get("assumed"), fields.get("http") or ()
        spent.attempts += max(1, len(http))
        spent.unknown += sum(attempt.get("may_be_billed", False) for attempt in http)
        if reply is not None:
            spent.take(Usage(**reply["usage"]))
            spent.largest = max(spent.largest, reply["usage"]["completion_tokens"])
            if reply.get("not_sent"):
                self._not_sent.setdefault(model, set()).update(reply["not_sent"])
        if assumed is not None:
            spent.take(Usage(**assumed))

    def record(self, record: Record, size: int) -> None:
        """Take in a record in plan order, once all its calls were; `size`: bytes of its line in the finished file."""
        usage, judging = record.transcript.usage.values(), record.score.judging.usage
        model, tool = sum([seat.calls for seat in usage]), sum([seat.tool_calls for seat in usage])
        with self._lock:
            found = self._calls.pop(record.key, (0, 0, 0, 0))
            if STOPS[record.stop].kept:
                judged = found[1] < judging.calls or found[3] < judging.tool_calls
                self._short |= judged or (not self._judges_only and (found[0] < model or found[2] < tool))
            self._number += 1
            place = (self._number, self._offset)
            row = [record.key, *place, record.stop, record.attempt, model, judging.calls, tool, judging.tool_calls]
            self._rows += encode_line(row)
            self._offset += size

    def write(self, run_dir: Path, journal: AppendFile) -> bool:
        """Write the index, if the run is large enough for one and lacks no call; `journal`: as it was appended.

        Return False if the files of the run are not those that were written here: they must be read. Errors: OSError.
        """
        with self._lock:
            if self._short or not all(one.sums for one in self._spent.values()):
                return True
            not_sent = {model: tuple(sorted(names)) for model, names in sorted(self._not_sent.items())}
            index = resume_index.Early(self._number, self._offset, journal.print(), self._spent, not_sent)
            return resume_index.write_early(run_dir, index, self._rows)
