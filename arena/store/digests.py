"""digests.json: SHA-256 and size of every file of a run directory but itself.

    {"digests_format":1,"files":{
    "api_calls.jsonl":[51234,"9f86d081..."],
    ...
    }}

One line per file, sorted by the parts of its path, names in ASCII: one text for one state, so that not one byte of the
list can change unseen. It is written as the last act of a session (`write`) and renewed by each command that adds
files to a finished run (`renew`). A run that was killed has none.

The list shows that files were changed, not by whom: whoever changes a file can write the list anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError, Issue, UsageError
from arena.store.rundir import AtomicFile, is_temporary

DIGESTS_FILE = "digests.json"
DIGESTS_FORMAT = 1

_HEAD = b'{"digests_format":%d,"files":{\n' % DIGESTS_FORMAT
_TAIL = b"\n}}\n"
_ROW = re.compile(rb'("(?:[^"\\]|\\.)+"):\[(0|[1-9][0-9]*),"([0-9a-f]{64})"\]')
_CHUNK = 1 << 18
NOT_FINISHED = f"there is no {DIGESTS_FILE}: the run is not finished; go on with it by --resume"


class Digest(NamedTuple):
    """What the list says of one file: bytes, and 64 hex digits."""

    size: int
    sha256: str


def write(run_dir: Path) -> None:
    """Write the list over all files that stand in `run_dir` now."""
    out = AtomicFile(run_dir / DIGESTS_FILE)
    out.write(_HEAD)
    before = b""
    for name, path in _files(run_dir):
        out.write(before + _row(name, _digest(path)))
        before = b",\n"
    out.write(_TAIL)
    out.close()


def discard(run_dir: Path) -> None:
    """Remove the list: the run goes on, so what it says will not hold until the run's end."""
    (run_dir / DIGESTS_FILE).unlink(missing_ok=True)


def renew(run_dir: Path, names: Iterable[str]) -> None:
    """Enter the named files anew and no other: those that a command has just written into a finished run, or removed.

    `names` are paths below `run_dir` with `/`; a folder stands for all files below it, as they were and as they are.
    Not to be called by who holds the directory (rundir.RunDir): it is held here, so that no two commands renew at once.
    Errors: UsageError where the run has no list, or is in use; DataError where the list is damaged.
    """
    held = os.open(run_dir, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{run_dir} is in use by another process; wait for it to end") from None
        listed = read(run_dir)
        for name in names:
            path = run_dir / name
            for gone in [other for other in listed if other == name or other.startswith(f"{name}/")]:
                del listed[gone]
            if path.is_dir() and not path.is_symlink():
                listed |= {f"{name}/{inner}": _digest(file) for inner, file in _files(path)}
            elif path.is_file():
                listed[name] = _digest(path)
        out = AtomicFile(run_dir / DIGESTS_FILE)
        out.write(render(listed))
        out.close()
    finally:
        os.close(held)


def render(listed: dict[str, Digest]) -> bytes:
    """Return the text of a list, the one way to write it."""
    names = sorted(listed, key=lambda name: name.split("/"))
    return _HEAD + b",\n".join(_row(name, listed[name]) for name in names) + _TAIL


def read(run_dir: Path) -> dict[str, Digest]:
    """Return path -> digest as the list says, in its order.

    Errors: UsageError where there is none, DataError (with the line) where it is not written as `render` writes it.
    """
    path = run_dir / DIGESTS_FILE
    if not path.is_file():
        raise UsageError(f"{run_dir}: {NOT_FINISHED}")
    data = path.read_bytes()
    listed: dict[str, Digest] = {}
    if not data.startswith(_HEAD) or not data.endswith(_TAIL):
        number = data.count(b"\n") if data.startswith(_HEAD) else 1
        raise DataError(
            [Issue(str(path), f"line {number}", "is not how a list of digests begins and ends: it was changed")]
        )
    body = data[len(_HEAD) : -len(_TAIL)]
    for number, line in enumerate(body.split(b",\n") if body else (), 2):
        found = _ROW.fullmatch(line)
        if found is None:
            raise DataError([Issue(str(path), f"line {number}", "is not `name: [size, digest]`: it was changed")])
        try:
            listed[json.loads(found[1])] = Digest(int(found[2]), found[3].decode())
        except ValueError:
            raise DataError([Issue(str(path), f"line {number}", "holds no readable name: it was changed")]) from None
    if render(listed) != data:
        raise DataError([Issue(str(path), "", "is not in the one order and spelling of such a list: it was changed")])
    return listed


def check(run_dir: Path) -> list[Issue]:
    """Return what is wrong with the files of a finished run: changed, missing, not listed; a list missing or damaged.

    `Issue.file` is the path below `run_dir`. Files that a killed process left half written (`.name.tmp`) are no part
    of a run and passed over.
    """
    try:
        listed = read(run_dir)
    except DataError as error:
        return [Issue(DIGESTS_FILE, issue.pointer, issue.message) for issue in error.issues]
    except UsageError:
        return [Issue(DIGESTS_FILE, "", NOT_FINISHED)]
    found: list[Issue] = []
    for name, path in _files(run_dir):
        want = listed.pop(name, None)
        if want is None:
            found.append(Issue(name, "", f"is not in {DIGESTS_FILE}: it was added after the run"))
        elif os.path.islink(path) or not os.path.isfile(path):
            found.append(Issue(name, "", "is no plain file any more"))
        elif (wrong := _changed(want, path)) is not None:
            found.append(Issue(name, "", wrong))
    return [*(Issue(name, "", f"is missing; {DIGESTS_FILE} lists it") for name in listed), *found]


def _changed(want: Digest, path: str) -> str | None:
    """Return what is wrong with a listed file, None for nothing."""
    try:
        now = _digest(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if now == want:
        return None
    how = "other bytes of the same number" if now.size == want.size else f"{want.size} bytes then, {now.size} now"
    return f"was changed after the run: {how} ({DIGESTS_FILE})"


def _row(name: str, digest: Digest) -> bytes:
    return b'%s:[%d,"%s"]' % (json.dumps(name).encode("ascii"), digest.size, digest.sha256.encode("ascii"))


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (path below the folder, path) of every file, sorted by parts; memory by the largest folder."""
    for name, path in _below(str(folder), ""):
        if name != DIGESTS_FILE:
            yield name, path


def _below(folder: str, prefix: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{prefix}{entry.name}/")
        elif not is_temporary(entry.name):
            yield prefix + entry.name, entry.path


def _digest(path: str | Path) -> Digest:
    """Return size and SHA-256 of a file; most are small, and read in one piece."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.read(descriptor, _CHUNK)
        digest, size = hashlib.sha256(data), len(data)
        while len(data) and (data := os.read(descriptor, _CHUNK)):
            digest.update(data)
            size += len(data)
    finally:
        os.close(descriptor)
    return Digest(size, digest.hexdigest())
