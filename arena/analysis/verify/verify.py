"""Verifies a run: is its directory unchanged, and do its files follow from each other?

In this order, all problems at once: the digests of all files; identity, plan and hash chain; every call as the arena
writes it and every tool answer computed again; every record played again from the journal; every derived file built
again from the records. Nothing in the run is changed. docs/verify.md says what each step can and cannot show.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from arena.analysis.verify.calls import CallCounts, Recalculation, check_calls
from arena.analysis.verify.derived import check_derived
from arena.analysis.verify.journal import Journal
from arena.analysis.verify.problems import MAX_LISTED, Problems
from arena.analysis.verify.records import Found, check_records
from arena.analysis.verify.replay import check_replay, count_series
from arena.analysis.verify.tasks import carried_out, jobs_for
from arena.calculator.carrier import DEFAULT_TIMEOUT_S, GET_CARGO, CalculatorSettings, NoCalculator, ensure_built
from arena.engine.build import CALCULATORS, ProcessContext, family_spec, load
from arena.engine.finished import opened
from arena.errors import ArenaError, UsageError
from arena.families.spec import Need
from arena.messages import Calculator
from arena.records import Json
from arena.settings.config import Config
from arena.store import digests, resume_index
from arena.store.files import strangers
from arena.store.journal import JOURNAL_FILE, read_lines
from arena.store.resume_index import INDEX_FILE
from arena.store.rundir import MANIFEST_FILE

INTEGRITY = (
    "This shows integrity, not authorship: the files fit each other and their digests, and recomputing gives the same"
    " tool answers. No file can show who wrote it, or whether a model really gave the recorded replies."
)


@dataclass(slots=True)
class VerifiedMatch:
    """One record: its `key`, `status`, `ledger` (empty if its family keeps none), how many of its tool calls were
    computed again or checked (`calls`)."""

    key: str
    status: str
    ledger: dict[str, Json]
    calls: int


@dataclass(slots=True)
class RunVerification:
    """The result. `holds` if there is no problem; `files` that are listed; `records` that could be read.

    Close it to delete its temporary file."""

    run: str
    problems: Problems
    files: int = 0
    records: int = 0
    found: Found | None = None
    calls: CallCounts = field(default_factory=CallCounts)
    decisions: int = 0
    """Decisions of the run's policy that were made again."""
    unfinished: bool = False
    """Whether the last session was killed: nothing is chained, sorted or summed up yet."""

    @property
    def holds(self) -> bool:
        return self.problems.count == 0

    def matches(self) -> Iterator[VerifiedMatch]:
        """Yield the records in the order of the file."""
        if self.found is None:
            return
        self.found.ledgers.seek(0)
        for line in self.found.ledgers:
            key, status, ledger = json.loads(line)
            number = self.found.planned.number(key)
            yield VerifiedMatch(key, status, ledger, 0 if number is None else self.calls.checked(number))

    def close(self) -> None:
        if self.found is not None:
            self.found.ledgers.close()

    def to_json(self) -> dict[str, Json]:
        """Return the result of `--json`; at most MAX_LISTED problems are listed."""
        calls = self.calls
        return {
            "run": self.run,
            "holds": self.holds,
            "problems": [{"file": i.file, "place": i.pointer, "message": i.message} for i in self.problems.listed],
            "problems_not_listed": max(0, self.problems.count - MAX_LISTED),
            "notes": self.problems.notes,
            "files": self.files,
            "records": self.records,
            "calls": {
                "tool": calls.tool,
                "executed": calls.executed,
                "related": calls.related,
                "differ": calls.differ,
                "unchecked": dict(sorted(calls.unchecked.items())),
                "why_unchecked": dict(sorted(calls.why.items())),
            },
            "gate_decisions": self.decisions,
            "matches": [
                {"key": match.key, "status": match.status, "calls_checked": match.calls, "ledger": match.ledger}
                for match in self.matches()
            ],
            "shows": INTEGRITY,
        }


def verify(path: Path, again: Recalculation, jobs: int | None = None) -> RunVerification:
    """Verify the run directory `path`; `again` computes tool answers.

    `jobs`: processes that work at once; None: one per core, one alone for a small run.  The result is the same.
    Errors: UsageError if `path` is not a run directory, DataError if its manifest cannot be read; ServiceFault if
    the calculator does not answer at all.
    """
    problems = Problems(path)
    if (path / MANIFEST_FILE).is_file():
        for issue in strangers(path):
            problems.add(issue.file, "", issue.message)
    if problems.count:
        problems.notes.append("nothing else was checked: the targets of such files do not belong to the run")
        return RunVerification(path.resolve().name, problems)
    run = opened(path, verifying=True)
    result = RunVerification(run.name, problems)
    jobs = jobs_for(jobs, run.records.shape.matches)
    for issue in digests.check(path):
        problems.add(issue.file, issue.pointer, issue.message)
    with problems.guard(digests.DIGESTS_FILE, ""):
        result.files = sum(1 for _ in digests.listed(path)) if (path / digests.DIGESTS_FILE).is_file() else 0
    sessions = run.manifest.sessions
    result.unfinished = not (path / digests.DIGESTS_FILE).exists() and bool(sessions) and not sessions[-1].ended
    found = result.found = check_records(run, problems, jobs)
    result.records = len(found.records)
    _compare_calculators(run.manifest.identity.calculator, again, problems)
    journal, result.calls = check_calls(found, again, problems, jobs)
    _note_unrecorded(found, journal, problems)
    _again(found, journal, result, jobs)
    return result


def _again(found: Found, journal: Journal, result: RunVerification, jobs: int) -> None:
    """Play the records again, and build the derived files again: into `result`."""
    derived, index = partial(_derived, found, journal), partial(_index, found)
    # The files first: this step cannot be divided, so it must not start last.
    replays = [partial(_replay, found, journal, part) for part in _parts(count_series(found), jobs)]
    result.decisions = sum(carried_out([derived, index, *replays], jobs, result.problems))


_PART, _PARTS = 1000, 32
"""Matches that one process replays at once, unless that makes more parts than this: each part iterates over the
plan."""


def _parts(count: int, jobs: int) -> list[range]:
    """Divide a number into parts; one part without parallel work."""
    size = max(1, count)
    if jobs > 1:
        size = max(min(_PART, -(-size // (4 * jobs))), -(-size // max(_PARTS, 4 * jobs)))
    return [range(start, min(start + size, count)) for start in range(0, max(1, count), size)]


def _replay(found: Found, journal: Journal, part: range, problems: Problems) -> int:
    return check_replay(found, journal, problems, part)


def _derived(found: Found, journal: Journal, problems: Problems) -> int:
    check_derived(found, journal.tally, problems)
    return 0


def _index(found: Found, problems: Problems) -> int:
    """Make the index for a resume again, if the run has one."""
    path = found.run.path
    if not (path / INDEX_FILE).exists():
        return 0
    with problems.guard(INDEX_FILE, ""):
        again = resume_index.made(path) or iter(())
        stored = (line for _, line in read_lines(path / INDEX_FILE))
        for number, (there, here) in enumerate(itertools.zip_longest(stored, again), 1):
            if there != here:
                problems.add(INDEX_FILE, f"line {number}", "does not follow from records and journal")
                break
    return 0


def _compare_calculators(there: Mapping[str, Json], again: Recalculation, problems: Problems) -> None:
    """Note if this calculator has another version than the run's: answers may differ for that reason alone."""
    if again.seeded is None:
        return
    here = again.seeded.identity()
    if there["provider"] != "none":
        for name in ("version", "catalogue"):
            if there.get(name) != here[name]:
                problems.notes.append(
                    f"the run's calculator is not the one here ({name} {there.get(name)}, here {here[name]}): what"
                    " differs may differ for that"
                )


def _note_unrecorded(found: Found, journal: Journal, problems: Problems) -> None:
    """Note how many trials have calls but no record: matches in progress when a session was stopped."""
    if problems.unreadable:
        return
    failed = journal.failed()
    missing = (number for number, key in enumerate(found.planned) if key not in found.records)
    count = sum(journal.has_calls(number) or number in failed for number in missing)
    if count:
        problems.notes.append(f"{count} matches have calls and no record: they were under way when the run stopped")


def _calls_nothing(path: Path) -> str | None:
    """Return why a run has no calls to compute again; None if it has some, or this is not known yet.

    That a run was played without tools is believed only if its journal has no call of a tool.
    """
    try:
        manifest = opened(path, verifying=True).manifest
        if family_spec(manifest.family).tools is Need.NONE:
            return "this family of benchmarks has no calculator"
        if manifest.identity.calculator["provider"] == "none":
            calls = any(_of_tool(line) for _, line in read_lines(path / JOURNAL_FILE))
            return None if calls else "the run was played without tools"
    except (ArenaError, OSError):  # the problems of the run are reported when it is verified
        pass
    return None


def _of_tool(line: bytes) -> bool:
    """Return whether a line of the journal may be a tool call; the beginning of most lines shows it."""
    return not line.startswith((b'{"kind":"model",', b'{"kind":"judge",'))


@contextmanager
def recalculating(config: Config, process: ProcessContext, path: Path) -> Iterator[Recalculation]:
    """Yield the local calculator with and without seeds, built first if necessary, to verify the run `path`.

    A run that called no tool needs none; `--calculator-provider none` leaves the calls unchecked.
    Errors: UsageError if the calculator is requested and not available.
    """
    tools = config.tools
    name = "none" if tools is None else tools.provider
    if name == "none":
        yield Recalculation(None, None, "no calculator was requested (--calculator-provider none)")
        return
    if reason := _calls_nothing(path):
        yield Recalculation(None, None, reason)
        return
    try:
        binary = ensure_built(config.root, process.notify, process.environ, process.live)
    except NoCalculator:
        raise UsageError(
            f"the calculator is needed to compute the calls again; it is not built, and cargo is missing: {GET_CARGO}."
            " Without it: --calculator-provider none leaves the calls unchecked"
        ) from None
    with _recalculators(config, process, name, str(binary)) as made:
        yield made


@contextmanager
def _recalculators(config: Config, process: ProcessContext, name: str, binary: str) -> Iterator[Recalculation]:
    tools = config.tools
    with ExitStack() as stack:
        made: list[Calculator] = []
        for seeded in (True, False):
            settings = CalculatorSettings(
                root=config.root,
                environ=process.environ,
                timeout_s=tools.timeout if tools is not None else DEFAULT_TIMEOUT_S,
                command=(binary,),
                notify=process.notify,
                seeded=seeded,
                stop=process.stop,
            )
            made.append(load(CALCULATORS, name, "calculator").build(name, settings))
            stack.callback(made[-1].close)
        yield Recalculation(made[0], made[1], anew=partial(_recalculators, config, process, name, binary))
