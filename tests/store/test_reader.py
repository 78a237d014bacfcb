"""The reader of matches.jsonl: newest records of any run, by file or by key, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from arena.errors import DataError
from arena.records import Record
from arena.store.chain import chained, first_link, is_chained, unchained
from arena.store.closing import close_records
from arena.store.journal import encode_line
from arena.store.reader import RecordFile, Shape, read_records
from tests.support.plain_records import stored

STOPS = {
    "done": "agreed_end",
    "error": "provider",
    "limit": "budget",
    "aborted": "player_fault",
    "denied": "gate_denied",
}


def line(key: str, attempt: int = 0, ended: str = "done", **changes: Any) -> bytes:
    record = {
        "key": key, "family": "f", "unit": key, "cell": {"label": "héllo"}, "seed": "00", "plan": {},
        "attempt": attempt, "status": ended, "stop": STOPS[ended], "detail": "", "transcript": [],
        "usage": {}, "scores": {}, "unscored": "none", "outcome": None, "verdict": None, "judging": {},
    }  # fmt: skip
    return encode_line({**stored(record), **changes})


def file(folder: Path, *lines: bytes) -> RecordFile:
    folder.mkdir(exist_ok=True)
    (folder / "matches.jsonl").write_bytes(b"".join(lines))
    return RecordFile(folder / "matches.jsonl")


def chain(*lines: bytes) -> list[bytes]:
    previous, out = first_link({}), []
    for one in lines:
        out.append(chained(one, previous))
        previous = hashlib.sha256(out[-1]).hexdigest()
    return out


def attempts(records: Sequence[Record] | RecordFile) -> list[tuple[str, int]]:
    return [(record.key, record.attempt) for record in records]


def test_a_finished_run_is_read_in_the_order_of_its_file(tmp_path: Path) -> None:
    records = file(tmp_path, *chain(line("b"), line("a", 1)))
    assert attempts(records) == [("b", 0), ("a", 1)]
    assert records.shape == Shape(2, 0, records.shape.size, closed=True, torn=False)
    assert attempts(list(read_records(tmp_path))) == [("b", 0), ("a", 1)]


def test_of_an_unfinished_run_the_newest_record_of_a_key_counts(tmp_path: Path) -> None:
    records = file(tmp_path, line("a"), line("b"), line("a", 1), b'{"format":2,"key":"c"')
    assert attempts(records) == [("b", 0), ("a", 1)]
    assert records.shape == Shape(2, 1, records.shape.size, closed=False, torn=True)
    assert list(records.keys()) == ["b", "a"]


@pytest.mark.parametrize("finished", [True, False])
def test_a_record_is_found_by_its_key(tmp_path: Path, finished: bool) -> None:
    lines = [line('a"\\'), line("b", 3), line("é")]
    records = file(tmp_path, *(chain(*lines) if finished else lines))
    for key in ('a"\\', "b", "é"):
        found = records.get(key)
        assert found is not None and found.key == key and key in records
    assert records.get("c") is None and "c" not in records


def test_resume_is_told_place_stop_and_attempt_of_the_newest(tmp_path: Path) -> None:
    records = file(tmp_path, line("a"), line("b", 0, "error"), line("b", 2, "limit"))
    found = {key: (one.place.number, one.status, one.attempt) for key, one in records.stored().items()}
    assert found == {"a": (1, "done", 0), "b": (3, "limit", 2)}


def test_without_a_file_there_are_no_records(tmp_path: Path) -> None:
    records = RecordFile(tmp_path / "matches.jsonl")
    assert list(records) == [] and records.get("a") is None and records.shape.matches == 0


def test_an_empty_file_holds_no_records(tmp_path: Path) -> None:
    assert list(file(tmp_path)) == [] and not file(tmp_path).shape.closed


def test_a_broken_line_in_the_middle_is_refused_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="matches.jsonl: line 2, column 1: is not JSON"):
        file(tmp_path, line("a"), b"garbage\n", line("b")).stored()


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (line("b", -1), "line 2: /attempt: must be 0 or more"),
        (line("b", usage=[{"seat": "A", "calls": "1"}]), "line 2: /usage/0/calls: must be a whole number, not text"),
        (line("b", usage=None), "line 2: /usage: must be a list, not null"),
        (line("b", status="don"), "line 2: /status: is don, but a trial that stopped by agreed_end is done"),
        (line("b", stop="tired"), 'line 2: /stop: must be "max_turns", '),
        (line("b", plan="{"), "line 2: /plan: must be text that holds JSON"),
        (line("b", format=1), "line 2: /format: is 1; this arena reads record format 2"),
        (line("b", more=1), "line 2: /more: is unknown here"),
        (b'{"format":2,"key":"b"}\n', "line 2: /family: is missing"),
        (b"[]\n", "line 2: must be a JSON object"),
        (b'{"format":2,"key":"b","attempt":NaN}\n', "line 2: holds NaN, which is not a number in JSON"),
        (b"\xff\n", "line 2: is not UTF-8"),
        (b"[" * 100_000 + b"\n", "line 2: is nested deeper than 64 levels"),
    ],
)
@pytest.mark.parametrize("by_key", [True, False])
def test_what_is_no_record_is_refused_with_line_and_pointer(
    tmp_path: Path, broken: bytes, place: str, by_key: bool
) -> None:
    with pytest.raises(DataError) as caught:
        records = file(tmp_path, line("a"), broken, line("c"))
        list(records.chosen(["a", "b", "c"]) if by_key else records)
    assert str(caught.value).splitlines()[0].startswith(f"{tmp_path}/matches.jsonl: {place}")


def test_every_problem_of_a_line_is_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(file(tmp_path, line("a", seed=1, cell={"x": 2}, scores={"s": "5"})))
    places = [str(issue).partition("line 1: ")[2].partition(":")[0] for issue in caught.value.issues]
    assert places == ["/cell/x", "/seed", "/scores/s"]


def test_closing_orders_by_plan_keeps_the_newest_and_chains(tmp_path: Path) -> None:
    newest = line("a", 1)
    records = file(tmp_path, line("c"), line("a", 0, "error"), line("b"), newest)
    seen: list[str] = []
    assert close_records(records, {"seed": 0}, ["a", "b", "c", "d"], lambda record: seen.append(record.key)) == 3
    assert seen == ["a", "b", "c"]
    rows = (tmp_path / "matches.jsonl").read_bytes().splitlines(keepends=True)
    assert unchained(rows[0]) == newest and all(map(is_chained, rows))
    previous = first_link({"seed": 0})
    for row in rows:
        assert json.loads(row)["prev"] == previous
        previous = hashlib.sha256(row).hexdigest()


def test_chains_of_two_runs_begin_differently() -> None:
    assert first_link({"seed": 0}) != first_link({"seed": 1})
    assert first_link({"seed": 0}) == first_link({"seed": 0})


def test_closing_twice_changes_nothing(tmp_path: Path) -> None:
    close_records(file(tmp_path, line("b"), line("a")), {}, "ab", lambda record: None)
    once = (tmp_path / "matches.jsonl").read_bytes()
    close_records(RecordFile(tmp_path / "matches.jsonl"), {}, "ab", lambda record: None)
    assert (tmp_path / "matches.jsonl").read_bytes() == once


def test_closing_a_damaged_file_leaves_it_as_it_is(tmp_path: Path) -> None:
    records = file(tmp_path, line("a"), line("b", seed=None))
    before = (tmp_path / "matches.jsonl").read_bytes()
    with pytest.raises(DataError, match="line 2: /seed"):
        close_records(records, {}, "ab", lambda record: None)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("matches.jsonl", before)]
