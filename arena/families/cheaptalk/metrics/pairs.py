"""Pair the episodes of two conditions by task and repetition, and sum their differences by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST, Episode, by_deviation
from arena.stats.bootstrap import Column, resampled_indices
from arena.stats.simultaneous import Resampled, resample, resampled_means

Value = Callable[[Episode], float]
Draws = Sequence[Sequence[int]]

_Known = tuple[bool, tuple[float, ...], tuple[int, ...]]
"""The key on which the draws of a column depend: its frame, and the column."""

MOST_HELD = 64
"""Columns that are kept with their draws: some 100 kB each."""


def payoff_of(episode: Episode) -> float:
    """Return the sender's payoff."""
    return episode.outlay.payoff


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs (honest, deviating) of one condition, in the order of the tasks; `left_out`: episodes without a partner."""

    deviation: str
    pairs: tuple[tuple[Episode, Episode], ...]
    left_out: int

    def differences(self, value: Value) -> list[float]:
        """Return deviating minus honest, pair by pair."""
        return [value(other) - value(honest) for honest, other in self.pairs]

    def units(self) -> list[str]:
        """Return the unit of each pair."""
        return [honest.unit for honest, _ in self.pairs]


def pair(deviation: str, honest: Iterable[Episode], others: Iterable[Episode]) -> Pairs:
    """Pair by task and repetition. Raises ValueError if one side has a task and repetition twice.

    Both episodes of a pair belong to one unit; a pair of different series counts with the honest one's.
    """
    mine, theirs = _indexed(honest), _indexed(others)
    common = [key for key in mine if key in theirs]
    left_out = len(mine) + len(theirs) - 2 * len(common)
    return Pairs(deviation, tuple((mine[key], theirs[key]) for key in common), left_out)


def paired_deviations(episodes: Iterable[Episode]) -> list[Pairs]:
    """Return the pairs of every deviation of one cell that has any. Controls are no deviations."""
    groups = by_deviation(episodes)
    honest = groups.pop(HONEST, [])
    found = [pair(name, honest, group) for name, group in groups.items() if name not in CONTROLS]
    return [pairs for pairs in found if pairs.pairs]


def _indexed(episodes: Iterable[Episode]) -> dict[tuple[str, int], Episode]:
    found: dict[tuple[str, int], Episode] = {}
    for episode in episodes:
        key = (episode.task, episode.repetition)
        if key in found:
            raise ValueError(f"two {episode.deviation} episodes of task {key[0]}, repetition {key[1]} in one cell")
        found[key] = episode
    return found


def column(units: Sequence[str], values: Sequence[float], order: Sequence[str]) -> Column:
    """Return values summed up by unit, for the units of `order`; a unit without values has size 0."""
    sums, sizes = dict.fromkeys(order, 0.0), dict.fromkeys(order, 0)
    for unit, value in zip(units, values, strict=True):
        sums[unit] += value
        sizes[unit] += 1
    return Column(list(sums.values()), list(sizes.values()))


class Drawer:
    """Draws units by seed. `tasks` is the frame of a run: cells over its tasks share their draws, so they stay paired.

    Units that are not in the frame (series, say) are drawn separately.
    """

    def __init__(self, seed: int | str, resamples: int = 2000, tasks: Iterable[str] = ()) -> None:
        self.seed, self.resamples = seed, resamples
        self._tasks = tuple(dict.fromkeys(tasks))
        self._known = frozenset(self._tasks)
        self._drawn: dict[tuple[bool, int], Draws] = {}
        self._resampled: dict[_Known, Resampled] = {}

    def frame(self, units: Iterable[str]) -> tuple[str, ...]:
        """Return the units to draw from: the frame if it contains all of these, else these, each once."""
        own = tuple(dict.fromkeys(units))
        return self._tasks if self._known.issuperset(own) else own

    def draws(self, frame: Sequence[str]) -> Draws:
        """Return `resamples` lists of places in a frame. They depend on the seed, the size, and whose frame it is."""
        shared = frame is self._tasks
        key = (shared, len(frame))
        if key not in self._drawn:
            seed = f"{self.seed}|{'tasks' if shared else 'units'}|{len(frame)}"
            self._drawn[key] = list(resampled_indices(len(frame), self.resamples, seed))
        return self._drawn[key]

    def resampled(self, columns: Sequence[Column], frame: Sequence[str]) -> list[Resampled]:
        """Return mean and error of columns over a frame, in the data and in every draw; each column is drawn once."""
        keys = [self._key(column, frame) for column in columns]
        new = {key: column for key, column in zip(keys, columns, strict=True) if key not in self._resampled}
        if len(self._resampled) + len(new) > MOST_HELD:
            self._resampled.clear()
            new = dict(zip(keys, columns, strict=True))
        if new:
            found = resample(list(new.values()), self.draws(frame))
            self._resampled.update(zip(new, found, strict=True))
        return [self._resampled[key] for key in keys]

    def means(self, columns: Sequence[Column], frame: Sequence[str]) -> list[Sequence[float]]:
        """Return the means of `resampled` alone, which is less work for columns that were not drawn yet."""
        known = [self._resampled.get(self._key(column, frame)) for column in columns]
        new = [column for column, one in zip(columns, known, strict=True) if one is None]
        drawn = iter(resampled_means(new, self.draws(frame)) if new else ())
        return [next(drawn) if one is None else one.means for one in known]

    def _key(self, column: Column, frame: Sequence[str]) -> _Known:
        return frame is self._tasks, tuple(column.sums), tuple(column.sizes)
