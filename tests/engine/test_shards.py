"""--shard: how a plan is divided, and what a scheduler says."""

from __future__ import annotations

import pytest

from arena.engine.shards import Shard, read_shard, shard_of_environment
from arena.errors import ConfigError
from arena.records import Trial


def trial(key: str, series: str | None = None) -> Trial:
    return Trial(key, "toy", {}, key, series, "0" * 64, {})


TRIALS = [trial(f"t{n}", f"s{n % 7}" if n % 3 == 0 else None) for n in range(300)]


@pytest.mark.parametrize("count", [1, 2, 8, 300])
def test_every_trial_is_in_exactly_one_shard(count: int) -> None:
    shards = [Shard(index, count) for index in range(count)]
    assert all(sum(shard.holds(one) for shard in shards) == 1 for one in TRIALS)


def test_series_stays_whole() -> None:
    homes: dict[str, set[int]] = {}
    for one in TRIALS:
        if one.series is not None:
            homes.setdefault(one.series, set()).add(next(n for n in range(8) if Shard(n, 8).holds(one)))
    assert len(homes) == 7 and all(len(found) == 1 for found in homes.values())


def test_shards_are_about_equally_large() -> None:
    free = [trial(f"t{n}") for n in range(8000)]
    sizes = [sum(1 for _ in Shard(n, 8).trials(free)) for n in range(8)]
    assert min(sizes) > 800 and max(sizes) < 1200


def test_division_does_not_change_between_versions() -> None:
    """A run that is half played must find its trials where they were."""
    assert [next(n for n in range(8) if Shard(n, 8).holds(one)) for one in TRIALS[:8]] == HOMES


HOMES = [2, 4, 0, 0, 2, 3, 2, 1]


@pytest.mark.parametrize("limit", [0, 1, 7, 8, 1003])
def test_parts_of_a_limit_add_up_to_the_whole(limit: int) -> None:
    assert sum(Shard(n, 8).share(limit) for n in range(8)) == limit


@pytest.mark.parametrize("text", ["0/1", "7/8", "99999/100000"])
def test_shard_text_is_read(text: str) -> None:
    assert str(read_shard(text)) == text


@pytest.mark.parametrize("text", ["", "8/8", "-1/8", "1", "1/0", "01/8", "1/2/3", "a/8", "1/ 8", "0/100001", "１/8"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="0 <= I < N"):
        read_shard(text)


SLURM = {"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_MAX": "17",
         "SLURM_ARRAY_TASK_STEP": "1", "SLURM_ARRAY_TASK_COUNT": "8"}  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "shard"),
    [
        (SLURM, "2/8"),
        ({"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "8"}, "4/8"),
        (SLURM | {"SLURM_ARRAY_TASK_MAX": "24", "SLURM_ARRAY_TASK_STEP": "2"}, "1/8"),
        ({"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_COUNT": "1",
          "ARENA_SHARD_COUNT": "8"}, "3/8"),
        ({"JOB_COMPLETION_INDEX": "0", "ARENA_SHARD_COUNT": "4"}, "0/4"),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "3", "ARENA_SHARD_COUNT": "4"}, "3/4"),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "3", "ARENA_SHARD_COUNT": "4", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}, "3/4"),
    ],
)  # fmt: skip
def test_scheduler_says_the_shard(environ: dict[str, str], shard: str) -> None:
    found = shard_of_environment(environ)
    assert str(found.shard) == shard
    assert next(iter(environ)) in found.source


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "SLURM_ARRAY_TASK_ID"),
        ({"JOB_COMPLETION_INDEX": "", "ARENA_SHARD_COUNT": "4"}, "none of"),
        (SLURM | {"JOB_COMPLETION_INDEX": "0"}, "both set"),
        ({"JOB_COMPLETION_INDEX": "0"}, "ARENA_SHARD_COUNT"),
        ({"JOB_COMPLETION_INDEX": "4", "ARENA_SHARD_COUNT": "4"}, "JOB_COMPLETION_INDEX"),
        ({"JOB_COMPLETION_INDEX": "x", "ARENA_SHARD_COUNT": "4"}, "'x'"),
        ({"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_MIN"),
        (SLURM | {"SLURM_ARRAY_TASK_MAX": "30"}, "gaps"),
        (SLURM | {"SLURM_ARRAY_TASK_ID": "9"}, "gaps"),
        (SLURM | {"ARENA_SHARD_COUNT": "8"}, "SLURM_ARRAY_TASK_ID"),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "3", "ARENA_SHARD_COUNT": "4", "AWS_BATCH_JOB_ARRAY_SIZE": "5"}, "ARRAY_SIZE"),
    ],
)
def test_scheduler_that_says_no_whole_division_is_refused(environ: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        shard_of_environment(environ)
