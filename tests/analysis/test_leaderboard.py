"""The leaderboard: what may be ranked together, what is next to the means, and that no name breaks a table."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.leaderboard.leaderboard import Board, Row, boards, sort_keys
from arena.analysis.leaderboard.page import page
from arena.analysis.leaderboard.text import cells, csv_bytes, header, json_bytes, markdown, text
from arena.cli.entry import main
from arena.errors import DataError, UsageError
from arena.records import STATUSES
from arena.stats.intervals import wilson
from arena.store.finished_run import FinishedRun
from tests.support.arena_rig import DIMENSIONS, ROOT
from tests.support.made_runs import EXAMPLE, HOSTILE, made_run, record

GOOD, POOR = [record(outcome="SUCCESS")], [record(outcome="FAILED")]


def board_of(*folders: Path, sort: str = "success") -> list[Board]:
    return boards([FinishedRun(folder) for folder in folders], sort)


def names(board: Board) -> list[str]:
    return [row.run for row in board.rows]


def row_of(folder: Path) -> Row:
    (board,) = board_of(folder)
    return board.rows[0]


def test_the_best_comes_first_and_equals_share_a_rank(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / name, records) for name, records in
            (("c", POOR), ("b", GOOD), ("a", GOOD), ("d", [record(stop="bug")]))]  # fmt: skip
    (board,) = board_of(*runs)
    assert (names(board), board.ranks) == (["a", "b", "c", "d"], [1, 1, 3, None]), "without a value: last, no rank"


def test_a_run_that_covers_too_little_is_placed_below_without_rank(tmp_path: Path) -> None:
    lucky = made_run(
        tmp_path / "lucky", [record(rep=0, outcome="SUCCESS"), *[record(rep=n, stop="bug") for n in (1, 2)]]
    )
    mixed = made_run(tmp_path / "mixed", [record(rep=n, outcome=("SUCCESS", "FAILED")[n % 2]) for n in range(3)])
    paths = [FinishedRun(lucky), FinishedRun(mixed)]
    (board,) = boards(paths, "success")
    assert (names(board), board.ranks) == (["mixed", "lucky"], [1, None]), "100 % of a third is no first place"
    assert "lucky: 33% of the planned matches have an outcome, less than 95 %: placed below" in text([board])
    (lenient,) = boards(paths, "success", min_coverage=30)
    assert (names(lenient), lenient.ranks) == (["lucky", "mixed"], [1, 2])


@pytest.mark.parametrize("key", sort_keys(FinishedRun(EXAMPLE).summary()))
def test_every_key_sorts(key: str, tmp_path: Path) -> None:
    good = made_run(tmp_path / "a", GOOD, models={"participant": "local/a"})
    poor = made_run(tmp_path / "b", POOR, models={"participant": "local/b"})
    (board,) = board_of(poor, good, sort=key)
    assert names(board) == ["a", "b"]


def test_an_unknown_key_and_a_run_named_twice_are_refused(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", GOOD)
    with pytest.raises(UsageError, match="--sort luck: unknown; there are: success"):
        board_of(run, sort="luck")
    with pytest.raises(UsageError, match="named twice"):
        board_of(run, tmp_path / "a/../a")


DIFFERENCES: dict[str, tuple[dict[str, Any], str]] = {
    "challenges": ({"rules": {"challenges_sha256": "f" * 64}}, "challenges (digest): ffffffffffff, not "),
    "set version": ({"rules": {"benchmark_version": "other_v9"}}, "challenge set: other_v9, not diverse_v2"),
    "outcome rule": ({"rules": {"outcome_rule": {"name": "mine", "version": 2}}}, "outcome rule: mine 2, not floor 1"),
    "rubric": ({"rules": {"rubric": {"name": "r", "version": "9"}}}, "rubric: r 9, not crypto-five"),
    "verified rule": (
        {"rules": {"verified_rule": {"name": "v", "version": 3}}},
        "verified rule: v 3, not verified-cap",
    ),
    "judge": ({"models": {"judge": "local/other"}}, "judge: local/other, not mock/judge"),
    "judge settings": ({"settings": {"judge_tools": True}}, "judge tools: true, not false"),
    "seed": ({"settings": {"seed": 7}}, "seed: 7, not 0"),
    "turns": ({"settings": {"max_turns": 3}}, "max turns: 3, not 15"),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_runs_of_different_conditions_are_not_ranked_together_and_the_difference_is_said(
    name: str, tmp_path: Path
) -> None:
    changes, says = DIFFERENCES[name]
    found = board_of(made_run(tmp_path / "a", POOR), made_run(tmp_path / "b", GOOD, **changes))
    assert [names(board) for board in found] == [["a"], ["b"]] and [board.ranks for board in found] == [[1], [1]]
    assert says in text(found) and "not ranked with the first group" in text(found)
    assert json.loads(json_bytes(found))["groups"][1]["differs_from_first_in"] == list(found[1].differs)
    assert len(found[1].differs) == 1


@pytest.mark.parametrize("changes", [{"models": {"participant": "local/x"}}, {"settings": {"repetitions": 3}},
                                     {"models": {"roles": {"Ana": "local/y"}}}])  # fmt: skip
def test_players_and_repetitions_may_differ(changes: dict[str, Any], tmp_path: Path) -> None:
    assert len(board_of(made_run(tmp_path / "a", GOOD), made_run(tmp_path / "b", GOOD, **changes))) == 1


def test_a_row_counts_every_status_beside_the_means(tmp_path: Path) -> None:
    records = [record("c1", outcome="SUCCESS"), record("c2", outcome="FAILED"), record("c3"),
               record("c4", stop="player_fault"), record("c5", stop="gate_denied"), record("c6", stop="budget"),
               record("c7", stop="bug"), record("c8", stop="judge_pending")]  # fmt: skip
    row = row_of(made_run(tmp_path / "a", records, planned=10, unpriced=["local/x"]))
    assert row.left_out == {
        "errors": 1,
        "unscored": 1,
        "aborted": 1,
        "denied": 1,
        "limit": 1,
        "pending": 1,
        "not played": 2,
    }
    assert len(STATUSES) == 6, "a new status needs a column"
    assert (row.matches, row.planned, row.units, row.splits) == (8, 10, 8, "train")
    assert row.raw == dict.fromkeys(DIMENSIONS, 3.0) == row.verified
    assert (row.success.value, row.success.n, row.success.interval) == (1 / 3, 3, wilson(1, 3))
    assert (row.cost_usd, row.unpriced) == (None, ("local/x",))
    assert (row.calls, row.tokens) == (8, 120)
    shown = text(board_of(tmp_path / "a"))
    assert "2 of 10 planned matches were not played" in shown and "no price of local/x" in shown


def test_verified_scores_are_columns_of_their_own(tmp_path: Path) -> None:
    one = record(outcome="SUCCESS")
    lower = dict.fromkeys(DIMENSIONS, 2)
    one["judging"]["verified"] |= {
        "scores": lower,
        "outcome": "PARTIAL",
        "caps": [{"dimension": DIMENSIONS[4], "cap": 2, "reason": "x"}],
    }
    (board,) = board_of(made_run(tmp_path / "a", [one]))
    row = dict(zip(header(board), next(cells(board)), strict=True))
    assert (row["security (judge)"], row["security (verified)"]) == ("5.00", "2.00")
    assert row["success"].startswith("100.0%") and row["verified success"].startswith("0.0%")
    without = board_of(made_run(tmp_path / "b", [record(outcome="SUCCESS", judging={})]))[0]
    empty = dict(zip(header(without), next(cells(without)), strict=True))
    assert (empty["security (verified)"], empty["verified success"], empty["leaks"]) == ("-", "-", "-")


def test_pass_hat_k_stands_where_there_are_repetitions(tmp_path: Path) -> None:
    records = [record(unit, rep, outcome=o) for unit, outcomes in (("c1", ("SUCCESS", "SUCCESS")),
                                                                  ("c2", ("SUCCESS", "FAILED")))
               for rep, o in enumerate(outcomes)]  # fmt: skip
    assert row_of(made_run(tmp_path / "a", records)).pass_hat == (2, 0.5)
    assert row_of(made_run(tmp_path / "b", GOOD)).pass_hat is None


def test_only_manifest_and_summary_are_read(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", GOOD)
    before = csv_bytes(board_of(run))
    for path in run.rglob("*"):
        if path.is_file() and path.name not in ("manifest.json", "summary.json"):
            path.unlink()
    assert csv_bytes(board_of(run)) == before


@pytest.mark.parametrize("part", ["models", "usage", "statuses", "outcomes", "mean_scores", "per_challenge", "by"])
def test_a_damaged_summary_is_named(part: str, tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", GOOD)
    summary = json.loads((run / "summary.json").read_bytes())
    del summary[part]
    (run / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    with pytest.raises(DataError, match=r"summary\.json: a field is missing or malformed"):
        board_of(run)


# Forms


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_table(name: str, tmp_path: Path) -> None:
    changes = {"models": {"participant": f"local/{name}", "judge": name, "roles": {name: name}},
               "rules": {"benchmark_version": name}}  # fmt: skip
    plain = board_of(made_run(tmp_path / "a", GOOD))
    found = board_of(made_run(tmp_path / "b", [record(outcome="SUCCESS", cell={"split": name})], **changes))
    shown = page(found).decode()
    parser, tame = _Tags(), _Tags()
    parser.feed(shown)
    tame.feed(page(plain).decode())
    assert (parser.found, parser.attributes) == (tame.found, tame.attributes)
    control = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]")
    assert (
        not control.search(shown) and not control.search(text(found)) and not control.search(markdown(found).decode())
    )
    marks = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown(found).decode())
    rows = [line for line in marks.splitlines() if line.startswith("|")]
    assert len(rows) == 3 and len({line.count("|") for line in rows}) == 1
    assert not re.search(r"[<>`\[\]*_@]|https?://", marks)
    (_, line) = list(csv.reader(io.StringIO(csv_bytes(found).decode())))
    assert not any(cell[:1] in ("=", "+", "@", "\t", "\r") for cell in line)
    assert not any(cell.startswith("-") for cell in line)
    json.loads(json_bytes(found))


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    shown = page(board_of(made_run(tmp_path / "a", GOOD))).decode()
    assert "default-src 'none'" in shown
    assert not re.search(r"<script|<link|<img|<iframe|src=|href=|url\(|@import|javascript:| on[a-z]+=", shown)


def test_all_forms_hold_the_same_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [made_run(tmp_path / "good", GOOD), made_run(tmp_path / "poor", POOR, settings={"seed": 3})]
    files = {form: tmp_path / f"out/board.{form}" for form in ("markdown", "csv", "json", "html")}
    flags = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    assert main(["leaderboard", *map(str, runs), *flags]) == 0
    shown = [capsys.readouterr().out, *(path.read_text(encoding="utf-8") for path in files.values())]
    for content in shown:
        assert "good" in content and "poor" in content and "mock/careful" in content
    rows = list(csv.DictReader(files["csv"].open(encoding="utf-8", newline="")))
    assert [(row["group"], row["rank"], row["run"], row["success_rate"]) for row in rows] == [
        ("1", "1", "good", "1.0"), ("2", "1", "poor", "0.0")]  # fmt: skip
    groups = json.loads(files["json"].read_bytes())["groups"]
    assert [group["rows"][0]["success_rate"]["n"] for group in groups] == [1, 1]
    assert main(["leaderboard", *map(str, runs), "--quiet"]) == 0 and capsys.readouterr().out == ""


def test_column_names_of_the_csv_are_not_read_as_dates(tmp_path: Path) -> None:
    columns = next(csv.reader(io.StringIO(csv_bytes(board_of(made_run(tmp_path / "a", GOOD))).decode())))
    assert len(columns) == len(set(columns))
    assert not [name for name in columns if re.fullmatch(r"timestamp.*|.*_at|.*_time|modified|date", name)]


def test_wrong_calls_are_usage_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard"]) == 2
    assert main(["leaderboard", str(tmp_path)]) == 2
    assert "is not a run directory" in capsys.readouterr().err


def test_the_document_lists_every_sort_key() -> None:
    page_ = (ROOT / "docs/leaderboard.md").read_text(encoding="utf-8")
    for key in sort_keys({}):
        assert f"`{key}`" in page_, key
