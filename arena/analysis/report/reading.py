"""The records of a run as the report reads them: one at a time, also from a run that was never finished."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from arena.errors import DataError, Issue
from arena.records import STATUSES, Json
from arena.store.files import reading
from arena.store.finished_run import FinishedRun
from arena.store.journal import parse_line, read_lines
from arena.store.rundir import RECORDS_FILE, unchained

_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "key": str, "unit": str, "cell": dict, "plan": dict, "attempt": int, "status": str, "stop": str, "detail": str,
    "flags": list, "gates": list, "transcript": list, "usage": dict, "scores": dict, "unscored": (str, type(None)),
    "outcome": (str, type(None)), "verdict": (str, type(None)), "judging": dict,
}  # fmt: skip
"""What the report reads of a record, and of what type it must be (docs/run-directory.md)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is in matches.jsonl: number of matches, bytes, whether the file is as a session leaves it at its end, and
    whether its last line is torn."""

    matches: int
    size: int
    closed: bool
    torn: bool


class RunRecords:
    """The newest record of each trial, read one at a time. Held in memory: 8 bytes a record of an unfinished run.

    A finished run has one record per trial, in plan order. While a run goes on, or after a kill, a later record of a
    trial replaces an earlier one, and the last line may be torn; it is left out and `shape.torn` says so.
    """

    def __init__(self, run: FinishedRun) -> None:
        """Errors: DataError for a line that is not a record."""
        self._path = run.path / RECORDS_FILE
        self._offsets: array[int] | None = None
        self.shape = self._survey()

    def _survey(self) -> Shape:
        count, size, last = 0, 0, b""
        if self._path.exists():
            for _, line in read_lines(self._path):
                count, size, last = count + 1, size + len(line), line
        torn = bool(last) and not last.endswith(b"\n")
        closed = not torn and bool(last) and unchained(last) != last
        if count and not closed:
            newest: dict[str, int] = {}
            for number, (offset, line) in enumerate(read_lines(self._path), 1):
                if line.endswith(b"\n"):
                    key = parse_line(self._path, number, line).get("key")
                    newest.pop(str(key), None)
                    newest[str(key)] = offset
            self._offsets = array("Q", newest.values())
            count = len(newest)
        return Shape(count, size, closed, torn)

    def __iter__(self) -> Iterator[dict[str, Json]]:
        """Yield the records. Errors: DataError naming the line that is none, and the field that is wrong."""
        for number, line in enumerate(self._lines(), 1):
            record = parse_line(self._path, number, line)
            wrong = next(_problems(record), None)
            if wrong is not None:
                raise DataError([Issue(str(self._path), f"record {number}", wrong)])
            yield record

    def _lines(self) -> Iterator[bytes]:
        if self._offsets is None:
            if self._path.exists():
                yield from (line for _, line in read_lines(self._path))
            return
        with reading(self._path) as file:
            for offset in self._offsets:
                file.seek(offset)
                yield file.readline()


def _problems(record: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is wrong with a record."""
    for name, kind in _FIELDS.items():
        if name not in record:
            yield f"has no field {name!r}"
        elif not isinstance(record[name], kind):
            yield f"the field {name!r} is of another type than docs/run-directory.md says"
    if record.get("status") not in STATUSES:
        yield f"the status {record.get('status')!r} is none of {', '.join(STATUSES)}"
    yield from _inner_problems(record)


def _inner_problems(record: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is wrong inside the fields of a record whose fields are there."""
    if not all(isinstance(value, str) for value in record["cell"].values()):
        yield "a label in 'cell' is no text"
    for counters in record["usage"].values():
        if not isinstance(counters, dict) or not all(isinstance(value, int) for value in counters.values()):
            yield "the field 'usage' holds something else than counters"
    judging = record["judging"]
    if not isinstance(judging.get("checks", {}), dict):
        yield "the field 'judging/checks' is no object"
    verified = judging.get("verified")
    if verified is not None and not (
        isinstance(verified, dict)
        and isinstance(verified.get("scores"), dict)
        and isinstance(verified.get("outcome", 0), (str, type(None)))
        and all(isinstance(cap, dict) and isinstance(cap.get("reason"), str) for cap in verified.get("caps", [0]))
    ):
        yield "the field 'judging/verified' is not as docs/verified-scores.md says"
    for entry in record["transcript"]:
        if not (isinstance(entry, dict) and {"kind", "from", "turn"} <= set(entry)):
            yield "an entry of the transcript has no kind, from or turn"
