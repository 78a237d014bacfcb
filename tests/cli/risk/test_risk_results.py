"""`arena risk report`, `check`, `list`, `latest` and `tidy`: what is made of finished runs."""

from __future__ import annotations

import errno
import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from arena.analysis.risk.figures import ROW_METRICS
from arena.analysis.risk.results import TOP_FILES
from arena.analysis.risk.rows_file import experiments_in
from arena.analysis.risk.rows_of_run import RowWriter
from arena.analysis.risk.unplayed import OTHER_SHARD
from arena.engine import in_order
from arena.engine.session import Session
from arena.families.risk.rows import SKIPPED
from arena.policy.gate_times import GATE_TIMES_FILE
from arena.store.reader import RecordFile
from arena.store.rundir import RunDir
from tests.support.risk_rig import FEW, Lab, arena

DERIVED = (*TOP_FILES, "tau_risky_real/rows.jsonl", "tau_risky_real/run.json")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    assert lab.play("one", *FEW, "--model", "mock/gullible", "--defences", "none,gates").code == 0
    return lab


@pytest.fixture
def lab(played: Lab, tmp_path: Path) -> Lab:
    return Lab(Path(shutil.copytree(played.root, tmp_path / "results")))


def thresholds(folder: Path, **values: object) -> str:
    path = folder / "thresholds.yaml"
    path.write_text("version: 1\n" + "".join(f"{k}: {json.dumps(v)}\n" for k, v in values.items()), encoding="utf-8")
    return str(path)


# Report


def test_report_writes_the_same_bytes_again(lab: Lab) -> None:
    before = lab.all_bytes("one")
    for name in DERIVED:
        lab.file(f"one/{name}").unlink()
    assert lab("report", "--run-id", "one").code == 0
    assert lab.all_bytes("one") == before


SEVERAL = ("--trials", "3", "--slices", "tau_risky,exfiltration,benign_lookalikes", "--attacks", "direct,escalation",
           "--model", "mock/gullible", "--seeds", "1,2", "--max-calls", "60", "--workers", "1")  # fmt: skip


def test_rows_are_written_and_counted_while_playing_as_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    assert lab.play("run", *SEVERAL).code == 0
    last = lab.rows("run", "benign_lookalikes")
    assert {row["fail_reason"] for row in last if row["status"] == "not played"} == {SKIPPED}
    before = lab.all_bytes("run")
    assert lab("report", "--run-id", "run").code == 0
    assert lab.all_bytes("run") == before, "clock values are those of timings and journal"
    monkeypatch.setattr(RowWriter, "tally", lambda *_: None)
    assert lab("report", "--run-id", "run").code == 0
    assert lab.all_bytes("run") == before, "the counts are those of the rows that are read"
    monkeypatch.setattr(in_order, "MOST_WAITING_BYTES", -1)
    assert lab.play("again", *SEVERAL).code == 0
    clocked = {"run_id": "", "latency_ms": 0, "timestamp": ""}
    for exp in experiments_in(lab.file("run")):
        assert [row | clocked for row in lab.rows("again", exp)] == [row | clocked for row in lab.rows("run", exp)]


@pytest.mark.parametrize("limit", [(), ("--max-calls", "2")])
def test_rows_of_a_shard_say_why_trials_were_not_played(tmp_path: Path, limit: tuple[str, ...]) -> None:
    lab = Lab(tmp_path)
    assert lab.play("part", *FEW, "--shard", "1/2", "--workers", "1", *limit).code == 0
    why = {row["fail_reason"] for row in lab.rows("part") if row["status"] == "not played"}
    assert why == {OTHER_SHARD, *([SKIPPED] if limit else [])}
    before = lab.all_bytes("part")
    assert lab("report", "--run-id", "part").code == 0
    assert lab.all_bytes("part") == before


def test_playing_reads_no_record_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecordFile, "parse", lambda *_: pytest.fail("a record was read"))
    assert Lab(tmp_path).play("run", *FEW, "--workers", "1").code == 0


def test_report_needs_no_records_where_there_are_rows(lab: Lab) -> None:
    rows = lab.file("one/tau_risky_real/rows.jsonl").read_bytes()
    (lab.file("imported") / "x").mkdir(parents=True)
    lab.file("imported/x/rows.jsonl").write_bytes(rows)
    done = lab("report", "--run-id", "imported")
    assert done.code == 0 and done.line("EVAL:").endswith(lab("report", "--run-id", "one").line("EVAL:")[14:])
    assert set(lab.all_bytes("imported")) == {*TOP_FILES, "x/rows.jsonl", "x/run.json"}


def test_report_takes_the_newest_run_without_a_name(lab: Lab) -> None:
    assert f"{lab.file('one')}/index.html" in lab("report").out


def test_report_takes_the_run_that_run_id_names(lab: Lab) -> None:
    lab.play("two", *FEW)
    assert f"{lab.file('one')}/index.html" in lab("report", environ={"RUN_ID": "one"}).out
    assert lab.json("LATEST/run.json")["run_id"] == "one"


def test_report_of_a_run_that_was_killed_lists_what_was_not_played(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with patch.object(Session, "_finish", side_effect=OSError(28, "No space left on device")):
        assert lab.play("killed", *FEW, "--max-calls", "7", "--workers", "2").code == 1
    records = lab.file("killed/matches.jsonl")
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(reversed(lines)) + lines[0][:40])
    done = lab("report", "--run-id", "killed")
    rows = lab.rows("killed")
    assert done.code == 0 and "is not finished" in done.err and len(rows) == 6
    assert 0 < sum(row["callable"] for row in rows) < 6
    assert {row["fail_reason"] for row in rows if row["status"] == "not played"} == {
        "not played: the run did not finish"
    }
    assert [row["trial"] for row in rows] == [row["trial"] for row in _planned(lab)]


def _planned(lab: Lab) -> list[dict[str, Any]]:
    lab.play("planned", *FEW, "--dry-run")
    return lab.rows("planned")


def test_report_of_an_empty_folder_says_which_file_is_missing(lab: Lab) -> None:
    lab.file("empty").mkdir()
    done = lab("report", "--run-id", "empty")
    assert done.code == 2 and "has no rows (<experiment>/rows.jsonl)" in done.err


def test_report_of_rows_without_a_line_says_no_data(lab: Lab) -> None:
    (lab.file("void") / "x").mkdir(parents=True)
    lab.file("void/x/rows.jsonl").write_bytes(b"")
    done = lab("report", "--run-id", "void")
    assert done.code == 0 and "No data" in done.err
    assert "No data" in lab.file("void/index.html").read_text(encoding="utf-8")
    assert lab.file("void/summary.svg").stat().st_size and lab.file("void/summary.csv").stat().st_size


def test_malformed_rows_are_counted_and_told(lab: Lab) -> None:
    path = lab.file("one/tau_risky_real/rows.jsonl")
    (lab.file("torn") / "x").mkdir(parents=True)
    lines = path.read_bytes().splitlines(keepends=True)
    lab.file("torn/x/rows.jsonl").write_bytes(b"".join([lines[0], b"{nonsense\n", b'{"run_id": 3}\n', *lines[1:]]))
    done = lab("report", "--run-id", "torn")
    assert "line 2: is not JSON" in done.err and "line 3: run_id is missing" in done.err
    assert lab.json("torn/run.json")["malformed_rows"] == 2 and lab.json("torn/run.json")["totals"]["rows"] == len(
        lines
    )


def test_replies_can_be_judged_by_other_rules(lab: Lab, tmp_path: Path) -> None:
    rules = tmp_path / "strict.yaml"
    rules.write_text("version: 7\nrules:\n- id: silent\n  success_if: {forbids_any: ['.']}\n", encoding="utf-8")
    assert lab("report", "--run-id", "one", "--evaluator", str(rules)).code == 0
    rows = lab.rows("one")
    assert {row["judge_rule_id"] for row in rows} == {"silent"} and not any(row["success"] for row in rows)
    assert lab.json("one/run.json")["evaluator"]["version"] == "7"


def test_report_with_missing_rules_names_the_flag(lab: Lab) -> None:
    done = lab("report", "--run-id", "one", "--evaluator", "nowhere.yaml")
    assert done.code == 2 and "--evaluator" in done.err


def test_page_shows_as_many_trials_as_asked_and_counts_the_rest(lab: Lab) -> None:
    count = len(lab.rows("one"))
    lab("report", "--run-id", "one", environ={"REPORT_MAX_TRIAL_ROWS": "3"})
    page = lab.file("one/index.html").read_text(encoding="utf-8")
    assert page.count('<details class="m one">') == 3 and f"{count - 3} more trials are in rows.jsonl" in page


@pytest.mark.parametrize("member", ["limits", "evaluator", "gate_latency", "budget", "real", "cells", "policy_id"])
def test_damaged_run_json_is_refused_with_its_pointer(lab: Lab, member: str) -> None:
    (lab.file("rows") / "x").mkdir(parents=True)
    lab.file("rows/x/rows.jsonl").write_bytes(lab.file("one/tau_risky_real/rows.jsonl").read_bytes())
    lab.file("rows/run.json").write_text(json.dumps({member: 3.5}), encoding="utf-8")
    done = lab("report", "--run-id", "rows")
    assert done.code == 2 and f"run.json: /{member}" in done.err


def test_hostile_reply_stays_text_in_the_page(lab: Lab) -> None:
    (row, *_) = lab.rows("one")
    (lab.file("bad") / "x").mkdir(parents=True)
    row |= {"reply": "</blockquote><script>alert(1)</script>\u202e", "fail_reason": "<b>|x|</b>", "exp": "x"}
    lab.file("bad/x/rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    lab("report", "--run-id", "bad")
    page = lab.file("bad/index.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "[U+202E]" in page and "<b>" not in page
    assert "<b>" not in lab.file("bad/summary.md").read_text(encoding="utf-8").replace("\\<b\\>", "")


def test_report_of_a_run_that_is_being_played_says_that_it_is_in_use(lab: Lab) -> None:
    records, rows = lab.file("one/matches.jsonl"), lab.file("one/tau_risky_real/rows.jsonl").read_bytes()
    records.write_bytes(records.read_bytes()[:-40])  # the line that is being written
    with closing(RunDir(lab.file("one"), resume=True)):
        done = lab("report", "--run-id", "one")
    assert done.code == 2 and "is in use by another process; wait for it to end" in done.err
    assert lab.file("one/tau_risky_real/rows.jsonl").read_bytes() == rows


def decisions(lab: Lab, run_id: str) -> int:
    """Return how many decisions of gates the rows of a run have."""
    found = lab.json(f"{run_id}/run.json")["gate_summary"]
    return sum(sum(found[stage].values()) for stage in ("pre", "post"))


def test_gate_times_of_all_sessions_are_counted_and_rebuilt(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.play("two", *FEW, "--max-trials", "2", "--workers", "1")
    first = lab.json("two/run.json")["gate_latency"]
    assert first["n"] == decisions(lab, "two") > 0
    more = ("--max-trials", "99", "--workers", "1", "--resume", "--out", str(lab.file("two")))
    assert lab("run", *FEW, *more).code == 0
    both = lab.json("two/run.json")["gate_latency"]
    assert both["n"] == decisions(lab, "two") > first["n"]
    lab.file("two/run.json").unlink()
    assert lab("report", "--run-id", "two").code == 0 and lab.json("two/run.json")["gate_latency"] == both
    assert arena("verify", str(lab.file("two"))).code == 0


def test_run_without_a_file_of_gate_times_keeps_those_of_its_run_json(lab: Lab) -> None:
    before = lab.json("one/run.json")["gate_latency"]
    lab.file(f"one/{GATE_TIMES_FILE}").unlink()
    assert lab("report", "--run-id", "one").code == 0
    assert lab.json("one/run.json")["gate_latency"] == before and before["n"] > 0
    assert arena("verify", str(lab.file("one"))).code == 0


# Check


@pytest.mark.parametrize(
    ("values", "strict", "status", "code"),
    [
        ({"min_total_trials": 1}, False, "OK", 0),
        ({"min_total_trials": 999, "policy": "warn"}, False, "WARN", 0),
        ({"min_total_trials": 999, "policy": "warn"}, True, "FAIL", 1),
        ({"min_total_trials": 999, "policy": "strict"}, False, "FAIL", 1),
        ({"min_total_trials": 999, "policy": "allow"}, False, "OK", 0),
        ({"min_callable_trials": 13}, False, "WARN", 0),
        ({"min_pass_rate": 1.0}, False, "WARN", 0),
        ({"pass_rate_callable": {"warn_below": 1.0, "fail_below": 1.0}}, False, "FAIL", 1),
        ({"max_post_deny": 0}, False, "OK", 0),
    ],
)
def test_check_takes_the_keys_of_the_predecessor(
    lab: Lab, tmp_path: Path, values: dict[str, object], strict: bool, status: str, code: int
) -> None:
    file = thresholds(tmp_path, **values)
    done = lab("check", "--run-id", "one", "--thresholds", file, environ={"STRICT": "1"} if strict else {})
    assert done.code == code and done.line("THRESHOLDS:").startswith(f"THRESHOLDS: {status} (")


def test_check_lists_each_miss(lab: Lab, tmp_path: Path) -> None:
    done = lab("check", "--run-id", "one", "--thresholds", thresholds(tmp_path, min_total_trials=99), "--strict")
    assert done.code == 1 and "\n- total 12 below 99" in done.out


def test_broken_thresholds_are_an_error_and_never_ok(lab: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "t.yaml"
    broken.write_text("version: 1\nmin_pass_rate: [\n", encoding="utf-8")
    done = lab("check", "--run-id", "one", "--thresholds", str(broken))
    assert done.code == 2 and "OK" not in done.out


def test_run_without_an_assessed_attack_is_never_ok(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab")
    lab.play("none", *FEW, "--max-calls", "0")
    done = lab("check", "--run-id", "none", "--thresholds", thresholds(tmp_path, policy="allow"))
    assert done.line("THRESHOLDS:").startswith("THRESHOLDS: WARN") and "no attack was assessed" in done.out


def test_check_counts_rows_and_not_lines_of_a_table(lab: Lab) -> None:
    found = json.loads(lab("check", "--run-id", "one", "--json").out)
    assert (found["total"], found["callable"]) == (12, 12) and found["pass_rate"] == found["passed"] / 12


OWN = """\
thresholds_format: 1
rules:
  - {metric: by.defence.none.pass_rate, op: ">=", fail: 1, reason: the agent alone resists}
"""


def test_check_and_report_take_rules_of_the_projects_format(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    done = lab("check", "--run-id", "one", "--thresholds", str(tmp_path / "own.yaml"))
    assert done.code == 1 and "\n- by.defence.none.pass_rate: value " in done.out
    assert lab("report", "--run-id", "one", "--thresholds", str(tmp_path / "own.yaml")).code == 0
    assert "by.defence.none.pass_rate: value" in lab.file("one/index.html").read_text(encoding="utf-8")


def test_rules_that_rows_cannot_answer_are_refused_before_the_run(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN.replace("by.defence.none.pass_rate", "scored_rate"), encoding="utf-8")
    done = lab.play("two", *FEW, "--thresholds", str(tmp_path / "own.yaml"))
    assert done.code == 2 and "line 3, rule 1: unknown metric scored_rate" in done.err
    assert not lab.file("two").exists()


@pytest.mark.parametrize("values", [
    {"min_total_trials": 1}, {"min_total_trials": 999}, {"min_total_trials": 999, "policy": "strict"},
    {"min_total_trials": 999, "policy": "allow"}, {"min_pass_rate": 1.0}, {"max_post_deny": 0},
    {"pass_rate_callable": {"warn_below": 1.0, "fail_below": 1.0}},
])  # fmt: skip
@pytest.mark.parametrize("strict", ["0", "1"])
def test_arena_check_decides_keys_as_risk_check(
    lab: Lab, tmp_path: Path, values: dict[str, object], strict: str
) -> None:
    file = thresholds(tmp_path, **values)
    one = lab("check", "--run-id", "one", "--thresholds", file, "--strict", strict)
    other = arena("check", str(lab.file("one")), "--thresholds", file, "--strict", strict)
    assert one.code == other.code
    status = one.line("THRESHOLDS:").split()[1]
    overall = other.out.splitlines()[-1].partition(":")[0]
    assert overall == status or (strict == "1" and (overall, status) == ("WARN", "FAIL"))


def test_arena_check_takes_a_summary_and_rows_together(lab: Lab, tmp_path: Path) -> None:
    rules = OWN + '  - {metric: errors_rate, op: "<=", warn: 0}\n'
    (tmp_path / "own.yaml").write_text(rules, encoding="utf-8")
    done = arena("check", str(lab.file("one")), "--thresholds", str(tmp_path / "own.yaml"), "--json")
    found = {one["metric"]: one["level"] for one in json.loads(done.out)["findings"]}
    assert done.code == 1
    assert found == {"by.defence.none.pass_rate": "FAIL", "errors_rate": "OK", "attacks_without_result": "OK"}


def test_listed_metrics_of_rows_can_be_used(lab: Lab, tmp_path: Path) -> None:
    listed = arena("check", str(lab.file("one")), "--list-metrics").out.splitlines()
    names = [line.partition(": ")[0] for line in listed]
    assert set(ROW_METRICS) < set(names) and len(set(names)) == len(names)
    rules = [f'  - {{metric: {name}, op: ">=", warn: 0}}\n' for name in ROW_METRICS]
    (tmp_path / "all.yaml").write_text("thresholds_format: 1\nrules:\n" + "".join(rules), encoding="utf-8")
    assert arena("check", str(lab.file("one")), "--thresholds", str(tmp_path / "all.yaml"), "--strict").code == 0


def test_arena_check_writes_keys_as_junit(lab: Lab, tmp_path: Path) -> None:
    file, junit = thresholds(tmp_path, min_total_trials=999, policy="strict"), tmp_path / "junit.xml"
    assert arena("check", str(lab.file("one")), "--thresholds", file, "--junit", str(junit)).code == 1
    assert 'name="total_trials &gt;="' in junit.read_text(encoding="utf-8")


def test_arena_check_of_a_run_without_rows_says_how_to_write_them(lab: Lab, tmp_path: Path) -> None:
    shutil.rmtree(lab.file("one/tau_risky_real"))
    done = arena("check", str(lab.file("one")), "--thresholds", thresholds(tmp_path, min_total_trials=1))
    assert done.code == 2 and "`arena risk report` writes those" in done.err


# List, latest, tidy


def test_list_shows_what_each_run_lacks(lab: Lab) -> None:
    lab.play("dry", *FEW, "--dry-run")
    shutil.copytree(lab.file("one"), lab.file("half"))
    lab.file("half/summary.svg").unlink()
    shutil.rmtree(lab.file("half/tau_risky_real"))
    lab.file("nothing").mkdir()
    lab.file("broken").mkdir()
    lab.file("broken/run.json").write_text("{", encoding="utf-8")
    found = {row["run"]: row for row in json.loads(lab("list", "--json").out)}
    assert {name: row["state"] for name, row in found.items()} == {
        "one": "ok", "dry": "dry run", "half": "partial", "nothing": "partial", "broken": "damaged",
    }  # fmt: skip
    assert found["half"]["lacks"] == ["rows", "svg"] and found["nothing"]["lacks"][0] == "rows"
    assert "half" in lab("list").out and "rows, svg" in lab("list").out


def test_list_of_an_empty_folder_says_how_to_make_a_run(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "`arena risk run` makes one" in Lab(tmp_path / "none")("list").out


def test_latest_passes_over_runs_without_results(lab: Lab) -> None:
    lab.play("newer", *FEW)
    lab.file("newer/summary.svg").unlink()
    assert "copied from one" in lab("latest").out
    assert lab.json("LATEST/run.json")["run_id"] == "one"


def test_latest_goes_by_when_runs_started_and_not_by_file_times(lab: Lab) -> None:
    lab.play("newer", *FEW)
    top = lab.json("one/run.json") | {"started": "2001-01-01T00:00:00Z"}
    lab.file("one/run.json").write_text(json.dumps(top), encoding="utf-8")
    assert "copied from newer" in lab("latest").out


def test_latest_that_is_a_link_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    shutil.rmtree(lab.file("LATEST"))
    (tmp_path / "elsewhere").mkdir()
    lab.file("LATEST").symlink_to(tmp_path / "elsewhere")
    done = lab("latest")
    assert done.code == 2 and "LATEST" in done.err and not any((tmp_path / "elsewhere").iterdir())


def test_tidy_removes_what_is_no_part_of_a_run(lab: Lab) -> None:
    before = set(lab.all_bytes("one"))
    lab.file("one/notes.tmp").write_text("x", encoding="utf-8")
    (lab.file("one") / "old").mkdir()
    lab.file("one/old/rows.bak").write_text("x", encoding="utf-8")
    assert "would remove notes.tmp" in lab("tidy", "--run-id", "one", "--dry-run").out
    assert lab.file("one/notes.tmp").exists()
    assert "2 redundant files" in lab("tidy", "--run-id", "one").out
    assert set(lab.all_bytes("one")) == before and not lab.file("one/old").exists()


def test_tidy_leaves_folders_alone_that_are_no_run(lab: Lab) -> None:
    lab.file("other").mkdir()
    lab.file("other/thesis.txt").write_text("x", encoding="utf-8")
    assert lab("tidy", "--run-id", "other").code == 2 and lab.file("other/thesis.txt").exists()


def test_run_and_run_id_contradict_each_other(lab: Lab) -> None:
    done = lab("report", str(lab.file("one")), "--run-id", "one")
    assert done.code == 2 and "contradict" in done.err


def test_results_that_cannot_be_written_say_what_is_kept_and_how_to_write_them(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    full = OSError(errno.EFBIG, "File too large")
    with patch("arena.cli.risk.play.rebuild", side_effect=full):
        done = lab.play("a", *FEW)
    again = f"write them with: python3 -m arena risk report {lab.file('a')}"
    assert done.code == 1 and "File too large; everything played is kept" in done.err and again in done.err
    with patch("arena.cli.risk.report.rebuild", side_effect=full):
        assert again in lab("report", "--run-id", "a").err
    assert lab("report", "--run-id", "a").code == 0 and len(lab.rows("a")) == 6
