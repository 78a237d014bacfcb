"""A run directory: create, lock, append, load, resume check, atomic writes.

`matches.jsonl` and `api_calls.jsonl` are the source of truth and only grow during a run; everything else is derived and
can be rebuilt. A run directory contains no absolute path, so it can be moved.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.errors import ArenaError, UsageError
from arena.formats import posix
from arena.formats.bounded import read_file
from arena.formats.indented_json import indented
from arena.formats.strict_json import MAX_BYTES
from arena.records import Json
from arena.store.files import is_temporary, opened_folder, reading, remove_temporaries, require_plain, write_atomic
from arena.store.journal import JOURNAL_FILE, cut_torn_line, parse_line
from arena.store.manifest import Manifest

RECORDS_FILE = "matches.jsonl"
MANIFEST_FILE = "manifest.json"
SUMMARY_FILE = "summary.json"
TIMINGS_FILE = "timings.jsonl"
INPUTS_DIR = "inputs"

LOGS = frozenset({JOURNAL_FILE, RECORDS_FILE, TIMINGS_FILE})
"""The files that a run appends to."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One line of timings.jsonl: the duration of an attempt of a trial."""

    key: str
    attempt: int
    seconds: float


_STREAMS = ("/dev/", "/proc/")
"""Folders with names of devices and of the streams of this process."""


def write_output(path: Path, data: bytes) -> None:
    """Write a file that the user named, and make its folder if it is missing.

    Devices, pipes and streams (/dev/stdout) are written into, never replaced; a link stays and its file is written.
    Errors: UsageError when the system refuses.
    """
    require_writable(path)
    try:
        if str(path.absolute()).startswith(_STREAMS) or (path.exists() and not path.is_file() and not path.is_dir()):
            with path.open("ab") as stream:
                stream.write(data)
        else:
            whole = behind_links(path)
            whole.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(whole, data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; name another file") from None


def require_writable(path: Path, folder: bool = False) -> None:
    """Check, before any work, that the file or the files of a folder named by the user can be written. Nothing is
    created.

    Errors: UsageError naming the place as given.
    """
    place, refused = path.absolute(), 0
    try:
        found = next((one for one in (place, *place.parents) if one.exists()), place)
        if place.is_dir() and not folder:
            refused = errno.EISDIR
        elif found != place and not found.is_dir():
            refused = errno.ENOTDIR
        elif not os.access(found, os.W_OK):
            refused = errno.EACCES
    except OSError as error:
        refused = error.errno or errno.EIO
    if refused:
        raise UsageError(f"cannot write {path}: {os.strerror(refused)}; name another file")


def behind_links(path: Path) -> Path:
    """Return the file that a path refers to; it need not exist. Errors: UsageError for a loop of links."""
    try:
        whole = path.resolve()
        if not whole.is_symlink():
            return whole
    except RuntimeError:  # Python before 3.13 raises this; later versions leave such a link unresolved
        pass
    raise UsageError(f"cannot write {path}: its links form a loop; name another file")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with reading(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pretty_json(value: Json) -> bytes:
    """Return indented JSON with raw UTF-8 where it can be encoded, and a final newline."""
    try:
        return (indented(value) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(value, indent=2) + "\n").encode("ascii")


def differences(old: Json, new: Json, pointer: str = "") -> Iterator[str]:
    """Yield one line for each place (JSON pointer) in which two JSON values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(set(old) | set(new)):
            place = f"{pointer}/{key}"
            if key not in new:
                yield f"{place}: was {_short(old[key])}, now absent"
            elif key not in old:
                yield f"{place}: was absent, now {_short(new[key])}"
            else:
                yield from differences(old[key], new[key], place)
    elif old != new:
        yield f"{pointer or '/'}: was {_short(old)}, now {_short(new)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."


def _unborn(name: str) -> bool:
    """Return whether a killed process may leave this entry before the first manifest; such entries count as none."""
    return is_temporary(name) and name.startswith(f".{MANIFEST_FILE}.")


def lock_folder(folder: int, path: Path) -> None:
    """Hold a folder by its descriptor until that is closed. Errors: UsageError if another process holds it."""
    try:
        posix.try_lock(folder)
    except BlockingIOError:
        raise UsageError(f"{path} is in use by another process; wait for it to end, or give another --out") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be locked: {error.strerror}; use a folder on another file system") from None


def require_idle(path: Path) -> None:
    """Errors: UsageError if a process holds the run directory: it plays the run, or writes into it."""
    with opened_folder(path) as folder:
        try:
            posix.try_lock(folder)
        except BlockingIOError:
            raise UsageError(f"{path} is in use by another process; wait for it to end") from None
        except OSError:
            return  # a file system without locks: no process can hold it


class RunDir:
    """One run directory, locked by one process. Close it to release the lock."""

    def __init__(self, path: Path, resume: bool) -> None:
        """Create a new run directory, or open one to resume it.

        Errors: UsageError when the directory is not empty (without `resume`), not a run (with it), or in use;
        DataError when it contains anything that a run directory must not contain (arena/store/files.py).
        """
        self.path = path
        try:
            self.resumed = resume and (path / MANIFEST_FILE).exists()
            if resume:
                if not self.resumed:
                    raise UsageError(f"--resume: {path} holds no {MANIFEST_FILE}, so there is nothing to resume")
            elif path.exists() and not path.is_dir():
                raise UsageError(f"{path} is a file; give another --out")
            elif path.exists() and not all(_unborn(entry.name) for entry in path.iterdir()):
                raise UsageError(f"{path} is not empty; give another --out, or --resume to resume the run in it")
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise UsageError(f"cannot use {path} as a run directory: {error.strerror}") from None
        try:
            lock_folder(self._lock, path)
            if resume:
                require_plain(path)
            else:
                remove_temporaries(self._lock)
        except ArenaError:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Release the lock."""
        os.close(self._lock)

    def file(self, name: str) -> Path:
        return self.path / name

    def read_manifest(self) -> Manifest:
        """Return the manifest. Errors: DataError when it is damaged."""
        path = self.file(MANIFEST_FILE)
        return Manifest.from_json(parse_line(path, 1, read_file(path, MAX_BYTES)), path)

    def write_manifest(self, manifest: Manifest) -> None:
        write_atomic(self.file(MANIFEST_FILE), pretty_json(manifest.to_json()))

    def recover(self, notify: Callable[[str], None], names: Iterable[str]) -> None:
        """Remove the leftovers of a killed process: incomplete files, and torn last lines of the named JSONL files."""
        remove_temporaries(self._lock)
        for name in names:
            if self.file(name).exists():
                cut_torn_line(self.file(name), notify)
