"""Shards: one plan divided among processes or machines that do not communicate.

A digest of a trial's series, or of its key if it has none, gives its shard. So a series stays whole, every trial
belongs to exactly one shard, and its shard does not depend on what was played before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from arena.errors import ConfigError, DataError, Issue
from arena.records import Trial
from arena.store.manifest import Manifest
from arena.store.rundir import MANIFEST_FILE

AUTO = "auto"
COUNT_VARIABLE = "ARENA_SHARD_COUNT"

MAX_SHARDS = 100_000
_FORM = re.compile(r"(0|[1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard `index` of `count`, counted from 0. Text: `3/8`."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def holds(self, trial: Trial) -> bool:
        """Return whether a trial belongs to this shard."""
        return index_of(trial, self.count) == self.index

    def trials(self, trials: Iterable[Trial]) -> Iterator[Trial]:
        """Yield the trials that belong to this shard, in their order."""
        return iter(trials) if self.count == 1 else (trial for trial in trials if self.holds(trial))

    def share(self, limit: int) -> int:
        """Return this shard's part of a whole number; the parts of all shards add up to it."""
        return limit // self.count + (self.index < limit % self.count)


WHOLE = Shard(0, 1)
"""The whole plan."""


def index_of(trial: Trial, count: int) -> int:
    """Return which of `count` shards a trial belongs to."""
    kind, name = ("key", trial.key) if trial.series is None else ("series", trial.series)
    digest = hashlib.sha256(f"arena-shard/1\0{kind}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def read_shard(text: str, what: str = "--shard") -> Shard:
    """Return the shard that a text such as 3/8 names. Errors: ConfigError naming `what`, the source of the text."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]) or int(found[2]) > MAX_SHARDS:
        raise ConfigError(
            f"{what}: {text!r} is not a shard: write I/N with 0 <= I < N <= {MAX_SHARDS}, the first of eight is 0/8"
        )
    return Shard(int(found[1]), int(found[2]))


def shard_of_run(manifest: Manifest, run: str) -> Shard:
    """Return the shard in a run directory, WHOLE for a run that was not divided or has been merged.

    Errors: DataError naming `run`, the directory.
    """
    return _recorded(manifest.operation.get("shard"), f"{run}/{MANIFEST_FILE}", "/operation/shard")


def shards_of_sessions(manifest: Manifest, run: str) -> list[Shard]:
    """Return the shard that each session of a run played, in order; WHOLE for a session without a shard.

    Errors: DataError naming `run`, the directory.
    """
    return [
        _recorded(session.operation.get("shard"), f"{run}/{MANIFEST_FILE}", f"/sessions/{number}/operation/shard")
        for number, session in enumerate(manifest.sessions)
    ]


def stops_of(manifest: Manifest, run: str) -> dict[Shard, str | None]:
    """Return each shard of a run -> what stopped its last session; None: nothing did, or it did not end.

    A session without a shard plays what the earlier ones left, so then WHOLE is the only key.
    Errors: DataError naming `run`, the directory.
    """
    found: dict[Shard, str | None] = {}
    for shard, session in zip(shards_of_sessions(manifest, run), manifest.sessions, strict=True):
        if shard == WHOLE:
            found.clear()
        found[shard] = session.stopped_by
    return found


def _recorded(value: object, file: str, pointer: str) -> Shard:
    if value is None:
        return WHOLE
    try:
        return read_shard(str(value))
    except ConfigError:
        raise DataError([Issue(file, pointer, f"is {str(value)[:40]!r}, which is not a shard")]) from None


class Found(NamedTuple):
    """A shard, and a description of where it was read."""

    shard: Shard
    source: str


def shard_of_environment(environ: Mapping[str, str]) -> Found:
    """Return the shard that a scheduler gives this process (`--shard auto`): Slurm, Kubernetes or AWS Batch.

    Errors: ConfigError if none of them is set, if several are, or if their values do not describe a complete division.
    """
    told = [name for name in _SCHEDULERS if environ.get(name, "").strip()]
    if not told:
        raise ConfigError(
            f"--shard {AUTO}: none of {', '.join(_SCHEDULERS)} is set, so no scheduler says which shard this is; give"
            " --shard I/N"
        )
    if len(told) > 1:
        raise ConfigError(f"--shard {AUTO}: {' and '.join(told)} are both set; give --shard I/N")
    return _SCHEDULERS[told[0]](environ)


def _slurm(environ: Mapping[str, str]) -> Found:
    """Task ids run from _MIN to _MAX in steps of _STEP; Slurm sets all of them, and _COUNT.

    If only some tasks of an array are submitted again, _MIN and _COUNT describe those: COUNT_VARIABLE then says how
    many shards there are, and the task id is the shard.
    """
    name = "SLURM_ARRAY_TASK_ID"
    task = _number(environ, name)
    if environ.get(COUNT_VARIABLE, "").strip():
        return _counted(environ, name)
    first, count = _number(environ, "SLURM_ARRAY_TASK_MIN"), _number(environ, "SLURM_ARRAY_TASK_COUNT")
    step = _number(environ, "SLURM_ARRAY_TASK_STEP", 1)
    last = _number(environ, "SLURM_ARRAY_TASK_MAX", first + (count - 1) * step)
    if step < 1 or last != first + (count - 1) * step or (task - first) % step or not first <= task <= last:
        raise ConfigError(
            f"--shard {AUTO}: the array of {name}={task} ({count} tasks from {first} to {last}) has gaps, so it does"
            f" not say how many shards there are: set {COUNT_VARIABLE}, and the task id is the shard"
        )
    shard = _checked((task - first) // step, count, name)
    return Found(shard, f"{name}={task}, first {first}, {count} tasks")


def _kubernetes(environ: Mapping[str, str]) -> Found:
    return _counted(environ, "JOB_COMPLETION_INDEX")


def _batch(environ: Mapping[str, str]) -> Found:
    found = _counted(environ, "AWS_BATCH_JOB_ARRAY_INDEX")
    size = _number(environ, "AWS_BATCH_JOB_ARRAY_SIZE", found.shard.count)
    if size != found.shard.count:
        raise ConfigError(
            f"--shard {AUTO}: {COUNT_VARIABLE} is {found.shard.count}, but AWS_BATCH_JOB_ARRAY_SIZE is {size}: they"
            " must be equal"
        )
    return found


def _counted(environ: Mapping[str, str], name: str) -> Found:
    index, count = _number(environ, name), _number(environ, COUNT_VARIABLE)
    return Found(_checked(index, count, name), f"{name}={index}, {COUNT_VARIABLE}={count}")


def _checked(index: int, count: int, name: str) -> Shard:
    if not 0 <= index < count <= MAX_SHARDS:
        raise ConfigError(
            f"--shard {AUTO}: {name} gives shard {index} of {count}: it must be 0 or more and below the number of"
            f" shards, at most {MAX_SHARDS}"
        )
    return Shard(index, count)


def _number(environ: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = environ.get(name, "").strip()
    if not text and default is not None:
        return default
    if not text:
        raise ConfigError(f"--shard {AUTO}: {name} is not set; set it, or give --shard I/N")
    if _NUMBER.fullmatch(text) is None:
        raise ConfigError(f"--shard {AUTO}: {name} is {text!r}, which is not a number")
    return int(text)


_SCHEDULERS = {
    "SLURM_ARRAY_TASK_ID": _slurm,
    "JOB_COMPLETION_INDEX": _kubernetes,
    "AWS_BATCH_JOB_ARRAY_INDEX": _batch,
}
"""Variable that only this scheduler sets -> how to read it."""
