"""Runs of every family and kind of provider are killed and disturbed: resumed, they are the undisturbed run.

`scripts/chaos.py` carries out as many points as it is told (`make chaos`: 1,000).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.chaos import points
from tests.support.chaos.campaign import Campaign, Outcome
from tests.support.chaos.child import Done, Job, carry_out
from tests.support.chaos.points import Point
from tests.support.chaos.promises import Disturbed, Whole, answered, broken, promised
from tests.support.chaos.server import ServerProcess
from tests.support.chaos.setups import SETUPS, Setup, environment
from tests.support.chaos.small_disk import why_not

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

SEED = 20261129
BY_NAME = {setup.name: setup for setup in SETUPS}
NO_DISK = why_not()
TALK, RISK = BY_NAME["cheap talk, mock"], BY_NAME["risk, mock"]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory, calculator_binary: Path) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("chaos")
    with ServerProcess() as server:
        yield Campaign(folder, server, SEED)


def faults(outcomes: Iterator[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.broken]


def test_every_family_is_killed_with_every_kind_of_provider() -> None:
    assert {name.partition(",")[0].partition(" over")[0] for name in BY_NAME} == {"crypto", "cheap talk", "risk"}
    assert all("8" in setup.command(Path("x"), Path("y")) for setup in SETUPS)


@pytest.mark.parametrize("kind", [points.ANSWERED, points.RECORD, points.SERIES, points.FINAL])
def test_killed_cheap_talk_is_the_undisturbed_run(campaign: Campaign, kind: str) -> None:
    middle = campaign.whole(TALK).counts[kind] // 2
    assert campaign.disturb(TALK, Point(kind, middle, "killed")) == []


@pytest.mark.parametrize("kind", [points.TOOL, points.COMPUTED, points.RENAME, points.BYTE])
def test_killed_risk_run_is_the_undisturbed_run(campaign: Campaign, kind: str) -> None:
    middle = campaign.whole(RISK).counts[kind] // 2
    assert campaign.disturb(RISK, Point(kind, middle, "killed")) == []


@pytest.mark.parametrize(
    "point",
    [
        Point(points.ANSWERED, 20, "terminated"),
        Point(points.RECORD, 3, "made read-only"),
        Point(points.CLOCK, 20, points.CLOCK_BACK),
        Point("", 0, points.FILE_LIMIT, 5000),
        Point("", 0, points.DESCRIPTORS, 64),
    ],
    ids=str,
)
def test_disturbed_run_is_the_undisturbed_run(campaign: Campaign, point: Point) -> None:
    assert campaign.disturb(TALK, point) == []


@pytest.mark.skipif(bool(NO_DISK), reason=NO_DISK)
@pytest.mark.parametrize("pages", [1, 8, 24])
def test_run_whose_disk_fills_up_is_resumed_on_a_larger_one(campaign: Campaign, pages: int) -> None:
    assert campaign.disturb(TALK, Point("", 0, points.DISK, 4096 * pages)) == []


@pytest.mark.parametrize("kind", [points.RECORD, points.BYTE, points.FINAL, points.RENAMED])
def test_killed_run_with_packed_bundles_is_the_undisturbed_run(campaign: Campaign, kind: str) -> None:
    packed = BY_NAME["crypto, packed bundles"]
    middle = campaign.whole(packed).counts[kind] // 2
    assert campaign.disturb(packed, Point(kind, middle, "killed")) == []


@pytest.mark.parametrize("action", ["calculators killed", "calculators stopped"])
def test_run_outlives_its_calculators(campaign: Campaign, action: str) -> None:
    assert campaign.disturb(BY_NAME["crypto, mock"], Point(points.TOOL, 2, action)) == []


@pytest.mark.long
def test_runs_killed_at_many_points_are_the_undisturbed_runs(campaign: Campaign) -> None:
    assert faults(campaign.kills(60)) == []


@pytest.mark.long
def test_runs_disturbed_in_every_other_way_are_the_undisturbed_runs(campaign: Campaign) -> None:
    assert faults(campaign.others(1)) == []


# The checks themselves: each broken promise is seen.


@pytest.fixture(scope="module")
def resumed(campaign: Campaign) -> tuple[Setup, Whole, Disturbed]:
    """A run that was killed and resumed, as the checks look at it."""
    whole = campaign.whole(TALK)
    assert campaign.disturb(TALK, Point(points.ANSWERED, 5, "killed")) == []
    folder = campaign.folder / "run" / "disturbed"
    nothing: Counter[str] = Counter()
    return TALK, whole, Disturbed(folder, Done(-9, ""), nothing, nothing, Done(0, ""), nothing)


def test_other_bytes_of_a_result_are_seen(resumed: tuple[Setup, Whole, Disturbed]) -> None:
    setup, whole, run = resumed
    other = replace(whole, results={**whole.results, "summary.json": b"{}", "gone": b""})
    assert list(broken(setup, other, run)) == ["gone is missing", "summary.json has other bytes"]


@pytest.mark.parametrize(
    ("setup", "count", "seen"), [(TALK, 1, True), (BY_NAME["crypto, 2 processes"], 8, False),
                                 (BY_NAME["crypto, 2 processes"], 9, True)],
)  # fmt: skip
def test_only_processes_whose_parent_was_killed_leave_attempts_of_unknown_cost(
    resumed: tuple[Setup, Whole, Disturbed], setup: Setup, count: int, seen: bool
) -> None:
    _, whole, run = resumed
    path = run.folder / "summary.json"
    as_it_was = path.read_bytes()
    path.write_bytes(as_it_was.replace(b'"unknown_attempts": 0', b'"unknown_attempts": %d' % count))
    try:
        found = list(broken(replace(TALK, words=setup.words), whole, run))
    finally:
        path.write_bytes(as_it_was)
    assert (f"{count} attempts have an unknown cost" in found) is seen
    assert "summary.json has other bytes" not in found


def test_call_that_was_repeated_is_seen(resumed: tuple[Setup, Whole, Disturbed]) -> None:
    setup, whole, run = resumed
    (first,) = whole.calls.most_common(1)
    other = replace(whole, calls=whole.calls - Counter([first[0]]))
    assert list(broken(setup, other, run)) == ["the journal is another: 0 calls less, 1 more"]
    served = replace(setup, served=True)
    asked = replace(run, asked=Counter({"a": 9}))
    assert "9 requests were made again, and 8 can have been in flight" in list(broken(served, whole, asked))


@pytest.mark.parametrize(
    ("done", "says"),
    [
        (Done(None, ""), "the disturbed process hangs"),
        (Done(1, "Traceback (most recent call last)"), "the disturbed process shows a traceback"),
        (Done(1, "cannot write"), "ended with 1 and does not say how to resume"),
    ],
)
def test_bad_ending_is_seen(done: Done, says: str, resumed: tuple[Setup, Whole, Disturbed]) -> None:
    setup, whole, run = resumed
    assert any(found.startswith(says) for found in broken(setup, whole, replace(run, first=done)))


# What is derived can be made again.


@pytest.mark.parametrize("name", [setup.name for setup in SETUPS if setup.name.endswith("mock")])
def test_derived_files_that_are_deleted_are_rebuilt(campaign: Campaign, name: str, tmp_path: Path) -> None:
    setup, kept = BY_NAME[name], {"manifest.json", "api_calls.jsonl", "matches.jsonl", "timings.jsonl"}
    whole, out = campaign.whole(setup), tmp_path / "run"
    words = setup.command(out, campaign.runs())
    environ = environment(campaign.server.url)
    assert carry_out(Job(words, environ, out)).code == 0
    for path in [path for path in out.rglob("*") if path.is_file() and path.name not in kept]:
        path.unlink()
    calls = answered(out)
    done = carry_out(Job([*words, "--resume"], environ, out))
    assert done.code == 0, done.said
    assert promised(setup, out) == whole.results and answered(out) == calls
    assert {path.name for path in out.rglob("*") if path.is_file()} >= {"digests.json", "summary.json"}
    assert len(json.loads((out / "manifest.json").read_bytes())["sessions"]) == 2
