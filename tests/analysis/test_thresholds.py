"""Thresholds: rules are data; OK, WARN and FAIL with reasons; what has no value is never OK; exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from arena.analysis.check.metrics import DERIVED, PREFIXED, UnknownMetric, known_metrics, measures
from arena.analysis.check.thresholds import LEVELS, judge, load_rules
from arena.cli.entry import main
from arena.errors import DataError
from arena.records import STATUSES
from arena.store.finished_run import FinishedRun
from tests.support.arena_rig import DIMENSIONS, ROOT
from tests.support.made_runs import EXAMPLE, made_run, record

MIXED = [
    *(record("c1", rep, outcome="SUCCESS") for rep in range(3)),
    record("c2", outcome="SUBSTANTIAL"),
    record("c2", 1, outcome="PARTIAL"),
    record("c3", outcome="FAILED"),
    record("c3", 1),
    record("c4", stop="player_fault"),
    record("c4", 1, stop="gate_denied"),
    record("c5", stop="budget"),
    record("c5", 1, stop="provider"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made_run(tmp_path / "run", MIXED, planned=12)


def rules_file(folder: Path, *rules: str, head: str = "thresholds_format: 1") -> Path:
    """Write a file of rules, each given as the lines of one item."""
    path = folder / "t.yaml"
    items = "".join("  - " + "\n    ".join(rule.split("; ")) + "\n" for rule in rules)
    path.write_text(f"{head}\nrules:\n{items}", encoding="utf-8")
    return path


def levels(run: Path, folder: Path, *rules: str) -> list[str]:
    verdict = judge(load_rules(rules_file(folder, *rules)), FinishedRun(run).summary())
    return [finding.level for finding in verdict.findings]


def value(run: Path, name: str) -> float | None:
    (found,) = measures(FinishedRun(run).summary(), name.split("."))
    return found.value


def unlike(run: Path, **changes: Any) -> dict[str, Any]:
    """Return the summary of a run whose scores are on their own scales."""
    return {**FinishedRun(run).summary(), **changes}


def test_scores_of_unlike_scales_have_no_mean(run: Path) -> None:
    few = list(DIMENSIONS[:2])
    for path in ("mean_score", "verified.mean_score", "per_challenge.c1.mean_score"):
        (found,) = measures(unlike(run, averaged_scores=[]), path.split("."))
        assert found.value is None and "different scales" in found.why
    summary = unlike(run, averaged_scores=few)
    (found,) = measures(summary, ["mean_score"])
    assert found.value == pytest.approx(sum(summary["mean_scores"][name] for name in few) / 2, abs=1e-6)


def test_mean_of_a_score_that_trials_may_lack_has_no_number_of_observations(run: Path) -> None:
    name = DIMENSIONS[0]
    (usual,) = measures(unlike(run), ["mean_scores", name])
    (optional,) = measures(unlike(run, optional_scores=[name]), ["mean_scores", name])
    assert usual.n == 6 and usual.interval is not None
    assert optional.value == usual.value and (optional.n, optional.interval) == (None, None)


def test_every_status_has_a_rate_that_counts_it(run: Path) -> None:
    rates = {"done": "scored_rate", "error": "errors_rate"} | {
        s: f"{s}_rate" for s in ("aborted", "denied", "limit", "pending")
    }
    assert set(rates) == set(STATUSES)
    found = {status: value(run, name) for status, name in rates.items()}
    assert found == {
        "done": 6 / 11,
        "error": 1 / 11,
        "aborted": 1 / 11,
        "denied": 1 / 11,
        "limit": 1 / 11,
        "pending": 0,
    }
    assert value(run, "unscored_rate") == 1 / 11 and value(run, "not_played_rate") == 1 / 12
    assert value(run, "success_rate") == 3 / 7, "aborted matches count, errors and unscored ones do not"


def test_every_named_metric_has_a_value_in_an_ordinary_run_and_an_explanation_otherwise(run: Path) -> None:
    empty = made_run(run.parent / "empty", [], planned=3)
    for name in DERIVED:
        assert value(run, name) is not None, name
        (nothing,) = measures(FinishedRun(empty).summary(), name.split("."))
        assert nothing.value is not None or nothing.why, name


def test_the_documented_metrics_are_those_that_there_are() -> None:
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.<>]+)` \|", page.partition("## Metrics")[2].partition("\n## ")[0], re.M))
    assert listed == {*DERIVED, *(f"{name}.<name>" for name in PREFIXED)}


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ("metric: success_rate; op: '>='; fail: 0.3", "OK"),
        ("metric: success_rate; op: '>='; warn: 0.5; fail: 0.3", "WARN"),
        ("metric: success_rate; op: '>='; warn: 0.6; fail: 0.5", "FAIL"),
        ("metric: scored; op: '>='; fail: 6", "OK"),
        ("metric: scored; op: '>'; fail: 6", "FAIL"),
        ("metric: scored; op: '<='; fail: 6", "OK"),
        ("metric: scored; op: '<'; fail: 6", "FAIL"),
        ("metric: scored; op: '=='; fail: 6", "OK"),
        ("metric: scored; op: '=='; warn: 7", "WARN"),
        ("metric: success_rate; op: '>='; fail: 0.3; min_n: 7", "OK"),
        ("metric: success_rate; op: '>='; fail: 0.3; min_n: 8", "WARN"),
        ("metric: success_rate; op: '>='; fail: 0.9; min_n: 8", "WARN"),
        ("metric: cost_usd; op: '<='; fail: 1; min_n: 1", "WARN"),
        ("metric: success_rate; op: '>='; fail: 0.4; compare: interval", "FAIL"),
        ("metric: success_rate; op: '>='; fail: 0.1; compare: interval", "OK"),
        ("metric: errors_rate; op: '<='; fail: 0.2; compare: point", "OK"),
        ("metric: errors_rate; op: '<='; fail: 0.2; compare: interval", "FAIL"),
        ("metric: mean_scores.Security Strength; op: '>='; fail: 3; compare: interval", "FAIL"),
        ("metric: [mean_scores, Security Strength]; op: '>='; fail: 3", "OK"),
        ("metric: by.difficulty.Basic.errors_rate; op: '<='; fail: 0", "FAIL"),
        ("metric: [by, participant, mock/careful, aborted_rate]; op: '<='; fail: 0.1", "OK"),
        ("metric: per_challenge.c1.success_rate; op: '=='; fail: 1", "OK"),
        ("metric: stops.bug; op: '<='; fail: 0", "OK"),
        ("metric: stops.provider; op: '<='; fail: 0", "FAIL"),
        ("metric: check_fail_rate.leaks; op: '<='; fail: 0", "OK"),
        ("metric: pass_hat_k.3; op: '>='; fail: 0.5", "OK"),
        # Without a value: never OK.
        ("metric: pass_hat_k.9; op: '>='; fail: 0", "WARN"),
        ("metric: pass_hat_k.9; op: '>='; fail: 0; absent: fail", "FAIL"),
        ("metric: check_pass_rate.nothing; op: '>='; fail: 0", "WARN"),
        ("metric: by.split.heldout_eval.success_rate; op: '>='; fail: 0", "WARN"),
        ("metric: checks.results.wrong; op: '<='; fail: 0", "WARN"),
    ],
)
def test_a_rule_has_the_level_it_should(rule: str, level: str, run: Path, tmp_path: Path) -> None:
    assert levels(run, tmp_path, rule) == [level]


def test_a_star_is_one_finding_for_each(run: Path, tmp_path: Path) -> None:
    assert levels(run, tmp_path, "metric: mean_scores.*; op: '>='; fail: 1") == ["OK"] * len(DIMENSIONS)
    found = judge(load_rules(rules_file(tmp_path, "metric: per_challenge.*.success_rate; op: '>='; fail: 1")),
                  FinishedRun(run).summary())  # fmt: skip
    assert [(f.measure.name, f.level) for f in found.findings] == [
        ("per_challenge.c1.success_rate", "OK"), ("per_challenge.c2.success_rate", "FAIL"),
        ("per_challenge.c3.success_rate", "FAIL"), ("per_challenge.c4.success_rate", "FAIL"),
        ("per_challenge.c5.success_rate", "WARN"),
    ]  # fmt: skip


def test_no_verified_scores_are_never_ok(tmp_path: Path) -> None:
    without = [record(outcome="SUCCESS", judging={})]
    run = made_run(tmp_path / "run", without)
    rules = ["metric: verified.success_rate; op: '>='; fail: 0", "metric: verified.mean_scores.*; op: '>='; fail: 0",
             "metric: verified.scored; op: '>='; fail: 0", "metric: leaks_rate; op: '<='; fail: 1"]  # fmt: skip
    assert levels(run, tmp_path, *rules) == ["WARN"] * 4


def test_a_cost_that_is_not_known_is_never_ok(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", [record(outcome="SUCCESS")], unpriced=["openai/x"])
    assert levels(run, tmp_path, "metric: cost_usd; op: '<='; fail: 100") == ["WARN"]


@pytest.mark.parametrize("metric", ["by", "by.difficulty", "by.difficulty.Basic", "per_challenge", "per_challenge.c5"])
def test_metric_that_a_message_gives_as_an_example_is_known(metric: str, run: Path) -> None:
    summary = FinishedRun(run).summary()
    with pytest.raises(UnknownMetric) as caught:
        measures(summary, metric.split("."))
    example = str(caught.value).rpartition("such as ")[2]
    assert measures(summary, example.split(".")), example


@pytest.mark.parametrize(
    "metric",
    ["sucess_rate", "mean_scores", "mean_scores.Nonsense", "outcomes.GREAT", "by.dificulty.*.success_rate",
     "by.difficulty", "by.difficulty.Basic.cost_usd", "arena_version", "stops.tired", "pass_hat_k.many",
     "success_rate.more", "per_claim.x.success_rate"],
)  # fmt: skip
def test_a_metric_that_no_such_run_can_have_is_refused_with_file_and_line(
    metric: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownMetric):
        measures(FinishedRun(run).summary(), metric.split("."))
    path = rules_file(tmp_path, "metric: scored; op: '>='; fail: 0", f"metric: {metric}; op: '>='; fail: 0")
    assert main(["check", str(run), "--thresholds", str(path)]) == 2
    captured = capsys.readouterr()
    assert f"{path}: line 6, rule 2: unknown metric {metric}" in captured.err and captured.out == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "thresholds_format: 1"),
        ("thresholds_format: 2\nrules:\n  - metric: scored\n    op: '>='\n    fail: 1\n", "thresholds_format: 1"),
        ("thresholds_format: 1\nrules: []\n", "/rules: must be a list of at least one rule"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '>='\n", "line 3, rule 1: give `warn`, `fail`"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '=>'\n    fail: 1\n", "`op` must be one of"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: {a: 1}\n    fail: 1\n", "`op` must be one of"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '>='\n    fail: high\n", "`fail` must be a number"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '>='\n    fail: true\n", "`fail` must be a number"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '>='\n    fail: 2\n    warn: 1\n", "never apply"),
        ("thresholds_format: 1\nrules:\n  - metric: scored\n    op: '<'\n    fail: 1\n    warn: 2\n", "never apply"),
        ("thresholds_format: 1\nrules:\n  - metric: []\n    op: '>='\n    fail: 1\n", "`metric` must be"),
        ("thresholds_format: 1\nrules:\n  - metric: a\n    op: '>='\n    fail: 1\n    min_n: -1\n", "`min_n` must"),
        ("thresholds_format: 1\nrules:\n  - metric: a\n    op: '>='\n    fail: 1\n    absent: ok\n", "`absent` must"),
        ("thresholds_format: 1\nrules:\n  - metric: a\n    op: '>='\n    fail: 1\n    compare: x\n", "`compare` must"),
        ("thresholds_format: 1\nrules:\n  - metric: a\n    op: '=='\n    fail: 1\n    compare: interval\n", "an op"),
        ("thresholds_format: 1\nrules:\n  - metrc: a\n    op: '>='\n    fail: 1\n", "unknown key 'metrc'"),
        ("thresholds_format: 1\nrules: {a: b}\n", "/rules: must be a list"),
        ("thresholds_format: 1\nrules: [{metric: a, op: '>=', warn: x}]\n", "/rules/0: `warn` must be a number"),
        ("thresholds_format: 1\nrules:\n  - metric: *a\n", "line 3"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_at_its_place(
    text: str, says: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(run), "--thresholds", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"arena check: {path}") and says in err


def test_a_mean_by_group_has_no_interval_and_says_so(run: Path, tmp_path: Path) -> None:
    rule = "metric: by.difficulty.*.mean_score; op: '>='; fail: 1; compare: interval"
    with pytest.raises(DataError, match="no interval is known for by.difficulty.Basic.mean_score"):
        levels(run, tmp_path, rule)


def test_rule_for_another_family_is_not_asked(run: Path, tmp_path: Path) -> None:
    mine, other = (f"metric: scored; op: '>='; fail: 1; family: {name}" for name in ("crypto", "risk"))
    assert levels(run, tmp_path, mine, other) == ["OK"]


def test_rule_whose_family_is_no_name_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`family` must be the name of a family, not 3"):
        levels(run, tmp_path, "metric: scored; op: '>='; fail: 1; family: 3")


def test_rules_for_another_family_are_refused(run: Path, tmp_path: Path) -> None:
    path = rules_file(tmp_path, "metric: scored; op: '>='; fail: 1", head="thresholds_format: 1\nfamily: risk")
    with pytest.raises(DataError, match="for runs of the family risk; this one is crypto"):
        judge(load_rules(path), FinishedRun(run).summary())


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("thresholds*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_rules_name_metrics_that_there_are(path: Path) -> None:
    rules = load_rules(path)
    assert all(rule.line for rule in rules.rules)
    assert judge(rules, FinishedRun(EXAMPLE).summary()).overall in LEVELS


def test_the_rules_in_comments_of_the_shipped_file_work(run: Path, tmp_path: Path) -> None:
    text = (ROOT / "config/thresholds.yaml").read_text(encoding="utf-8")
    lines = [line[1:] for line in text.splitlines() if re.match(r"#   (- metric|  \w+:)", line)]
    path = tmp_path / "t.yaml"
    path.write_text("thresholds_format: 1\nrules:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert [finding.level for finding in judge(load_rules(path), FinishedRun(run).summary()).findings] == ["WARN", "OK"]


# The command

KEPT, WARNED, BROKEN = (f"metric: scored; op: '>='; {bound}" for bound in ("fail: 1", "warn: 99", "fail: 99"))


@pytest.mark.parametrize(
    ("rules", "words", "strict", "code"),
    [
        ((KEPT,), (), "", 0),
        ((KEPT, WARNED), (), "", 0),
        ((KEPT, WARNED), (), "0", 0),
        ((KEPT, WARNED), (), "1", 1),
        ((KEPT, WARNED), ("--strict",), "", 1),
        ((KEPT, WARNED), ("--strict", "1"), "", 1),
        ((KEPT, WARNED), ("--strict", "0"), "1", 0),
        ((KEPT,), ("--strict", "1"), "", 0),
        ((KEPT, WARNED, BROKEN), (), "", 1),
        ((KEPT,), ("--strict", "maybe"), "", 2),
        ((KEPT,), (), "maybe", 2),
    ],
)
def test_exit_codes(
    rules: tuple[str, ...], words: tuple[str, ...], strict: str, code: int, run: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("STRICT", strict)
    assert main(["check", str(run), "--thresholds", str(rules_file(tmp_path, *rules)), *words]) == code


def test_missing_files_are_usage_errors(run: Path, tmp_path: Path) -> None:
    good = str(rules_file(tmp_path, KEPT))
    assert main(["check", str(tmp_path / "nowhere"), "--thresholds", good]) == 2
    assert main(["check", str(run), "--thresholds", str(tmp_path / "none.yaml")]) == 2
    (run / "summary.json").unlink()
    assert main(["check", str(run), "--thresholds", good]) == 2


def test_the_verdict_is_told_as_text_and_as_json(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(rules_file(tmp_path, KEPT, WARNED))
    assert main(["check", str(run), "--thresholds", path]) == 0
    text = capsys.readouterr().out
    assert "value 6 is not >= 99" in text and text.splitlines()[-1].startswith("WARN: t (")
    assert main(["check", str(run), "--thresholds", path, "--json", "--strict"]) == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["overall"], told["strict"], told["counts"]) == ("WARN", True, {"OK": 1, "WARN": 1, "FAIL": 0})
    assert [finding["line"] for finding in told["findings"]] == [3, 6]


def test_list_metrics_names_only_what_can_be_asked(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(run), "--list-metrics"]) == 0
    names = [line.partition(": ")[0] for line in capsys.readouterr().out.splitlines()]
    assert len(names) == len(DERIVED) + len(PREFIXED) + len(DIMENSIONS)
    for name in names:
        if not name.endswith("<name>"):
            assert measures(FinishedRun(run).summary(), name.split("."))


def test_list_metrics_names_the_figures_of_a_run() -> None:
    figure = {"value": 0.5, "low": None, "high": None, "n": 7}
    deep = {"a": {"b": {"c": {"d": figure, "e": {"f": figure}}}}}
    summary = {"mean_scores": {}, "by": {"x": {"y": {"z": figure}}}, "own": {"one": figure, "v1.2": figure, **deep}}
    listed = [name for name, meaning in known_metrics(summary) if meaning == "figure of this run, over 7 observations"]
    assert listed == ["own.one", "own.a.b.c.d"]


def test_keys_of_the_risk_lab_are_for_runs_of_its_family() -> None:
    rules = load_rules(ROOT / "config/risk/thresholds.yaml")
    with pytest.raises(DataError, match="is for runs of the family risk; this one is crypto"):
        judge(rules, {"family": "crypto"})


def test_metric_whose_parts_a_run_lacks_is_unknown() -> None:
    with pytest.raises(UnknownMetric, match="statuses is missing"):
        measures({"by": {}}, ["errors_rate"])
