"""Limits merged by the stricter, and thresholds over the counts of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.errors import DataError
from arena.policy.limits import Limit, stricter
from arena.policy.run_thresholds import Counts, RunThresholds, compare, load_run_thresholds

ROOT = Path(__file__).resolve().parents[2]
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


def thresholds(tmp_path: Path, text: str) -> RunThresholds:
    path = tmp_path / "thresholds.yaml"
    path.write_text(text, encoding="utf-8")
    return load_run_thresholds(path)


def test_the_stricter_limit_holds() -> None:
    merged = stricter({"max_calls": 10, "max_total_tokens": None, "max_trials": 5}, {"max_calls": 3, "max_trials": 5})
    assert merged == {"max_calls": Limit(3, "gates"), "max_trials": Limit(5, "flag")}
    assert stricter({"max_calls": 2}, {"max_calls": 3})["max_calls"] == Limit(2, "flag")


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (Counts(10, 10, 10, 0), "OK"),
        (Counts(10, 10, 9, 0), "WARN"),
        (Counts(10, 10, 7, 0), "FAIL"),
        (Counts(10, 10, 10, 1), "WARN"),
        (Counts(10, 0, 0, 0), "WARN"),
    ],
)
def test_a_run_is_held_against_its_thresholds(tmp_path: Path, counts: Counts, status: str) -> None:
    assert compare(thresholds(tmp_path, SEED), counts).status == status


def test_strict_makes_a_warning_a_failure(tmp_path: Path) -> None:
    counts = Counts(10, 10, 9, 0)
    assert compare(thresholds(tmp_path, SEED), counts, strict=True).status == "FAIL"
    assert compare(thresholds(tmp_path, SEED.replace("policy: warn", "policy: strict")), counts).status == "FAIL"


def test_allow_tells_misses_and_fails_nothing(tmp_path: Path) -> None:
    found = compare(thresholds(tmp_path, SEED.replace("policy: warn", "policy: allow")), Counts(10, 10, 1, 4))
    assert found.status == "OK" and len(found.misses) == 2


def test_the_line_names_status_reasons_and_counts(tmp_path: Path) -> None:
    found = compare(thresholds(tmp_path, SEED), Counts(10, 8, 8, 2))
    assert found.line() == "THRESHOLDS: WARN (post_deny 2 above 0 | total=10, callable=8, pass=8, pass_rate=1.00)"


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
    ],
)
def test_a_mistake_is_refused_at_its_place(tmp_path: Path, text: str, pointer: str) -> None:
    with pytest.raises(DataError) as caught:
        thresholds(tmp_path, text)
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_the_shipped_thresholds_load() -> None:
    assert load_run_thresholds(ROOT / "config/risk/thresholds.yaml").policy == "warn"


def test_a_file_that_is_no_yaml_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        thresholds(tmp_path, "min_pass_rate: [\n")
