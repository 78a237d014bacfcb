"""The bundles of a run: small files about each trial, all derived from its record.

`all`: separate files, in `matches/<folder>/`.  `packed`: one file, `bundles.jsonl`, with a line a trial:

    {"folder":"matches/c1/rep_0","files":{"match.json":"...","role_views/Ana.json":"..."}}

`none`: nothing. They are written as trials finish, so they can be read during the run. They can be made again from the
record at any time: no command reads them except verify, which compares them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from arena.formats.decode import decode
from arena.store.files import AtomicFile, create, opened_folder, write_all
from arena.store.journal import AppendFile, encode_line, parse_line
from arena.store.manifest import Manifest

ALL, PACKED, NONE = "all", "packed", "none"
BUNDLES_FILE = "bundles.jsonl"
BUNDLES_DIR = "matches"


class Bundle(NamedTuple):
    """The files of one trial: `folder` below the run, path below the folder -> content (UTF-8)."""

    folder: str
    files: Mapping[str, bytes]

    def packed(self) -> bytes:
        """Return the line of bundles.jsonl."""
        return encode_line({"folder": self.folder, "files": {name: data.decode() for name, data in self.files.items()}})

    @staticmethod
    def unpacked(line: bytes, place: str) -> Bundle:
        """Return the bundle of a line of bundles.jsonl. Errors: DataError naming the place."""
        found = decode(_Line, parse_line(Path(BUNDLES_FILE), 1, line), BUNDLES_FILE, place)
        return Bundle(found.folder, {name: text.encode() for name, text in found.files.items()})


@dataclass(frozen=True, slots=True)
class _Line:
    folder: str
    files: Mapping[str, str]


def bundles_of(manifest: Manifest) -> str:
    """Return the form of a run's bundles: that of the last session that named one, else `all`."""
    told = [session.operation.get("bundles") for session in manifest.sessions]
    return next((str(how) for how in reversed(told) if how is not None), ALL)


def write_files(run_dir: Path, bundle: Bundle) -> None:
    """Write each file of a bundle; they are derived, so an incomplete file after a kill does no harm. Errors:
    OSError."""
    inner = {name.rpartition("/")[0] for name in bundle.files}
    with opened_folder(run_dir, bundle.folder, make=True) as top:
        for part in sorted(inner):
            with opened_folder(top, part, make=True) as folder:
                for name, data in bundle.files.items():
                    if name.rpartition("/")[0] == part:
                        _write(folder, name.rpartition("/")[2], data)


def _write(folder: int, name: str, data: bytes) -> None:
    descriptor = create(folder, name)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


class Keeper(Protocol):
    """Takes bundles."""

    def add(self, bundle: Bundle) -> None:
        """Errors: OSError, StorageFault."""
        ...

    def close(self) -> None: ...

    def discard(self) -> None:
        """Remove an incomplete file."""
        ...


class _Files:
    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def add(self, bundle: Bundle) -> None:
        write_files(self._run_dir, bundle)

    def close(self) -> None:
        """Every file is there already."""

    def discard(self) -> None:
        """What is there can be rebuilt."""


class _Growing:
    """bundles.jsonl while trials are played: a kill tears at most its last line."""

    def __init__(self, path: Path, fsync: bool) -> None:
        self._file = AppendFile(path, fsync)

    def add(self, bundle: Bundle) -> None:
        self._file.append(bundle.packed())

    def close(self) -> None:
        self._file.close()

    discard = close


class _Whole:
    """bundles.jsonl in its final form: one line a trial, in plan order."""

    def __init__(self, path: Path) -> None:
        self._file = AtomicFile(path)

    def add(self, bundle: Bundle) -> None:
        self._file.write(bundle.packed())

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        self._file.discard()


def playing(how: str, run_dir: Path, logs: Path, fsync: bool) -> Keeper | None:
    """Return the receiver of bundles while trials finish; `logs`: the folder of this process's logs. None: not kept.

    Errors: UsageError if nothing can be appended.
    """
    if how == NONE:
        return None
    return _Files(run_dir) if how == ALL else _Growing(logs / BUNDLES_FILE, fsync)


def rebuilding(how: str, run_dir: Path) -> Keeper | None:
    """Remove the bundles of another form, and return the receiver of the bundles of all records, in plan order. None:
    they are not kept. Errors: OSError.
    """
    if how != ALL and (run_dir / BUNDLES_DIR).is_dir():
        shutil.rmtree(run_dir / BUNDLES_DIR)
    if how != PACKED:
        (run_dir / BUNDLES_FILE).unlink(missing_ok=True)
    if how == NONE:
        return None
    return _Files(run_dir) if how == ALL else _Whole(run_dir / BUNDLES_FILE)
