"""Verifies that the records follow from the journal: every match is played again out of its recorded calls.

Players, judge and calculator are what `api_calls.jsonl` says; the family plays and scores as it did. The record that
comes out must be the stored one to the byte: transcript, usage, checks, grades, verified grades, outcome. Nothing is
called.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from arena.analysis.verify.calls import Journal
from arena.analysis.verify.problems import Problems
from arena.analysis.verify.records import Found
from arena.engine.plan import Job, lanes
from arena.engine.runner import Hooks, Progress, Runner
from arena.errors import ServiceFault, TrialEnded
from arena.formats.json_text import parse_json
from arena.messages import CallKey, ModelReply, ModelRequest, Provider, Sampling, ToolAnswer
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.services import recorded_fault, tool_seed
from arena.play.toolbox import CalculatorToolbox
from arena.records import Json, Judging, Record, Stop, Trial
from arena.store.calls import CallLine, Fault, Slot
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex, Recorded, encode_line
from arena.store.rundir import RECORDS_FILE, differences

SHOWN_DIFFERENCES = 3
"""So many places of one record are told; where one differs, mostly many do."""

_ENDED_BY_PLAY = ("done", "aborted")
_FREE = frozenset({"status", "stop", "detail", "flagged", "gates", "scores", "unscored", "outcome", "verdict",
                   "judging", "score_detail"})  # fmt: skip
"""What a match that was broken off from outside (a ceiling, a gate, our own bug) does not owe to its calls."""

_TEXTS, _ENTRY_TEXTS = ("plan", "instance", "gates", "score_detail"), ("result", "args", "answer")
"""Members of a record and of its entries that hold JSON in a text."""


def check_replay(found: Found, journal: Journal, problems: Problems) -> None:
    """Play every recorded match again from the journal; `problems` gets where record and journal differ."""
    if found.family is None:
        return
    with problems.guard(RECORDS_FILE, ""):
        _Replay(found, journal, problems).run()


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
        found = self.journal.recorded(trial, attempt, forget=False)
        self.now = _Watched(found._lines)
        self.doubled = self.journal.answers(trial, attempt) - len(found._lines)
        return self.now


class _Absent(Provider):
    """Stands for players, judge and calculator: nothing is answered but from the journal. Calls that failed in the run
    fail again with the fault that was recorded."""

    name = "recorded"
    offline = True
    seeded = True

    def __init__(self, journal: Journal, trials: Mapping[str, Trial]) -> None:
        self._models: dict[tuple[str, int, Slot], Fault] = {}
        self._tools: dict[str, Fault] = {}
        for (key, attempt), lines in journal.faults.items():
            for line in lines:
                if line.fault is None:
                    continue
                if line.kind != "tool":
                    self._models[key, attempt, line.slot] = line.fault
                elif key in trials:
                    place = CallKey(key, attempt, line.seat, line.turn, line.step)
                    self._tools[tool_seed(trials[key].seed, place, line.index)] = line.fault

    def complete(self, request: ModelRequest) -> ModelReply:
        key = request.key
        fault = self._models.get((key.trial, key.attempt, Slot(request.kind, key.seat, key.turn, key.step, 0)))
        raise _fault(fault, f"{request.kind} call of {key.seat} at turn {key.turn}, step {key.step}")

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        raise _fault(self._tools.get(seed), f"tool call {op}")

    def catalogue(self) -> list[dict[str, Json]]:
        return []

    def identity(self) -> dict[str, Json]:
        return {}

    def close(self) -> None:
        """There is nothing to close."""


def _fault(recorded: Fault | None, what: str) -> TrialEnded:
    if recorded is None:
        return ServiceFault(Stop.JOURNAL, f"{JOURNAL_FILE} holds no {what}")
    return recorded_fault(recorded)


class _Replay:
    def __init__(self, found: Found, journal: Journal, problems: Problems) -> None:
        assert found.family is not None
        self.found, self.family, self.problems = found, found.family, problems
        self.index = _Watching(journal)
        self.absent = _Absent(journal, found.trials)

    def run(self) -> None:
        """Play all records again, one after the other."""
        sink = AppendFile(Path(os.devnull), False)
        try:
            hooks = Hooks(self._compare, _nothing_before, _ignore)
            Runner(self.family, self._context(sink), hooks, 1, True).run(lanes(self._jobs()))
        finally:
            sink.close()

    def _context(self, sink: AppendFile) -> RunContext:
        model = Model(self.absent, "", "recorded", Sampling())
        shown = self.found.run.manifest.identity.tools_sha256 is not None
        return RunContext(
            player=lambda trial, seat: model,
            panel=(model,),
            toolbox=CalculatorToolbox(self.absent),
            has_tools=shown or self.family.toolbox(None) is not None,
            budget=Budget(Limits()),
            journal=sink,
            recorded=self.index,
            stop=threading.Event(),
        )

    def _jobs(self) -> Iterator[Job]:
        for key, stored in self.found.records.items():
            if key in self.found.trials:
                # As carried over: an error in a series would else hide the records behind it.
                yield Job(self.found.trials[key], stored.attempt, carried_over=True)

    def _compare(self, played: Record, seconds: float, finished: int) -> None:
        """Compare one record that was played again with the stored one."""
        key, again = played.key, played.to_json()
        with self.problems.guard(RECORDS_FILE, key):
            record = self.found.read(key)
            stored = record.to_json()
            if encode_line(stored) == encode_line(again):
                self._check_use(key)
                return
            if record.status not in _ENDED_BY_PLAY:
                self._check_broken_off(record)
                stored |= {name: value for name, value in again.items() if name in _FREE}
            if played.stop is Stop.JOURNAL and record.stop is not Stop.JOURNAL:
                self.problems.add(RECORDS_FILE, key, f"does not follow from its calls: {played.transcript.detail}")
                return
            for line in list(differences(_shown(stored), _shown(again)))[:SHOWN_DIFFERENCES]:
                self.problems.add(RECORDS_FILE, key, f"its calls give another record (was: stored, now: {line})")

    def _check_use(self, key: str) -> None:
        """Every answer of the attempt must have been used: more would be calls that no record tells of."""
        for slot in self.index.now.unused()[:SHOWN_DIFFERENCES]:
            place = f"{slot.kind} call of {slot.seat} at turn {slot.turn}, step {slot.step}"
            self.problems.add(JOURNAL_FILE, key, f"{place}: the match does without it")
        if self.index.doubled:
            self.problems.add(JOURNAL_FILE, key, f"{self.index.doubled} of its calls stand there twice")

    def _check_broken_off(self, record: Record) -> None:
        """A match that came to no end of its own has no grade and no outcome."""
        score = record.score
        unscored = f"{record.status}: {record.stop}"
        bare = {
            "scores": not score.values,
            "unscored": score.unscored == unscored,
            "outcome": score.outcome is None,
            "verdict": score.verdict is None,
            "judging": score.judging == Judging(),
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
    """Return the past of a lane's first trial: a lane begins with the first record of its series."""
    return []


def _ignore(progress: Progress) -> None:
    """Show nothing."""
