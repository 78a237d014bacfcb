"""`arena cheaptalk aggregate`: which seeds, where to, what stays null, what a run's own results are kept from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.cli.commands.cheaptalk.aggregate import seeds_of
from arena.errors import UsageError
from arena.families.cheaptalk.findings.run import Rules
from arena.families.cheaptalk.outputs.write import ResultRules, write_outputs
from arena.store.digests import check
from arena.store.digests import write as write_digests
from arena.store.rundir import MANIFEST_FILE
from tests.families.cheaptalk.made_runs import PROTOCOLS, SIX, run_of_all
from tests.families.cheaptalk.runs import cheaptalk

WRITTEN = ("submission_multi_seed_summary.json", "paper_tables.md", "paper_tables.tex")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The result files of two seeds, as a run leaves them."""
    monkeypatch.delenv("SEEDS", raising=False)
    folder = tmp_path / "run"
    folder.mkdir()
    write_outputs(run_of_all(6, (123, 42)), folder, ResultRules(Rules(42, PROTOCOLS, SIX, resamples=20)))
    return folder


def seeds_in(path: Path) -> list[int]:
    found: list[int] = json.loads((path / WRITTEN[0]).read_text())["seeds"]
    return found


def test_all_seeds_of_a_folder_are_summed_up(run: Path) -> None:
    before = {name: (run / name).read_bytes() for name in WRITTEN}
    for name in WRITTEN:
        (run / name).unlink()
    ended = cheaptalk("aggregate", str(run))
    assert (ended.code, ended.out.splitlines()[0]) == (0, "seeds 42, 123: 6 files")
    assert {name: (run / name).read_bytes() for name in WRITTEN} == before


def test_seeds_are_those_of_the_flag_then_of_the_variable(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDS", " 123 , 42 ")
    assert cheaptalk("aggregate", str(run), "--out", str(tmp_path / "a")).code == 0
    assert cheaptalk("aggregate", str(run), "--out", str(tmp_path / "b"), "--seeds", "42").code == 0
    assert (seeds_in(tmp_path / "a"), seeds_in(tmp_path / "b")) == ([123, 42], [42])


def test_part_without_every_seed_is_null_and_said(run: Path, tmp_path: Path) -> None:
    (run / "milestone2/seed123.json").unlink()
    ended = cheaptalk("aggregate", str(run), "--out", str(tmp_path / "out"))
    assert "milestone2 stays null; missing: milestone2/seed123.json" in ended.out
    found = json.loads((tmp_path / "out" / WRITTEN[0]).read_text())
    assert found["milestone2"] is None and found["milestone3"]["seeds"] == 2


def test_results_of_a_run_are_not_replaced_by_others(run: Path) -> None:
    (run / MANIFEST_FILE).write_text("{}")
    assert cheaptalk("aggregate", str(run)).code == 0
    ended = cheaptalk("aggregate", str(run), "--seeds", "42")
    assert ended.code == 2 and "give --out DIR" in ended.err and seeds_in(run) == [42, 123]


def test_new_files_of_a_finished_run_enter_its_digests(run: Path) -> None:
    for name in WRITTEN:
        (run / name).unlink()
    write_digests(run)
    assert cheaptalk("aggregate", str(run)).code == 0 and check(run) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a run: give RUN, or --last"),
        (("somewhere", "--last"), "DIR and --last contradict each other"),
        (("somewhere",), "is not a folder"),
        (("somewhere", "--seed", "1"), "unknown flag --seed; did you mean --seeds?"),
    ],
)
def test_wrong_use_ends_with_2_and_a_hint(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cheaptalk("aggregate", *words)
    assert ended.code == 2 and message in ended.err


@pytest.mark.parametrize(("flag", "where"), [("42,x", "--seeds"), ("", "--seeds"), (None, "SEEDS")])
def test_seeds_that_are_no_numbers_are_refused_with_their_place(flag: str | None, where: str) -> None:
    with pytest.raises(UsageError, match=f"^{where} must be whole numbers"):
        seeds_of(flag, {"SEEDS": "42;7"})


def test_no_seeds_mean_all_that_there_are() -> None:
    assert seeds_of(None, {}) == seeds_of(None, {"SEEDS": " "}) == ()


def test_results_that_cannot_be_written_are_an_error_with_the_folder(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / WRITTEN[0]).mkdir(parents=True)
    ended = cheaptalk("aggregate", str(run), "--out", str(out))
    assert (ended.code, ended.err) == (2, f"arena cheaptalk: cannot write to {out}: Is a directory\n")
