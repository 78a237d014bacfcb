"""Reads a run directory after the run, for the commands that verify, score again, compare and report.

Nothing is written, and only places in files are kept in memory: a run of any size is read one record at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError, Issue, UsageError
from arena.formats.bounded import parse_json
from arena.formats.decode import encode
from arena.formats.strict_json import read_bytes
from arena.records import GateDecision, Json
from arena.stops import Stop
from arena.store.calls import CallLine
from arena.store.files import reading, require_plain
from arena.store.journal import JOURNAL_FILE, parse_line, read_calls
from arena.store.lines_by_key import LinesByKey
from arena.store.manifest import Manifest, SourceIdentity
from arena.store.not_a_run import not_a_run
from arena.store.reader import RecordFile
from arena.store.rundir import MANIFEST_FILE, RECORDS_FILE, SUMMARY_FILE


@dataclass(frozen=True, slots=True)
class PlayRow:
    """One trial of a run that is scored again: a line of inputs/plays.jsonl.

    `gates`: decisions about its players.  `scores` is None if it had none.  `sha256`: digest of the play.
    """

    key: str
    seed: str
    stop: Stop
    detail: str
    gates: tuple[GateDecision, ...]
    scores: dict[str, float | None] | None
    outcome: str | None
    sha256: str

    def to_json(self) -> dict[str, Json]:
        return encode(self)


class Source(NamedTuple):
    """The run that another one scores again: the place of its records, its identity, and its plays."""

    path: Path
    identity: SourceIdentity
    plays: tuple[PlayRow, ...]


class FinishedRun:
    """One run directory, read only. `manifest` is its manifest.json, `identity` the identity as JSON."""

    def __init__(self, path: Path, detail: type | None = None, verifying: bool = False) -> None:
        """`detail`: the class of Score.detail that the run's family declares; see engine/finished.py, `opened`.
        `verifying`: also read a manifest that contradicts itself.

        Errors: UsageError when `path` is not a run directory; DataError when its manifest is damaged, or when it
        contains anything except regular files and folders (arena/store/files.py).
        """
        self.path = path
        self.detail = detail
        if not os.path.lexists(path / MANIFEST_FILE):
            raise UsageError(not_a_run(path))
        require_plain(path)
        found = self.json_file(MANIFEST_FILE)
        self.manifest = (Manifest.decoded if verifying else Manifest.from_json)(found, path / MANIFEST_FILE)
        self.identity: dict[str, Json] = found["identity"]
        self._calls: LinesByKey | None = None

    @property
    def name(self) -> str:
        """The directory's own name, for tables."""
        return self.path.resolve().name

    def json_file(self, name: str) -> dict[str, Json]:
        """Return a JSON object of this run by file name. Errors: DataError when it is missing or not an object."""
        path = self.path / name
        if not path.is_file():
            raise DataError([Issue(str(path), "", "the file is missing; `--resume` finishes an unfinished run")])
        value = parse_json(read_bytes(path), str(path))
        if not isinstance(value, dict):
            raise DataError([Issue(str(path), "", "must be a JSON object")])
        return value

    def summary(self) -> dict[str, Json]:
        """Return summary.json."""
        return self.json_file(SUMMARY_FILE)

    @cached_property
    def records(self) -> RecordFile:
        """The records, to iterate over or to look up by key. Errors: as of RecordFile."""
        return RecordFile(self.path / RECORDS_FILE, self.detail)

    def calls(self, key: str) -> Iterator[CallLine]:
        """Yield the calls of one trial, of all its attempts, in the order of the file. Errors: as of read_calls."""
        path = self.path / JOURNAL_FILE
        if self._calls is None:
            found = LinesByKey()
            for place, line in read_calls(path):
                found.add(line.trial, place)
            self._calls = found
        if key in self._calls:
            with reading(path) as file:
                for number, offset in self._calls.of(key):
                    file.seek(offset)
                    raw = parse_line(path, number, file.readline())
                    yield CallLine.from_json(raw, str(path), f"line {number}")
