"""The outcome of a match from its scores, by a named and versioned rule. Pure: recomputable at any time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats import simpleyaml
from arena.records import Json, Stop

ABORTED_OUTCOME = "FAILED"
"""Outcome of an aborted match: played, not completed, and a failure in the success rate."""

OUTCOMES = ("SUCCESS", "SUBSTANTIAL", "PARTIAL", "FAILED")
"""Every outcome, best first (the labels of the predecessor's published results)."""

LOWEST, HIGHEST = 1, 5
"""The grades of the crypto rubric: a threshold outside them is never met, or always."""

_CONDITION = re.compile(r"(all|mean) *>= *([0-9](?:\.[0-9]{1,6})?)")


@dataclass(frozen=True, slots=True)
class Condition:
    """`measure` (`all`: the lowest score; `mean`: the exact mean) is at least `bound`."""

    measure: str
    bound: Fraction

    def holds(self, scores: Mapping[str, float]) -> bool:
        values = scores.values()
        measured = Fraction(min(values)) if self.measure == "all" else Fraction(sum(values)) / len(values)
        return measured >= self.bound

    def follows_from(self, other: Condition) -> bool:
        """Return whether `other` implies this (a floor under all scores is one under their mean)."""
        return other.bound >= self.bound and (other.measure == self.measure or other.measure == "all")

    def __str__(self) -> str:
        number = str(self.bound) if self.bound.denominator == 1 else f"{float(self.bound):g}"
        return f"{self.measure} >= {number}"


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """`rules`: (outcome, conditions that must all be true), best first; `otherwise` if none applies."""

    name: str
    version: int
    rules: tuple[tuple[str, tuple[Condition, ...]], ...]
    otherwise: str

    def to_json(self) -> dict[str, Json]:
        """Return the rule in its file's form, with one spelling, for the manifest and its digest."""
        rules = [{"outcome": label, "when": " and ".join(map(str, when))} for label, when in self.rules]
        return {"name": self.name, "version": self.version, "rules": rules, "otherwise": self.otherwise}


def outcome(rule: OutcomeRule, scores: Mapping[str, float] | None, stop: Stop) -> str | None:
    """Return the outcome of a match: by the rule if it is done and scored; FAILED if it was aborted; else None
    (unscored, denied, limit, error: an outage is never a score)."""
    if stop.status == "aborted":
        return ABORTED_OUTCOME
    if stop.status != "done" or not scores:
        return None
    for label, conditions in rule.rules:
        if all(condition.holds(scores) for condition in conditions):
            return label
    return rule.otherwise


def load_rule(path: Path) -> OutcomeRule:
    """Read a rule file (config/outcome_rule.yaml explains the form). Raises DataError with all issues found."""
    return rule_from_json(simpleyaml.load(path), str(path))


def rule_from_json(found: Json, file: str) -> OutcomeRule:
    """Return the rule that `found` describes; `file` names it in errors. Raises DataError with all issues found."""
    reader = _Reader(file)
    rule = reader.read(found)
    if reader.issues:
        raise DataError(reader.issues)
    return rule


class _Reader:
    """Collects every issue of one file; its results are valid only when there are none."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.issues: list[Issue] = []

    def bad(self, pointer: str, message: str) -> None:
        self.issues.append(Issue(self.file, pointer, message))

    def keys(self, found: Json, wanted: tuple[str, ...], pointer: str) -> dict[str, Json]:
        """Return `found` if it is an object with exactly the wanted keys; otherwise add issues and return its known
        members."""
        if not isinstance(found, dict):
            self.bad(pointer, f"must be an object with the keys {', '.join(wanted)}")
            return {}
        for key in wanted:
            if key not in found:
                self.bad(pointer, f"the key {key!r} is missing")
        for key in found:
            if key not in wanted:
                self.bad(f"{pointer}/{key}", f"unknown key; there are: {', '.join(wanted)}")
        return found

    def read(self, found: Json) -> OutcomeRule:
        top = self.keys(found, ("name", "version", "rules", "otherwise"), "")
        name, version = top.get("name", "?"), top.get("version", 1)
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
            self.bad("/name", "must be 1 to 64 letters, digits, dots, dashes or underscores")
        if type(version) is not int or version < 1:
            self.bad("/version", "must be an integer, 1 or more")
        otherwise = top.get("otherwise", OUTCOMES[-1])
        if otherwise != OUTCOMES[-1]:
            self.bad("/otherwise", f"must be {OUTCOMES[-1]}")
        return OutcomeRule(name, version, self.rules(top.get("rules", [])), otherwise)

    def rules(self, found: Json) -> tuple[tuple[str, tuple[Condition, ...]], ...]:
        wanted = OUTCOMES[:-1]
        if not isinstance(found, list) or len(found) != len(wanted):
            self.bad("/rules", f"must be a list of {len(wanted)} rules, for {', '.join(wanted)} in that order")
            return ()
        rules: list[tuple[str, tuple[Condition, ...]]] = []
        for index, (label, row) in enumerate(zip(wanted, found, strict=True)):
            pointer = f"/rules/{index}"
            row = self.keys(row, ("outcome", "when"), pointer)
            if row.get("outcome", label) != label:
                self.bad(f"{pointer}/outcome", f"must be {label}: outcomes are listed best first")
            conditions = self.conditions(row["when"], f"{pointer}/when") if "when" in row else ()
            for earlier, before in rules:
                if conditions and before and all(any(b.follows_from(c) for c in conditions) for b in before):
                    self.bad(f"{pointer}/when", f"never decides: {earlier} always applies first")
                    break
            rules.append((label, conditions))
        return tuple(rules)

    def conditions(self, text: Json, pointer: str) -> tuple[Condition, ...]:
        if not isinstance(text, str):
            self.bad(pointer, "must be a text such as `all >= 4` or `mean >= 3.5 and all >= 2`")
            return ()
        conditions = []
        for part in text.split(" and "):
            match = _CONDITION.fullmatch(part.strip())
            if match is None:
                self.bad(pointer, f"cannot read {part.strip()!r}; write `all >= N` or `mean >= X`, joined by ` and `")
                continue
            measure, bound = match[1], Fraction(match[2])
            if measure == "all" and bound.denominator != 1:
                self.bad(pointer, f"`all` is compared to a whole grade, not to {match[2]}")
            if not LOWEST < bound <= HIGHEST:
                self.bad(pointer, f"{match[2]} must be above {LOWEST} (always true) and at most {HIGHEST} (never true)")
            conditions.append(Condition(measure, bound))
        return tuple(conditions)
