"""Plays each setup undisturbed, then disturbs it at seeded points and resumes it."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.support.chaos import points
from tests.support.chaos.child import Job, carry_out
from tests.support.chaos.points import Point
from tests.support.chaos.promises import Disturbed, Whole, answered, broken, promised
from tests.support.chaos.server import ServerProcess
from tests.support.chaos.setups import CHALLENGES_FILE, SETUPS, Setup, environment, write_challenges
from tests.support.chaos.small_disk import enlarge, small_disk, why_not

REQUEST = "request"
"""The k-th request as the server sees it: the process is killed before it is answered."""

_KILLED = (
    REQUEST, points.CALL, points.ANSWERED, points.TOOL, points.COMPUTED, points.RECORD, points.SERIES, points.RENAME,
    points.RENAMED, points.BYTE, points.BYTE, points.BYTE, points.FINAL, points.FINAL,
)  # fmt: skip
"""Kinds of points at which a process is killed; bytes and the last rewrite occur more often, because there are most."""

_OTHERS = (
    ("terminated", points.ANSWERED), ("made read-only", points.RECORD), ("clock turned back", points.CLOCK),
    ("calculators killed", points.TOOL), ("calculators stopped", points.TOOL),
)  # fmt: skip
DESCRIPTORS = 64
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Outcome:
    """One disturbed run: the disturbance, and the promises that it broke."""

    setup: str
    point: str
    action: str
    broken: tuple[str, ...]


class Campaign:
    """Runs in a folder. `only`: a word that the names of setups and points must contain."""

    def __init__(self, folder: Path, server: ServerProcess, seed: int, only: str = "") -> None:
        self.folder, self.server, self.seed, self.only = folder, server, seed, only
        self.wholes: dict[str, Whole] = {}
        self.no_disk = why_not()
        """Why no small disk can be filled here; empty if it can."""

    def runs(self) -> Path:
        """Return the folder of the undisturbed runs."""
        return self.folder / "whole"

    def whole(self, setup: Setup) -> Whole:
        """Play a setup undisturbed, once. Errors: RuntimeError if that fails."""
        if setup.name not in self.wholes:
            if setup.source:
                self.whole(next(one for one in SETUPS if one.name == setup.source))
            if not self.runs().exists():
                self.runs().mkdir()
                write_challenges(self.runs() / CHALLENGES_FILE)
            out, counts = self.runs() / setup.name, self.folder / "counts.json"
            self.server.expect()
            words = setup.command(out, self.runs())
            done = carry_out(Job(words, environment(self.server.url), out, counts))
            if done.code != 0:
                raise RuntimeError(f"{setup.name}: the undisturbed run ended with {done.code}: {done.said[-2000:]}")
            found = points.read_counts(counts)
            requests = self.server.seen()
            found[REQUEST] = requests.total()
            self.wholes[setup.name] = Whole(promised(setup, out), answered(out), requests, found)
        return self.wholes[setup.name]

    def kills(self, count: int, setups: Sequence[Setup] = SETUPS) -> Iterator[Outcome]:
        """Kill runs at `count` points, spread over all setups and kinds, and yield the result of each."""
        chosen = [
            (setup, kind) for kind in _KILLED for setup in setups if self.whole(setup).counts.get(kind, 0)
        ]  # fmt: skip
        for number in range(count):
            setup, kind = chosen[number % len(chosen)]
            source = random.Random(f"{self.seed} {setup.name} {kind} {number}")
            # With several processes each counts for itself, and has a part of the points.
            total = self._total(setup, kind)
            yield from self._try(setup, Point(kind, source.randint(1, total), "killed"))

    def others(self, rounds: int, setups: Sequence[Setup] = SETUPS) -> Iterator[Outcome]:
        """Disturb each setup in every other way, `rounds` times at seeded points."""
        for number in range(rounds):
            for setup in setups:
                source = random.Random(f"{self.seed} {setup.name} others {number}")
                for action, kind in _OTHERS:
                    if self._applies(setup, action, kind):
                        yield from self._try(setup, Point(kind, source.randint(1, self._total(setup, kind)), action))
                largest = max(map(len, self.whole(setup).results.values()))
                yield from self._try(setup, Point("", 0, points.FILE_LIMIT, source.randint(1, largest)))
                if not number:
                    yield from self._try(setup, Point("", 0, points.DESCRIPTORS, DESCRIPTORS))
                if not self.no_disk:
                    pages = sum(-(-len(data) // PAGE) for data in self.whole(setup).results.values())
                    yield from self._try(setup, Point("", 0, points.DISK, PAGE * source.randint(2, pages)))

    def _total(self, setup: Setup, kind: str) -> int:
        found = self.whole(setup).counts[kind]
        return max(1, found // 3) if setup.processes and kind not in (REQUEST, points.FINAL) else found

    def _applies(self, setup: Setup, action: str, kind: str) -> bool:
        if "calculators" in action and not setup.tools:
            return False
        return self.whole(setup).counts.get(kind, 0) > 0

    def _try(self, setup: Setup, point: Point) -> Iterator[Outcome]:
        if self.only in setup.name or self.only in str(point):
            kind = f"{point.action}, {point.kind}" if point.kind else point.action
            yield Outcome(setup.name, str(point), kind, tuple(self.disturb(setup, point)))

    def disturb(self, setup: Setup, point: Point) -> list[str]:
        """Disturb a run at a point, resume it, and return the promises that it broke."""
        out = self.folder / "run" / "disturbed"
        shutil.rmtree(out.parent, ignore_errors=True)
        out.parent.mkdir()
        with small_disk(out, point.limit) if point.action == points.DISK else nullcontext():
            return list(broken(setup, self.whole(setup), self._disturbed(setup, point, out)))

    def _disturbed(self, setup: Setup, point: Point, out: Path) -> Disturbed:
        environ = environment(self.server.url)
        more = ("--calculator-timeout", "0.5") if "stopped" in point.action else ()
        words = setup.command(out, self.runs(), *more)
        job = Job(words, environ, out, obeys_modes="read-only" in point.action)

        def started(pid: int) -> None:
            self.server.expect(point.at if point.kind == REQUEST else 0, pid)

        first = carry_out(job, None if point.kind == REQUEST else point, started)
        if point.action == points.DISK:
            enlarge(out)
        elif out.exists():
            points.make_writable(out)
        asked = self.server.seen()
        # A run that the disturbance let come to its end is whole already; --resume of it changes nothing.
        kept = answered(out) if out.exists() else Counter()
        resume = ["--resume"] if (out / "manifest.json").exists() else []
        self.server.expect()
        last = carry_out(Job([*setup.command(out, self.runs()), *resume], environ, out))
        return Disturbed(out, first, kept, asked, last, self.server.seen())


def as_table(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Return a row for each disturbance: how often it was made, and how many runs broke a promise."""
    kinds = dict.fromkeys(outcome.action for outcome in outcomes)
    rows = []
    for kind in kinds:
        of_kind = [outcome for outcome in outcomes if outcome.action == kind]
        setups = len({outcome.setup for outcome in of_kind})
        rows.append([kind, str(len(of_kind)), str(setups), str(sum(bool(outcome.broken) for outcome in of_kind))])
    return rows
