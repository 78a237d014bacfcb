"""Output while trials are played: a live progress line on a terminal, else a line per trial; trials that did not
pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from arena.engine.runner import Progress
from arena.families.spec import Words
from arena.play.context import Activity
from arena.records import PENDING, STOPS, Record, Stop


class Console(Protocol):
    """The output functions of a run. `live`: whether `status` may redraw a line in place.

    `color_out`: whether results may be coloured.  `width`: their columns, None: no limit.
    """

    live: bool
    color_out: bool

    def width(self) -> int | None: ...

    def result(self, text: str) -> None: ...

    def notify(self, text: str) -> None: ...

    def log(self, line: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def status(self, text: str) -> None: ...


class Account(Protocol):
    """The account of the spending, by name; `cost_usd` is shown."""

    def spent(self) -> Mapping[str, float]: ...


def duration(seconds: float) -> str:
    """Return a duration as people say it: 42s, 3m05s, 2h07m."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


BAR = 20
"""Columns of the bar for all trials."""


class ProgressLine:
    """Shows a bar, the matches that ended and how many per second, the cost so far, calls in flight and retries if
    there are any, and the time left."""

    def __init__(
        self,
        console: Console,
        todo: int,
        activity: Activity,
        spent: Account,
        timer: Callable[[], float],
        words: Words,
    ) -> None:
        self._console = console
        self._todo = todo
        self._activity = activity
        self._spent = spent
        self._timer = timer
        self._words = words
        self._started = timer()

    def line(self, progress: Progress) -> str:
        elapsed = max(self._timer() - self._started, 1e-9)
        done = BAR * progress.finished // self._todo if self._todo else BAR
        parts = [
            f"{'█' * done}{'░' * (BAR - done)} {progress.finished}/{self._todo} {self._words.trials}",
            f"{progress.finished / elapsed:,.1f}/s",
        ]
        if self._activity.in_flight:
            parts.append(f"{self._activity.in_flight} in flight")
        if self._activity.retries:
            parts.append(f"{self._activity.retries} retries")
        bad = {status: n for status, n in progress.by_status.items() if status != "done"}
        parts += [f"{n} {status}" for status, n in sorted(bad.items())]
        cost = self._spent.spent()["cost_usd"]
        if cost:
            parts.append(f"${cost:.4f}")
        if progress.finished:
            left = (self._todo - progress.finished) * elapsed / progress.finished
            parts.append(f"{duration(left)} left" if left else duration(elapsed))
        return " | ".join(parts)

    def tick(self, progress: Progress) -> None:
        self._console.status(self.line(progress))

    def finished(self, line: str, finished: int) -> None:
        """Report that a trial ended (`trial_line`), if there is no live line."""
        if not self._console.live:
            self._console.notify(f"[{finished}/{self._todo}] {line}")


def trial_line(record: Record, seconds: float) -> str:
    """Return how a trial ended, as one line."""
    scores = [value for value in record.score.values.values() if value is not None]
    score = " ".join(str(value) for value in scores) or record.score.unscored or "-"
    outcome = record.score.outcome or record.status
    return f"{record.key}: {outcome} ({record.stop}; {score}) in {seconds:.2f}s"


MOST_UNFINISHED = 1000
"""Trials that did not pass whose reasons are held in memory for the end of the run; all of them are in the records."""


UNSCORED = "unscored"
"""NotPassed.status of a trial that was played to its end, and of which the judge gave no verdict that can be read."""


class NotPassed(NamedTuple):
    """A trial of this session that did not end as `done` with a score."""

    key: str
    status: str
    stop: Stop
    detail: str

    @staticmethod
    def of(record: Record) -> NotPassed:
        """Return the kept part of a record, whatever its status."""
        if record.status == "done" and record.score.unscored and STOPS[record.stop].scored:
            return NotPassed(record.key, UNSCORED, record.stop, record.score.unscored)
        detail = record.score.unscored if record.status == PENDING else record.transcript.detail
        return NotPassed(record.key, record.status, record.stop, detail or "")
