"""A finished run is taken as it is where its digests vouch for it, and read whole where they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from arena.engine.finished import opened
from arena.errors import DataError
from arena.store import digests
from arena.store.soundness import require_sound
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


def test_line_that_the_digests_vouch_for_is_not_read_again(run: Path) -> None:
    path = run / "matches.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"status":"done"', b'"status":"don"'))
    digests.write(run)
    require_sound(opened(run))
