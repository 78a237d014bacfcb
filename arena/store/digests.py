"""digests.json: SHA-256 and size of every other file of a run directory.

    {"digests_format":1,"files":{
    "api_calls.jsonl":[51234,"9f86d081..."],
    ...
    }}

One line per file, sorted by the parts of its path, names in ASCII. Each state of a run has exactly one such text, so
every changed byte of the list is detected. It is written as the last act of a session (`write`) and renewed by each
command that adds files to a finished run (`renew`). A run that was killed has none.

The list shows that files were changed, not by whom: anybody who changes a file can rewrite the list.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError, Issue, UsageError
from arena.formats.bounded import open_file, open_regular
from arena.store.files import (
    MAX_FOLDERS,
    AtomicFile,
    is_hollow,
    is_temporary,
    open_folder,
    opened_folder,
    require_plain,
    strangers,
)
from arena.store.rundir import lock_folder

DIGESTS_FILE = "digests.json"
DIGESTS_FORMAT = 1

_HEAD = b'{"digests_format":%d,"files":{\n' % DIGESTS_FORMAT
_TAIL = b"\n}}\n"
_ROW = re.compile(rb'("(?:[^"\\]|\\.)+"):\[(0|[1-9][0-9]*),"([0-9a-f]{64})"\]')
_MISSING = f"is missing; {DIGESTS_FILE} lists it"
_CHUNK = 1 << 18
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_LIST_BYTES = 1 << 30
"""About ten million files."""
NOT_FINISHED = f"there is no {DIGESTS_FILE}: the run is not finished; --resume finishes it"


class Digest(NamedTuple):
    """The entry of one file: bytes, and 64 hex digits."""

    size: int
    sha256: str


def write(run_dir: Path) -> None:
    """Write the list of all files that are in `run_dir` now. Errors: DataError if it contains more than files."""
    out = AtomicFile(run_dir / DIGESTS_FILE)
    try:
        out.write(_HEAD)
        before = b""
        with opened_folder(run_dir) as top:
            for name, found in _digests(top, "", 1):
                out.write(before + _row(name, found))
                before = b",\n"
        out.write(_TAIL)
        out.close()
    except OSError:
        out.discard()
        require_plain(run_dir)  # which says what it is, where the error comes from what no run holds
        raise
    finally:
        out.discard()


def discard(run_dir: Path) -> None:
    """Remove the list: the run continues, so the list is invalid until the run's end."""
    (run_dir / DIGESTS_FILE).unlink(missing_ok=True)


def renew(run_dir: Path, names: Iterable[str]) -> None:
    """Renew the entries of the named files only: those that a command has just written into a finished run, or removed.

    `names` are paths below `run_dir` with `/`; a folder means all files below it, before and now.
    Do not call this while holding the directory (rundir.RunDir): it is locked here, so that commands renew in turn.
    Errors: UsageError if the run has no list, or is in use; DataError if the list is damaged, or the run contains
    anything except regular files and folders.
    """
    with opened_folder(run_dir) as held:
        lock_folder(held, run_dir)
        require_plain(run_dir)
        listed = read(run_dir)
        for name in names:
            for gone in [other for other in listed if other == name or other.startswith(f"{name}/")]:
                del listed[gone]
            listed |= dict(_named(held, name))
        out = AtomicFile(run_dir / DIGESTS_FILE)
        try:
            out.write(render(listed))
            out.close()
        finally:
            out.discard()


def render(listed: dict[str, Digest]) -> bytes:
    """Return the text of a list."""
    names = sorted(listed, key=lambda name: name.split("/"))
    return _HEAD + b",\n".join(_row(name, listed[name]) for name in names) + _TAIL


def read(run_dir: Path, names: Collection[str] | None = None) -> dict[str, Digest]:
    """Return path -> digest from the list, in its order; of `names` only, if given. Errors: as of `listed`."""
    return {name: found for name, found in listed(run_dir) if names is None or name in names}


def listed(run_dir: Path) -> Iterator[tuple[str, Digest]]:
    """Yield path and digest of each file of the list, in its order, after the whole list has been checked.

    Errors: UsageError if there is none, DataError (with the line) if it differs from what `render` writes.
    """
    path = run_dir / DIGESTS_FILE
    if not os.path.lexists(path):
        raise UsageError(f"{run_dir}: {NOT_FINISHED}")
    try:
        with open_file(path) as file:
            deque(_rows(path, file), 0)
            file.seek(0)
            yield from _rows(path, file)
    except OSError as error:
        raise DataError([Issue(str(path), "", f"cannot be read: {error.strerror}")]) from None


def _rows(path: Path, file: BufferedReader) -> Iterator[tuple[str, Digest]]:
    """Yield the rows of a list. Errors: as of `listed`, at the latest after the last row."""
    size = os.fstat(file.fileno()).st_size
    if size > MAX_LIST_BYTES:
        raise DataError([Issue(str(path), "", f"is larger than {MAX_LIST_BYTES >> 20} MiB, the most that is read")])
    begins = file.read(len(_HEAD)) == _HEAD
    file.seek(max(0, size - len(_TAIL)))
    if not begins or file.read() != _TAIL:
        raise _damage(path, _lines_in(file) if begins else 1, "is not how a list of digests begins and ends")
    file.seek(len(_HEAD))
    left, number, before = size - len(_HEAD) - len(_TAIL), 1, [""]
    whole = left >= 0
    while left > 0:
        line, number = file.readline(left), number + 1
        left -= len(line)
        found = _ROW.fullmatch(line.removesuffix(b",\n"))
        more = line.endswith(b",\n")
        if found is None or more != bool(left):
            raise _damage(path, number + (found is not None and more), "is not `name: [size, digest]`")
        try:
            name = json.loads(found[1])
            digest = Digest(int(found[2]), found[3].decode())
        except ValueError:
            raise _damage(path, number, "holds no readable name") from None
        parts = name.split("/")
        whole = whole and parts > before and _row(name, digest) == found[0]
        before = parts
        yield name, digest
    if not whole:
        raise _damage(path, None, "is not in the one order and spelling of such a list")


def _damage(path: Path, number: int | None, what: str) -> DataError:
    return DataError([Issue(str(path), "" if number is None else f"line {number}", f"{what}: it was changed")])


def _lines_in(file: BufferedReader) -> int:
    file.seek(0)
    return sum(piece.count(b"\n") for piece in iter(lambda: file.read(_CHUNK), b""))


def check(run_dir: Path) -> list[Issue]:
    """Yield the problems with the files of a finished run: changed, missing, not listed; a list missing or damaged.

    `Issue.file` is the path below `run_dir`. Files that a killed process left half written (files.temporary_name) are
    not part of a run and are skipped; any other temporary file was added by somebody.
    """
    missing: list[Issue] = []
    found: list[Issue] = []
    try:
        rows = listed(run_dir)
        row = next(rows, None)
    except DataError as error:
        return [Issue(DIGESTS_FILE, issue.pointer, issue.message) for issue in error.issues]
    except UsageError:
        return [Issue(DIGESTS_FILE, "", NOT_FINISHED)]
    odd = {issue.file: issue for issue in strangers(run_dir)}
    with opened_folder(run_dir) as top:
        for name, folder, last in _below(top, ""):  # in the order of the list
            while row is not None and row[0].split("/") < name.split("/"):
                missing.append(Issue(row[0], "", _MISSING))
                row = next(rows, None)
            if row is None or row[0] != name:
                found.append(Issue(name, "", f"is not in {DIGESTS_FILE}: it was added after the run"))
                continue
            if name in odd:
                found.append(odd.pop(name))
            elif (wrong := _changed(row[1], last, folder)) is not None:
                found.append(Issue(name, "", wrong))
            row = next(rows, None)
    while row is not None:
        missing.append(Issue(row[0], "", _MISSING))
        row = next(rows, None)
    return [*missing, *found]


def _changed(want: Digest, name: str, folder: int) -> str | None:
    """Return the problem with a listed file, None if it is unchanged. A file of another size is not read."""
    try:
        size = os.lstat(name, dir_fd=folder).st_size
        now = _digest(name, folder) if size == want.size else Digest(size, "")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if now == want:
        return None
    how = "other bytes of the same number" if now.size == want.size else f"{want.size} bytes then, {now.size} now"
    return f"was changed after the run: {how} ({DIGESTS_FILE})"


def _row(name: str, digest: Digest) -> bytes:
    return b'%s:[%d,"%s"]' % (json.dumps(name).encode("ascii"), digest.size, digest.sha256.encode("ascii"))


def _digests(folder: int, prefix: str, depth: int) -> Iterator[tuple[str, Digest]]:
    """Yield (path below the run, digest) of every file, sorted by parts; memory by the largest folder.

    Errors: OSError, also for what `require_plain` refuses.
    """
    with os.scandir(folder) as entries:
        found = sorted(
            (one.name, one.is_dir(follow_symlinks=False), one.is_file(follow_symlinks=False)) for one in entries
        )
    for name, is_folder, is_file in found:
        if is_folder and depth < MAX_FOLDERS:
            deeper = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            try:
                yield from _digests(deeper, f"{prefix}{name}/", depth + 1)
            finally:
                os.close(deeper)
        elif not is_file:
            raise OSError(errno.EINVAL, "it is not what a run holds", prefix + name)
        elif prefix + name != DIGESTS_FILE and not is_temporary(name):
            yield prefix + name, _digest(name, folder, plain=True)


def _named(top: int, name: str) -> Iterator[tuple[str, Digest]]:
    """Yield the digests of a file below the run directory `top`, or of all files of a folder; none if it is gone."""
    inner, _, last = name.rpartition("/")
    try:
        folder = open_folder(top, inner)
    except FileNotFoundError:
        return
    try:
        status = os.lstat(last, dir_fd=folder)
        if stat.S_ISDIR(status.st_mode):
            below = open_folder(folder, last)
            try:
                yield from ((path, _digest(end, at)) for path, at, end in _below(below, f"{name}/"))
            finally:
                os.close(below)
        else:
            yield name, _digest(last, folder)
    except FileNotFoundError:
        return
    finally:
        os.close(folder)


def _below(folder: int, prefix: str) -> Iterator[tuple[str, int, str]]:
    """Yield (path below the run, descriptor of its folder, name in it) of every file except the list itself."""
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in found:
        if is_folder:
            deeper = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            try:
                yield from _below(deeper, f"{prefix}{name}/")
            finally:
                os.close(deeper)
        elif prefix + name != DIGESTS_FILE and not is_temporary(name):
            yield prefix + name, folder, name


def _digest(name: str, folder: int, plain: bool = False) -> Digest:
    """Return size and SHA-256 of a file in an open folder; most are small, and read in one piece.

    Errors: OSError, with `plain` also for a sparse file.
    """
    descriptor = open_regular(name, os.O_RDONLY | os.O_NOFOLLOW, folder)
    try:
        data = os.read(descriptor, _CHUNK)
        digest, size = hashlib.sha256(data), len(data)
        if plain and size == _CHUNK and is_hollow(os.fstat(descriptor)):
            raise OSError(errno.EINVAL, "it is a sparse file", name)
        while len(data) == _CHUNK and (data := os.read(descriptor, _CHUNK)):
            digest.update(data)
            size += len(data)
    finally:
        os.close(descriptor)
    return Digest(size, digest.hexdigest())
