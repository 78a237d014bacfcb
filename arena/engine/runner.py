"""Runs pending trials: lanes -> workers -> gates -> play -> score -> append.

A lane is one trial, or all trials of a series in plan order. Workers are threads: what they wait for is HTTP.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import ArenaError, GateDenied, Interrupted, LimitReached, ServiceFault, StorageFault, UsageError
from arena.families.contract import Family
from arena.play.services import Services, TrialServices, Wiring
from arena.records import Json, Played, Score, Transcript, Trial

JOIN_SECONDS = 0.2
"""How often the main thread looks up from waiting: for the progress line and for Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Job:
    """One trial to play; `attempt` counts fresh plays (0-based). `settled`: how it ends was decided in an earlier run,
    so an error or a ceiling there ends nothing here."""

    trial: Trial
    attempt: int
    settled: bool = False


Lane = Sequence[Job]


def lanes(jobs: Iterable[Job]) -> Iterator[Lane]:
    """Group jobs into lanes, in plan order of their first trial; independent trials are never held in memory."""
    series: dict[str, list[Job]] = {}
    for job in jobs:
        if job.trial.series is None:
            yield (job,)
        else:
            series.setdefault(job.trial.series, []).append(job)
    yield from series.values()


@dataclass(slots=True)
class Progress:
    """Live counts of this session."""

    finished: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    stopped_by: str | None = None
    """None, or why no further trial was started: `error`, `budget`, `interrupted`, `failure`."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the runner tells and asks.

    `record` stores a finished trial and must raise if it cannot; it is given the seconds it took and how many have
    finished with it.  `past` returns the records of a trial's series that
    come before it in plan order, given those of this lane by key.  `tick` is called often, in the main thread.
    """

    record: Callable[[dict[str, Json], float, int], None]
    past: Callable[[Trial, Mapping[str, dict[str, Json]]], list[dict[str, Json]]]
    tick: Callable[[Progress], None]


class Runner:
    """Plays lanes with `workers` threads. `run` returns when all are played or the run is stopped."""

    def __init__(self, family: Family, wiring: Wiring, hooks: Hooks, workers: int, continue_on_error: bool) -> None:
        self._family = family
        self._wiring = wiring
        self._hooks = hooks
        self._workers = workers
        self._continue_on_error = continue_on_error
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self.progress = Progress()

    def run(self, todo: Iterable[Lane]) -> Progress:
        """Play. Errors: what `Hooks.record` raised (the disk is full, say), after all workers stopped."""
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

    def _next(self, source: Iterator[Lane]) -> Lane | None:
        with self._lock:
            if self.progress.stopped_by is not None or self._wiring.stop.is_set():
                return None
            return next(source, None)

    def _work(self, source: Iterator[Lane]) -> None:
        try:
            while (lane := self._next(source)) is not None:
                self._play_lane(lane)
        except Interrupted:
            self._stop("interrupted")
        except BaseException as error:  # noqa: BLE001 - a worker must never die unseen; `run` raises it in the main thread
            self._failure = error
            self._stop("failure")

    def _stop(self, reason: str) -> None:
        with self._lock:
            if self.progress.stopped_by is None:
                self.progress.stopped_by = reason

    def _play_lane(self, lane: Lane) -> None:
        fresh: dict[str, dict[str, Json]] = {}
        for job in lane:
            past = self._hooks.past(job.trial, fresh) if job.trial.series is not None else []
            started = self._wiring.timer()
            services = TrialServices(self._wiring, job.trial, job.attempt)
            played = self._play(job, services, past)
            record = played.to_json()
            self._hooks.record(record, self._wiring.timer() - started, self._count(played, job.settled))
            if job.trial.series is not None:
                fresh[job.trial.key] = record
            if played.transcript.status in ("error", "limit"):
                return  # what follows in a series builds on this trial

    def _count(self, played: Played, settled: bool) -> int:
        """Count a finished trial and return how many have finished; an error or a ceiling ends the run here."""
        status = played.transcript.status
        with self._lock:
            progress = self.progress
            progress.finished += 1
            finished = progress.finished
            progress.by_status[status] = progress.by_status.get(status, 0) + 1
        if settled:
            return finished
        if status == "limit":
            self._stop("budget")
        elif status == "error" and not self._continue_on_error:
            self._stop("error")
        return finished

    def _play(self, job: Job, services: TrialServices, past: Sequence[dict[str, Json]]) -> Played:
        transcript = Transcript()
        score = Score({}, None)
        try:
            transcript = self._family.play(job.trial, services, past)
            if transcript.status in ("done", "aborted"):
                score = self._score(job.trial, transcript, services)
        except (Interrupted, StorageFault):
            raise
        except ArenaError as error:
            transcript.stop, transcript.detail = "bug", f"{type(error).__name__} outside the dialogue: {error}"
        except Exception as error:  # our own bug: one trial becomes `error`, the others go on
            transcript.stop, transcript.detail = "bug", _where(error)
        if transcript.status in ("error", "limit", "denied"):
            score = Score({}, None, unscored=f"{transcript.status}: {transcript.stop}")
        return Played(job.trial, job.attempt, transcript, score, tuple(services.gate_decisions))

    def _score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        """Score a finished trial; an outage, a ceiling or a gate while judging ends it as that, never as a score."""
        try:
            return self._family.score(trial, transcript, services)
        except ServiceFault as fault:
            transcript.stop, transcript.detail = fault.reason, f"while judging: {fault}"
        except LimitReached as limit:
            transcript.stop, transcript.detail = "budget", f"while judging: {limit}"
        except GateDenied as denial:
            transcript.stop, transcript.detail = "gate_denied", f"while judging: {denial}"
        return Score({}, None)


def _where(error: Exception) -> str:
    """Return an exception and the place it came from as one line, without a traceback or a machine's paths."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    place = f" at {Path(last.filename).name}:{last.lineno} in {last.name}" if last else ""
    return f"{type(error).__name__}: {error}{place}"
