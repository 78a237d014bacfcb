"""JUnit, step summary and annotations: one record behind them, a place for every status, no harm by hostile texts."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.check.ci_files import CiTargets, write_ci_outputs
from arena.analysis.check.ci_outputs import KINDS, THRESHOLDS_SUITE, CiRecord, ci_record, match_case
from arena.analysis.check.github import ANNOTATIONS, SUMMARY_LIMIT, annotation_lines, step_summary
from arena.analysis.check.junit import junit
from arena.analysis.check.thresholds import FAIL, OK, WARN, judge, load_rules
from arena.cli.entry import main
from arena.errors import StorageFault
from arena.families.crypto.outcome import OUTCOMES
from arena.formats.markdown import escape
from arena.records import Stop
from arena.store import digests
from arena.store.finished_run import FinishedRun
from tests.support.arena_rig import NO_TOOLS, ROOT, Table, arena, challenge, verdict
from tests.support.made_runs import HOSTILE, made_run, record
from tests.support.plain_records import read

SHAPE = json.loads((ROOT / "tests/data/ci/junit.json").read_bytes())


def written(folder: Path, *records: dict[str, Any], **more: Any) -> CiRecord:
    return ci_record(FinishedRun(made_run(folder / "run", records, **more)))


def problems(element: ElementTree.Element, shape: dict[str, Any] = SHAPE) -> list[str]:
    """Return where an element is not of the dialect that tests/data/ci/junit.json describes."""
    rule = shape["elements"].get(element.tag)
    if rule is None:
        return [f"unknown element {element.tag}"]
    found = [
        f"{element.tag}: no {name}" for name, must in rule["attributes"].items() if must and name not in element.attrib
    ]
    found += [f"{element.tag}: unknown {name}" for name in element.attrib if name not in rule["attributes"]]
    counts = [name for name in ("tests", "failures", "errors", "skipped") if name in element.attrib]
    found += [f"{element.tag}: {name} is no count" for name in counts if not element.attrib[name].isdecimal()]
    tags = [child.tag for child in element]
    order = list(rule["children"])
    for tag, (low, high) in rule["children"].items():
        if not low <= tags.count(tag) <= (high if high is not None else len(tags)):
            found.append(f"{element.tag}: {tags.count(tag)} {tag}")
    found += [f"{element.tag}: unknown child {tag}" for tag in tags if tag not in order]
    if not rule["text"] and (element.text or "").strip():
        found.append(f"{element.tag}: text")
    return found + [problem for child in element for problem in problems(child, shape)]


def miscounted(root: ElementTree.Element) -> list[str]:
    """Return the elements whose counts are not what they hold."""
    found = []
    for holder in [root, *root.iter("testsuite")]:
        cases = list(holder.iter("testcase"))
        want = {"tests": len(cases)}
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            want[count] = sum(case.find(tag) is not None for case in cases)
        found += [f"{holder.get('name')}: {n} {v}" for n, v in want.items() if holder.get(n) != str(v)]
    return found


# Every status and outcome

EXPECTED = {
    "max_turns": "by outcome", "agreed_end": "by outcome", "empty_reply": "by outcome", "refusal": "by outcome",
    "player_fault": "failure", "context_exceeded": "failure", "max_tokens": "by outcome", "content_filter": "skipped",
    "gate_denied": "skipped", "judge_pending": "skipped", "budget": "skipped", "timeout": "error", "provider": "error",
    "calculator": "error", "judge": "error", "journal": "error", "interrupted": "error", "bug": "error",
}  # fmt: skip


@pytest.mark.parametrize("stop", Stop)
def test_every_reason_to_stop_has_its_kind(stop: str) -> None:
    assert set(EXPECTED) == set(Stop)
    by_outcome = EXPECTED[stop] == "by outcome"
    for outcome in (*OUTCOMES, None):
        kind = match_case(read(record(stop=stop, outcome=outcome)), OUTCOMES[0]).kind
        wanted = "skipped" if outcome is None else "passed" if outcome == "SUCCESS" else "failure"
        assert kind == (wanted if by_outcome else EXPECTED[stop]), (stop, outcome)


def test_the_document_has_the_documented_dialect_and_counts(tmp_path: Path) -> None:
    records = [record(f"c{n}", n, outcome=outcome, stop=stop) for n, (stop, outcome) in
               enumerate((stop, outcome) for stop in Stop for outcome in (*OUTCOMES, None))]  # fmt: skip
    root = ElementTree.fromstring(junit(written(tmp_path, *records, planned=len(records) + 5)))
    assert (root.tag, problems(root), miscounted(root)) == (SHAPE["root"], [], [])
    assert int(root.attrib["tests"]) == len(records) + 1, "what was not played is one case more"
    assert {case.get("time") for case in root.iter("testcase")} == {"0"}


def test_the_dialect_and_the_counts_refuse_what_is_wrong() -> None:
    good = '<testsuites tests="1" failures="0" errors="0"><testsuite name="a" tests="1" failures="0" errors="0">' \
           '<testcase name="x" classname="y"/></testsuite></testsuites>'  # fmt: skip
    assert problems(ElementTree.fromstring(good)) == []
    for old, new in (("testcase", "case"), (' classname="y"', ""), ('name="x"', 'name="x" rep="1"'),
                     ('tests="1" f', 'tests="one" f'), ('"y"/>', '"y"><skipped/><skipped/></testcase>'),
                     ('"y"/>', '"y">text</testcase>')):  # fmt: skip
        assert problems(ElementTree.fromstring(good.replace(old, new))), new
    wrong = good.replace('"y"/>', '"y"><error/></testcase>')
    assert miscounted(ElementTree.fromstring(wrong))


def test_there_is_a_suite_per_challenge_family(tmp_path: Path) -> None:
    cells = ({"primitive_family": "signature"}, {"primitive_family": "commitment"}, {})
    records = [record(f"c{n}", outcome="SUCCESS", cell=cell) for n, cell in enumerate(cells)]
    root = ElementTree.fromstring(junit(written(tmp_path, *records, planned=4)))
    assert [suite.get("name") for suite in root] == ["commitment", "crypto", "signature", "plan"]


def test_a_models_failure_says_its_grades_and_the_verdict(tmp_path: Path) -> None:
    root = ElementTree.fromstring(junit(written(tmp_path, record(outcome="PARTIAL", text="They never checked."))))
    (failure,) = root.iter("failure")
    assert failure.get("type") == "PARTIAL" and failure.get("message") == "PARTIAL (agreed_end)"
    assert "Security Strength: 2" in str(failure.text) and "They never checked." in str(failure.text)


def test_equal_runs_give_equal_bytes_wherever_they_lie(tmp_path: Path) -> None:
    records = [record(outcome="PARTIAL"), record("c2", stop="bug")]
    one, two = (written(tmp_path / name, *records) for name in ("a", "b"))
    assert junit(one) == junit(two) and step_summary(one) == step_summary(two)
    assert annotation_lines(one) == annotation_lines(two)


# Hostile texts


def hostile_record(folder: Path, text: str) -> CiRecord:
    records = [record(f"c{n}", outcome=o, stop=s, text=text, cell={"primitive_family": text, "participant": text})
               for n, (s, o) in enumerate((("agreed_end", "FAILED"), ("agreed_end", None), ("provider", None),
                                           ("player_fault", None), ("budget", None)))]  # fmt: skip
    models = {"participant": f"local/{text}", "judge": f"local/{text}", "roles": {text: text}}
    return written(folder, *records, models=models)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out_of_the_xml(text: str, tmp_path: Path) -> None:
    data = junit(hostile_record(tmp_path, text))
    root = ElementTree.fromstring(data)
    assert (problems(root), miscounted(root)) == ([], [])
    assert root.attrib["tests"] == "5"
    shown = data.decode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\ud800-\udfff\ufffe\uffff]", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_command(text: str, tmp_path: Path) -> None:
    record_ = hostile_record(tmp_path, text)
    lines = annotation_lines(record_)
    assert len(lines) == 5
    for line in lines:
        assert re.fullmatch(r"::(?:error|warning|notice) title=[^:,\r\n]*::[^\r\n]*", line), line
        assert not re.search(r"%(?!25|0A|0D|3A|2C)", line)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markdown_or_html(text: str, tmp_path: Path) -> None:
    shown = step_summary(hostile_record(tmp_path, text)).decode("utf-8")
    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)
    body = [line for line in unescaped.splitlines() if line.startswith("|")]
    assert body and len({line.count("|") for line in body}) <= 4, "no cell makes another cell"
    assert not re.search(r"[<>`\[\]*_@]|https?://", unescaped)
    assert [line for line in unescaped.splitlines() if line.startswith("#") and "Title" in line] == []
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]", shown)


def test_long_texts_are_cut(tmp_path: Path) -> None:
    record_ = hostile_record(tmp_path, "x" * 100_000)
    assert len(junit(record_)) < 20_000 and len(step_summary(record_)) < 20_000
    assert sum(map(len, annotation_lines(record_))) < 10_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a|b", "a\\|b"), ("<b>", "\\<b\\>"), ("two\nlines", "two lines"), ("1. x", "1\\. x"), ("- x", "\\- x"),
     ("1.5", "1.5"), ("https://x.example", "https\\://x.example"), ("www.x", "www\\.x"), ("a-b/c", "a-b/c")],
)  # fmt: skip
def test_markdown_shows_the_text_as_it_is(text: str, shown: str) -> None:
    assert escape(text) == shown


# Limits of GitHub


def many(folder: Path, n: int, stop: str = "provider") -> CiRecord:
    return written(folder, *(record("c1", rep, stop=stop, text="An outage. " * 20) for rep in range(n)))


@pytest.mark.parametrize("n", [1, ANNOTATIONS, ANNOTATIONS + 1, 40])
def test_there_are_at_most_ten_annotations_of_a_kind(n: int, tmp_path: Path) -> None:
    lines = annotation_lines(many(tmp_path, n))
    assert len(lines) == min(n, ANNOTATIONS) and all(line.startswith("::error ") for line in lines)
    rest = n - ANNOTATIONS + 1
    assert lines[-1].endswith(f"and {rest} more of this kind") == (n > ANNOTATIONS)


def test_the_step_summary_stays_below_its_limit_and_says_what_it_left_out(tmp_path: Path) -> None:
    record_ = many(tmp_path, 300)
    whole, cut = step_summary(record_), step_summary(record_, 20_000)
    assert len(cut) <= 20_000 < len(whole) < SUMMARY_LIMIT
    shown = cut.decode().count("| error: provider |")
    assert 0 < shown < 300 and f"{300 - shown} more are not shown here" in cut.decode()
    assert whole.decode().count("| error: provider |") == 300 and "not shown" not in whole.decode()
    assert step_summary(record_, 10) == b""


def test_a_summary_is_appended_and_nothing_once_the_file_is_full(tmp_path: Path) -> None:
    record_, path, warned = many(tmp_path, 2), tmp_path / "summary.md", []
    path.write_bytes(b"Before.\n")
    targets = CiTargets(github_summary=path)
    write_ci_outputs(record_, targets, tmp_path / "run", print, warned.append)
    text = path.read_bytes()
    assert text.startswith(b"Before.\n## arena crypto") and not warned
    path.write_bytes(b"x" * (SUMMARY_LIMIT - 1500))
    write_ci_outputs(record_, targets, tmp_path / "run", print, warned.append)
    assert path.stat().st_size == SUMMARY_LIMIT - 1500 and "nothing was appended" in warned[0]


# With thresholds


@pytest.fixture
def checked(tmp_path: Path) -> tuple[Path, Path]:
    """A run, and rules of which one each is OK, WARN and FAIL."""
    run = made_run(tmp_path / "run", [record(outcome="SUCCESS")])
    rules = tmp_path / "t.yaml"
    items = [f"  - metric: scored\n    op: '>='\n    {bound}\n" for bound in ("fail: 1", "warn: 5", "fail: 9")]
    rules.write_text("thresholds_format: 1\nrules:\n" + "".join(items), encoding="utf-8")
    return run, rules


@pytest.mark.parametrize(("strict", "kinds"), [(False, ["passed", "passed", "failure"]),
                                               (True, ["passed", "failure", "failure"])])  # fmt: skip
def test_thresholds_are_cases_too(strict: bool, kinds: list[str], checked: tuple[Path, Path]) -> None:
    run = FinishedRun(checked[0])
    record_ = ci_record(run, judge(load_rules(checked[1]), run.summary()), strict)
    cases = [case for case in record_.cases if case.suite == THRESHOLDS_SUITE]
    assert [case.kind for case in cases] == kinds and set(kinds) <= set(KINDS)
    assert [case.type for case in cases] == ["", WARN, FAIL]
    assert len({case.name for case in cases}) == 3, "no two cases have one name"
    root = ElementTree.fromstring(junit(record_))
    assert (problems(root), miscounted(root)) == ([], [])
    assert ("WARN: value 1 is not >= 5" in [text.text for text in root.iter("system-out")]) == (not strict)
    lines = annotation_lines(record_)
    first = "error" if strict else "warning"
    assert sorted(line.partition(" ")[0] for line in lines) == sorted([f"::{first}", "::error"])
    assert all("file=t.yaml,line=" in line for line in lines)
    told = step_summary(record_).decode()
    assert "## arena crypto" in told and ": FAIL" in told and told.count(f"| {OK} |") == 1


def test_check_writes_all_outputs(
    checked: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, rules = checked
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "out/summary.md"))
    words = ["check", str(run), "--thresholds", str(rules), "--junit", str(tmp_path / "out/j.xml"), "--annotations"]
    assert main([*words, "--github-summary"]) == 1
    out = capsys.readouterr().out
    assert "\n::error file=" in out
    assert ElementTree.parse(tmp_path / "out/j.xml").getroot().get("tests") == "4"
    assert (tmp_path / "out/summary.md").read_text(encoding="utf-8").startswith("## ")
    assert main([*words, "--github-summary", str(tmp_path / "own.md"), "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["overall"] == FAIL and "::error" in captured.err, "standard output stays JSON"
    assert (tmp_path / "own.md").is_file()


def test_a_summary_without_a_file_is_refused(
    checked: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["check", str(checked[0]), "--thresholds", str(checked[1]), "--github-summary"]) == 2
    assert "GITHUB_STEP_SUMMARY" in capsys.readouterr().err
    ended = arena("--github-summary", "--out", str(tmp_path / "played"))
    assert ended.code == 2 and "GITHUB_STEP_SUMMARY" in ended.err and not (tmp_path / "played").exists()


# As flags of a run


def test_a_run_writes_them_at_its_end_also_with_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    table = Table(tmp_path, [challenge("c1"), challenge("c2")])
    outputs = ("--junit", str(tmp_path / "j.xml"), "--github-summary", "--annotations", "--continue-on-error")
    trials = {"crypto/c2/rep_0": {"turns": {}}}  # a script that ends is an error of the provider
    turns = {"Ana": ["Hello."], "Bo": ["Hello."]}
    ended = table.play("--max-turns", "1", *outputs, turns=turns, judge=[verdict(3)], trials=trials)
    root = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (problems(root), miscounted(root)) == ([], [])
    kinds = {r["unit"]: r["status"] for r in ended.records()}
    assert root.get("errors") == str(sum(status == "error" for status in kinds.values()))
    assert (root.get("tests"), root.get("failures")) == ("2", str(sum(s == "done" for s in kinds.values())))
    assert (tmp_path / "summary.md").is_file() and "::notice " in ended.out
    assert digests.check(ended.file(".")) == []


def test_a_file_in_the_run_directory_is_in_its_digests_and_survives_a_resume(tmp_path: Path) -> None:
    table = Table(tmp_path)
    path = tmp_path / "run/ci/junit.xml"
    words = ("--max-turns", "1", *NO_TOOLS, "--junit", str(path), "--github-summary", str(tmp_path / "run/summary.md"))
    ended = table.play(*words)
    assert ended.code == 0, ended.err
    assert digests.check(tmp_path / "run") == [] and "ci/junit.xml" in digests.read(tmp_path / "run")
    assert json.loads((tmp_path / "run/manifest.json").read_bytes())["operation"]["junit"] == "junit.xml"
    assert table.play(*words, "--resume").code == 0
    assert digests.check(tmp_path / "run") == []


def test_a_refused_run_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/mine.txt").write_text("mine", encoding="utf-8")
    assert Table(tmp_path).play("--junit", str(tmp_path / "j.xml")).code == 2
    assert not (tmp_path / "j.xml").exists()


def test_a_run_that_breaks_off_is_an_error_in_junit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageFault("cannot write matches.jsonl: No space left on device")

    monkeypatch.setattr("arena.cli.execute.Session.carry_out", full)
    ended = Table(tmp_path).play("--junit", str(tmp_path / "j.xml"))
    assert ended.code == 1 and "No space left" in ended.err
    root = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (problems(root), root.get("errors")) == ([], "1")
    assert "No space left" in str(next(root.iter("error")).get("message"))


def test_the_smoke_workflow_checks_the_smoke_run_strictly() -> None:
    text = (ROOT / ".github/workflows/smoke.yml").read_text(encoding="utf-8")
    for word in ("arena check state/runs/smoke", "--thresholds config/thresholds_smoke.yaml", "--strict 1", "--junit",
                 "--github-summary", "--annotations"):  # fmt: skip
        assert word in text
