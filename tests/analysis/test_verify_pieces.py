"""Files of lines are verified in pieces, by as many processes: what is said does not depend on where they begin."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from arena.analysis.verify import pieces
from arena.analysis.verify.journal import Answers, Journal, Tally
from arena.analysis.verify.pieces import Piece, line_before, lines_of_piece, pieces_of
from arena.analysis.verify.planned import Planned, RecordRows, Row
from arena.errors import DataError
from arena.formats import bounded
from arena.records import Trial
from arena.stops import Stop
from arena.store.journal import Place
from tests.analysis.test_verify_jobs import CHANGES
from tests.support.verify_rig import edit_lines, launder, verify


def change_later_lines(run: Path) -> None:
    edit_lines(run / "matches.jsonl", lambda line: line.update(detail="later"))
    launder(run)


def cut_records(run: Path) -> None:
    path = run / "matches.jsonl"
    path.write_bytes(path.read_bytes()[:-7])


def double_records(run: Path) -> None:
    path = run / "matches.jsonl"
    path.write_bytes(path.read_bytes() * 2)


@pytest.mark.parametrize("change", [*CHANGES.values(), change_later_lines, cut_records, double_records])
def test_pieces_of_any_size_say_what_one_says(
    copied_run: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(copied_run)
    whole = verify(copied_run, "--jobs", "1")
    for size in (1, 3000):
        monkeypatch.setattr(pieces, "SMALLEST", size)
        monkeypatch.setattr(pieces, "LARGEST", size)
        divided = verify(copied_run, "--jobs", "3" if size > 1 else "1")
        assert (divided.code, divided.out) == (whole.code, whole.out)


def divided(folder: Path, data: bytes, size: int, monkeypatch: pytest.MonkeyPatch) -> list[Piece]:
    monkeypatch.setattr(pieces, "SMALLEST", size)
    monkeypatch.setattr(pieces, "LARGEST", size)
    monkeypatch.setattr(pieces, "_BLOCK", 4)
    (folder / "file").write_bytes(data)
    return pieces_of(folder / "file")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
@pytest.mark.parametrize("data", [b"", b"\n", b"a\n", b"a", b"a\nbb\n", b"\n\n\na\n", b"aaaaaaaaa\nb\ncc\n\nd"])
def test_pieces_hold_every_line_once(tmp_path: Path, data: bytes, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = divided(tmp_path, data, size, monkeypatch)
    lines = [pair for piece in found for pair in lines_of_piece(tmp_path / "file", piece)]
    assert [line for _, line in lines] == data.splitlines(keepends=True)
    assert [place.number for place, _ in lines] == list(range(1, len(lines) + 1))
    assert all(data[place.offset :].startswith(line) for place, line in lines)
    for (_, before), (place, _) in zip(lines, lines[1:], strict=False):
        assert line_before(tmp_path / "file", place.offset) == before


def test_overlong_line_of_a_piece_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = divided(tmp_path, b"a\nb\nccccccccc\n", 2, monkeypatch)
    monkeypatch.setattr(pieces, "lines_of", lambda file, name, before: bounded.lines_of(file, name, 5, before))
    with pytest.raises(DataError, match="line 3"):
        [*lines_of_piece(tmp_path / "file", found[-1])]


def trial(number: int, cast: str = "mock/a") -> Trial:
    return Trial(f"toy/{number}", "toy", {}, "unit", None, f"{number:064x}", {}, {"Ada": cast})


def test_plan_knows_key_seed_and_cast_of_its_trials() -> None:
    planned = Planned(lambda: (trial(number) for number in range(3)))
    assert [*planned] == ["toy/0", "toy/1", "toy/2"] and len(planned) == 3
    assert planned.number("toy/2") == 2 and planned.seed("toy/2") == f"{2:064x}"
    assert planned.cast("toy/1") == {"Ada": "mock/a"} and planned.cast("toy/1") is planned.cast("toy/2")


def test_plan_knows_nothing_of_other_trials() -> None:
    planned = Planned(lambda: [trial(0)])
    assert "toy/1" not in planned
    assert (planned.number("toy/1"), planned.seed("toy/1"), planned.cast("toy/1")) == (None, None, {})


def test_rows_keep_place_stop_and_attempt_of_records() -> None:
    planned = Planned(lambda: [trial(0), trial(1)])
    rows = RecordRows(planned)
    rows.add(Row("toy/1", Place(1, 0), Stop.MAX_TURNS, 2))
    rows.add(Row("stranger", Place(2, 70), Stop.BUDGET, 0))
    assert "toy/0" not in rows and "toy/1" in rows and "stranger" in rows and len(rows) == 2
    row = rows.row("toy/1")
    assert (rows.place(row), rows.stop(row), rows.attempt(row)) == (Place(1, 0), Stop.MAX_TURNS, 2)
    assert rows.place(rows.row("stranger")) == Place(2, 70)
    assert [(one.key, row) for one, row in rows.of_plan()] == [("toy/1", 0)]


def test_journal_of_no_calls_has_none_to_give(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none", Planned(lambda: [trial(0)]))
    journal.sort()
    assert journal.recorded("toy/0", 0) == ({}, 0) and journal.recorded("stranger", 0) == ({}, 0)
    assert not journal.has_calls(0) and journal.failed() == set()


def test_answers_are_ordered_by_trial_and_place(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none", Planned(lambda: (trial(number) for number in range(3))))
    for piece in ((1, 2), (2, 0), (3, 2)), ((4, 1), (5, 0)):
        answers = Answers()
        for line, number in piece:
            answers.add(number, Place(line, 100 * line))
        journal.add(answers)
    journal.sort()
    places = {number: [*journal.places(number)] for number in range(3)}
    assert places == {0: [Place(2, 200), Place(5, 500)], 1: [Place(4, 400)], 2: [Place(1, 100), Place(3, 300)]}
    assert all(journal.has_calls(number) for number in range(3))


def test_a_planned_match_takes_few_bytes(tmp_path: Path) -> None:
    """Of a plan twice as long, `verify` keeps less than 200 bytes more for each match: plan, records and calls."""

    def kept(count: int) -> int:
        tracemalloc.start()
        planned = Planned(lambda: (trial(number) for number in range(count)))
        rows, journal = RecordRows(planned), Journal(tmp_path / "none", planned)
        for number in range(count):
            rows.add(Row(f"toy/{number}", Place(number + 1, 100 * number), Stop.MAX_TURNS, 0))
            answers = Answers()
            for line in range(12):
                answers.add(number, Place(12 * number + line, 0))
            journal.add(answers)
        journal.sort()
        found = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(rows) == len(planned) == count
        return found

    assert kept(4000) - kept(2000) < 200 * 2000


def test_an_odd_seed_is_kept_as_it_is() -> None:
    seeds = [f"{7:064x}", f"{7:064X}".replace("0", "A"), "short", ""]
    planned = Planned(lambda: (replace(trial(n), seed=seed) for n, seed in enumerate(seeds)))
    assert [planned.seed(f"toy/{n}") for n in range(len(seeds))] == seeds


def test_tallies_add_up() -> None:
    one, other = Tally(unknown=1, left_out={"a": frozenset("x")}), Tally(unknown=2, left_out={"a": frozenset("y")})
    one.absorb(other)
    assert one.unknown == 3 and one.left_out == {"a": frozenset("xy")}
