"""A run directory: create, lock, append, load, resume check, atomic writes.

`matches.jsonl` and `api_calls.jsonl` are the truth and only grow while a run goes on; everything else is derived and
can be rebuilt. A run directory holds no absolute path, so it can be moved.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from arena.errors import ConfigError, UsageError
from arena.records import Json
from arena.store.journal import cut_torn_line, parse_line
from arena.store.manifest import Identity, Manifest

RECORDS_FILE = "matches.jsonl"
MANIFEST_FILE = "manifest.json"
SUMMARY_FILE = "summary.json"
TIMINGS_FILE = "timings.jsonl"
INPUTS_DIR = "inputs"


@dataclass(frozen=True, slots=True)
class Timing:
    """One line of timings.jsonl: how long an attempt of a trial took."""

    key: str
    attempt: int
    seconds: float


UNBORN = frozenset({f".{MANIFEST_FILE}.tmp"})
"""What a kill before the first manifest leaves behind: a directory that holds only this is still empty."""


def is_temporary(name: str) -> bool:
    """Whether a file name is that of a file half written (`write_atomic`, AtomicFile), which a kill may leave."""
    return name.startswith(".") and name.endswith(".tmp")


def write_atomic(path: Path, data: bytes, own: str = "") -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename. A link there is replaced.

    `own` tells temporary files of several processes apart, where no lock keeps them from writing the same file.
    """
    temporary = path.with_name(f".{path.name}{own}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


_STREAMS = ("/dev/", "/proc/")
"""Where names stand for streams of this process or devices, whatever file is behind them."""


def write_output(path: Path, data: bytes) -> None:
    """Write what a user asked for to the place that the user named, and make its folder where it is missing.

    Devices, pipes and streams (/dev/stdout) are written into, never replaced; a link stays and its file is written.
    Errors: UsageError when the system refuses.
    """
    try:
        if str(path.absolute()).startswith(_STREAMS) or (path.exists() and not path.is_file() and not path.is_dir()):
            with path.open("ab") as stream:
                stream.write(data)
        else:
            whole = path.resolve()
            whole.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(whole, data, f".{os.getpid()}")
    except (OSError, RuntimeError) as error:  # RuntimeError: links that go round in circles
        reason = error.strerror if isinstance(error, OSError) else "its links go round in circles"
        raise UsageError(f"cannot write {path}: {reason}; name another file") from None


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder as lasting as the files behind them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pretty_json(value: Json) -> bytes:
    """Return indented JSON with raw UTF-8 where it can be encoded, and a final newline."""
    try:
        return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(value, indent=2) + "\n").encode("ascii")


class AtomicFile:
    """A file that is written in pieces and appears under its name only when it is `close`d; `write` takes bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._file: IO[bytes] = self._temporary.open("wb")
        self.write = self._file.write

    def discard(self) -> None:
        """Leave nothing of an unfinished file behind; after `close` there is nothing to leave."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self._path)
        _sync_folder(self._path.parent)


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


class RunDir:
    """One run directory, held by one process. `path` is where it is; close it to let another process in."""

    def __init__(self, path: Path, resume: bool) -> None:
        """Create a new run directory, or open one to resume it.

        Errors: UsageError when the directory is not empty (without `resume`), not a run (with it), or in use.
        """
        self.path = path
        try:
            self.resumed = resume and (path / MANIFEST_FILE).exists()
            if resume:
                if not self.resumed:
                    raise UsageError(f"--resume: {path} holds no {MANIFEST_FILE}, so there is no run to go on with")
            elif path.exists() and (not path.is_dir() or any(entry.name not in UNBORN for entry in path.iterdir())):
                raise UsageError(f"{path} is not empty; give another --out, or --resume to go on with the run in it")
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise UsageError(f"cannot use {path} as a run directory: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise UsageError(
                f"{path} is in use by another process; wait for it to end, or give another --out"
            ) from None

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._lock)

    def file(self, name: str) -> Path:
        return self.path / name

    def read_manifest(self) -> Manifest:
        """Return the manifest. Errors: DataError when it is damaged."""
        path = self.file(MANIFEST_FILE)
        return Manifest.from_json(parse_line(path, 1, path.read_bytes()), path)

    def write_manifest(self, manifest: Manifest) -> None:
        write_atomic(self.file(MANIFEST_FILE), pretty_json(manifest.to_json()))

    def check_identity(self, manifest: Manifest, wanted: Identity) -> None:
        """Errors: ConfigError listing each difference when a resume would change what the run is."""
        found = list(differences(manifest.identity.to_json(), wanted.to_json()))
        if found:
            lines = "\n  ".join(found)
            raise ConfigError(
                f"--resume: this is another run than the one in {self.path}; nothing was played\n  {lines}"
            )

    def recover(self, notify: Callable[[str], None], names: Iterable[str]) -> None:
        """Drop torn last lines that a killed process left in the named JSONL files."""
        for name in names:
            if self.file(name).exists():
                cut_torn_line(self.file(name), notify)
