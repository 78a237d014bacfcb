"""Executes a command of the arena in a forked process, which may be disturbed and may die."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.cli.entry import main
from tests.support.chaos.points import Point, arm, obey_modes, write_counts

HANGS_S = 120.0
"""A command that takes longer is taken to hang."""

MOST_INHERITED = 4096
"""Descriptors below this number are closed: those of a process that has run many tests leave no room under a limit."""

_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a command: its exit code (negative: a signal), and its output. `code` is None if it hung."""

    code: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Job:
    """A command. `folder`: its run directory; `counts`: where the kinds of points are counted; `obeys_modes`: it is
    held to the modes of folders, even if it is root's."""

    words: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    counts: Path | None = None
    obeys_modes: bool = False


def carry_out(job: Job, point: Point | None = None, started: Callable[[int], None] = lambda pid: None) -> Done:
    """Execute a command and wait for its end; `started` gets the process before it begins."""
    log = job.folder.with_name(f"{job.folder.name}.log")
    ready, go = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(go)
            os.read(ready, 1)
            _child(job, point, log)
        finally:
            os._exit(70)
    os.close(ready)
    started(pid)
    os.close(go)
    code = _wait(pid)
    return Done(code, log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")


def _wait(pid: int) -> int | None:
    end = time.monotonic() + HANGS_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_LOOK_S)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _child(job: Job, point: Point | None, log: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for number in (1, 2):
        os.dup2(stream, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    gc.freeze()  # nothing of the parent is finalized here: it would close what has its number now
    os.closerange(3, MOST_INHERITED)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    if job.obeys_modes:
        obey_modes()
    os.environ.clear()
    os.environ.update(job.environ)
    armed = arm(point, job.folder)
    code = 70
    try:
        code = main(list(job.words))
    finally:
        if job.counts is not None:
            write_counts(armed, job.counts)
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
