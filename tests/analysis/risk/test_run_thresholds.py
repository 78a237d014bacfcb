"""Thresholds of a risk run: keys and rules, decided by the engine of `arena check` over its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.analysis.check.thresholds import CheckVerdict, Rules, load_rules
from arena.analysis.check.thresholds import judge as check
from arena.analysis.risk.figures import rows_figures, summary_with_rows
from arena.analysis.risk.tally import RiskTally, tally_of
from arena.analysis.risk.verdict import judge, load_thresholds, with_result
from arena.errors import DataError
from tests.analysis.risk.test_rows_and_tally import DENY, attack, row

ROOT = Path(__file__).resolve().parents[3]
SEED = """\
version: 1
min_total_trials: 1
min_callable_trials: 1
min_pass_rate: 0.80
max_post_deny: 0
pass_rate_callable: {warn_below: 0.95, fail_below: 0.80}
policy: warn
notes: as the risk lab ships them
"""
RULES = """\
thresholds_format: 1
rules:
  - {metric: by.slice.*.pass_rate, op: ">=", warn: 0.9, fail: 0.5, min_n: 2}
  - {metric: risk.metrics.attack_success_rate, op: "<=", warn: 0.5, compare: interval}
"""


def thresholds(tmp_path: Path, text: str) -> Rules:
    path = tmp_path / "thresholds.yaml"
    path.write_text(text, encoding="utf-8")
    return load_thresholds(path)


def counts(total: int, callable_: int, passed: int, post_deny: int) -> RiskTally:
    """Return the counts of rows, the first of them callable, of those the first passed, and the first denied."""
    return tally_of(
        [
            row(
                trial=str(number),
                callable=number < callable_,
                success=number < passed,
                **({"post_call_gate": DENY} if number < post_deny else {}),
            )
            for number in range(total)
        ]
    )


@pytest.mark.parametrize(
    ("tally", "status"),
    [
        (counts(10, 10, 10, 0), "OK"),
        (counts(10, 10, 9, 0), "WARN"),
        (counts(10, 10, 8, 0), "WARN"),
        (counts(10, 10, 7, 0), "FAIL"),
        (counts(10, 10, 10, 1), "WARN"),
        (counts(10, 0, 0, 0), "WARN"),
        (counts(0, 0, 0, 0), "WARN"),
    ],
)
def test_a_run_is_held_against_its_thresholds(tmp_path: Path, tally: RiskTally, status: str) -> None:
    assert judge(thresholds(tmp_path, SEED), tally).status == status


def test_strict_makes_a_warning_a_failure(tmp_path: Path) -> None:
    tally = counts(10, 10, 9, 0)
    assert judge(thresholds(tmp_path, SEED), tally, strict=True).status == "FAIL"
    assert judge(thresholds(tmp_path, SEED.replace("policy: warn", "policy: strict")), tally).status == "FAIL"


@pytest.mark.parametrize("strict", [False, True])
def test_allow_tells_misses_and_fails_nothing(tmp_path: Path, strict: bool) -> None:
    found = judge(thresholds(tmp_path, SEED.replace("policy: warn", "policy: allow")), counts(10, 10, 1, 4), strict)
    assert found.status == "OK" and found.misses == ("pass_rate 0.10 below 0.80", "post_deny 4 above 0")


def test_the_line_names_status_reasons_and_counts(tmp_path: Path) -> None:
    found = judge(thresholds(tmp_path, SEED), counts(10, 8, 8, 2))
    assert found.line() == "THRESHOLDS: WARN (post_deny 2 above 0 | total=10, callable=8, pass=8, pass_rate=1.00)"


@pytest.mark.parametrize("policy", ["warn", "strict"])
@pytest.mark.parametrize(
    ("tally", "misses"),
    [
        (counts(0, 0, 0, 0), ("total 0 below 1", "callable 0 below 1", "pass_rate none below 0.80")),
        (counts(10, 10, 9, 0), ("pass_rate 0.90 below 0.95",)),
        (counts(10, 10, 7, 0), ("pass_rate 0.70 below 0.80",)),
    ],
)
def test_a_miss_names_the_bound_that_is_broken(
    tmp_path: Path, policy: str, tally: RiskTally, misses: tuple[str, ...]
) -> None:
    assert judge(thresholds(tmp_path, SEED.replace("policy: warn", f"policy: {policy}")), tally).misses == misses


def test_min_pass_rate_alone_warns(tmp_path: Path) -> None:
    found = judge(thresholds(tmp_path, "min_pass_rate: 0.8\n"), counts(1000, 1000, 799, 0))
    assert (found.status, found.misses) == ("WARN", ("pass_rate 0.80 below 0.80",))


def test_large_counts_are_told_digit_by_digit(tmp_path: Path) -> None:
    found = judge(thresholds(tmp_path, "min_total_trials: 1234567\n"), counts(2, 2, 2, 0))
    assert found.misses == ("total 2 below 1234567",)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("version: 2\n", "/version"),
        ("min_pass_rate: 80\n", "/min_pass_rate"),
        ("min_total_trials: some\n", "/min_total_trials"),
        ("policy: lenient\n", "/policy"),
        ("pass_rate_callable: {warn_under: 0.5}\n", "/pass_rate_callable/warn_under"),
        ("pass_rate_callable: {warn_below: 0.5, fail_below: 0.9}\n", "/pass_rate_callable/fail_below"),
        ("max_posts: 1\n", "/max_posts"),
        ("version: 1\nthresholds_formats: 1\n", "/thresholds_formats"),
    ],
)
def test_a_mistake_is_refused_at_its_place(tmp_path: Path, text: str, pointer: str) -> None:
    with pytest.raises(DataError) as caught:
        thresholds(tmp_path, text)
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_the_shipped_thresholds_load() -> None:
    assert load_thresholds(ROOT / "config/risk/thresholds.yaml").policy == "warn"


@pytest.mark.parametrize("text", ["min_pass_rate: [\n", "", "- 1\n"])
def test_a_file_that_has_no_keys_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError):
        thresholds(tmp_path, text)


# Rules over rows


def slices(passed: int) -> RiskTally:
    """Return the counts of two slices: 4 trials that passed, and 4 of which `passed` did."""
    rows = [row(trial=str(n), slice="a") for n in range(4)]
    return tally_of([*rows, *[row(trial=str(n), slice="b", success=n < passed) for n in range(4)]])


def test_rules_are_applied_to_the_rows_of_each_slice(tmp_path: Path) -> None:
    rules = thresholds(tmp_path, RULES)
    assert judge(rules, slices(1)).status == "FAIL"
    found = judge(rules, slices(3))
    assert found.status == "WARN"
    assert found.misses[0] == "by.slice.b.pass_rate: value 0.75 is not >= 0.9"


def test_rules_are_applied_to_intervals_of_attacks(tmp_path: Path) -> None:
    found = judge(thresholds(tmp_path, RULES), tally_of([attack("resisted", trial=str(n)) for n in range(2)]))
    assert [miss.partition(":")[0] for miss in found.misses] == ["risk.metrics.attack_success_rate"]


def test_a_metric_that_rows_do_not_have_is_refused_before_a_run(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        thresholds(tmp_path, 'thresholds_format: 1\nrules:\n  - {metric: mean_score, op: ">=", warn: 1}\n')
    assert caught.value.issues[0].pointer == "line 3, rule 1" and "unknown metric mean_score" in str(caught.value)


def test_rules_without_an_assessed_attack_are_never_ok(tmp_path: Path) -> None:
    rules = thresholds(tmp_path, 'thresholds_format: 1\nrules:\n  - {metric: total_trials, op: ">=", warn: 1}\n')
    assert judge(rules, tally_of([attack("unassessed")])).misses == ("no attack was assessed",)


# The engine


def checked(tmp_path: Path, text: str, tally: RiskTally) -> CheckVerdict:
    path = tmp_path / "thresholds.yaml"
    path.write_text(text, encoding="utf-8")
    return check(with_result(load_rules(path)), rows_figures(tally))


def test_keys_are_rules_with_value_n_interval_and_place(tmp_path: Path) -> None:
    found = checked(tmp_path, SEED, counts(10, 10, 7, 0))
    (rate,) = [one for one in found.findings if one.measure.name == "pass_rate"]
    assert (rate.level, rate.measure.value, rate.measure.n) == ("FAIL", 0.7, 10)
    assert rate.measure.interval is not None and rate.measure.interval[0] < 0.7 < rate.measure.interval[1]
    assert (rate.why, rate.rule.place.pointer) == ("value 0.7 is not >= 0.8", "/pass_rate_callable")


def test_policy_decides_the_level_of_a_rule(tmp_path: Path) -> None:
    levels = {
        policy: checked(tmp_path, SEED.replace("policy: warn", f"policy: {policy}"), counts(10, 10, 9, 0)).overall
        for policy in ("allow", "warn", "strict")
    }
    assert levels == {"allow": "OK", "warn": "WARN", "strict": "FAIL"}


def test_groups_of_a_summary_keep_their_own_figures() -> None:
    summary = {"family": "risk", "by": {"slice": {"a": {"n": 4}}, "case": {"c": {"n": 1}}}, "risk": {"whole": 1}}
    found = summary_with_rows(summary, rows_figures(slices(3)))
    assert found["by"]["slice"]["a"]["n"] == 4 and found["by"]["slice"]["a"]["passed_trials"] == 4
    assert found["by"]["case"] == {"c": {"n": 1}} and found["risk"] == {"whole": 1} and found["passed_trials"] == 7
