"""Reads a run directory after the run, for the commands that verify, judge again, compare and report.

Nothing is written here and nothing is held but offsets: a run of any size is read one record at a time.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError, Issue, UsageError
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.records import Json
from arena.store.files import reading, require_plain
from arena.store.journal import JOURNAL_FILE, parse_line, read_lines
from arena.store.rundir import MANIFEST_FILE, RECORDS_FILE, SUMMARY_FILE


class Source(NamedTuple):
    """The run whose matches another run judges again: where the matches lie, what the other one's identity says of it,
    and the lines of its inputs/plays.jsonl."""

    path: Path
    identity: dict[str, Json]
    plays: tuple[dict[str, Json], ...]


def _readable(path: Path) -> bool:
    """Whether there is a file to read. Errors: DataError where there is something that cannot be read."""
    if not os.path.lexists(path):
        return False
    try:
        with reading(path):
            return True
    except OSError as error:
        raise DataError([Issue(str(path), "", f"cannot be read: {error.strerror}")]) from None


class FinishedRun:
    """One run directory, read only. `manifest` is its manifest.json, `identity` what the run is."""

    def __init__(self, path: Path) -> None:
        """Errors: UsageError when `path` is not a run directory; DataError when its manifest cannot be read, or when it
        holds anything but regular files and folders (arena/store/files.py)."""
        self.path = path
        if not os.path.lexists(path / MANIFEST_FILE):
            raise UsageError(f"{path} is not a run directory: it has no {MANIFEST_FILE}")
        require_plain(path)
        self.manifest = self.json_file(MANIFEST_FILE)
        identity = self.manifest.get("identity")
        if not isinstance(identity, dict):
            raise DataError([Issue(str(path / MANIFEST_FILE), "/identity", "must be an object")])
        self.identity: dict[str, Json] = identity
        self._calls: dict[str, array[int]] | None = None

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

    def records(self) -> Iterator[dict[str, Json]]:
        """Yield the records in the order of matches.jsonl; none where no match has finished."""
        path = self.path / RECORDS_FILE
        if _readable(path):
            for number, (_, raw) in enumerate(read_lines(path), 1):
                yield parse_line(path, number, raw)

    def calls(self, key: str) -> Iterator[dict[str, Json]]:
        """Yield the lines of api_calls.jsonl that belong to one trial, of all its attempts, as they were written."""
        path = self.path / JOURNAL_FILE
        if self._calls is None:
            self._calls = self._index(path)
        if key in self._calls:
            with reading(path) as file:
                for offset in self._calls[key]:
                    file.seek(offset)
                    yield parse_line(path, 0, file.readline())

    def _index(self, path: Path) -> dict[str, array[int]]:
        found: dict[str, array[int]] = {}
        if _readable(path):
            for number, (offset, raw) in enumerate(read_lines(path), 1):
                key = parse_line(path, number, raw).get("trial")
                if not isinstance(key, str):
                    raise DataError([Issue(str(path), f"line {number}", "names no trial")])
                found.setdefault(key, array("Q")).append(offset)
        return found
