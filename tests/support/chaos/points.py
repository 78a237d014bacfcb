"""The points at which a run can be disturbed, and the disturbances. Armed in the playing process, before it starts.

A point is the k-th of a kind: the k-th byte that is written, the k-th call, and so on. With no point armed the kinds
are only counted, which says how many points there are.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arena.engine import results, session
from arena.play.context import RunContext
from arena.play.past import Past
from arena.play.services import TrialServices
from arena.records import Record
from arena.store import bundles, files, journal
from arena.store.journal import AppendFile
from arena.store.rundir import RECORDS_FILE

CALL, ANSWERED, TOOL, COMPUTED, RECORD, SERIES, RENAME, RENAMED, BYTE, FINAL, CLOCK = KINDS = (
    "call", "answered", "tool", "computed", "record", "series", "rename", "renamed", "byte", "final", "clock",
)  # fmt: skip
"""Before a model is asked; before its answer is in the journal; before a tool computes; before its answer is in the
journal; between a record and its bundle; within a series; before and after a file gets its name; within what is
written; within what is written once the records are being rewritten; when the clock is read."""


@dataclass(frozen=True, slots=True)
class Point:
    """The k-th point of a kind, and the action there: a name of ACTIONS. `limit`: bytes or descriptors, for limits."""

    kind: str
    at: int
    action: str
    limit: int = 0

    def __str__(self) -> str:
        return f"{self.action} at {self.limit}" if self.limit else f"{self.action} at {self.kind} {self.at}"


class Armed:
    """Counts the kinds in this process and acts at one of them."""

    def __init__(self, point: Point | None, folder: Path) -> None:
        self.point = point
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.final = False
        self.behind = 0.0
        """Seconds that the clock was turned back."""
        self._lock = threading.Lock()

    def hit(self, kind: str) -> None:
        """Count one of a kind; act where it is the one."""
        with self._lock:
            self.counts[kind] += 1
            due = self.point is not None and self.point.kind == kind and self.counts[kind] == self.point.at
        if due:
            self.act()

    def act(self) -> None:
        assert self.point is not None
        if self.point.action == CLOCK_BACK:
            self.behind = DAY_S
        else:
            ACTIONS[self.point.action](self.folder)

    def write(self, data: bytes, put: Callable[[bytes], object]) -> None:
        """Write through `put`; where the point falls within these bytes, write up to it and act."""
        with self._lock:
            for kind in (BYTE, FINAL) if self.final else (BYTE,):
                before = self.counts[kind]
                self.counts[kind] = before + len(data)
                if self.point is not None and self.point.kind == kind and before < self.point.at <= before + len(data):
                    put(data[: self.point.at - before])
                    self.act()
                    return
            put(data)


def kill(folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def terminate(folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def calculators() -> list[int]:
    """Return the calculator processes of this process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
        except OSError:  # it has just ended
            continue
        if int(rest.split()[1]) == os.getpid() and "crypto_calcul" in name:
            found.append(int(path.parent.name))
    return found


def kill_calculators(folder: Path) -> None:
    for pid in calculators():
        os.kill(pid, signal.SIGKILL)


def stop_calculators(folder: Path) -> None:
    """Make them hang: they neither end nor answer."""
    for pid in calculators():
        os.kill(pid, signal.SIGSTOP)


def make_read_only(folder: Path) -> None:
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)


def make_writable(folder: Path) -> None:
    """Take `make_read_only` back."""
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        path.chmod(stat.S_IRWXU)


ACTIONS: dict[str, Callable[[Path], None]] = {
    "killed": kill,
    "terminated": terminate,
    "calculators killed": kill_calculators,
    "calculators stopped": stop_calculators,
    "made read-only": make_read_only,
}
CLOCK_BACK, DAY_S = "clock turned back", 86_400.0
FILE_LIMIT, DESCRIPTORS = "file limit", "descriptors"
LIMITS = {FILE_LIMIT: resource.RLIMIT_FSIZE, DESCRIPTORS: resource.RLIMIT_NOFILE}
"""Limits of the process, in force from its start."""

DISK = "small disk"
"""The run directory is a disk of this many bytes (small_disk.py)."""

_CAPABILITIES_VERSION, _OVERRIDES = 0x20080522, 0b110
"""Of capset(2), and the bits of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


def obey_modes() -> None:
    """Make this process obey the modes of folders, even if it is root's. Errors: OSError."""
    if os.getuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(head, sets):
        raise OSError(ctypes.get_errno(), "capget")
    sets[0] &= ~_OVERRIDES  # the effective ones of the first 32
    if libc.capset(head, sets):
        raise OSError(ctypes.get_errno(), "capset")


def arm(point: Point | None, folder: Path) -> Armed:
    """Arm a disturbance of this process at a point; `folder` is its run directory."""
    armed = Armed(point, folder)
    if point is not None and point.action in LIMITS:
        limit = LIMITS[point.action]
        resource.setrlimit(limit, (point.limit, resource.getrlimit(limit)[1]))
    _watch_files(armed)
    _watch_calls(armed)
    _watch_clock(armed)
    return armed


def _watch_files(armed: Armed) -> None:
    appended, started, closed, whole = (
        journal.AppendFile._write, files.AtomicFile.__init__, files.AtomicFile.close, files.write_all,
    )  # fmt: skip

    def append(self: journal.AppendFile, data: bytes) -> None:
        if self._name == journal.JOURNAL_FILE:
            armed.hit(COMPUTED if data.startswith(b'{"kind":"tool"') else ANSWERED)
        armed.write(data, lambda part: appended(self, part))
        if self._name == RECORDS_FILE:
            armed.hit(RECORD)

    def start(self: files.AtomicFile, path: Path, below: Path | None = None, mode: int = 0o666) -> None:
        started(self, path, below, mode)
        put = self._file.write

        def flushed(part: bytes) -> None:
            put(part)
            if armed.point is not None and armed.point.kind in (BYTE, FINAL):
                self._file.flush()

        def write(data: bytes) -> int:
            armed.write(data, flushed)
            return len(data)

        self.write = write  # type: ignore[assignment]

    def close(self: files.AtomicFile) -> None:
        armed.hit(RENAME)
        closed(self)
        armed.hit(RENAMED)

    def plain(descriptor: int, data: bytes) -> None:
        armed.write(data, lambda part: whole(descriptor, part))

    def final(*args: object, **more: object) -> object:
        armed.final = True
        return written(*args, **more)  # type: ignore[arg-type]

    written = results.write_results
    journal.AppendFile._write = append  # type: ignore[method-assign]
    files.AtomicFile.__init__ = start  # type: ignore[method-assign]
    files.AtomicFile.close = close  # type: ignore[method-assign]
    bundles.write_all = plain  # type: ignore[attr-defined]
    session.write_results = final  # type: ignore[attr-defined,assignment]


def _watch_calls(armed: Armed) -> None:
    complete, compute, past = TrialServices._complete, TrialServices._compute, Past.append

    def asked(self: TrialServices, *args: object) -> object:
        armed.hit(CALL)
        return complete(self, *args)  # type: ignore[arg-type]

    def computed(self: TrialServices, *args: object) -> object:
        armed.hit(TOOL)
        return compute(self, *args)  # type: ignore[arg-type]

    def append(self: Past, record: Record) -> None:
        armed.hit(SERIES)
        past(self, record)

    TrialServices._complete = asked  # type: ignore[method-assign,assignment]
    TrialServices._compute = computed  # type: ignore[method-assign,assignment]
    Past.append = append  # type: ignore[method-assign]


def _watch_clock(armed: Armed) -> None:
    context, now = session.Session._context, time.gmtime

    def clock() -> float:
        armed.hit(CLOCK)
        return time.time() - armed.behind

    def with_clock(self: session.Session, journal: AppendFile) -> RunContext:
        return replace(context(self, journal), clock=clock)

    def utc(seconds: float | None = None) -> time.struct_time:
        return now(time.time() - armed.behind if seconds is None else seconds)

    session.Session._context = with_clock  # type: ignore[method-assign]
    time.gmtime = utc  # type: ignore[assignment]


def write_counts(armed: Armed, path: Path) -> None:
    """Say how many there were of each kind."""
    path.write_text(json.dumps(armed.counts))


def read_counts(path: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(path.read_text())
    return found


def spread(kinds: Sequence[str], counts: dict[str, int]) -> list[str]:
    """Return the kinds that a run has."""
    return [kind for kind in kinds if counts.get(kind, 0)]
