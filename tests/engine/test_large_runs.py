"""The memory of a run hardly grows with the number of its matches: planned, summed up, resumed.

The peak of all that Python allocates is taken for two sizes of a plan, so it depends neither on the machine nor on what
is loaded. An object with a few members already takes more than is allowed for a match.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from arena.engine import resuming
from arena.engine.finished import family_of_run
from arena.engine.plan import Job, SeriesIndex, job_series
from arena.engine.recorded_calls import CallCount
from arena.engine.results import Played, write_results
from arena.engine.shards import WHOLE, Shard
from arena.families.contract import Family
from arena.families.crypto.family import CryptoFamily
from arena.formats import tables
from arena.store import resume_index
from arena.store.finished_run import FinishedRun
from arena.store.rundir import RECORDS_FILE
from tests.support.arena_rig import Table, challenge

SMALL, LARGE = 900, 1800

ASKING = challenge("c1")
ASKING["judge"]["items"] = [
    {"id": f"item{number}", "asks": f"Is question {number} of this matter settled?", "dimension": "Security Strength",
     "good": "yes"}
    for number in range(5)
]  # fmt: skip


@dataclass
class World:
    """A run of one match, and copies of it with any number of repetitions."""

    folder: Path

    def family(self, matches: int) -> CryptoFamily:
        run = FinishedRun(self.folder / "run")
        family = cast(CryptoFamily, family_of_run(run.path, run.identity))
        family.setup = replace(family.setup, repetitions=matches)
        return family

    def played(self, matches: int) -> Played:
        """Return a run with a record for each match; its records are not chained yet."""
        run = FinishedRun(self.folder / "run")
        out = self.folder / str(matches)
        if not out.exists():
            out.mkdir()
            line = (run.path / RECORDS_FILE).read_text(encoding="utf-8")
            value = json.loads(line)
            del value["prev"]
            with (out / RECORDS_FILE).open("w", encoding="utf-8") as file:
                for trial in self.family(matches).trials():
                    again = {**value, "key": trial.key, "seed": trial.seed, "plan": json.dumps(trial.plan)}
                    file.write(json.dumps(again, separators=(",", ":")) + "\n")
        return Played(out, cast(Family, self.family(matches)), WHOLE, run.manifest)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("large")
    assert Table(folder, [ASKING]).play("--max-turns", "1", "--participant-model", "mock/talker").code == 0
    return World(folder)


def planned(world: World, matches: int) -> Callable[[], object]:
    family = world.family(matches)

    def step() -> None:
        series = SeriesIndex(family.trials())
        jobs = (Job(trial, 0) for trial in Shard(0, 1).trials(family.trials()))
        assert sum(len(one) for one in job_series(jobs)) == matches and series.before(next(iter(family.trials()))) == ()

    return step


def estimated(world: World, matches: int) -> Callable[[], object]:
    family, config = world.family(matches), cast(Any, SimpleNamespace(players=None, judge=None))
    return lambda: family.bounds(config)


def summed_up(world: World, matches: int) -> Callable[[], object]:
    played = world.played(matches)
    return lambda: write_results(played, {})


def indexed(world: World, matches: int) -> Callable[[], object]:
    played = world.played(matches)
    write_results(played, {})
    return lambda: resuming.write_index(played.path, False)


def looked_back(world: World, matches: int) -> Callable[[], object]:
    played = world.played(matches)
    write_results(played, {})
    assert resume_index.write(played.path, lambda stored: CallCount(stored, True, lambda one: False))

    def step() -> None:
        before = resuming.look_back(played.path, played.records, lambda text: None)
        assert len(before.stored) == matches and before.index is not None

    return step


STEPS: dict[str, tuple[Callable[[World, int], Callable[[], object]], int]] = {
    "plan": (planned, 20),
    "estimate": (estimated, 20),
    "results": (summed_up, 200),
    "index for a resume": (indexed, 250),
    "look back": (looked_back, 250),
}
"""Name -> what is done with a plan of so many matches, and most bytes of a further match."""


def peak(step: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", STEPS)
def test_a_further_match_takes_little_memory(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(resume_index, "INDEX_FROM", 1)
    monkeypatch.setattr(tables, "MAX_KEPT_CHARS", -1)  # a number of short texts is kept, which is soon full
    prepared, most = STEPS[name]
    prepared(world, 10)()  # what is loaded and compiled once
    small, large = (peak(prepared(world, matches)) for matches in (SMALL, LARGE))
    assert large - small < most * (LARGE - SMALL)
