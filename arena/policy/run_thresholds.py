"""Thresholds over the counts of a risk run: total and callable trials, pass rate, denials after a call.

The keys are those of a thresholds file of the risk lab. A file that cannot be read is an error, never `no thresholds`;
with the policy `allow` misses are reported and nothing fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.formats import simpleyaml
from arena.formats.strict_json import IssueList, child
from arena.policy.condition_reading import is_number
from arena.policy.gates_file import check_keys
from arena.records import Json

POLICIES = ("allow", "warn", "strict")
OK, WARN, FAIL = "OK", "WARN", "FAIL"
_TOP = (
    "version", "min_total_trials", "min_callable_trials", "min_pass_rate", "max_post_deny", "pass_rate_callable",
    "policy", "notes",
)  # fmt: skip
_COUNTS = ("min_total_trials", "min_callable_trials", "max_post_deny")


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts that thresholds apply to. The pass rate is `passed` of `callable`."""

    total: int
    callable: int
    passed: int
    post_deny: int

    @property
    def pass_rate(self) -> float | None:
        return self.passed / self.callable if self.callable else None


@dataclass(frozen=True, slots=True)
class RunThresholds:
    """Bounds; None if a file sets none. A rate below `warn_below` is a miss, below `fail_below` a failure."""

    policy: str = "warn"
    min_total_trials: int | None = None
    min_callable_trials: int | None = None
    max_post_deny: int | None = None
    warn_below: float | None = None
    fail_below: float | None = None


@dataclass(frozen=True, slots=True)
class ThresholdsVerdict:
    status: str
    misses: tuple[str, ...]
    counts: Counts

    def line(self) -> str:
        """Return the line that a run prints."""
        counts, rate = self.counts, self.counts.pass_rate
        shown = "-" if rate is None else f"{rate:.2f}"
        reasons = "; ".join(self.misses) or "all met"
        return (
            f"THRESHOLDS: {self.status} ({reasons} | total={counts.total}, callable={counts.callable},"
            f" pass={counts.passed}, pass_rate={shown})"
        )


def load_run_thresholds(path: Path) -> RunThresholds:
    """Return the thresholds of a file. Errors: DataError with all mistakes."""
    value, issues = simpleyaml.load(path, "; name the thresholds with --thresholds FILE"), IssueList(str(path))
    if not isinstance(value, Mapping):
        issues.add("", "must be a map of thresholds")
        value = {}
    check_keys(value, _TOP, "", issues)
    if value.get("version", 1) != 1:
        issues.add("/version", f"must be 1, not {value['version']!r}")
    counts: dict[str, Any] = {}
    for name in _COUNTS:
        found = value.get(name)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool) or found < 0):
            issues.add(child("", name), f"must be a whole number from 0, not {found!r}")
        counts[name] = found
    policy = value.get("policy", "warn")
    if policy not in POLICIES:
        issues.add("/policy", f"must be one of {', '.join(POLICIES)}, not {policy!r}")
    lowest = _share(value.get("min_pass_rate"), "/min_pass_rate", issues)
    bounds = value.get("pass_rate_callable") or {}
    if not isinstance(bounds, Mapping):
        issues.add("/pass_rate_callable", "must be a map with warn_below and fail_below")
        bounds = {}
    check_keys(bounds, ("warn_below", "fail_below"), "/pass_rate_callable", issues)
    warn = _share(bounds.get("warn_below", lowest), "/pass_rate_callable/warn_below", issues)
    fail = _share(bounds.get("fail_below", lowest if bounds else None), "/pass_rate_callable/fail_below", issues)
    if warn is not None and fail is not None and fail > warn:
        issues.add("/pass_rate_callable/fail_below", f"{fail:g} is above warn_below, {warn:g}")
    issues.raise_if_any()
    return RunThresholds(str(policy), **counts, warn_below=warn, fail_below=fail)


def _share(value: Json, pointer: str, issues: IssueList) -> float | None:
    if value is None:
        return None
    if not is_number(value) or not 0 <= value <= 1:
        issues.add(pointer, f"must be a number from 0 to 1, not {value!r}")
        return None
    return float(value)


def compare(thresholds: RunThresholds, counts: Counts, strict: bool = False) -> ThresholdsVerdict:
    """Return the verdict on a run. `strict`: a warning is a failure, as with the policy `strict`.

    Without a callable trial there is no pass rate, and a bound of it is missed.
    """
    misses, failed = [], False
    for name, value, bound in (
        ("total", counts.total, thresholds.min_total_trials),
        ("callable", counts.callable, thresholds.min_callable_trials),
    ):
        if bound is not None and value < bound:
            misses.append(f"{name} {value} below {bound}")
    rate = counts.pass_rate
    for level, share in (("fail", thresholds.fail_below), ("warn", thresholds.warn_below)):
        if share is not None and (rate is None or rate < share):
            shown = "none" if rate is None else f"{rate:.2f}"
            misses.append(f"pass_rate {shown} below {share:.2f}")
            failed = level == "fail" and rate is not None
            break
    if thresholds.max_post_deny is not None and counts.post_deny > thresholds.max_post_deny:
        misses.append(f"post_deny {counts.post_deny} above {thresholds.max_post_deny}")
    if not misses or thresholds.policy == "allow":
        status = OK
    else:
        status = FAIL if failed or strict or thresholds.policy == "strict" else WARN
    return ThresholdsVerdict(status, tuple(misses), counts)
