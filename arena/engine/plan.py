"""The plan of a run: its trials, their series, and the part that is still to be played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.records import Trial


@dataclass(frozen=True, slots=True)
class Job:
    """One trial to play; `attempt` counts fresh plays (0-based). `carried_over`: an earlier run decided how it ends,
    so its error or limit does not stop this run."""

    trial: Trial
    attempt: int
    carried_over: bool = False


JobSeries = Sequence[Job]
"""Jobs that one worker plays in order: one trial, or the unplayed trials of a series."""


def job_series(jobs: Iterable[Job]) -> Iterator[JobSeries]:
    """Group jobs by series. Independent trials come first, in plan order, and are never held in memory."""
    series: dict[str, list[Job]] = {}
    for job in jobs:
        if job.trial.series is None:
            yield (job,)
        else:
            series.setdefault(job.trial.series, []).append(job)
    yield from series.values()


class SeriesIndex:
    """The keys of each series in plan order, read from the plan once."""

    def __init__(self, trials: Iterable[Trial]) -> None:
        self._keys: dict[str, list[str]] = {}
        self._places: dict[str, int] = {}
        for trial in trials:
            if trial.series is not None:
                keys = self._keys.setdefault(trial.series, [])
                self._places[trial.key] = len(keys)
                keys.append(trial.key)

    def before(self, trial: Trial) -> Sequence[str]:
        """Return the keys of the trial's series that come before it; none for a trial without a series."""
        if trial.series is None:
            return ()
        return self._keys[trial.series][: self._places[trial.key]]

    def broken(self, kept: Mapping[str, object]) -> Iterator[str]:
        """Yield the kept keys that follow a key of their series that is not kept: they were played with another
        past."""
        for keys in self._keys.values():
            first = next((place for place, key in enumerate(keys) if key not in kept), len(keys))
            yield from (key for key in keys[first:] if key in kept)
