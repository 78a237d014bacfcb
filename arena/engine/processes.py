"""Plays the pending trials of a session in several processes of this machine.

The session forks; each child plays job series with models and its own calculator, and appends to its own logs
(store/parts.py). The numbers of the series are in one pipe, and a free child takes the next one, because some matches
take several times as long as others. Through another pipe it reports to the parent what has ended. The parent shows one
progress view, passes on signals, and joins the logs. If the parent dies, its children end at once: every answer is
already on disk.
"""

from __future__ import annotations

import itertools
import json
import os
import selectors
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn, Protocol, runtime_checkable

from arena.engine.build import RunRequest, build_calculator, build_cast
from arena.engine.plan import JobSeries, job_series
from arena.engine.progress import NotPassed, trial_line
from arena.engine.runner import JOIN_SECONDS, Progress, TrialCap
from arena.engine.session import Session, Shown, ignore
from arena.engine.shards import Shard
from arena.errors import EXIT_INTERRUPTED, EXIT_OK, ArenaError, SettingRefused, StorageFault, UsageError
from arena.formats import posix
from arena.play.context import Activity
from arena.play.limits import Budget, Limits
from arena.records import Json, Record
from arena.settings.config import Config
from arena.stops import Stop
from arena.store import parts
from arena.store.files import opened_folder
from arena.store.journal import encode_line
from arena.store.rundir import lock_folder

_WORST = ("failure", "error", "interrupted", "budget")
"""If the processes of a session stopped for different reasons, the session's reason is the first of these."""


_NUMBER_BYTES = 8
_DEALT_AT_ONCE = 64
"""Numbers written into the pipe at once: 512 bytes, which POSIX writes completely or not at all."""


class Deal:
    """The pipe with the numbers of the job series, counted up from 0 without end: one child reads each number."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._next = 0

    def fill(self) -> bool:
        """Fill the free room of the pipe; return whether it still has a reader."""
        try:
            while True:
                numbers = range(self._next, self._next + _DEALT_AT_ONCE)
                os.write(self.writer, b"".join(number.to_bytes(_NUMBER_BYTES, "big") for number in numbers))
                self._next += _DEALT_AT_ONCE
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False

    def taken(self, series: Iterator[JobSeries]) -> Iterator[JobSeries]:
        """Yield the series whose numbers this process reads. Not thread-safe."""
        place = 0
        while data := os.read(self.reader, _NUMBER_BYTES):
            number = int.from_bytes(data, "big")
            mine = next(itertools.islice(series, number - place, None), None)
            if mine is None:
                return
            place = number + 1
            yield mine


@runtime_checkable
class TimedGate(Protocol):
    """A gate that measures its decisions. `seconds`: their durations; those of other processes are added to them."""

    seconds: list[float]


@dataclass(slots=True)
class _Child:
    """A process as the parent knows it. `counts`: turns, calls in flight, retries and dollars, as last reported."""

    pid: int
    pipe: int
    counts: Sequence[float] = (0, 0, 0, 0.0)
    stopped_by: str | None = None
    ended: bool = False
    failed: str | None = None
    refused: bool = False
    """Whether the process failed because a service refused a setting."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """What the process spent (Budget.part), after it has ended."""
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Model -> settings that were not sent, once it has ended."""
    rest: bytes = b""


@dataclass(slots=True)
class _Spent:
    """Use of earlier sessions, and of the children so far."""

    before: float
    children: list[_Child] = field(default_factory=list)

    def spent(self) -> Mapping[str, float]:
        return {"cost_usd": self.before + sum(child.counts[3] for child in self.children)}


def play_in_processes(session: Session, pending: int) -> Progress:
    """Play the pending trials in as many processes as the settings say, at most one per trial.

    Errors: UsageError if this system cannot fork; SettingRefused of a process; StorageFault if a process ended
    without saying why, or could not write: its logs are absorbed when the run is resumed.
    """
    if not posix.can_fork():
        raise UsageError("--processes: this system cannot fork; leave it out, or divide the run with --shard")
    count = min(session.operation.processes, pending)
    folders = parts.make_parts(session.directory.path, count)
    life, held = os.pipe()
    deal = Deal()
    children = [_fork(session, Shard(number, count), folders[number], (life, held), deal) for number in range(count)]
    os.close(life)
    os.close(deal.reader)
    session.activity.elsewhere = True
    try:
        progress = _watch(session, children, pending, deal)
    finally:
        session.activity.elsewhere = False
        os.close(held)  # stops the children that are still running
        os.close(deal.writer)
        for child in children:
            if not child.ended:
                os.waitpid(child.pid, 0)
    for child in children:
        if child.failed is not None:
            raise (SettingRefused if child.refused else StorageFault)(child.failed)
    for child in children:
        session.budget.add_part(child.spent)
        for model, names in child.left_out.items():
            session.left_out.add(model, names)
    parts.absorb(session.directory.path, session.run.console.notify)
    return progress


def _fork(session: Session, part: Shard, folder: Path, life: tuple[int, int], deal: Deal) -> _Child:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            os.close(life[1])
            os.close(deal.writer)
            _child(session, part, folder, deal, (life[0], writer))
        finally:
            os._exit(EXIT_INTERRUPTED)
    os.close(writer)
    return _Child(pid, reader)


# The parent


def _watch(session: Session, children: Sequence[_Child], pending: int, deal: Deal) -> Progress:
    """Hand out series and read the children's reports until all have ended; return the sum of their counts."""
    progress, spent = Progress(), _Spent(session.budget.spent()["cost_usd"], list(children))
    shown = session.progress_line(pending, spent)
    stop, told = session.run.request.process.stop, False
    with selectors.DefaultSelector() as selector:
        for child in children:
            selector.register(child.pipe, selectors.EVENT_READ, child)
        selector.register(deal.writer, selectors.EVENT_WRITE)
        while not all(child.ended for child in children):
            for key, _ in selector.select(JOIN_SECONDS):
                if key.fd == deal.writer:
                    if not deal.fill():
                        selector.unregister(deal.writer)
                    continue
                child = key.data
                data = os.read(child.pipe, 1 << 16)
                if not data:
                    selector.unregister(child.pipe)
                    os.close(child.pipe)
                    _ended(child)
                    continue
                *lines, child.rest = (child.rest + data).split(b"\n")
                for line in lines:
                    _heard(json.loads(line), child, session, progress, shown.finished)
            failing = any(child.failed or child.stopped_by in ("error", "failure") for child in children)
            if (stop.is_set() or failing) and not told:
                told = True
                _terminate(children)
            activity = session.activity
            activity.turns, activity.in_flight, activity.retries = (
                int(sum(child.counts[n] for child in children)) for n in range(3)
            )
            if session.shows_progress():
                shown.tick(progress)
    reasons = {child.stopped_by for child in children}
    progress.stopped_by = next((reason for reason in _WORST if reason in reasons), None)
    return progress


def _heard(
    said: dict[str, Json], child: _Child, session: Session, progress: Progress, show: Callable[[str, int], None]
) -> None:
    if "counts" in said:
        child.counts = said["counts"]
    elif "warn" in said:
        session.run.console.warn(said["warn"])
    elif "failed" in said:
        child.failed, child.refused = said["failed"], said["refused"]
    elif "stopped_by" in said:
        child.stopped_by, child.counts = said["stopped_by"], said["last"]
        child.spent, child.left_out = said["spent"], said["left_out"]
        gate = session.run.request.gate
        if isinstance(gate, TimedGate):
            gate.seconds.extend(said["decided"])
    else:
        status = said["status"]
        progress.finished += 1
        progress.by_status[status] = progress.by_status.get(status, 0) + 1
        session.note(NotPassed(said["key"], said["mark"], Stop(said["stop"]), said["detail"]))
        if session.operation.progress:
            show(said["line"], progress.finished)


def _ended(child: _Child) -> None:
    _, status = os.waitpid(child.pid, 0)
    child.ended = True
    code = os.waitstatus_to_exitcode(status)
    if code != EXIT_OK and child.failed is None:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        child.failed = f"one of the processes {how}; the trials it finished are kept"


def _terminate(children: Sequence[_Child]) -> None:
    for child in children:
        if not child.ended:
            os.kill(child.pid, signal.SIGTERM)


# The child


def _child(session: Session, part: Shard, folder: Path, deal: Deal, pipes: tuple[int, int]) -> NoReturn:
    """Play the trials of this process, report the results, and end the process. `pipes`: one that closes when the
    parent dies, and one to report to it."""
    life, pipe = pipes
    lock = threading.Lock()

    def say(**said: Json) -> None:
        with lock:
            data = memoryview(encode_line(said))
            while data:
                data = data[os.write(pipe, data) :]

    stop = session.run.request.process.stop
    # Ctrl-C reaches every process of a terminal; only the parent acts on it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    threading.Thread(target=_end_with_parent, args=(life, session.activity), daemon=True).start()
    try:
        with opened_folder(folder) as held:
            lock_folder(held, folder)
            _play(session, part, folder, deal, say)
    except ArenaError as error:
        say(failed=str(error), refused=isinstance(error, SettingRefused))
    except OSError as error:
        say(failed=f"cannot write {error.filename or folder}: {error.strerror or error}", refused=False)
    except Exception as error:  # a bug in the arena, which the parent reports: this process ends without a traceback
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} at {Path(place.filename).name}:{place.lineno}"
        say(failed=said, refused=False)
    os._exit(EXIT_OK)


def _end_with_parent(life: int, activity: Activity) -> None:
    os.read(life, 1)
    activity.abandon()
    os._exit(EXIT_INTERRUPTED)


def _play(session: Session, part: Shard, folder: Path, deal: Deal, say: Callable[..., None]) -> None:
    run = session.run
    answered = session.answered()
    most = run.limits().trials
    stop = run.request.process.stop
    cap = None if most is None else TrialCap(part.share(max(0, most - answered)), 0, stop)
    request = _request(run.request, part, lambda text: say(warn=text))
    with build_cast(request) as cast, build_calculator(request) as calculator:
        run.cast, run.calculator = cast, calculator
        session.budget = Budget(_rest(run.limits(), session.budget, part))

        def counts() -> list[float]:
            activity = session.activity
            cost = session.budget.spent()["cost_usd"]
            return [activity.turns, activity.in_flight, activity.retries, cost]

        def finished(record: Record, seconds: float, number: int) -> None:
            ended = NotPassed.of(record)
            line = trial_line(record, seconds) if session.operation.progress else ""
            said = {"key": ended.key, "status": record.status, "mark": ended.status}
            say(**said, stop=ended.stop, detail=ended.detail, line=line)

        tick = (lambda progress: say(counts=counts())) if session.shows_progress() else ignore
        todo = job_series(session.jobs())
        # The choice of trials under a limit on trials must not depend on which process is faster.
        todo = deal.taken(todo) if cap is None else itertools.islice(todo, part.index, None, part.count)
        workers = max(1, part.share(session.operation.workers))
        progress = session.play(folder, todo, workers, cap, Shown(finished, tick))
        spent, left_out = session.budget.part(), session.left_out.by_model()
        gate = run.request.gate
        decided = [round(one, 9) for one in gate.seconds] if isinstance(gate, TimedGate) else []
        say(stopped_by=progress.stopped_by, last=counts(), spent=spent, left_out=left_out, decided=decided)


def _request(request: RunRequest, part: Shard, warn: Callable[[str], None]) -> RunRequest:
    """Return the request of a process: its part of the workers and rates; it prints only warnings."""
    config: Config = request.config
    operation = config.operation
    settings = {
        **config.settings,
        "workers": max(1, part.share(operation.workers)),
        "rpm": tuple(_slower(word, part.count) for word in operation.rpm),
        "tpm": tuple(_slower(word, part.count) for word in operation.tpm),
    }
    process = replace(request.process, notify=lambda text: None, warn=warn if part.index == 0 else lambda text: None)
    return replace(request, config=replace(config, settings=settings), process=process)


def _slower(word: str, count: int) -> str:
    """Return a word of --rpm or --tpm (N or PROVIDER=N) for one of `count` processes."""
    name, equals, digits = word.rpartition("=")
    return f"{name}{equals}{float(digits) / count!r}"


def _rest(limits: Limits, budget: Budget, part: Shard) -> Limits:
    """Return this process's part of the rest of the limits."""
    spent = budget.spent()

    def left(name: str, limit: int | None) -> int | None:
        return None if limit is None else part.share(max(0, limit - int(spent[name])))

    cost = limits.cost_usd
    return replace(
        limits,
        calls=left("calls", limits.calls),
        total_tokens=left("total_tokens", limits.total_tokens),
        prompt_tokens=left("prompt_tokens", limits.prompt_tokens),
        completion_tokens=left("completion_tokens", limits.completion_tokens),
        cost_usd=None if cost is None else max(0.0, cost - spent["cost_usd"]) / part.count,
    )
