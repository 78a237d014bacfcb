"""The report of a run: what the page contains, what it says plainly, and what it does with failed runs."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.report import build
from arena.analysis.report.ledger import ledger_part
from arena.analysis.report.marks import Marks
from arena.analysis.report.markup import escape, tag, trusted, visible
from arena.analysis.report.page import digest
from arena.cli.entry import main
from arena.formats.tables import number
from arena.store.digests import check, read
from tests.support.arena_rig import DIMENSIONS, ROOT, arena
from tests.support.many_matches import multiply
from tests.support.plain_records import CHECKS, stored
from tests.support.report_rig import HOSTILE, Parsed, fault, page, record, report, untimed, write_run

EXAMPLE = ROOT / "state/examples/mock-three"


def copied(tmp_path: Path, name: str = "run") -> Path:
    """Return a copy of the example without what a report would add, and without the list of digests."""
    left_out = shutil.ignore_patterns("report*", "figures", "digests.json")
    return Path(shutil.copytree(EXAMPLE, tmp_path / name, ignore=left_out))


# The page


def test_one_file_holds_style_script_and_figures_and_refers_to_nothing_else(tmp_path: Path) -> None:
    found = page(copied(tmp_path))
    assert len(found.named("style")) == len(found.named("script")) == 1
    assert "src" not in {name for _, attrs in found.tags for name in attrs}
    links = [str(attrs["href"]) for _, attrs in found.tags if "href" in attrs]
    assert links and all(link.startswith("#") for link in links)
    ids = {attrs["id"] for _, attrs in found.tags if "id" in attrs}
    assert {link[1:] for link in links} <= ids, "every anchor leads somewhere"
    assert len(ids) == sum("id" in attrs for _, attrs in found.tags), "no id twice"


def test_the_policy_allows_the_pages_own_script_and_style_by_digest_and_nothing_else(tmp_path: Path) -> None:
    run = copied(tmp_path)
    found = page(run)
    text = (run / "report.html").read_text(encoding="utf-8")
    rules = dict(rule.strip().split(" ", 1) for rule in str(found.named("meta")[1]["content"]).split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for name in ("script", "style"):
        inner = re.findall(rf"<{name}>(.*?)</{name}>", text, flags=re.S)
        assert [rules[f"{name}-src"]] == [digest(one) for one in inner]
    assert "unsafe" not in str(rules) and {"name": "referrer", "content": "no-referrer"} in found.named("meta")
    assert text.index("Content-Security-Policy") < text.index("<style>"), "the policy stands before what it rules"


def test_no_element_carries_style_or_a_handler(tmp_path: Path) -> None:
    names = {name for _, attrs in page(copied(tmp_path)).tags for name in attrs}
    assert not [name for name in names if name == "style" or name.startswith("on")]


def test_the_headline_says_rate_interval_and_what_is_in_no_mean(tmp_path: Path) -> None:
    records = [
        record("a"),
        record("b", score=2),
        record("c", score=5),
        fault("d"),
        fault("e", status="aborted", stop="player_fault"),
    ]
    text = page(write_run(tmp_path / "run", records, planned=6)).text
    assert "SUCCESS rate, by the judge50.0 %2 of 4 matches with an outcome; 95 % interval 15.0 to 85.0 %" in text
    assert "Lowest mean, as judged3.67 of 5" in text
    assert "In no mean31 aborted, 1 error, 1 not played" in text


def test_what_was_not_measured_is_said_plainly(tmp_path: Path) -> None:
    text = page(copied(tmp_path)).text
    assert "a routine that does not understand texts, no language model" in text
    assert "The scores say nothing about any model." in text
    assert "This page believes the records" in text and "proves integrity, not authorship" in text
    assert "Each challenge was played once" in text
    assert "No interval for Primitive Selection" in text and "It is not zero." in text


def test_models_are_not_called_stand_ins(tmp_path: Path) -> None:
    assert "no language model" not in page(write_run(tmp_path / "run", [record()])).text


def test_a_judge_that_the_checks_contradict_is_named_first(tmp_path: Path) -> None:
    result = {"ok": False, "verdict": "wrong", "agreed": True, "declared": {}, "right": 7}
    checks = {**CHECKS, "result": result}
    good = {**checks, "result": {**result, "ok": True, "verdict": "right"}}
    same = {
        "rule": "verified-cap",
        "version": 1,
        "scores": dict.fromkeys(DIMENSIONS, 4),
        "caps": [],
        "outcome": "SUCCESS",
    }
    judging = [{"asks": 1, "checks": one, "verified": same} for one in (checks, good)]
    records = [record("a", judging=judging[0]), record("b", judging=judging[1]), record("c", score=1)]
    found = page(write_run(tmp_path / "run", records))
    assert "1 of the 2 matches judged SUCCESS failed at least one mechanical check" in found.text
    assert "All mechanical checks passed50.0 %1 of 2 matches" in found.text
    assert "agreed result right1 of 250.0 %" in found.text


def test_verified_scores_stand_beside_the_judges_with_the_reason_of_each_cap(tmp_path: Path) -> None:
    capped = {**dict.fromkeys(DIMENSIONS, 5), DIMENSIONS[3]: 2}
    verified = {"rule": "ledger-caps", "version": 1, "scores": capped, "outcome": "PARTIAL",
                "caps": [{"dimension": DIMENSIONS[3], "cap": 2, "reason": "two values not computed"}]}  # fmt: skip
    records = [record("a", score=5, judging={"verified": verified}), record("b", score=5)]
    found = page(write_run(tmp_path / "run", records))
    assert "SUCCESS rate, verified0.0 %0 of 1" in found.text and "95 % intervalSDnVerified95 % interval" in found.text
    assert f"{DIMENSIONS[3]}52at most 2: two values not computed" in found.text
    assert "no verified scores" not in found.text
    assert "Grades were lowered in 1 of 1 matches" in found.text


def test_without_verification_no_verified_column_is_shown(tmp_path: Path) -> None:
    text = page(write_run(tmp_path / "run", [record()])).text
    assert "SUCCESS rate, verified-this run has no verified scores" in text and "intervalSDnVerified" not in text


def test_the_ledger_of_a_match_and_of_the_run_are_shown(tmp_path: Path) -> None:
    found = page(copied(tmp_path))
    assert "Ledger of claims, and the caps on grades" in found.text and "Claims that were computed" in found.text
    assert "Ledger of claims" not in page(write_run(tmp_path / "bare", [record()])).text


def test_each_claim_of_a_ledger_is_listed_with_its_class_turn_and_seat() -> None:
    claim = {"class": "wrong", "turn": 3, "seat": "Ines", "text": "Marek with 239", "source": "result"}
    part = str(ledger_part({"claims": {"computed": 4, "wrong": 1}, "listed": [claim]}, "m5"))
    assert 'wrong: <a href="#m5-t3">turn\u00a03</a>, Ines: Marek with 239 (not the right result)' in part
    assert str(ledger_part({"claims": {}}, "m5")).count("Every claim") == 0 and str(ledger_part(None, "m5")) == ""


def test_reliability_is_shown_where_the_summary_has_it(tmp_path: Path) -> None:
    run = copied(tmp_path)
    assert "Reliability over repetitions" not in page(run).text
    summary = json.loads((run / "summary.json").read_bytes())
    split = {
        "challenge": 0.125,
        "repetition": 0.75,
        "judge": None,
        "standard_error": 0.3536,
        "advice": "more plays (x)",
    }
    passes = [{"k": 2, "pass_at_k": 0.5, "pass_hat_k": 0.25, "challenges": 4, "left_out": 0}]
    summary["reliability"] = {"pass": passes, "variance": {"Security Strength": split}}
    (run / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    text = page(run).text
    assert "250.0 %25.0 %4" in text and "Security Strength0.1250.750-0.354" in text
    assert "Where the next run is best spent: more plays." in text


def test_a_run_of_repetitions_has_its_reliability_in_the_report(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = arena("--limit", "2", "--repetitions", "2", "--calculator-provider", "none", "--out", str(folder))
    assert ended.code == 0
    text = page(folder).text
    assert "all k succeed (pass^k)" in text and "Where the next run is best spent" in text


def test_a_match_shows_turns_calls_views_verdict_usage(tmp_path: Path) -> None:
    found = page(write_run(tmp_path / "run", [record()]))
    entries = [attrs for attrs in found.named("li") if str(attrs.get("class", "")).startswith("k-")]
    assert [(one["class"], one["data-w"], one.get("data-p")) for one in entries] == [
        ("k-call", "1", "1"), ("k-say", "1", None), ("k-malformed", "2", "2"), ("k-say", "2", None),
    ]  # fmt: skip
    radios = [attrs for attrs in found.named("input") if attrs["type"] == "radio"]
    assert len(radios) == 3 and ["checked" in one for one in radios] == [True, False, False]
    for words in (
        "Declares the matter settled: 7",
        "told to the player: not closed",
        "They settled it.",
        "seen by Ana",
    ):
        assert words in found.text


def test_each_role_s_view_is_a_rule_of_the_style_for_as_many_roles_as_get_a_button(tmp_path: Path) -> None:
    roles = [f"R{n}" for n in range(10)]
    turns = [{"turn": n, "from": role, "to": [role], "kind": "note", "text": "hm"} for n, role in enumerate(roles)]
    found = page(write_run(tmp_path / "run", [record(transcript=turns, usage={})]))
    shown = [str(attrs["class"]) for attrs in found.named("input") if attrs["type"] == "radio"]
    assert shown == [f"v{n}" for n in range(9)] and "views of the first 8 of 10 roles" in found.text
    css = (ROOT / "arena/analysis/report/style.css").read_text(encoding="utf-8")
    assert all(f'.v{n}:checked~.turns>li[data-p]:not([data-p~="{n}"])' in css for n in range(1, 9))


def test_report_shows_what_each_seat_was_sent_first(tmp_path: Path) -> None:
    run = copied(tmp_path)
    text = page(run).text
    assert "The Move in the Envelope" in text and "What Ines was sent first" in text
    assert 'You are Ines in "The Move in the Envelope"' in text
    assert text.count("(the text of inputs/tools.txt)") >= 2, "the description of the tools is not repeated"


def test_report_says_where_calls_do_not_fit_what_was_sent(tmp_path: Path) -> None:
    run = copied(tmp_path)
    journal = run / "api_calls.jsonl"
    first = json.loads(journal.read_bytes().splitlines()[0])
    journal.write_bytes(journal.read_bytes().replace(first["digest"].encode(), b"0" * 32))
    text = page(run).text
    assert "The messages to the seats cannot be shown: api_calls.jsonl: " in text and "asks something else" in text


def test_a_family_that_nobody_has_heard_of_is_shown_by_its_records(tmp_path: Path) -> None:
    records = [
        record("claim-1", family="cheap", scores={"payoff": 0.25}, outcome=None, cell={"protocol": "none"}),
        record("claim-2", family="cheap", scores={"payoff": -3}, outcome=None, cell={"protocol": "signed"}),
    ]
    found = page(
        write_run(tmp_path / "run", records, identity={"family": "cheap", "rules": {"outcome_rule": {"text": "none"}}})
    )
    assert "Mean payoff-1.38" in found.text and "Lowest mean" not in found.text and "By protocol" in found.text
    assert "SUCCESS" not in found.text and "What Ana was sent" not in found.text


def test_scores_on_unlike_scales_are_never_averaged_in_a_match(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["cheaptalk", "run", "--num-tasks", "6", "--out", str(run), "--quiet"]) == 0
    found = page(run)
    for foreign in ("Judge", "as judged", "mean 0.", "mean 1.", "lowest mean", "matches shown", "Mechanical checks"):
        assert foreign not in found.text, foreign
    assert "12 of 12 episodes shown" in found.text and "ScoreValue" in found.text
    summary = json.loads((run / "summary.json").read_bytes())
    means = {name: number(mean) for name, mean in summary["mean_scores"].items()}
    n = 12 - sum(json.loads(line)["scores"]["evidence_match"] is None
                 for line in (run / "matches.jsonl").read_text().splitlines())  # fmt: skip
    assert 0 < n < 12 and f"evidence match{means['evidence_match']}" in found.text, "missing values are in no mean"


def test_letters_of_outcomes_are_all_different() -> None:
    marks = [mark.letter for mark in Marks(["SUCCESS", "SUBSTANTIAL", "PARTIAL", "FAILED", "S", "", "\u00e9"]).legend()]
    assert len(set(marks)) == len(marks)
    assert marks[:4] == ["S", "U", "P", "F"]


def test_short_words_of_outcomes_are_their_beginnings_and_all_different() -> None:
    legend = Marks(["SUCCESS", "SUBSTANTIAL", "SUCCEEDED", "PARTIAL", "", "\u202e"]).legend()
    shorts = [mark.short for mark in legend]
    assert len(set(shorts)) == len(shorts)
    assert shorts[:4] == ["Succ", "Subs", "Succe", "Part"]


# Runs that went wrong


def test_an_unfinished_run_says_so_and_shows_the_newest_record_of_each_match(tmp_path: Path) -> None:
    records = [record("b", score=1), record("a", score=2), record("b", score=5)]
    run = write_run(tmp_path / "run", records, planned=4, closed=False)
    with (run / "matches.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key":"crypto/c/rep_0","tor')
    text = page(run).text
    assert "This run is not finished: 2 of 4 matches are here." in text and "last record is torn" in text
    assert "50.0 %1 of 2 matches" in text, "of `b` the later record counts"


@pytest.mark.parametrize("planned", [0, 2])
@pytest.mark.parametrize("records", [[], [fault("a"), fault("b", status="denied", stop="gate_denied")]])
def test_a_run_without_scores_has_a_report_without_means(
    records: list[dict[str, Any]], planned: int, tmp_path: Path
) -> None:
    found = page(write_run(tmp_path / "run", records, planned=planned))
    assert "Lowest mean, as judged" not in found.text
    said = "No match has a score." if records else "This run has no finished match"
    assert said in found.text
    assert (tmp_path / "run/figures/outcomes.svg").is_file()
    assert not (tmp_path / "run/figures/dimensions.svg").exists()


def test_every_match_is_on_the_map_with_a_word_and_gaps_are_marked(tmp_path: Path) -> None:
    records = [record("a"), fault("b"), record("a", 2, score=1)]
    found = page(write_run(tmp_path / "run", records))
    start = found.text.index("challengerep 0rep 1rep 2")
    assert found.text[start:].startswith(
        "challengerep 0rep 1rep 2aSucc4.00\N{MIDDLE DOT}Fail1.00berror\N{MIDDLE DOT}\N{MIDDLE DOT}"
    )


def damaged(**members: Any) -> str:
    """Return a line of matches.jsonl with other members."""
    return json.dumps({**stored(record()), **members})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[]", "must be a JSON object"),
        ("{", "is not JSON"),
        ("{}", "/key: is missing"),
        (damaged(status="odd"), "/status: is odd"),
        (damaged(scores=[]), "/scores: must be an object"),
        (damaged(transcript=["x"]), "/transcript/0: must be an object"),
        (damaged(cell={"a": 1}), "/cell/a: must be text"),
        (damaged(usage=[{"seat": "Ana", "calls": "x"}]), "/usage/0/calls: must be a whole number"),
        (damaged(score_detail='{"verified": {"scores": []}}'), "/score_detail/verified/scores: must be an object"),
        (damaged(scores={"Primitive Selection": 3.0}), "the scores have no number for"),
    ],
)
def test_a_record_that_is_none_is_named(
    line: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", [record()])
    text = (run / "matches.jsonl").read_text(encoding="utf-8")
    (run / "matches.jsonl").write_text(f"{line}\n{text}", encoding="utf-8")
    assert report(run) == 2
    error = capsys.readouterr().err
    assert "matches.jsonl" in error and says in error and "Traceback" not in error
    assert not (run / "report.html").exists()


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path) == 2
    assert "not a run directory" in capsys.readouterr().err


def test_a_link_to_itself_is_refused_and_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [record()])
    link = tmp_path / "round.html"
    link.symlink_to(link.name)
    assert report(run, "--out", link) == 2
    assert f"cannot write {link}" in capsys.readouterr().err
    assert link.is_symlink() and sorted(path.name for path in tmp_path.iterdir()) == ["round.html", "run"]


def test_a_file_that_is_no_report_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [record()])
    other = tmp_path / "thesis.html"
    other.write_text("mine", encoding="utf-8")
    assert report(run, "--out", other) == 2
    assert "is not a report" in capsys.readouterr().err and other.read_text(encoding="utf-8") == "mine"
    assert report(run) == report(run) == 0, "a report is replaced by a newer one"


def test_a_report_in_a_finished_run_is_entered_into_its_digests(tmp_path: Path) -> None:
    run = Path(shutil.copytree(EXAMPLE, tmp_path / "run"))
    assert report(run) == 0
    assert check(run) == []
    assert {"report.html", "figures/heatmap.svg"} <= set(read(run))
    (run / "report.html").write_bytes((run / "report.html").read_bytes() + b" ")
    assert [issue.file for issue in check(run)] != [], "one byte more is noticed"
    elsewhere = tmp_path / "report.html"
    before = (run / "digests.json").read_bytes()
    assert report(run, "--out", elsewhere) == 0
    assert (run / "digests.json").read_bytes() == before


# Several runs


def test_several_runs_need_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / name, [record()]) for name in ("one", "two")]
    assert report(*runs) == 2
    assert "--out" in capsys.readouterr().err


def test_several_runs_stand_side_by_side_and_each_in_full(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "one", [record()]), write_run(tmp_path / "two", [record(score=1), fault("d")])]
    out = tmp_path / "both.html"
    assert report(*runs, "--out", out) == 0
    found = Parsed(out.read_text(encoding="utf-8"))
    assert "r1: one" in found.text and "Results of two" in found.text
    assert "These runs are not compared" in found.text and "summary.json" in found.text
    names = {path.name for path in (tmp_path / "both_figures").iterdir()}
    assert {"r1_outcomes.svg", "r2_outcomes.svg", "r1_heatmap.svg"} <= names
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


# Large runs


def test_above_a_size_matches_go_to_files_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "INLINE_MATCHES", 2)
    run = copied(tmp_path)
    found = page(run)
    assert not [attrs for attrs in found.named("ol") if attrs.get("class") == "turns"]
    rows = [str(attrs["href"]) for attrs in found.named("a") if attrs.get("class") == "m"]
    assert rows == [f"report_matches/0001.html#m{n}" for n in range(3)]
    beside = Parsed((run / "report_matches/0001.html").read_text(encoding="utf-8"))
    assert {"m0", "m1", "m2"} <= {attrs.get("id") for _, attrs in beside.tags}
    assert not beside.named("script") and "script-src 'none'" in str(beside.named("meta")[1]["content"])
    monkeypatch.undo()
    page(run)
    assert not (run / "report_matches").exists(), "a smaller report leaves no matches of a larger one"


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "INLINE_MATCHES", 0)
    run = write_run(tmp_path / "run", [record()])
    (run / "report_matches").mkdir()
    (run / "report_matches/notes.txt").write_text("mine", encoding="utf-8")
    assert report(run) == 2
    assert [path.name for path in (run / "report_matches").iterdir()] == ["notes.txt"]


def test_a_long_text_is_cut_with_a_note_of_where_all_of_it_is(tmp_path: Path) -> None:
    turns = [{"turn": 0, "from": "Ana", "to": "all", "kind": "say", "text": "y" * 50_000}]
    text = page(write_run(tmp_path / "run", [record(transcript=turns)])).text
    assert "y" * 20_000 in text and "y" * 20_001 not in text
    assert "30,000 more characters are not shown here; matches.jsonl has them" in text


MEASURE = """
import resource, sys
from pathlib import Path
from arena.cli.entry import main
assert main(["report", sys.argv[1], "--quiet"]) == 0
status = Path("/proc/self/status")
if status.exists():
    print(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Prints the peak memory in KiB. On Linux ru_maxrss counts what the parent held before the exec; VmHWM does not."""


def peak_kib(run: Path) -> int:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(run)], cwd=ROOT, capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.long
def test_ten_thousand_matches_take_little_more_memory_than_a_hundred_and_less_than_6_kb_each(tmp_path: Path) -> None:
    small, large = (multiply(EXAMPLE, n, tmp_path / str(n)) for n in (100, 10_000))
    little, much = peak_kib(small), peak_kib(large)
    size = (large / "report.html").stat().st_size
    print(f"peak {little / 1024:.1f} and {much / 1024:.1f} MiB; {size / 10_000:.0f} bytes a match in the page")
    assert much - little < 16 * 1024, f"{little} KiB for 100 matches, {much} KiB for 10,000"
    assert size / 10_000 < 6_000


# The same bytes


def test_equal_runs_have_equal_pages_but_for_the_marked_section_and_equal_figures(tmp_path: Path) -> None:
    runs = []
    for name, workers in (("one", "1"), ("two", "3")):
        folder = tmp_path / name
        ended = arena("--limit", "3", "--repetitions", "2", "--calculator-provider", "none", "--workers", workers,
                      "--out", str(folder))  # fmt: skip
        assert ended.code == 0 and report(folder) == 0
        runs.append(folder)
    first, second = ((run / "report.html").read_text(encoding="utf-8") for run in runs)
    assert untimed(first) == untimed(second) and "Not part of the results" not in untimed(first)
    figures = [{path.name: path.read_bytes() for path in (run / "figures").iterdir()} for run in runs]
    assert figures[0] == figures[1] and len(figures[0]) >= 4


def test_figures_are_well_formed_files_of_their_own(tmp_path: Path) -> None:
    run = copied(tmp_path)
    page(run)
    files = sorted((run / "figures").iterdir())
    assert {"outcomes.svg", "dimensions.svg", "heatmap.svg"} <= {path.name for path in files}
    for path in files:
        assert ET.fromstring(path.read_bytes()).tag == "{http://www.w3.org/2000/svg}svg"


# Parts


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert tag("p", "<b>", tag("i", "&"), title='"') == '<p title="&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert escape(trusted("<b>")) == "<b>" and escape(None) == "" and escape(3) == "3"
    assert tag("input", type="radio", name="n", checked=True, disabled=False) == '<input type="radio" name="n" checked>'


@pytest.mark.parametrize("name", HOSTILE)
def test_no_invisible_or_steering_character_is_left(name: str) -> None:
    text = visible(HOSTILE[name])
    assert all(line.replace("\t", "").replace("\u00a0", "").isprintable() for line in text.split("\n"))
    text.encode("utf-8")


def test_ordinary_text_of_all_scripts_is_left_alone() -> None:
    for text in ("na\u00efve caf\u00e9", "\u4f60\u597d", "\u05e9\u05dc\u05d5\u05dd", "a\u00a0b\tc\nd", "\U0001f600"):
        assert visible(text) == text


def test_an_interval_stays_within_the_scale_of_the_grades(tmp_path: Path) -> None:
    found = page(write_run(tmp_path / "run", [record("a", score=5), record("b", score=3)]))
    assert "1.00 to 5.00" in found.text


def test_an_interval_of_a_share_stays_between_0_and_1(tmp_path: Path) -> None:
    records = [
        record(f"case-{n}", family="risk", scores={"attack_success": value, "rules_kept": 1}, outcome="passed", cell={})
        for n, value in enumerate((0, 0, 1))
    ]
    text = page(write_run(tmp_path / "run", records, identity={"family": "risk"})).text
    found = re.search(r"attack success0\.33(-?[0-9]\.[0-9]{2}) to ([0-9]\.[0-9]{2})", text)
    assert found and 0 <= float(found[1]) < 0.33 < float(found[2]) <= 1
