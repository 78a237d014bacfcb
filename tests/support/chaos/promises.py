"""The promises about a run that was disturbed and resumed: it equals the undisturbed run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.store import digests
from arena.store.journal import JOURNAL_FILE, read_calls
from arena.store.rundir import SUMMARY_FILE
from tests.support.chaos.child import Done
from tests.support.chaos.setups import WORKERS, Setup

Results = dict[str, bytes]
_TIMES = ("ms", "unix")


@dataclass(frozen=True, slots=True)
class Whole:
    """The run that nothing disturbed: its promised bytes, its answered calls, its requests, and its points by kind."""

    results: Results
    calls: Counter[str]
    requests: Counter[str]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A disturbed run. `first`: how the disturbed process ended; `kept`: the calls whose answers were on disk then;
    `asked`, `asked_again`: requests before and after; `last`: how the process ended that resumed it."""

    folder: Path
    first: Done
    kept: Counter[str]
    asked: Counter[str]
    last: Done
    asked_again: Counter[str]


def promised(setup: Setup, folder: Path) -> Results:
    """Return every file of a run whose bytes are promised, by relative path."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if path.name not in setup.clocked}


def _unknown_attempts(results: Results) -> int:
    cost = json.loads(results.get(SUMMARY_FILE, b"{}")).get("cost_usd", {})
    return int(cost.get("unknown_attempts", 0))


def _with_unknown_attempts(results: Results, count: int) -> Results:
    """Return the results of a run with another number of attempts whose cost is unknown, all other bytes kept."""
    if _unknown_attempts(results) == count:
        return results
    member = b'"unknown_attempts": '
    return {**results, SUMMARY_FILE: re.sub(member + rb"\d+", member + b"%d" % count, results[SUMMARY_FILE])}


def answered(folder: Path) -> Counter[str]:
    """Return the calls of a run that need not be made again, without times; also those of its processes.

    A run that was killed while it took over the logs of its processes has their calls in both places: they count once.
    """
    parts: Counter[str] = Counter()
    for path in sorted(folder.glob(f"processes/*/{JOURNAL_FILE}")):
        parts += _settled(path)
    return _settled(folder / JOURNAL_FILE) | parts


def _settled(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, line in read_calls(path):
        if line.settled:
            said = None if line.reply is None else line.reply.text
            place = [line.trial, line.attempt, *line.slot, line.digest, said, line.answer]
            found[json.dumps(place, sort_keys=True)] += 1
    return found


def broken(setup: Setup, whole: Whole, run: Disturbed) -> Iterator[str]:
    """Yield each promise that a disturbed and resumed run breaks."""
    for when, done in (("disturbed", run.first), ("resumed", run.last)):
        if done.code is None:
            yield f"the {when} process hangs"
        if "Traceback" in done.said or "internal error" in done.said:
            yield f"the {when} process shows a traceback: {done.said[-600:]}"
    told = "resume" in run.first.said or "nothing was played" in run.first.said
    if run.first.code is not None and run.first.code > 0 and not told:
        yield f"ended with {run.first.code} and does not say how to resume: {run.first.said[-300:]!r}"
    if run.last.code != 0:
        yield f"the resumed run ended with {run.last.code}: {run.last.said[-400:]!r}"
        return
    found = promised(setup, run.folder)
    unknown = _unknown_attempts(found)
    # Processes whose parent was killed note the calls that they were waiting for; one that is killed itself cannot.
    if unknown > (WORKERS if setup.processes else 0):
        yield f"{unknown} attempts have an unknown cost"
    yield from _other_results(_with_unknown_attempts(whole.results, unknown), found)
    calls = answered(run.folder)
    if calls != whole.calls:
        yield f"the journal is another: {sum((whole.calls - calls).values())} calls less, \
{sum((calls - whole.calls).values())} more"
    if run.kept - whole.calls:
        yield "the journal held calls that no undisturbed run makes"
    if setup.served:
        yield from _other_requests(whole, run)
    left = [path.name for path in run.folder.rglob("*.tmp")]
    if left:
        yield f"left over: {', '.join(left)}"
    yield from (f"{issue.file} {issue.message}" for issue in digests.check(run.folder))


def _other_results(wanted: Results, found: Results) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            how = "is missing" if name not in found else "is new" if name not in wanted else "has other bytes"
            yield f"{name} {how}"


def _other_requests(whole: Whole, run: Disturbed) -> Iterator[str]:
    """Yield the places where more than the calls in flight was repeated."""
    again = run.asked + run.asked_again - whole.requests
    if again.total() > WORKERS:
        yield f"{again.total()} requests were made again, and {WORKERS} can have been in flight"
    missing = whole.requests - (run.asked + run.asked_again)
    if missing:
        yield f"{missing.total()} questions of the undisturbed run were never asked"
