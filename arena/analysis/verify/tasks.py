"""Runs independent steps of a verification in parallel, each in its own process.

The result equals that of one process: results and problems in the order of the tasks, whichever ends first. A task
sees everything that was read before it was started (it is a fork), and hands back only its result and its problems.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from arena.analysis.verify.problems import Problems
from arena.errors import UsageError
from arena.formats import posix

Task = Callable[[Problems], Any]
"""Does one step and returns its result, which can be pickled; it adds its findings to the problems."""

PAYS_FROM = 200
"""Records of a run from which on processes gain more than they cost."""

_PIECE = 1 << 20


def jobs_for(asked: int | None, records: int) -> int:
    """Return how many processes verify a run: as many as asked for, else one per core, one alone for a small run.

    Errors: UsageError if several are asked for and this system cannot fork.
    """
    if asked is not None and asked > 1 and not posix.can_fork():
        raise UsageError("--jobs: this system cannot fork; leave it out")
    if asked is not None:
        return asked
    return posix.cores() if records >= PAYS_FROM and posix.can_fork() else 1


@dataclass(slots=True)
class _Child:
    number: int
    pid: int
    pipe: int
    said: bytearray = field(default_factory=bytearray)


def carried_out(tasks: Sequence[Task], jobs: int, problems: Problems) -> Iterator[Any]:
    """Carry out tasks, at most `jobs` at once, and yield their results in order; before each, `problems` gets what was
    found with it.

    Raises the exception of a task; UsageError if a process was killed.
    """
    if jobs <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task(problems)
        return
    early: dict[int, tuple[Any, Problems]] = {}
    next_one = 0
    for number, ended in _spread(tasks, jobs, problems):
        early[number] = ended
        while next_one in early:
            result, own = early.pop(next_one)
            problems.absorb(own)
            next_one += 1
            yield result


def _spread(tasks: Sequence[Task], jobs: int, problems: Problems) -> Iterator[tuple[int, tuple[Any, Problems]]]:
    life, held = os.pipe()
    waiting = list(enumerate(tasks))[::-1]
    running: dict[int, _Child] = {}
    try:
        with selectors.DefaultSelector() as selector:
            while waiting or running:
                while waiting and len(running) < jobs:
                    child = _fork(*waiting.pop(), Problems(problems.root), (life, held))
                    running[child.pipe] = child
                    selector.register(child.pipe, selectors.EVENT_READ)
                for key, _ in selector.select():
                    child = running[key.fd]
                    data = os.read(child.pipe, _PIECE)
                    child.said += data
                    if not data:
                        selector.unregister(child.pipe)
                        del running[child.pipe]
                        os.close(child.pipe)
                        yield child.number, _ended(child, tasks[child.number], problems)
    finally:
        os.close(life)
        os.close(held)  # stops the children that are still running
        for child in running.values():
            os.close(child.pipe)
            os.waitpid(child.pid, 0)


def _fork(number: int, task: Task, own: Problems, life: tuple[int, int]) -> _Child:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            os.close(life[1])
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches the parent, which stops its children
            threading.Thread(target=_end_with_parent, args=(life[0],), daemon=True).start()
            _say(writer, pickle.dumps((task(own), own)))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    return _Child(number, pid, reader)


def _say(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _end_with_parent(life: int) -> None:
    os.read(life, 1)
    os._exit(1)


def _ended(child: _Child, task: Task, problems: Problems) -> tuple[Any, Problems]:
    """Return the result of a child. If a child raised an error, its task is done again here, so that the error is
    raised in this process."""
    _, status = os.waitpid(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        raise UsageError(f"a process of verify was ended by signal {-code}: with --jobs 1 it takes the least memory")
    if code == 0:
        found: tuple[Any, Problems] = pickle.loads(bytes(child.said))
        return found
    own = Problems(problems.root)
    return task(own), own
