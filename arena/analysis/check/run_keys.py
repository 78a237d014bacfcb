"""Reads thresholds written as keys (`min_total_trials: 30`) as bounds of the rows' metrics. Pure.

The keys are those of a thresholds file of the risk lab; docs/policy.md, "Thresholds", describes them. A key that is not
known is an error, never `no threshold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from arena.formats.strict_json import IssueList, child
from arena.policy.condition_reading import is_number
from arena.policy.gates_file import check_keys
from arena.records import Json

ALLOW, WARNING, STRICT = "allow", "warn", "strict"
POLICIES = (ALLOW, WARNING, STRICT)
"""Effect of a bound that is not kept: allow tells it and it is OK, warn leaves the level, strict makes each FAIL."""

TOTAL, CALLABLE, PASS_RATE, POST_DENY = "total_trials", "callable_trials", "pass_rate", "post_deny"
"""Metrics of the rows of a run that the keys bound."""

_RATE = "pass_rate_callable"
_COUNTS: Mapping[str, tuple[str, str]] = {
    "min_total_trials": (TOTAL, ">="), "min_callable_trials": (CALLABLE, ">="), "max_post_deny": (POST_DENY, "<="),
}  # fmt: skip
_SHARES = ("min_pass_rate", _RATE)
KEYS = frozenset({*_COUNTS, *_SHARES})
_TOP = ("version", "min_total_trials", "min_callable_trials", *_SHARES, "max_post_deny", "policy", "notes")


class Bound(NamedTuple):
    """`metric op warn` must be true, else it is a WARN; with `fail` alike, else a FAIL. `pointer`: its key."""

    metric: str
    op: str
    warn: float | None
    fail: float | None
    pointer: str


class Keys(NamedTuple):
    """The bounds of a file in the order in which misses are listed, and its policy (one of POLICIES)."""

    bounds: tuple[Bound, ...]
    policy: str


def read_keys(value: Json, file: str) -> Keys:
    """Return the bounds of a file's keys. Errors: DataError with all mistakes, each at its pointer."""
    issues = IssueList(file)
    if not isinstance(value, Mapping):
        issues.add("", "must be a map of thresholds")
        value = {}
    check_keys(value, _TOP, "", issues)
    if value.get("version", 1) != 1:
        issues.add("/version", f"must be 1, not {value['version']!r}")
    policy = value.get("policy", WARNING)
    if policy not in POLICIES:
        issues.add("/policy", f"must be one of {', '.join(POLICIES)}, not {policy!r}")
    counts = [_count(value, name, issues) for name in _COUNTS]
    bounds = [*counts[:2], _rate(value, issues), *counts[2:]]
    issues.raise_if_any()
    return Keys(tuple(bound for bound in bounds if bound is not None), str(policy))


def _count(value: Mapping[str, Json], name: str, issues: IssueList) -> Bound | None:
    found, pointer = value.get(name), child("", name)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool) or found < 0):
        issues.add(pointer, f"must be a whole number from 0, not {found!r}")
        return None
    return None if found is None else Bound(*_COUNTS[name], found, None, pointer)


def _rate(value: Mapping[str, Json], issues: IssueList) -> Bound | None:
    lowest = _share(value.get("min_pass_rate"), "/min_pass_rate", issues)
    place = child("", _RATE)
    bounds = value.get(_RATE) or {}
    if not isinstance(bounds, Mapping):
        issues.add(place, "must be a map with warn_below and fail_below")
        bounds = {}
    check_keys(bounds, ("warn_below", "fail_below"), place, issues)
    warn = _share(bounds.get("warn_below", lowest), f"{place}/warn_below", issues)
    fail = _share(bounds.get("fail_below", lowest if bounds else None), f"{place}/fail_below", issues)
    if warn is not None and fail is not None and fail > warn:
        issues.add(f"{place}/fail_below", f"{fail:g} is above warn_below, {warn:g}")
    pointer = place if bounds else "/min_pass_rate"
    return None if warn is None and fail is None else Bound(PASS_RATE, ">=", warn, fail, pointer)


def _share(value: Json, pointer: str, issues: IssueList) -> float | None:
    if value is None:
        return None
    if not is_number(value) or not 0 <= value <= 1:
        issues.add(pointer, f"must be a number from 0 to 1, not {value!r}")
        return None
    return float(value)
