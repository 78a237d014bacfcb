"""A finished run is taken as it is where its digests vouch for it, and read whole where they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from arena.engine.finished import opened
from arena.errors import DataError
from arena.store import digests
from arena.store.calls import CallLine
from arena.store.journal import JOURNAL_FILE, read_calls
from arena.store.reader import RecordFile
from arena.store.soundness import is_vouched, require_sound
from tests.support.made_manifest import EXAMPLE


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "run"))


def test_run_as_it_was_left_is_sound(run: Path) -> None:
    require_sound(opened(run))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("matches.jsonl", b'"status":"done"', b'"status":"don"', "matches.jsonl: line 1: /status"),
        ("api_calls.jsonl", b'"turn":0', b'"turn":"0"', "api_calls.jsonl: line 1: /turn"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_malformed_line_is_refused_with_its_place(
    name: str, old: bytes, new: bytes, says: str, listed: bool, run: Path
) -> None:
    path = run / name
    path.write_bytes(path.read_bytes().replace(old, new))
    if not listed:  # a damaged list vouches for nothing
        (run / digests.DIGESTS_FILE).write_bytes(b"{}\n")
    with pytest.raises(DataError, match=says):
        require_sound(opened(run))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("matches.jsonl", b'"Negotiation Skills":', b'"Negotiation Skills": '),
        ("api_calls.jsonl", b'"turn":0', b'"turn":1'),
        ("summary.json", b'"success_rate": ', b'"success_rate":  '),
    ],
)
def test_wellformed_change_is_refused_where_the_list_says_otherwise(
    name: str, old: bytes, new: bytes, run: Path
) -> None:
    path = run / name
    changed = path.read_bytes().replace(old, new, 1)
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    with pytest.raises(DataError, match=f"{name}.*was changed after the run; `arena verify"):
        require_sound(opened(run))
    digests.write(run)
    require_sound(opened(run))


def test_line_that_the_digests_vouch_for_is_not_read_again(run: Path) -> None:
    path = run / "matches.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"status":"done"', b'"status":"don"'))
    digests.write(run)
    require_sound(opened(run))


def counted(line: CallLine) -> list[object]:
    """Return what resume takes from a line of the journal."""
    said = None if line.reply is None else (line.reply.usage, line.reply.not_sent)
    return [
        line.trial,
        line.attempt,
        line.slot,
        line.settled,
        line.provider,
        said,
        line.assumed,
        line.http,
        line.unknown,
    ]


def test_checked_lines_are_read_briefly_and_count_the_same(run: Path) -> None:
    assert is_vouched(run)
    records = RecordFile(run / "matches.jsonl")
    assert records.stored(checked=True) == records.stored() and records.stored()
    brief, whole = (list(read_calls(run / JOURNAL_FILE, checked)) for checked in (True, False))
    assert [(place, counted(line)) for place, line in brief] == [(place, counted(line)) for place, line in whole]
    assert brief and any(line.reply is not None and not line.reply.text for _, line in brief), "they were read briefly"


@pytest.mark.parametrize("name", ["matches.jsonl", JOURNAL_FILE, digests.DIGESTS_FILE])
def test_run_that_was_changed_or_killed_is_not_vouched_for(name: str, run: Path) -> None:
    path = run / name
    path.write_bytes(path.read_bytes()[:-2] + b" \n")
    assert not is_vouched(run)
    (run / digests.DIGESTS_FILE).unlink()
    assert not is_vouched(run)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"model"', b'"kind":["model"]'),
        (b'"attempt":0', b'"attempt":"0"'),
        (b'"prompt_tokens":', b'"prompt_tokens":"9","completion_tokens":'),
        (b'"trial":', b'"trial":7,"x":'),
    ],
)
def test_malformed_line_is_refused_though_the_digests_vouch_for_it(old: bytes, new: bytes, run: Path) -> None:
    path = run / JOURNAL_FILE
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    digests.write(run)
    assert is_vouched(run)
    with pytest.raises(DataError, match="api_calls.jsonl: line"):
        list(read_calls(path, checked=True))
