"""The bundles of a run: small files about each trial, all derived from its record.

`all`: separate files, in `matches/<folder>/`.  `packed`: one file, `bundles.jsonl`, with a line per trial:

    {"folder":"matches/c1/rep_0","files":{"match.json":"...","role_views/Ana.json":"..."}}

`none`: nothing. They are written as trials finish, so they can be read during the run; packed ones of several processes
are written at its end. They can be made again from the record at any time: no command reads them except verify, which
compares them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from arena.formats.decode import decode
from arena.store.files import AtomicFile, create, open_folder, opened_folder, write_all
from arena.store.journal import AppendFile, encode_line, parse_line
from arena.store.manifest import Manifest

ALL, PACKED, NONE = "all", "packed", "none"
BUNDLES_FILE = "bundles.jsonl"
BUNDLES_DIR = "matches"
MOST_HELD = 8
"""Folders that stay open while bundles are written into folders below them."""


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


def write_files(above: Path | int, bundle: Bundle, folder: str) -> None:
    """Write each file of a bundle into `folder` below `above`, a folder or its descriptor; they are derived, so an
    incomplete file after a kill does no harm. Errors: OSError."""
    by_folder: dict[str, list[tuple[str, bytes]]] = {}
    for path, data in bundle.files.items():
        inner, _, name = path.rpartition("/")
        by_folder.setdefault(inner, []).append((name, data))
    with opened_folder(above, folder, make=True) as top:
        for inner, files in by_folder.items():
            if not inner:
                _write(top, files)
                continue
            with opened_folder(top, inner, make=True) as deeper:
                _write(deeper, files)


def _write(folder: int, files: Sequence[tuple[str, bytes]]) -> None:
    for name, data in files:
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
    """Separate files. The folders above those of the bundles are few, and some of them are held open."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._above: dict[str, int] = {}

    def add(self, bundle: Bundle) -> None:
        above, _, last = bundle.folder.rpartition("/")
        held = self._above.get(above)
        if held is None and len(self._above) < MOST_HELD:
            held = self._hold(above)
        if held is None:
            write_files(self._run_dir, bundle, bundle.folder)
        else:
            write_files(held, bundle, last)

    def _hold(self, above: str) -> int:
        opened = open_folder(self._run_dir, above, make=True)
        held = self._above.setdefault(above, opened)
        if held != opened:  # another thread was quicker
            os.close(opened)
        return held

    def close(self) -> None:
        """Every file is there already."""
        while self._above:
            os.close(self._above.popitem()[1])

    def discard(self) -> None:
        """What is there can be rebuilt."""
        self.close()


class _Growing:
    """bundles.jsonl while trials are played: a kill leaves at most its last line incomplete."""

    def __init__(self, path: Path, fsync: bool) -> None:
        self._file = AppendFile(path, fsync)

    def add(self, bundle: Bundle) -> None:
        self._file.append(bundle.packed())

    def close(self) -> None:
        self._file.close()

    discard = close


class _Whole:
    """bundles.jsonl in its final form: one line per trial, in plan order."""

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

    One of several processes packs none: the end of the session makes them from the records, in the order of the plan.
    Errors: UsageError if nothing can be appended.
    """
    if how == NONE or (how == PACKED and logs != run_dir):
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
