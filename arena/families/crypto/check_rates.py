"""Rates of the mechanical checks over the records of a run, for summary.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.checked import CheckCounts
from arena.families.crypto.checks.results import detail_of
from arena.records import Json, Record
from arena.stats.moments import merge_counts

HONEST, NEGATIVE = "honest", "negative"


def _share(counts: Mapping[str, int]) -> dict[str, Json]:
    return {"n": counts["n"], "ok": counts["right"], "rate": round(counts["right"] / counts["n"], 4)}


def cases_line(summary: Mapping[str, Json]) -> str | None:
    """Return honest acceptance and refused negative cases as the line for the end of a run; None without cases."""
    found = (summary.get("checks") or {}).get("cases", {})
    words = {"honest_accepted": "honest cases accepted", "negative_refused": "negative cases refused"}
    parts = [f"{words[name]} {found[name]['ok']} of {found[name]['n']} ({found[name]['rate']:.1%})"
             for name in words if name in found]  # fmt: skip
    if not parts:
        return None
    return "; ".join([*parts, f"{found['none']} without a case"])


@dataclass(slots=True)
class CheckRates(CheckCounts):
    """The fact group of checks: how many passed each, and the sums of the countable ones."""

    name: ClassVar[str] = "checks"
    columns: ClassVar[Sequence[str]] = (
        "result_check",
        "textbook_names",
        "leaks",
        "artefacts",
        "artefacts_real",
        "calls_unused",
    )

    cases: dict[str, dict[str, int]] = field(default_factory=dict)
    """`honest`, `negative` -> how many matches (`n`), and in how many all declared the right result (`right`)."""
    no_case: int = 0
    leaks: dict[str, int] = field(default_factory=dict)
    """Form of a leak (the rule that found it) -> in how many matches."""
    secrets: dict[str, int] = field(default_factory=dict)
    """Secret values of all matches: their number `n`, and those with too few remaining candidates (`given_away`)."""

    def add(self, record: Record) -> None:
        """Count one record; nothing if it has no checks (errors, limits, denied, other families)."""
        detail = detail_of(record)
        if detail is None:
            return
        checks = detail.checks
        self.n += 1
        for name, ok in checks.passed().items():
            if ok is not None:
                self.made[name] = self.made.get(name, 0) + 1
                self.passed[name] = self.passed.get(name, 0) + ok
        if checks.result is not None:
            verdict = checks.result.verdict
            self.results[verdict] = self.results.get(verdict, 0) + 1
        self.artefacts += checks.artefacts.count
        self.artefacts_real += checks.artefacts.real
        self.calls_unused += checks.tools.unused
        if checks.leaks is not None:
            merge_counts(self.leaks, {form: 1 for form in sorted({one.form for one in checks.leaks.found})})
        if checks.secrecy is not None:
            given = sum(not one.ok for one in checks.secrecy.found)
            merge_counts(self.secrets, {"n": len(checks.secrecy.found), "given_away": given})
        if checks.case is None:
            self.no_case += 1
        else:
            kind = NEGATIVE if checks.case.negative else HONEST
            right = checks.result is not None and checks.result.ok
            merge_counts(self.cases.setdefault(kind, {"n": 0, "right": 0}), {"n": 1, "right": int(right)})

    def merge(self, other: CheckRates) -> None:
        """Add the counts of another one."""
        self.n += other.n
        merge_counts(self.made, other.made)
        merge_counts(self.passed, other.passed)
        merge_counts(self.results, other.results)
        self.artefacts += other.artefacts
        self.artefacts_real += other.artefacts_real
        self.calls_unused += other.calls_unused
        self.no_case += other.no_case
        merge_counts(self.leaks, other.leaks)
        merge_counts(self.secrets, other.secrets)
        for kind, counts in other.cases.items():
            merge_counts(self.cases.setdefault(kind, {"n": 0, "right": 0}), counts)

    def to_json(self) -> dict[str, Json]:
        """Return `n`, per check `n`, `ok` and `rate`, the results by verdict, the share of real evidence values, in
        how many matches each rule found a leak (`leaks`), how many secrets were given away (`secrets`), and `cases`:
        how often honest cases were accepted and negative ones refused; `none` matches have no case."""
        share = round(self.artefacts_real / self.artefacts, 4) if self.artefacts else None
        return {
            "n": self.n,
            "passed": {
                name: {"n": n, "ok": self.passed[name], "rate": round(self.passed[name] / n, 4)}
                for name, n in sorted(self.made.items())
            },
            "results": dict(sorted(self.results.items())),
            "artefacts": {"n": self.artefacts, "real": self.artefacts_real, "share": share},
            "calls_unused": self.calls_unused,
            "leaks": dict(sorted(self.leaks.items())),
            "secrets": dict(self.secrets),
            "cases": {
                "none": self.no_case,
                **{
                    f"{kind}_{word}": _share(self.cases[kind])
                    for kind, word in ((HONEST, "accepted"), (NEGATIVE, "refused"))
                    if kind in self.cases
                },
            },
        }

    def cells(self, record: Record) -> list[Json]:
        """Return a record's checks in the order of `columns`; empty cells for checks that were not made."""
        detail = detail_of(record)
        if detail is None:
            return [None] * len(self.columns)
        checks = detail.checks
        return [
            None if checks.result is None else checks.result.verdict,
            len(checks.textbook_names.found),
            None if checks.leaks is None else len(checks.leaks.found),
            checks.artefacts.count,
            checks.artefacts.real,
            checks.tools.unused,
        ]
