"""Gives each target its cases and reports those that raised a forbidden exception, or wrote anything."""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arena.errors import ArenaError
from tests.support.fuzz.targets import TARGETS, Target

PER = 50_000
"""Cases that the shares of the targets add up to."""

MOST_SECONDS = 20.0
"""A case that takes so much processor time has found something that is worse than linear: inputs are a few kB."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset({
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.system",
    "subprocess.Popen", "socket.connect",
})  # fmt: skip
"""Audit events that a reader has no part in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed case: `target` and `number` reproduce it."""

    target: str
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """The result of a target: cases, those that were read, those that were refused, and the faults."""

    target: str
    cases: int
    read: int
    refused: int
    seconds: float
    faults: tuple[Fault, ...]


class _Watch:
    """Sees what this process opens for writing, changes, starts and connects to. An audit hook cannot be taken away, so
    there is one for all."""

    def __init__(self) -> None:
        self.watching = False
        self.strange: list[str] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, args: tuple[object, ...]) -> None:
        if self.watching and (event in _CHANGES or (event == "open" and _is_written(args[2]))):
            self.strange.append(f"{event} {args!r}")

    @contextmanager
    def on(self) -> Iterator[list[str]]:
        """Yield the list in which is noted what goes on."""
        self.strange = []
        self.watching = True
        try:
            yield self.strange
        finally:
            self.watching = False


def _is_written(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & _WRITES)


_watch: list[_Watch] = []


def watch() -> _Watch:
    """Return the one audit hook of this process."""
    if not _watch:
        _watch.append(_Watch())
    return _watch[0]


def fuzz(target: Target, seed: int, cases: int, folder: Path) -> Fuzzed:
    """Give a target the number of cases; `folder` is for its files."""
    here = folder / target.name.replace(" ", "-")
    here.mkdir(parents=True, exist_ok=True)
    try_case(target, seed, -1, here)  # what is made once for all cases is no part of them
    found: list[Fault] = []
    read = refused = 0
    started = time.process_time()
    for number in range(cases):
        before = time.process_time()
        outcome, strange = try_case(target, seed, number, here)
        took = time.process_time() - before
        read += outcome == ""
        refused += outcome == "refused"
        if took > MOST_SECONDS:
            found.append(Fault(target.name, number, f"takes {took:.0f} s of processor time"))
        if outcome not in ("", "refused"):
            found.append(Fault(target.name, number, outcome))
        found += [Fault(target.name, number, what) for what in strange]
    return Fuzzed(target.name, cases, read, refused, time.process_time() - started, tuple(found))


def try_case(target: Target, seed: int, number: int, folder: Path) -> tuple[str, list[str]]:
    """Carry out one case. Return nothing if it was read, `refused`, or what it raised and may not; and what it did
    next to reading."""
    read = target.case(random.Random(f"{seed} {target.name} {number}"), folder)
    with watch().on() as strange, warnings.catch_warnings():
        warnings.simplefilter("error")  # one would be shown to a user, with a place in the code
        try:
            read()
        except ArenaError as error:
            return "refused" if str(error).strip() else "is refused without a word", strange
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what this looks for
            place = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:200]} ({Path(place.filename).name}:{place.lineno})"
            return what, strange
    return "", strange


def campaign(seed: int, cases: int, folder: Path) -> Iterator[Fuzzed]:
    """Spread cases over the targets by their shares."""
    for target in TARGETS:
        yield fuzz(target, seed, max(1, round(target.share * cases / PER)), folder)
