"""Thresholds of a run: rules are data, the verdict is OK, WARN or FAIL with reasons. Pure.

A file has rules (docs/ci.md), or the keys that run_keys.py reads as rules. A metric that the run has no value of, and
one with too few observations behind it, is never OK, unless the policy of the keys allows it; a metric that no such
run can have is an error in the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arena.analysis.check.expressions import OPS, BadExpression, Expression, Term, evaluate, parse
from arena.analysis.check.metrics import Measure, UnknownMetric
from arena.analysis.check.run_keys import ALLOW, KEYS, STRICT, WARNING, Bound, read_keys
from arena.errors import DataError, Issue
from arena.formats import simpleyaml
from arena.formats.bounded import read_text
from arena.formats.suggest import suggest
from arena.records import Json

OK, WARN, FAIL = "OK", "WARN", "FAIL"
LEVELS = (OK, WARN, FAIL)
"""From good to bad."""

FORMAT = 1
POINT, INTERVAL = "point", "interval"
OF_KEYS = "risk"
"""The family whose runs have the metrics that keys bound."""
_TOP = ("thresholds_format", "name", "family", "rules")
_RULE = ("metric", "op", "warn", "fail", "min_n", "compare", "absent", "family", "reason")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `metric op bound` must be true.

    `warn`, `fail`: bounds; a broken one means WARN or FAIL; at least one is given.  `min_n`: fewer observations
    make it WARN.  `compare`: the value itself, or the end of its 95 % interval that speaks against the rule.
    `absent`: the verdict for a run without a value.  `family`: the rule is for its runs only; None for any.
    `place`: file and line or pointer, for messages.  `always`: also the policy ALLOW does not excuse it.
    """

    metric: Expression
    op: str
    warn: float | None
    fail: float | None
    min_n: int
    compare: str
    absent: str
    reason: str
    place: Issue
    family: str | None = None
    always: bool = False

    @property
    def line(self) -> int | None:
        """The line of the rule in its file, if known."""
        found = re.match(r"line (\d+)", self.place.pointer)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Rules:
    """A file of thresholds. `family`: the only family that it is for, None for any.

    `policy`: WARNING, or ALLOW (what is not kept is named, and OK) or STRICT (each WARN is a FAIL).
    """

    name: str
    family: str | None
    rules: tuple[Rule, ...]
    file: str
    policy: str = WARNING

    def name_any(self, names: Collection[str]) -> bool:
        """Return whether a rule's metric has one of these names as a part."""
        terms = [term for rule in self.rules for term in (rule.metric.left, rule.metric.right) if term is not None]
        return any(part in names for term in terms for part in term.path)


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """The result of one rule for one measure. `level` is one of LEVELS; `why` is one line for people.

    `kept`: whether there are value and observations enough, and the bounds hold.  `bound`: the broken bound; without a
    value the one of FAIL, if there is one.
    """

    level: str
    rule: Rule
    measure: Measure
    why: str
    kept: bool = True
    bound: float | None = None

    def to_json(self) -> dict[str, Json]:
        measure, rule = self.measure, self.rule
        return {
            "level": self.level,
            "metric": measure.name,
            "value": measure.value,
            "n": measure.n,
            "interval": None if measure.interval is None else [round(end, 6) for end in measure.interval],
            "op": rule.op,
            "warn": rule.warn,
            "fail": rule.fail,
            "min_n": rule.min_n,
            "compare": rule.compare,
            "line": rule.line,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """All findings of a run, in the order of the rules."""

    rules: Rules
    findings: tuple[CheckFinding, ...]

    @property
    def overall(self) -> str:
        """The worst level; OK if there is no rule."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default=OK)

    def outcome(self, strict: bool) -> str:
        """Return the worst level; with `strict` a warning is a failure."""
        return FAIL if strict and self.overall == WARN else self.overall

    def to_json(self) -> dict[str, Json]:
        return {
            "overall": self.overall,
            "thresholds": self.rules.name,
            "counts": {level: sum(f.level == level for f in self.findings) for level in LEVELS},
            "findings": [finding.to_json() for finding in self.findings],
        }


def load_rules(path: Path, hint: str = "", keys: bool = False) -> Rules:
    """Read a file of thresholds. `hint`: as of simpleyaml.load.  `keys`: a file without `thresholds_format` has keys.

    Raises DataError with all issues found, each with its line or pointer.
    """
    found = simpleyaml.load(path, hint)  # reports what is wrong if it cannot be read
    ruled = isinstance(found, dict) and "thresholds_format" in found
    if not ruled and (keys or (isinstance(found, dict) and KEYS & found.keys())):
        bounds, policy = read_keys(found, str(path))
        return Rules(path.stem, OF_KEYS, tuple(_rule_of(bound, str(path)) for bound in bounds), str(path), policy)
    reader = _Reader(str(path), _rule_lines(read_text(path, simpleyaml.MAX_BYTES)))
    rules = reader.read(found)
    if reader.issues:
        raise DataError(reader.issues)
    return rules


def _rule_of(bound: Bound, file: str) -> Rule:
    metric, place = Expression(Term((bound.metric,))), Issue(file, bound.pointer, "")
    return Rule(metric, bound.op, bound.warn, bound.fail, 0, POINT, WARN, "", place)


def _rule_lines(text: str) -> list[int]:
    """Return the line (1-based) on which each item of the block list `rules:` starts; [] if it is not a block list."""
    found: list[int] = []
    indent: int | None = None
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        body = line.lstrip(" ")
        if not body or body.startswith("#"):
            continue
        width = len(line) - len(body)
        if not inside:
            inside = width == 0 and body.partition(":")[0].strip("\"' ") == "rules"
            continue
        dash = body == "-" or body.startswith("- ")
        if width == 0 and not dash:
            break
        if dash and indent in (None, width):
            indent = width
            found.append(number)
    return found


class _Reader:
    """Collects every issue of one file; its results are valid only when there are none."""

    def __init__(self, file: str, lines: Sequence[int]) -> None:
        self.file = file
        self.lines = lines
        self.issues: list[Issue] = []

    def bad(self, pointer: str, message: str) -> None:
        self.issues.append(Issue(self.file, pointer, message))

    def place(self, index: int) -> str:
        """Return the place of a rule, as a line if it is known."""
        return f"line {self.lines[index]}, rule {index + 1}" if index < len(self.lines) else f"/rules/{index}"

    def keys(self, found: Json, known: Sequence[str], place: str) -> dict[str, Json]:
        if not isinstance(found, dict):
            self.bad(place, f"must be a mapping with the keys {', '.join(known)}")
            return {}
        for key in found:
            if key not in known:
                self.bad(place, f"unknown key {key!r}{suggest(key, known)}; there are: {', '.join(known)}")
        return found

    def read(self, found: Json) -> Rules:
        top = self.keys(found, _TOP, "")
        if top.get("thresholds_format") != FORMAT:
            self.bad("", f"must say `thresholds_format: {FORMAT}`")
        name, family = top.get("name", Path(self.file).stem), top.get("family")
        for key, value in (("name", name), ("family", family or "any")):
            if not isinstance(value, str):
                self.bad(f"/{key}", "must be a text")
        rows = top.get("rules")
        if not isinstance(rows, list) or not rows:
            self.bad("/rules", "must be a list of at least one rule")
            rows = []
        return Rules(str(name), family, tuple(self.rule(row, index) for index, row in enumerate(rows)), self.file)

    def rule(self, found: Json, index: int) -> Rule:
        place = self.place(index)
        row = self.keys(found, _RULE, place)
        op = row.get("op")
        if not isinstance(op, str) or op not in OPS:
            self.bad(place, f"`op` must be one of {' '.join(OPS)} (in quotes), not {op!r}")
            op = ">="
        op = str(op)
        warn, fail = self.number(row, "warn", place), self.number(row, "fail", place)
        if "warn" not in row and "fail" not in row:
            self.bad(place, "give `warn`, `fail` or both: the bounds that the metric must keep")
        self.order(op, warn, fail, place)
        min_n = row.get("min_n", 0)
        if type(min_n) is not int or min_n < 0:
            self.bad(place, f"`min_n` must be a whole number from 0 on, not {min_n!r}")
            min_n = 0
        compare, absent = row.get("compare", POINT), row.get("absent", "warn")
        if compare not in (POINT, INTERVAL):
            self.bad(place, f"`compare` must be {POINT} or {INTERVAL}, not {compare!r}")
        elif compare == INTERVAL and op == "==":
            self.bad(place, "`compare: interval` needs an op with a direction: >= > <= <")
        if absent not in ("warn", "fail"):
            self.bad(place, f"`absent` must be warn or fail, not {absent!r}: a missing value is never OK")
        reason = row.get("reason", "")
        if not isinstance(reason, str):
            self.bad(place, "`reason` must be a text")
        where = Issue(self.file, place, "")
        metric = self.metric(row.get("metric"), place)
        return Rule(
            metric, op, warn, fail, min_n, compare, str(absent).upper(), str(reason), where, self.named(row, place)
        )

    def named(self, row: Mapping[str, Json], place: str) -> str | None:
        """Return the family that a rule is for."""
        family = row.get("family")
        if family is not None and not isinstance(family, str):
            self.bad(place, f"`family` must be the name of a family, not {family!r}")
            return None
        return family

    def metric(self, found: Json, place: str) -> Expression:
        if isinstance(found, list) and found and all(isinstance(part, str) and part for part in found):
            return Expression(Term(tuple(found)))
        try:
            if not isinstance(found, str):
                raise BadExpression("it is neither text nor a list of texts")
            return parse(found)
        except BadExpression as error:
            message = f"`metric` must be a dotted name such as success_rate, a list of its parts, or max(...): {error}"
            self.bad(place, message)
            return Expression(Term(("",)))

    def number(self, row: Mapping[str, Json], key: str, place: str) -> float | None:
        value = row.get(key)
        if key in row and (isinstance(value, bool) or not isinstance(value, (int, float))):
            self.bad(place, f"`{key}` must be a number, not {value!r}")
            return None
        return value

    def order(self, op: str, warn: float | None, fail: float | None, place: str) -> None:
        if warn is not None and fail is not None and op != "==" and not OPS[op[0] + "="](warn, fail):
            self.bad(place, f"`warn` ({warn:g}) would never apply: `fail` ({fail:g}) is the stricter bound under {op}")


def judge(rules: Rules, summary: Mapping[str, Json]) -> CheckVerdict:
    """Return the findings of the rules for a run. Raises DataError naming every rule whose metric such a run cannot
    have."""
    issues: list[Issue] = []
    family = summary.get("family")
    if rules.family is not None and rules.family != family:
        issues.append(Issue(rules.file, "/family", f"is for runs of the family {rules.family}; this one is {family}"))
        raise DataError(issues)
    findings: list[CheckFinding] = []
    for rule in rules.rules:
        if rule.family not in (None, family):
            continue
        try:
            found = evaluate(summary, rule.metric)
        except UnknownMetric as error:
            issues.append(Issue(rules.file, rule.place.pointer, f"unknown metric {rule.metric.shown}: {error}"))
            continue
        for measure in found or [Measure((rule.metric.shown,), None, 0, why="the run has nothing that `*` matches")]:
            if rule.compare == INTERVAL and measure.value is not None and measure.interval is None:
                message = f"no interval is known for {measure.name}: use `compare: point`"
                issues.append(Issue(rules.file, rule.place.pointer, message))
                break
            findings.append(_under(rules.policy, _finding(rule, measure)))
    if issues:
        raise DataError(issues)
    return CheckVerdict(rules, tuple(findings))


def _under(policy: str, finding: CheckFinding) -> CheckFinding:
    """Return a finding with the level that the policy of the file gives it."""
    if policy == STRICT and finding.level == WARN:
        return replace(finding, level=FAIL)
    if policy == ALLOW and finding.level != OK and not finding.rule.always:
        return replace(finding, level=OK, why=f"{finding.why} (policy: allow)")
    return finding


def _finding(rule: Rule, measure: Measure) -> CheckFinding:
    if measure.value is None:
        bound = rule.warn if rule.fail is None else rule.fail
        return CheckFinding(rule.absent, rule, measure, f"no value: {measure.why}", False, bound)
    if rule.min_n and (measure.n is None or measure.n < rule.min_n):
        counted = "an unknown number of" if measure.n is None else str(measure.n)
        why = f"too few: {counted} observations, {rule.min_n} are required"
        return CheckFinding(WARN, rule, measure, why, False)
    value, what = measure.value, "value"
    if rule.compare == INTERVAL and measure.interval is not None:
        low = rule.op[0] == ">"
        value, what = measure.interval[0 if low else 1], f"{'lower' if low else 'upper'} end of the 95 % interval"
    for level, bound in ((FAIL, rule.fail), (WARN, rule.warn)):
        if bound is not None and not OPS[rule.op](value, bound):
            why = f"{what} {shown(value)} is not {rule.op} {bound:g}"
            return CheckFinding(level, rule, measure, why, False, bound)
    kept = rule.warn if rule.warn is not None else rule.fail
    return CheckFinding(OK, rule, measure, f"{what} {shown(value)} {rule.op} {kept:g}")


def shown(value: float) -> str:
    """Return a number for people: whole numbers whole, others with 4 digits behind the point at most."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
