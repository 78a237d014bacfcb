"""Results that are made while a run is played equal those that are made from its file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from arena.engine import build, in_order
from arena.engine.in_order import InOrder
from arena.engine.runner import When
from arena.records import Json, Record
from arena.store.bundles import Bundle
from tests.support.arena_rig import results
from tests.support.toy.family import Ledger
from tests.support.toy.run import REGISTRY_ROWS, toy

FLAGS = ("--repetitions", "2", "--workers", "4")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


class Plan:
    """Four planned trials, and the lines that results were given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []
        self.discarded = False

    def keys(self) -> list[str]:
        return ["a", "b", "c", "d"]

    def ended(self, stopped_by: str | None) -> None:
        self.given.append(f"(ended: {stopped_by})".encode())

    def add(self, line: bytes, record: Record, bundle: Bundle | None, when: When | None) -> None:
        self.given.append(line)

    def discard(self) -> None:
        self.discarded = True


class Named:
    """A record of which only the key counts."""

    def __init__(self, key: str) -> None:
        self.key = key

    def as_stored(self) -> Named:
        return self


def in_order_of(monkeypatch: pytest.MonkeyPatch, *keys: str, size: int = 1) -> tuple[Plan, InOrder]:
    plan = Plan()
    monkeypatch.setattr(in_order, "ResultFiles", lambda *_, **more: plan)
    monkeypatch.setattr(in_order.EarlyIndex, "record", lambda *_: None)
    made = InOrder(plan, 4)  # type: ignore[arg-type]
    for key in keys:
        made.add(key.encode() * size, Named(key), None)  # type: ignore[arg-type]
    return plan, made


def test_a_record_is_handed_over_once_all_before_it_were(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_order_of(monkeypatch, "b", "d")[0].given == []
    assert in_order_of(monkeypatch, "b", "d", "a")[0].given == [b"a", b"b"]


def test_trials_that_were_not_played_are_passed_over_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, made = in_order_of(monkeypatch, "d", "a", "c")
    assert made.results("budget") is plan  # type: ignore[comparison-overlap]
    assert plan.given == [b"a", b"(ended: budget)", b"c", b"d"], "the end is known before what comes after a gap"


def test_too_much_that_waits_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "MOST_WAITING_BYTES", 8)
    plan, made = in_order_of(monkeypatch, "b", "c", "d", size=4)
    assert plan.discarded and made.results() is None
    plan, made = in_order_of(monkeypatch, "a", "b", "c", "d", size=4)
    assert not plan.discarded and made.results() is not None


def test_results_made_while_playing_equal_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert toy(*FLAGS, "--out", str(tmp_path / "early")).code == 0
    monkeypatch.setattr(in_order, "MOST_WAITING_BYTES", -1)
    assert toy(*FLAGS, "--out", str(tmp_path / "late")).code == 0
    assert results(tmp_path / "early") == results(tmp_path / "late")


def test_a_file_that_cannot_be_written_meanwhile_ends_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert toy(*FLAGS, "--out", str(tmp_path / "whole")).code == 0
    add, failed = Ledger.add, [True]

    def full_once(self: Ledger, record: Record, bundle: Bundle | None = None) -> None:
        if failed:
            failed.pop()
            raise OSError("the disk is full for a moment")
        add(self, record, bundle)

    monkeypatch.setattr(Ledger, "add", full_once)
    assert toy(*FLAGS, "--out", str(tmp_path / "run")).code == 0
    assert results(tmp_path / "run") == results(tmp_path / "whole")
    assert [path for path in (tmp_path / "run").rglob(".*") if path.is_file()] == []


def test_a_record_as_stored_is_the_one_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[tuple[Mapping[str, Json], Record]] = []
    add = InOrder.add

    def noted(self: InOrder, line: bytes, record: Record, bundle: Bundle | None, when: When | None) -> None:
        met.append((json.loads(line), record))
        add(self, line, record, bundle, when)

    monkeypatch.setattr(InOrder, "add", noted)
    assert toy(*FLAGS, "--out", str(tmp_path / "run")).code == 0
    assert met and all(Record.from_json(line, "matches.jsonl") == record.as_stored() for line, record in met)
