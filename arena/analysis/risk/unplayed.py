"""Why trials were not played, and the limits that held: in a run, in a shard of one, in merged shards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from arena.engine.shards import WHOLE, Shard, stops_of
from arena.families.risk.rows import SKIPPED
from arena.formats.bounded import read_file
from arena.formats.strict_json import MAX_BYTES
from arena.records import Json, Trial
from arena.store.journal import parse_line
from arena.store.manifest import Manifest
from arena.store.rundir import MANIFEST_FILE

OTHER_SHARD = "not played: it belongs to another shard"


class Unplayed:
    """The reasons for the trials of a plan that a run directory has no record of. Its manifest is read when the first
    is asked for."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def why(self, trial: Trial, last: str) -> str:
        """Return why a trial was not played; `last`: why those of the last session were not."""
        for shard, stopped in self._stops.items():
            if shard == WHOLE or shard.holds(trial):
                return last if shard == self._last else reason(stopped)
        return OTHER_SHARD

    @cached_property
    def _stops(self) -> Mapping[Shard, str | None]:
        path = self._run_dir / MANIFEST_FILE
        return stops_of(Manifest.from_json(parse_line(path, 1, read_file(path, MAX_BYTES)), path), str(self._run_dir))

    @cached_property
    def _last(self) -> Shard:
        """The shard of the last session."""
        return next(reversed(list(self._stops)))


def reason(stopped: str | None) -> str:
    """Return the reason for a trial of a session that was stopped so."""
    return SKIPPED if stopped == "budget" else f"not played: {stopped or 'the run did not finish'}"


def stopped_by(manifest: Manifest, run: str) -> str | None:
    """Return what stopped a run: of several shards a limit before anything else. Errors: DataError naming `run`."""
    stops = sorted(one for one in stops_of(manifest, run).values() if one is not None)
    return "budget" if "budget" in stops else next(iter(stops), None)


def limits_of(manifest: Manifest, run: str, names: tuple[str, ...]) -> dict[str, Json]:
    """Return the limits of the last session: of a shard its part, of merged shards those of the whole run.

    Errors: DataError naming `run`.
    """
    stops = stops_of(manifest, run)
    (shard,) = stops if len(stops) == 1 else (WHOLE,)
    return shard_limits({name: manifest.sessions[-1].operation.get(name) for name in names}, shard)


def shard_limits(limits: Mapping[str, Json], shard: Shard) -> dict[str, Json]:
    """Return a shard's part of the limits of a run; None stays None."""
    found = dict(limits)
    for name, limit in limits.items():
        if limit is not None and shard != WHOLE:
            found[name] = limit / shard.count if name == "max_cost_usd" else shard.share(limit)
    return found
