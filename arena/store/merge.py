"""Merges the logs of several run directories of one plan: records, journal, timings.

All lines of a trial come from one directory, its owner, so no call is counted twice. A trial may be in several
directories if one is an older copy of another: the older one has the first of its calls. The lines of the result are
in plan order, trial by trial, so the result does not depend on the order in which the runs are named.
"""

from __future__ import annotations

import itertools
import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from arena.errors import DataError, Issue
from arena.store.chain import unchained
from arena.store.files import AtomicFile, reading
from arena.store.journal import JOURNAL_FILE, JOURNAL_MODE, TRIAL_START, parse_line, read_lines, readable
from arena.store.key_table import KeyTable
from arena.store.lines_by_key import LinesByKey, Place
from arena.store.reader import RecordFile
from arena.store.rundir import RECORDS_FILE, TIMINGS_FILE

_KEY = re.compile(rb'\{"key":("(?:[^"\\]|\\.)*")')


@dataclass(slots=True)
class Logs:
    """The logs of one run directory, with the places of each trial's lines. Memory: about 16 bytes per line."""

    path: Path
    detail: type | None
    """The family's class of Score.detail."""
    records: RecordFile = field(init=False)
    calls: LinesByKey = field(init=False)
    timings: LinesByKey = field(init=False)

    def __post_init__(self) -> None:
        """Errors: DataError for a line without the key of a trial, or a file that cannot be read."""
        self.records = RecordFile(self.path / RECORDS_FILE, self.detail)
        self.calls = _by_key(self.path / JOURNAL_FILE, TRIAL_START, "trial")
        self.timings = _by_key(self.path / TIMINGS_FILE, _KEY, "key")

    def all_keys(self) -> Iterator[str]:
        """Yield the keys of all trials that have a line, some of them several times."""
        return itertools.chain(self.calls, self.records.keys(), self.timings)


def _by_key(path: Path, start: re.Pattern[bytes], member: str) -> LinesByKey:
    found = LinesByKey()
    if readable(path):
        for number, (offset, line) in enumerate(read_lines(path), 1):
            if not line.endswith(b"\n"):
                break  # torn by a kill: not a line yet
            began = start.match(line)
            key = json.loads(began[1]) if began else parse_line(path, number, line).get(member)
            if not isinstance(key, str):
                raise DataError([Issue(str(path), f"line {number}", f"has no {member}")])
            found.add(key, Place(number, offset))
    return found


def _lines(file: BufferedReader | None, places: Iterable[Place]) -> Iterator[bytes]:
    for place in places:
        assert file is not None
        file.seek(place.offset)
        yield file.readline()


def merge_logs(out: Path, sources: Sequence[Logs], keys: Iterable[str]) -> None:
    """Write the logs of the run directory `out` again, from those of `sources`, which may include `out`.

    `keys`: of the trials that belong there, in plan order; lines of other trials are left out. The records are not
    chained yet (closing.py). Errors: DataError if two sources played one trial independently.
    """
    with ExitStack() as stack:
        journals = [_opened(stack, source.path / JOURNAL_FILE, source.calls) for source in sources]
        owned = KeyTable()
        owner_of = array("I")
        for key in keys:
            owner = _owner(key, sources, journals)
            if owner is not None:
                owned.add(key)
                owner_of.append(owner)
        journal = _new(stack, out / JOURNAL_FILE, JOURNAL_MODE)
        for key, owner in zip(owned, owner_of, strict=True):
            for line in _lines(journals[owner], sources[owner].calls.of(key)):
                journal.write(line)
        journal.close()
        timings = _new(stack, out / TIMINGS_FILE)
        logs = [_opened(stack, source.path / TIMINGS_FILE, source.timings) for source in sources]
        for key, owner in zip(owned, owner_of, strict=True):
            for line in _lines(logs[owner], sources[owner].timings.of(key)):
                timings.write(line)
        timings.close()
        records = _new(stack, out / RECORDS_FILE)
        chosen = [source.records.chosen(_of_owner(number, owned, owner_of)) for number, source in enumerate(sources)]
        for key, owner in zip(owned, owner_of, strict=True):
            if key in sources[owner].records:
                line, _ = next(chosen[owner])
                records.write(unchained(line))
        records.close()


def _of_owner(number: int, owned: KeyTable, owner_of: Iterable[int]) -> Iterator[str]:
    return (key for key, owner in zip(owned, owner_of, strict=True) if owner == number)


def _new(stack: ExitStack, path: Path, mode: int = 0o666) -> AtomicFile:
    file = AtomicFile(path, mode=mode)
    stack.callback(file.discard)
    return file


def _opened(stack: ExitStack, path: Path, places: LinesByKey) -> BufferedReader | None:
    return stack.enter_context(reading(path)) if places else None


def _owner(key: str, sources: Sequence[Logs], journals: Sequence[BufferedReader | None]) -> int | None:
    """Return the source that has the most lines of a trial, None if none has any."""
    having = [n for n, source in enumerate(sources) if key in source.calls or key in source.records]
    if len(having) < 2:
        return having[0] if having else None
    best = max(having, key=lambda n: (sum(1 for _ in sources[n].calls.of(key)), key in sources[n].records, -n))
    whole = list(_lines(journals[best], sources[best].calls.of(key)))
    for other in having:
        theirs = list(_lines(journals[other], sources[other].calls.of(key)))
        if theirs != whole[: len(theirs)] or (len(theirs) == len(whole) and not _same(key, sources, best, other)):
            raise DataError([
                Issue(f"{sources[other].path}/{RECORDS_FILE}", key,
                      f"was also played in {sources[best].path}, independently: leave one of the two runs out")
            ])  # fmt: skip
    return best


def _same(key: str, sources: Sequence[Logs], one: int, other: int) -> bool:
    """Return whether two sources have the same record of a trial, or the second has none."""
    if one == other or key not in sources[other].records:
        return True
    (line, _), (theirs, _) = (next(sources[n].records.chosen([key])) for n in (one, other))
    return unchained(line) == unchained(theirs)
