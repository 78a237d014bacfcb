"""One process's work on a run: open or resume it, play the pending trials, write all results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from arena.engine.build import Cast
from arena.engine.changed_run import Changed
from arena.engine.in_order import InOrder
from arena.engine.interrupt import catching_interrupts
from arena.engine.judge_batch import BatchFile, write_requests
from arena.engine.manifest import end_session, new_manifest, new_session, retry_generation, summary_head
from arena.engine.plan import Job, JobSeries, SeriesIndex, job_series
from arena.engine.progress import MOST_UNFINISHED, Account, Console, NotPassed, ProgressLine, trial_line
from arena.engine.recorded_calls import CallCount, lost_text
from arena.engine.request import Opening, RunRequest
from arena.engine.results import Played, cost_json, prices_json, write_results
from arena.engine.resuming import Before, Ledgers, Pending, look_back, read_journal, write_index
from arena.engine.runner import Hooks, Progress, Runner, TrialCap, When
from arena.engine.shards import WHOLE, Shard, shard_of_run
from arena.errors import ConfigError
from arena.families.contract import Family
from arena.messages import Calculator
from arena.play.context import Activity, LeftOut, RunContext
from arena.play.limits import Budget, Limits
from arena.policy.limits import FLAGS, stricter
from arena.records import STOPS, Json, Record, Trial
from arena.store import digests, parts, resume_index
from arena.store.bundles import BUNDLES_FILE, bundles_of, playing
from arena.store.files import write_atomic
from arena.store.gate_lines import record_line
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex, encode_line
from arena.store.manifest import Identity, Manifest
from arena.store.reader import RecordFile
from arena.store.rundir import INPUTS_DIR, RECORDS_FILE, TIMINGS_FILE, RunDir
from arena.store.stored import StoredRecords

TOOLS_INPUT = "tools.txt"
"""In `inputs/`: the description of the tools for players."""


class Shown(NamedTuple):
    """Receives each finished trial, with its seconds and the number finished, and the counts: for output during
    play."""

    finished: Callable[[Record, float, int], None]
    tick: Callable[[Progress], None]


@dataclass
class Run:
    """A run that is ready to be played: all inputs read and checked, nothing written yet.

    `tools`: the description of the tools for players, None without tools.  `resume_hint` says how to resume the run.
    `shard`: the part of the plan that is played here; the identity is that of the whole plan.
    """

    family: Family
    request: RunRequest
    console: Console
    cast: Cast
    calculator: Calculator | None
    tools: str | None
    identity: Identity = field(init=False)
    resume_hint: str = ""
    shard: Shard = WHOLE
    spread: Callable[[Session, int], Progress] | None = None
    """Plays the given number of pending trials of a session in several processes; None: they are played in this one."""

    def trials(self) -> Iterator[Trial]:
        """Yield the trials of this shard, in plan order."""
        return self.shard.trials(self.family.trials())

    def trial_keys(self) -> Iterator[str]:
        return (trial.key for trial in self.trials())

    @cached_property
    def planned(self) -> int:
        """Number of trials of this shard."""
        return sum(1 for _ in self.trials())

    def limits(self) -> Limits:
        """Return the limits of this shard: its part of those of the run, which are the stricter ones of its settings
        and its policy."""
        config, shard = self.request.config, self.shard
        flags = {name: config.get(name) for name in FLAGS}
        held = {name: int(limit.value) for name, limit in stricter(flags, self.request.gate.limits).items()}
        parts = {name.removeprefix("max_"): shard.share(value) for name, value in held.items()}
        cost = config.operation.max_cost_usd
        return Limits(**parts, cost_usd=None if cost is None else cost / shard.count)


@dataclass(slots=True)
class SessionResult:
    """The result of a session. `not_passed`: at most MOST_UNFINISHED trials of this session, in the order of their end.
    `seconds`: duration of playing; None if trials of an earlier session were kept."""

    summary: dict[str, Json]
    progress: Progress
    not_passed: list[NotPassed]
    budget: Budget
    batches: list[BatchFile]
    """Files of requests to a judge that is asked in batches."""
    seconds: float | None


class Session:
    """Carries out a run in a run directory that this process holds."""

    def __init__(self, run: Run, directory: RunDir) -> None:
        self.run = run
        self.directory = directory
        self.operation = run.request.config.operation
        self.budget = Budget(run.limits())
        self.manifest: Manifest
        self.kept = StoredRecords()
        self.attempts: dict[str, int] = {}
        """Key of a pending trial -> its next attempt, if it is not the first."""
        self.not_passed: list[NotPassed] = []
        self.series = SeriesIndex(run.trials())
        self.recorded = JournalIndex(directory.file(JOURNAL_FILE))
        self.activity = Activity()
        self.left_out = LeftOut()
        self.early: InOrder | None = None
        """Makes the results while trials are played; None where trials of an earlier session, or of other processes,
        are among them."""
        self.started = time.perf_counter()
        self._prices = {model.label: model.price for model in run.cast.models()}

    def carry_out(self) -> SessionResult:
        """Play the pending trials and write all results.

        Errors: DataError for a damaged run directory, ConfigError for a resume that would change the run,
        StorageFault when the disk refuses a write.
        """
        if self.directory.resumed:
            self._resume()
        else:
            self._create()
        pending = self.run.planned - len(self.kept)
        progress = Progress()
        with catching_interrupts(
            self.run.request.process.stop, self.activity, self.run.resume_hint, self.operation.grace
        ):
            began = time.perf_counter()
            if pending:
                progress = self._play(pending)
            else:
                self.run.console.notify(self._nothing_to_play())
            played = time.perf_counter() - began
            summary = self._finish(progress)
            batches = self._ask_later()
            end_session(self.manifest, progress, played, time.perf_counter() - self.started)
            self.directory.write_manifest(self.manifest)
            if self.early is None or not self.early.write_index(self.directory.path):
                write_index(self.directory.path, self.run.request.source is not None)
            digests.write(self.directory.path)
        alone = played if pending and not self.kept else None
        return SessionResult(summary, progress, self.not_passed, self.budget, batches, alone)

    def _ask_later(self) -> list[BatchFile]:
        """Write the requests of the pending matches, if the settings name a file for them."""
        run, config = self.run, self.run.request.config
        path: Path | None = config.get("judge_batch")
        if path is None:
            return []
        bound = config.judge is not None and config.judge.bound
        return write_requests(self.directory.path, run.family, run.cast.panel, bound, path)

    def _nothing_to_play(self) -> str:
        run = self.run
        if run.shard is not WHOLE and not run.planned:
            return f"nothing to play: none of the {run.identity.plan.count} planned trials is in shard {run.shard}"
        return "nothing to play: the plan is already complete"

    def _create(self) -> None:
        """Write the manifest and the inputs of a new run, in this order: a directory with a manifest can be resumed."""
        run = self.run
        self.manifest = new_manifest(run.identity, run.request, new_session(run.request, run.calculator, 0))
        self.directory.write_manifest(self.manifest)
        self._write_inputs()
        run.console.notify(f"run directory: {self.directory.path}")

    def _resume(self) -> None:
        """Check that it is the same run, read what is already done, and clean up after a killed process.

        Errors: ConfigError for another run, DataError for a damaged one; nothing was changed then.
        """
        run, directory, retry = self.run, self.directory, frozenset(self.operation.retry)
        self.manifest = directory.read_manifest()
        changed = Changed(self.manifest, run.identity, run.request.config, run.family.spec)
        if refusal := changed.refusal(directory.path):
            raise ConfigError(refusal)
        self._check_shard()
        parts.absorb(directory.path, run.console.notify)
        before = look_back(directory.path, lambda: self.records, run.console.notify)
        self.kept = before.stored
        generation = retry_generation(self.manifest, bool(retry))
        for key, stored in self.kept.items():
            # An interrupted retry continues: trials that it has already repeated are not repeated again.
            again = stored.status in retry and stored.attempt < generation
            if (STOPS[stored.stop].kept and not again) or key in run.family.carried_over:
                continue
            del self.kept[key]  # which StoredRecords allow while they are iterated
            if attempt := generation if again else stored.attempt:
                self.attempts[key] = attempt
        self._drop_what_builds_on_pending()
        lost = self._read_journal(before)  # damage is refused above: from here on the directory is changed
        digests.discard(directory.path)
        resume_index.discard(directory.path)
        directory.recover(run.console.notify, (JOURNAL_FILE, RECORDS_FILE, TIMINGS_FILE, BUNDLES_FILE))
        self.manifest.sessions.append(new_session(run.request, run.calculator, generation))
        directory.write_manifest(self.manifest)
        self._write_inputs()
        if lost:
            run.console.warn(lost_text(lost, run.family.spec.words.trials))
        run.console.notify(f"resuming {directory.path}: {len(self.kept)} of {run.planned} kept")

    def _check_shard(self) -> None:
        """Refuse a resume that would play another part of the plan. Errors: ConfigError."""
        there, here = shard_of_run(self.manifest, str(self.directory.path)), self.run.shard
        if there != here:
            holds = "the whole run" if there == WHOLE else f"shard {there}"
            given = "give no --shard" if there == WHOLE else f"give --shard {there}"
            raise ConfigError(
                f"--resume: {self.directory.path} holds {holds}, not {'the whole run' if here == WHOLE else here};"
                f" {given}, or name the directory of {here} with --out; nothing was played"
            )

    def _drop_what_builds_on_pending(self) -> None:
        """Within a series, play again the trials after a pending one: they were built on another past."""
        for key in list(self.series.broken(self.kept)):
            self.attempts[key] = self.kept.pop(key).attempt + 1

    def _read_journal(self, before: Before) -> list[str]:
        """Index the recorded calls of the pending trials, and charge the budget with the use of earlier sessions.

        Return the recorded trials that must be played again because the journal lacks some of their calls.
        """
        pending = any(key not in self.kept for key in self.run.trial_keys())
        wanted = Pending(self.kept) if pending else None
        count = CallCount(self.kept, self.run.request.source is not None)
        ledgers = Ledgers(self.budget, self.left_out, self._prices)
        lost = read_journal(before, self.recorded, wanted, count, ledgers)
        if lost:
            for key in lost:
                self.attempts[key] = self.kept.pop(key).attempt
            self._drop_what_builds_on_pending()
            self.recorded.scan(lost)
        return lost

    def _write_inputs(self) -> None:
        """Keep the inputs in the run directory, so that the run can be scored, verified and shown elsewhere."""
        folder = self.directory.file(INPUTS_DIR)
        for name, data in {**self.run.family.inputs(), **self.run.request.gate.inputs()}.items():
            write_atomic(folder / name, data, self.directory.path)
        if self.run.tools is not None:
            write_atomic(folder / TOOLS_INPUT, self.run.tools.encode(), self.directory.path)

    def _play(self, pending: int) -> Progress:
        run, operation = self.run, self.operation
        if run.spread is not None:
            return run.spread(self, pending)
        shown = self.progress_line(pending, self.budget)

        def finished(record: Record, seconds: float, number: int) -> None:
            self.note(NotPassed.of(record))
            if operation.progress:
                shown.finished(trial_line(record, seconds), number)

        tick = shown.tick if self.shows_progress() else ignore
        most = run.limits().trials
        cap = None if most is None else TrialCap(most, self.answered(), run.request.process.stop)
        workers = min(operation.workers, pending)
        # The whole plan's rows say how the session ended: those of other shards stand between this one's.
        if not self.directory.resumed and (run.shard is WHOLE or run.request.taker is None):
            taking = run.request.taking(self._opening())
            self.early = InOrder(self.played(), run.planned, taking, run.request.source is not None)
        try:
            return self.play(self.directory.path, job_series(self.jobs()), workers, cap, Shown(finished, tick))
        except BaseException:
            self._without_early()
            raise

    def _without_early(self) -> None:
        """Remove unfinished results."""
        if self.early is not None:
            self.early.discard()
            self.directory.recover(self.run.console.notify, ())

    def play(self, logs: Path, todo: Iterable[JobSeries], workers: int, cap: TrialCap | None, shown: Shown) -> Progress:
        """Play job series in this process and append its logs to the files in the folder `logs`."""
        run, operation = self.run, self.operation
        journal = AppendFile(logs / JOURNAL_FILE, operation.fsync)
        records = AppendFile(logs / RECORDS_FILE, operation.fsync)
        timings = AppendFile(logs / TIMINGS_FILE, False)
        bundles = playing(bundles_of(self.manifest), self.directory.path, logs, operation.fsync)
        with ExitStack() as stack:
            for file in (journal, records, timings, bundles):
                if file is not None:
                    stack.callback(file.close)

            def record(finished: Record, when: When, number: int) -> None:
                line = record_line(finished)
                records.append(line)
                bundle = None if bundles is None else run.family.bundle(finished)
                if bundles is not None and bundle is not None:
                    bundles.add(bundle)
                timing = {"key": finished.key, "attempt": finished.attempt, "seconds": when.seconds}
                timings.append(encode_line(timing))
                if self.early is not None:
                    self.early.add(line, finished, bundle, when)
                shown.finished(finished, when.seconds, number)

            hooks = Hooks(record=record, earlier=self._earlier, tick=shown.tick)
            runner = Runner(run.family, self._context(journal), hooks, workers, operation.continue_on_error)
            if cap is not None:
                runner.cap = cap
            return runner.run(todo)

    def progress_line(self, pending: int, spent: Account) -> ProgressLine:
        """Return the progress line of this session."""
        run = self.run
        return ProgressLine(run.console, pending, self.activity, spent, time.perf_counter, run.family.spec.words)

    def shows_progress(self) -> bool:
        """Return whether the progress line is requested, or a terminal can redraw it."""
        return self.operation.progress or self.run.console.live

    def answered(self) -> int:
        """Return how many of the kept trials got an answer."""
        return sum(record.answered for _, record in self.records.chosen(self.kept)) if self.kept else 0

    def _context(self, journal: AppendFile) -> RunContext:
        run = self.run
        return RunContext(
            budget=self.budget,
            journal=journal,
            recorded=self.recorded,
            stop=run.request.process.stop,
            player=run.cast.player,
            panel=run.cast.panel,
            judge_bound=run.request.config.judge is not None and run.request.config.judge.bound,
            toolbox=run.family.toolbox(run.calculator),
            has_tools=run.tools is not None or run.family.toolbox(None) is not None,
            gate=run.request.gate,
            activity=self.activity,
            left_out=self.left_out,
            written=None if self.early is None else self.early.calls_to(journal),
        )

    def note(self, ended: NotPassed) -> None:
        """Keep why a trial did not pass, for the end of the run."""
        if ended.status == "done" or ended.key in self.run.family.carried_over:
            return
        if len(self.not_passed) < MOST_UNFINISHED:
            self.not_passed.append(ended)

    def jobs(self) -> Iterator[Job]:
        for trial in self.run.trials():
            if trial.key not in self.kept:
                yield Job(trial, self.attempts.get(trial.key, 0), trial.key in self.run.family.carried_over)

    @cached_property
    def records(self) -> RecordFile:
        """The records in the file, as of the first access."""
        return RecordFile(self.directory.file(RECORDS_FILE), self.run.family.spec.detail)

    def _earlier(self, trial: Trial) -> Sequence[Record]:
        """Return the kept records of a trial's series that come before it."""
        kept = [key for key in self.series.before(trial) if key in self.kept]
        return [record for _, record in self.records.chosen(kept)] if kept else []

    def _finish(self, progress: Progress) -> dict[str, Json]:
        """Rewrite the records in plan order and write all derived files; return the summary."""
        run, resumed = self.run, self.directory.resumed  # a kill may have happened between a record and its bundle
        head = summary_head(self.manifest, run.family, cost_json(run.cast, self.budget), self.left_out.by_model())
        early = None if self.early is None else self.early.results(progress.stopped_by)
        taking = None
        if early is None:
            self._without_early()
            taking = run.request.taking(self._opening())
        return write_results(self.played(), head, resumed, taking, progress.stopped_by, early)

    def _opening(self) -> Opening:
        return Opening(self.directory.path, self.run.family, prices_json(self.run.cast))

    def played(self) -> Played:
        """Return the inputs of this session's results."""
        return Played(self.directory.path, self.run.family, self.run.shard, self.manifest)


def ignore(progress: Progress) -> None:
    """Show nothing."""
