"""Plays pending trials: series -> workers -> play -> score -> record.

Workers are threads, because they wait for HTTP. One worker plays a whole series, in plan order.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from arena.engine.plan import Job, JobSeries
from arena.errors import (
    ArenaError,
    Interrupted,
    JudgePending,
    LimitExceeded,
    SettingRefused,
    StorageFault,
    TrialEnded,
    UsageError,
)
from arena.families.contract import Family, detail_problem, score_problem
from arena.play.context import RunContext
from arena.play.past import Past
from arena.play.services import Services, TrialServices
from arena.records import STOPS, Judging, Record, Score, Stop, Transcript, Trial, awaiting

JOIN_SECONDS = 0.2
"""Seconds between wake-ups of the main thread, for the progress line and for Ctrl-C."""


@dataclass(slots=True)
class Progress:
    """Live counts of this session."""

    finished: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    stopped_by: str | None = None
    """Why no further trial was started: `error`, `budget`, `interrupted`, `failure`; None if all were."""


class When(NamedTuple):
    """When a trial was played: how many seconds it took, to the microsecond, and the Unix time of its last call, None
    without one."""

    seconds: float
    last_call: float | None


@dataclass(frozen=True, slots=True)
class Hooks:
    """The runner's callbacks.

    `record` stores a finished trial and must raise if it cannot; it gets when the trial was played, and the number of
    trials finished so far.  `earlier` returns the records of a trial's series that come before it in plan order; it is
    called once per series, for its first trial.  `tick` is called often, in the main thread.
    """

    record: Callable[[Record, When, int], None]
    earlier: Callable[[Trial], Sequence[Record]]
    tick: Callable[[Progress], None]


class TrialCap:
    """A limit on the trials that may get an answer. The plan alone decides which trials are played, not the workers.

    A trial in flight counts as answered until it has ended. If it decides about the next trial, that one waits.
    """

    def __init__(self, most: int, answered: int, stop: threading.Event) -> None:
        """`answered`: trials that earlier sessions of the run have played."""
        self._most, self._answered, self._stop = most, answered, stop
        self._playing = 0
        self._room = threading.Condition()

    def enter(self) -> LimitExceeded | None:
        """Wait until it is known whether a further trial may start. Return the limit that was reached, else None."""
        with self._room:
            while self._playing and self._answered + self._playing >= self._most and not self._stop.is_set():
                self._room.wait(JOIN_SECONDS)
            if self._answered + self._playing >= self._most:
                return LimitExceeded("trials", self._answered + 1, self._most)
            self._playing += 1
            return None

    def leave(self, answered: bool) -> None:
        with self._room:
            self._playing -= 1
            self._answered += answered
            self._room.notify_all()


class Runner:
    """Plays series in `workers` threads. `run` returns when all are played or the run is stopped."""

    def __init__(
        self, family: Family, context: RunContext, hooks: Hooks, workers: int, continue_on_error: bool
    ) -> None:
        self._family = family
        self._detail = family.spec.detail
        self._context = context
        self._hooks = hooks
        self._workers = workers
        self._continue_on_error = continue_on_error
        self._lock = threading.Lock()
        self._source_lock = threading.Lock()
        self.cap: TrialCap | None = None
        """None: as many trials as the plan has."""
        self._failure: BaseException | None = None
        self.progress = Progress()

    def run(self, todo: Iterable[JobSeries]) -> Progress:
        """Play. Errors: the exception of `Hooks.record` (a full disk, for example), after all workers have stopped."""
        source = iter(todo)
        threads = [
            threading.Thread(target=self._work, args=(source,), name=f"worker-{n}", daemon=True)
            for n in range(self._workers)
        ]
        for number, thread in enumerate(threads):
            try:
                thread.start()
            except RuntimeError:
                self._stop("failure")
                raise UsageError(f"this system allows {number} threads, so use --workers {max(number, 1)}") from None
        for thread in threads:
            while thread.is_alive():
                thread.join(JOIN_SECONDS)
                self._hooks.tick(self.progress)
        self._hooks.tick(self.progress)
        if self._failure is not None:
            raise self._failure
        return self.progress

    def _next(self, source: Iterator[JobSeries]) -> JobSeries | None:
        with self._source_lock:
            if self.progress.stopped_by is not None or self._context.stop.is_set():
                return None
            series_jobs = next(source, None)
            return series_jobs if series_jobs is None or self._may_start() else None

    def _may_start(self) -> bool:
        """Whether a further trial may start; where the cap is reached, the run stops here."""
        reached = None if self.cap is None else self.cap.enter()
        if reached is None:
            return True
        self._context.budget.hit = reached
        self._stop("budget")
        return False

    def _work(self, source: Iterator[JobSeries]) -> None:
        try:
            while (series_jobs := self._next(source)) is not None:
                self._play_series(series_jobs)
        except Interrupted:
            self._stop("interrupted")
        except SettingRefused as error:
            self._failure = error
            self._stop("failure")
            self._context.stop.set()  # all other trials in progress use the same settings
        except BaseException as error:  # noqa: BLE001 - a worker's failure must be seen; `run` raises it in the main thread
            self._failure = error
            self._stop("failure")

    def _stop(self, reason: str) -> None:
        with self._lock:
            if self.progress.stopped_by is None:
                self.progress.stopped_by = reason

    def _play_series(self, series_jobs: JobSeries) -> None:
        past = Past(self._hooks.earlier(series_jobs[0].trial)) if series_jobs[0].trial.series is not None else NO_PAST
        for number, job in enumerate(series_jobs):
            if number and not self._may_start():
                return
            started = self._context.timer()
            services = TrialServices(self._context, job.trial, job.attempt)
            record = self._play(job, services, past)
            if self.cap is not None:
                self.cap.leave(record.answered)
            when = When(round(self._context.timer() - started, 6), services.last_call)
            self._hooks.record(record, when, self._count(record, job.carried_over))
            if past is not NO_PAST:
                past.append(record)
            if not STOPS[record.stop].kept and not job.carried_over:
                return  # later trials of the series build on this one

    def _count(self, record: Record, carried_over: bool) -> int:
        """Count a finished trial and return how many have finished; an error or a limit ends the run here."""
        status = record.status
        with self._lock:
            progress = self.progress
            progress.finished += 1
            finished = progress.finished
            progress.by_status[status] = progress.by_status.get(status, 0) + 1
        if carried_over:
            return finished
        if status == "limit":
            self._stop("budget")
        elif status == "error" and not self._continue_on_error:
            self._stop("error")
        return finished

    def _play(self, job: Job, services: TrialServices, past: Past) -> Record:
        transcript = Transcript()
        score = Score({}, None)
        try:
            transcript = self._family.play(job.trial, services, past)
            if transcript.stop is None:
                transcript.stop, transcript.detail = Stop.BUG, "the family returned a trial that has not ended"
            elif STOPS[transcript.stop].scored:
                score = self._score(job.trial, transcript, services)
            elif transcript.status == "done":
                score = Score({}, None, unscored=f"not scored: {transcript.stop.sentence}")
        except (Interrupted, StorageFault, SettingRefused):
            raise
        except TrialEnded as end:
            transcript.stop, transcript.detail = end.stop, str(end)
            score = self._unscored(transcript)
        except ArenaError as error:
            transcript.stop, transcript.detail = Stop.BUG, f"{type(error).__name__} outside the dialogue: {error}"
        except Exception as error:  # a bug in the arena: this trial becomes `error`, the others continue
            transcript.stop, transcript.detail = Stop.BUG, _where(error)
        if transcript.status in ("error", "limit", "denied"):
            score = Score({}, None, unscored=f"{transcript.status}: {transcript.stop}")
        if services.judged.calls and not score.judging.usage.calls:  # it ended while it was judged
            score.judging = Judging(usage=services.judged)
        return Record(job.trial, job.attempt, transcript, score, tuple(services.gate_decisions))

    def _score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        """Score a finished trial. If scoring fails, the trial ends with that reason and has no score.

        A score that its family does not declare becomes `bug` here, before anything is stored.
        """
        try:
            score = self._family.score(trial, transcript, services)
        except JudgePending as end:
            unscored = awaiting(transcript.stop or Stop.BUG, str(end))
            transcript.stop = end.stop
            return Score({}, None, unscored=unscored)
        except TrialEnded as end:
            transcript.stop, transcript.detail = end.stop, f"while scoring: {end}"
            return self._unscored(transcript)
        problem = score_problem(self._family.values, self._family.outcomes, score, transcript.status)
        problem = problem or detail_problem(self._detail, score.detail)
        if problem is not None:
            transcript.stop, transcript.detail = Stop.BUG, f"the family's score breaks its declaration: {problem}"
            return Score({}, None)
        return score

    def _unscored(self, transcript: Transcript) -> Score:
        """Return the score of a trial that ended before it was scored; a player's fault counts as an outcome."""
        if transcript.status != "aborted":
            return Score({}, None)
        values: dict[str, float | int | None] = dict.fromkeys(value.name for value in self._family.values)
        return Score(values, self._family.outcomes.aborted, unscored=f"not scored: {transcript.stop}")


NO_PAST = Past()
"""The past of trials without a series; it stays empty."""


def _where(error: Exception) -> str:
    """Return an exception and its place as one line, without a traceback or a machine's paths."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    place = f" at {Path(last.filename).name}:{last.lineno} in {last.name}" if last else ""
    return f"{type(error).__name__}: {error}{place}"
