"""How long the decisions of a gate took: counts, percentiles, and the file of all sessions."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from arena.errors import DataError
from arena.policy.gate_times import GATE_TIMES_FILE, GateTimes, add_gate_times, read_gate_times
from arena.stats.intervals import quantile


def durations(seed: int, count: int) -> list[float]:
    draw = random.Random(seed)
    return [10 ** draw.uniform(-7, -1) for _ in range(count)]


@pytest.mark.parametrize(("seed", "count"), [(1, 1), (2, 2), (3, 19), (4, 2000)])
def test_percentiles_are_those_of_the_durations(seed: int, count: int) -> None:
    found = GateTimes.of(durations(seed, count)).latency_ms()
    assert found is not None and found["n"] == count and found["tokens"] == 0
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        exact = quantile(sorted(durations(seed, count)), share) * 1000
        assert found[name] == pytest.approx(exact, rel=0.005, abs=0.0001)


def test_sessions_add_up_to_the_times_of_all(tmp_path: Path) -> None:
    for seed in range(3):
        add_gate_times(tmp_path, GateTimes.of(durations(seed, 50)))
    whole = GateTimes.of([one for seed in range(3) for one in durations(seed, 50)])
    assert read_gate_times(tmp_path) == whole and sum(whole.counts.values()) == 150


def test_memory_does_not_grow_with_the_decisions() -> None:
    assert len(GateTimes.of(durations(1, 20_000)).counts) < 900 * 7


def test_run_without_times_has_none(tmp_path: Path) -> None:
    add_gate_times(tmp_path, GateTimes())
    assert not (tmp_path / GATE_TIMES_FILE).exists() and read_gate_times(tmp_path).latency_ms() is None


@pytest.mark.parametrize("text", [
    "{", "[]", "{}", '{"gate_times_format": 2, "nanoseconds": {}}', '{"gate_times_format": 1, "nanoseconds": []}',
    '{"gate_times_format": 1, "nanoseconds": {"-1": 1}}', '{"gate_times_format": 1, "nanoseconds": {"01": 1}}',
    '{"gate_times_format": 1, "nanoseconds": {"1": 0}}', '{"gate_times_format": 1, "nanoseconds": {"1": true}}',
    '{"gate_times_format": 1, "nanoseconds": {"²": 1}}', '{"gate_times_format": 1, "nanoseconds": {"": 1}}',
    '{"gate_times_format": 1, "nanoseconds": {}, "more": 1}', '{"gate_times_format": 1, "nanoseconds": {"1": 1.5}}',
])  # fmt: skip
def test_damaged_file_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / GATE_TIMES_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=GATE_TIMES_FILE):
        read_gate_times(tmp_path)
