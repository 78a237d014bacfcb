"""Verifies that the records follow from the journal: every match is played again out of its recorded calls.

Players, judge and calculator answer from `api_calls.jsonl`; the family plays and scores as in the run. The stored
record must be reproduced byte for byte: transcript, usage, checks, grades, verified grades, outcome. Nothing is
called.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from arena.analysis.verify.absent import Absent, context_again
from arena.analysis.verify.journal import Journal
from arena.analysis.verify.policy import stored_gate
from arena.analysis.verify.problems import Problems
from arena.analysis.verify.records import Found
from arena.engine.plan import Job, JobSeries, job_series
from arena.engine.runner import Hooks, Progress, Runner, When
from arena.formats.decode import encode
from arena.formats.json_text import parse_json
from arena.play.services import JUDGE_SEAT, merge_usage
from arena.policy.again import DecidedAgain
from arena.policy.gates import AllowAll, CallFacts, Decision, Gate
from arena.records import Counters, Json, Judging, Record, Stop, Trial
from arena.store.calls import CallLine, Slot
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex, Recorded, encode_line
from arena.store.rundir import RECORDS_FILE, differences

SHOWN_DIFFERENCES = 3
"""Most differences of one record that are listed; if one member differs, usually many do."""

_ENDED_BY_PLAY = ("done", "aborted")
_FREE = frozenset({"status", "stop", "detail", "flagged", "gates", "scores", "unscored", "outcome", "verdict",
                   "judging", "score_detail"})  # fmt: skip
"""Members that do not follow from the calls if a match was stopped from outside (a limit, a gate, a bug in the
arena)."""

_TEXTS, _ENTRY_TEXTS = ("plan", "instance", "gates", "score_detail"), ("result", "args", "answer")
"""Members of a record and of its entries that contain JSON as text."""


def count_series(found: Found) -> int:
    """Return the number of series of records to replay; a match without a series counts as one."""
    return 0 if found.family is None else sum(1 for _ in _series(found))


def _series(found: Found) -> Iterator[JobSeries]:
    # As carried over: an error in a series would else hide the records behind it.
    jobs = (Job(trial, found.records.attempt(row), carried_over=True) for trial, row in found.records.of_plan())
    return job_series(jobs)


def check_replay(found: Found, journal: Journal, problems: Problems, part: range | None = None) -> int:
    """Replay every recorded match from the journal; add differences between record and journal to `problems`.

    `part`: the numbers of the series that are played; None: all.  Every decision of the policy is made again from the
    facts of its call. Return how many.
    """
    if found.family is None:
        return 0
    replay = _Replay(found, journal, problems)
    series = _series(found)
    with problems.guard(RECORDS_FILE, ""):
        replay.run(series if part is None else itertools.islice(series, part.start, part.stop))
    return replay.gate.decided if isinstance(replay.gate, DecidedAgain) else 0


class _Watched(Recorded):
    """Recorded calls that remember which of them were looked up."""

    __slots__ = ("used",)

    def __init__(self, lines: dict[Slot, CallLine]) -> None:
        super().__init__(lines)
        self.used: set[Slot] = set()

    def find(self, slot: Slot, digest: str) -> CallLine | None:
        line = super().find(slot, digest)
        if line is not None:
            self.used.add(slot)
        return line

    def judged(self) -> Counters:
        """Return the use of the judge's recorded answers."""
        taken = Counters(JUDGE_SEAT)
        for line in self._lines.values():
            if line.kind == "judge" and line.reply is not None:
                merge_usage(taken, line.reply)
        return taken

    def unused(self) -> list[Slot]:
        return [slot for slot in self._lines if slot not in self.used]


class _Watching(JournalIndex):
    """The journal's index; hands out watched calls, and keeps those of the match that is being played."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal.path)
        self.journal = journal
        self.now = _Watched({})
        self.doubled = 0

    def recorded(self, trial: str, attempt: int, forget: bool = True) -> Recorded:
        lines, count = self.journal.recorded(trial, attempt)
        self.now = _Watched(dict(lines))
        self.doubled = count - len(lines)
        return self.now


class _Replay:
    def __init__(self, found: Found, journal: Journal, problems: Problems) -> None:
        assert found.family is not None
        self.found, self.family, self.problems = found, found.family, problems
        self.index = _Watching(journal)
        self.absent = Absent(journal.tally.faults, found.planned.seed)
        policy = stored_gate(found.run, problems)
        self.gate: Gate = AllowAll() if policy is None else DecidedAgain(policy, self._decided_otherwise)
        self.free = _FREE if policy is None else _FREE - {"gates"}

    def run(self, series: Iterator[JobSeries]) -> None:
        """Play records again, one after the other."""
        sink = AppendFile(Path(os.devnull), False)
        try:
            context = context_again(self.found.run, self.family, self.absent, self.index, sink, self.gate)
            hooks = Hooks(self._compare, _nothing_before, _ignore)
            Runner(self.family, context, hooks, 1, True).run(series)
        finally:
            sink.close()

    def _compare(self, played: Record, when: When, finished: int) -> None:
        """Compare one record that was played again with the stored one."""
        key, again = played.key, played.to_json()
        with self.problems.guard(RECORDS_FILE, key):
            # The bytes of each line were compared with its record before.
            if self.found.line(key) == encode_line(again):
                self._check_use(key)
                return
            record = self.found.read(key)
            stored = record.to_json()
            if encode_line(stored) == encode_line(again):
                self._check_use(key)
                return
            if record.status not in _ENDED_BY_PLAY:
                self._check_broken_off(record)
                stored |= {name: value for name, value in again.items() if name in self.free}
            # A limit stops a trial before a call, which is then not recorded.
            if played.stop is Stop.JOURNAL and record.stop not in (Stop.JOURNAL, Stop.BUDGET):
                self.problems.add(RECORDS_FILE, key, f"does not follow from its calls: {played.transcript.detail}")
                return
            for line in list(differences(_shown(stored), _shown(again)))[:SHOWN_DIFFERENCES]:
                self.problems.add(RECORDS_FILE, key, f"its calls give another record (was: stored, now: {line})")

    def _decided_otherwise(self, trial: Trial, facts: CallFacts, recorded: Decision, again: Decision) -> None:
        """Report a recorded decision that the run's policy does not make."""
        call = facts.kind if facts.op is None else f"{facts.kind} call {facts.op}"
        place = f"{facts.phase} the {call} of {facts.seat} at turn {facts.turn}, step {facts.step}"
        changed = differences(encode(recorded), encode(again), "/decision")
        self.problems.add(
            JOURNAL_FILE, trial.key, f"{place}: the policy decides otherwise (was: recorded, now: {'; '.join(changed)})"
        )

    def _check_use(self, key: str) -> None:
        """Every answer of the attempt must have been used: more would be calls without a record."""
        for slot in self.index.now.unused()[:SHOWN_DIFFERENCES]:
            place = f"{slot.kind} call of {slot.seat} at turn {slot.turn}, step {slot.step}"
            self.problems.add(JOURNAL_FILE, key, f"{place}: the match does without it")
        if self.index.doubled:
            self.problems.add(JOURNAL_FILE, key, f"{self.index.doubled} of its calls are recorded twice")

    def _check_broken_off(self, record: Record) -> None:
        """A match that was stopped has no grade and no outcome; what its judge's answers took is counted."""
        score = record.score
        spent = self.index.now.judged()
        if score.judging != (Judging(usage=spent) if spent.calls else Judging()):
            message = f"does not hold what its journal says that judging took: {spent.calls} answers"
            self.problems.add(RECORDS_FILE, record.key, f"/judging: {message}")
        unscored = f"{record.status}: {record.stop}"
        bare = {
            "scores": not score.values,
            "unscored": score.unscored == unscored,
            "outcome": score.outcome is None,
            "verdict": score.verdict is None,
            "score_detail": not score.detail,
        }
        for name, holds in bare.items():
            if not holds:
                self.problems.add(RECORDS_FILE, record.key, f"/{name}: an outage is never a score")


def _shown(record: dict[str, Json]) -> dict[str, Json]:
    """Return a record's JSON with its texts of JSON opened, so that differences name the place in them."""
    opened = {name: parse_json(record[name]) for name in _TEXTS if record[name]}
    entries = [{**entry, **{name: parse_json(entry[name]) for name in _ENTRY_TEXTS if entry[name]}}
               for entry in record["transcript"]]  # fmt: skip
    return {**record, **opened, "transcript": entries}


def _nothing_before(trial: Trial) -> list[Record]:
    """Return the past of the first trial that is played again: it is the first record of its series."""
    return []


def _ignore(progress: Progress) -> None:
    """Show nothing."""
