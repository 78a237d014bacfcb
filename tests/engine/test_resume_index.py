"""resume_index.jsonl: derived from records and journal, used only if it fits them, never for a result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arena.engine import resuming
from arena.engine.in_order import InOrder
from arena.store import digests, resume_index
from arena.store.resume_index import INDEX_FILE
from tests.support.arena_rig import Table, challenge, command, results
from tests.support.verify_rig import edit_lines, launder, told, verify

WORDS = ("--repetitions", "2", "--max-turns", "3")
NOT_USED = "it is not used"


@pytest.fixture(autouse=True)
def small_runs_have_one(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(resume_index, "INDEX_FROM", 1)
    yield


@pytest.fixture
def played(tmp_path: Path) -> Table:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    assert table.play(*WORDS).code == 0
    return table


@pytest.fixture
def index(played: Table) -> Path:
    return played.folder / "run" / INDEX_FILE


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a resume reads whole, as it does so."""
    seen: list[str] = []

    def watched(before: resuming.Before, *rest: object) -> list[str]:
        seen.append("files" if before.index is None else "index")
        return real(before, *rest)  # type: ignore[arg-type]

    real = resuming.read_journal
    monkeypatch.setattr("arena.engine.session.read_journal", watched)
    return seen


def test_small_run_has_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume_index, "INDEX_FROM", 2)
    table = Table(tmp_path, [challenge("c1")])
    assert table.play().code == 0 and not (tmp_path / "run" / INDEX_FILE).exists()
    assert table.play("--repetitions", "2", out="two").code == 0 and (tmp_path / "two" / INDEX_FILE).exists()


@pytest.mark.parametrize("flags", [("--workers", "1"), ("--workers", "4"), ("--max-calls", "7", "--workers", "1")])
def test_index_of_what_a_session_wrote_is_that_of_the_files(
    tmp_path: Path, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    monkeypatch.setattr("arena.engine.session.write_index", lambda *_: pytest.fail("the files were read"))
    table.play(*WORDS, "--continue-on-error", *flags)
    written = (table.folder / "run" / INDEX_FILE).read_bytes()
    lines = resume_index.made(table.folder / "run")
    assert lines is not None and written == b"".join(lines)


@pytest.mark.parametrize("name", ["api_calls.jsonl", "matches.jsonl"])
def test_index_is_made_from_the_files_where_they_are_others_than_a_session_wrote(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_line(self: InOrder, run_dir: Path) -> bool:
        lines = (run_dir / name).read_bytes().splitlines(keepends=True)
        (run_dir / name).write_bytes(b"".join(lines[:-1]))
        assert not real(self, run_dir)
        return False

    real = InOrder.write_index
    monkeypatch.setattr(InOrder, "write_index", lose_a_line)
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    assert table.play(*WORDS).code == 0
    kept = (table.folder / "run" / INDEX_FILE).exists()
    assert kept is (name == "matches.jsonl"), "without a call that a record counts there is no index"


def test_resume_by_the_index_is_the_resume_without_it(
    played: Table, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, first, seen = results(played.folder / "run"), index.read_bytes(), reads(monkeypatch)
    assert played.play(*WORDS, "--resume").code == 0
    assert results(played.folder / "run") == before
    index.unlink()
    assert played.play(*WORDS, "--resume").code == 0
    assert results(played.folder / "run") == before and index.read_bytes() == first
    assert seen == ["index", "files"]


def other_journal(run: Path) -> None:
    edit_lines(run / "api_calls.jsonl", lambda line: line.update(ms=1.5))


def other_records(run: Path) -> None:
    edit_lines(run / "matches.jsonl", lambda line: line.update(verdict="Splendid."))
    launder(run)


def lost_calls(run: Path) -> None:
    path = run / "api_calls.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    digests.write(run)


def edited(edit: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / INDEX_FILE).write_bytes(edit((run / INDEX_FILE).read_bytes()))
        digests.write(run)

    return change


DAMAGE: dict[str, Callable[[Path], None]] = {
    "journal of another time": other_journal,
    "records of another time": other_records,
    "calls lost since": lost_calls,
    "bit flipped": edited(lambda data: data.replace(b"max_turns", b"max_turnt", 1)),
    "line missing": edited(lambda data: b"".join(data.splitlines(keepends=True)[1:])),
    "torn": edited(lambda data: data[:-30]),
    "empty": edited(lambda data: b""),
    "no JSON": edited(lambda data: b"\xff\x00nonsense\n" * 3),
    "of another format": edited(lambda data: data.replace(b'"index_format":1', b'"index_format":2', 1)),
    "an array": edited(lambda data: b"[]\n"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_stale_or_damaged_index_is_reported_and_rebuilt(
    played: Table, index: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before, seen = index.read_bytes(), reads(monkeypatch)
    DAMAGE[what](played.folder / "run")
    resumed = played.play(*WORDS, "--resume")
    assert resumed.code == 0 and f"{INDEX_FILE} " in resumed.err and NOT_USED in resumed.err
    assert seen == ["files"]
    if "of another time" not in what and what != "calls lost since":
        assert index.read_bytes() == before
    assert verify(played.folder / "run").code == (1 if what == "records of another time" else 0)
    assert NOT_USED not in played.play(*WORDS, "--resume").err


def test_index_that_lies_decides_no_result(played: Table, index: Path) -> None:
    run = played.folder / "run"
    before = results(run)
    rows = index.read_bytes().splitlines(keepends=True)
    value = json.loads(rows[1])
    rows[1] = json.dumps([value[0], 1, 0, "agreed_end", *value[4:]], separators=(",", ":")).encode() + b"\n"
    seal = resume_index.hashlib.sha256(b"".join(rows[:-1])).hexdigest()
    rows[-1] = b'{"sha256":"%s"}\n' % seal.encode()
    index.write_bytes(b"".join(rows))
    digests.write(run)
    assert told(verify(run)) == [f"{INDEX_FILE}: line 2: does not follow from records and journal"]
    assert played.play(*WORDS, "--resume").code == 0
    assert results(run) == before


def test_unfinished_matches_are_found_by_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    assert table.play(*WORDS, out="whole").code == 0
    seen = reads(monkeypatch)
    assert table.play(*WORDS, "--max-calls", "6", "--workers", "1").code == 0
    assert (tmp_path / "run" / INDEX_FILE).exists()
    answered = len((tmp_path / "run" / "api_calls.jsonl").read_bytes().splitlines())
    resumed = table.play(*WORDS, "--resume", "--max-calls", "100")
    assert resumed.code == 0 and seen == ["index"] and answered > 4
    assert results(tmp_path / "run") == results(tmp_path / "whole")
    assert len(resumed.calls()) == 16


def test_limits_count_what_the_index_sums_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spent = []
    for without in (False, True):
        table = Table(tmp_path / str(without), [challenge("c1"), challenge("c2")])
        table.folder.mkdir()
        assert table.play(*WORDS, "--max-calls", "6", "--workers", "1").code == 0
        if without:
            (table.folder / "run" / INDEX_FILE).unlink()
        again = table.play(*WORDS, "--resume", "--max-calls", "9", "--workers", "1")
        assert "--max-calls" in again.err + again.out
        spent.append(results(table.folder / "run"))
    assert spent[0] == spent[1]


def test_merged_run_has_an_index_of_its_own(played: Table, index: Path, tmp_path: Path) -> None:
    run, out = played.folder / "run", tmp_path / "merged"
    shutil.copytree(run, tmp_path / "older")
    assert command("merge", out, tmp_path / "older").code == 0
    assert command("merge", out, run).code == 0
    assert (out / INDEX_FILE).exists() and verify(out).code == 0
