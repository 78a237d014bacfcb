"""Writes all files of a risk run out of its rows: run.json, summary.csv, .svg, .md, index.html, comment.md.

    results = write_results(folder, head, options)
    print("\n".join(results.lines))

`head` says what the run was (rows_of_run.py makes it, or an earlier run.json holds it). The same rows, head and options
give the same bytes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.check.thresholds import Rules
from arena.analysis.risk.figure import summary_svg
from arena.analysis.risk.page import page_parts, trial_parts
from arena.analysis.risk.rows_file import ROWS_FILE, Malformed, experiments_in, rows_in
from arena.analysis.risk.tables import METRIC_HEADS, metric_rows, summary_csv
from arena.analysis.risk.tally import RiskTally, Sums, counted
from arena.analysis.risk.texts import comment_md, summary_md, totals
from arena.analysis.risk.verdict import RiskVerdict, banners, budget_of, judge, lines_of
from arena.errors import DataError, Issue
from arena.formats.bounded import parse_json
from arena.formats.strict_json import IssueList, child, read_bytes
from arena.policy.rules import Rule
from arena.records import Json
from arena.store.files import AtomicFile, write_atomic
from arena.store.rundir import pretty_json

RUN_JSON, SUMMARY_CSV, SUMMARY_SVG, SUMMARY_MD = "run.json", "summary.csv", "summary.svg", "summary.md"
INDEX_HTML, COMMENT_MD = "index.html", "comment.md"
TOP_FILES = (RUN_JSON, SUMMARY_CSV, SUMMARY_SVG, SUMMARY_MD, INDEX_HTML, COMMENT_MD)
"""The files next to the folders of the experiments, in their order of writing."""

COUNTED = (
    "totals", "metrics", "usage", "gate_summary", "gate_audit", "gate_audit_left_out", "malformed_rows", "thresholds",
    "banners", "lines", "pass_rate", "judge_rules", "exp", "callable_trials", "successes",
)  # fmt: skip
"""Members of run.json that are computed from the rows; all others describe the run."""


_READ: Mapping[str, tuple[type, ...]] = {
    "run_id": (str,), "policy_id": (str,), "limits": (dict,), "budget": (dict,), "evaluator": (dict,),
    "gate_latency": (dict,), "real": (dict,), "cells": (list,),
}  # fmt: skip
_READ_WITHIN: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "limits": ("*", (int, float, type(None))),
    "evaluator": ("rules_total", (int,)),
    "gate_latency": ("*", (int, float)),
}
"""The members that are read from a run.json, which may come from anybody, and their types."""


@dataclass(frozen=True, slots=True)
class Options:
    """How results are written. `rules`: of the policy, for their labels."""

    thresholds: Rules
    strict: bool = False
    most_trials: int = 1000
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """The written files. `files`: paths below the folder.  `lines`: GATES, BUDGET, EVAL, THRESHOLDS."""

    tally: RiskTally
    verdict: RiskVerdict
    lines: list[str]
    banners: list[str]
    files: tuple[str, ...]


def stored_head(folder: Path) -> dict[str, Json]:
    """Return the description of the run in an earlier run.json; only the folder's name without one.

    Errors: DataError for a file that is damaged.
    """
    path = folder / RUN_JSON
    if not path.is_file():
        return {"results_schema": "1", "summary_schema": "1", "run_id": folder.resolve().name}
    value = parse_json(read_bytes(path), str(path))
    if not isinstance(value, dict):
        raise DataError([Issue(str(path), "", "must be a JSON object")])
    head = {name: member for name, member in value.items() if name not in COUNTED}
    _check_head(head, IssueList(str(path)))
    return head


def _check_head(head: Mapping[str, Json], issues: IssueList) -> None:
    """Errors: DataError for members that are of another type than the arena writes."""
    for name, kinds in _READ.items():
        if not isinstance(head.get(name), (*kinds, type(None))):
            issues.add(child("", name), f"must be {' or '.join(kind.__name__ for kind in kinds)}")
    for name, (member, kinds) in _READ_WITHIN.items():
        inner = head.get(name)
        for key, found in inner.items() if isinstance(inner, dict) else ():
            if member in ("*", key) and (
                not isinstance(found, kinds) or isinstance(found, bool) is not (bool in kinds)
            ):
                issues.add(child(child("", name), key), "is of another type")
    cells = head.get("cells")
    for place, cell in enumerate(cells if isinstance(cells, list) else ()):
        if not isinstance(cell, dict):
            issues.add(f"/cells/{place}", "must be an object")
    issues.raise_if_any()


def write_results(folder: Path, head: Mapping[str, Json], options: Options, tally: RiskTally | None = None) -> Results:
    """Count the rows of a folder and write all files that follow from them.

    `tally`: the counts of its rows, where they are known; None: the rows are read.  Errors: UsageError for a folder
    without rows, OSError if something cannot be written.
    """
    tally = counted(folder) if tally is None else tally
    run_id = str(head.get("run_id") or folder.resolve().name)
    verdict = judge(options.thresholds, tally, options.strict)
    lines = lines_of(tally, head, verdict)
    files = []
    for exp in experiments_in(folder):
        value = {**head, "exp": exp, **counted_json(tally, exp)}
        write_atomic(folder / exp / RUN_JSON, pretty_json(_with_health(value, tally)), folder)
        files += [f"{exp}/{ROWS_FILE}", f"{exp}/{RUN_JSON}"]
    top = {**head, **counted_json(tally), "thresholds": _thresholds_json(verdict), "banners": banners(tally, head),
           "lines": lines}  # fmt: skip
    write_atomic(folder / RUN_JSON, pretty_json(_with_health(top, tally)))
    write_atomic(folder / SUMMARY_CSV, summary_csv(tally, head, run_id))
    write_atomic(folder / SUMMARY_SVG, summary_svg(tally))
    write_atomic(folder / SUMMARY_MD, summary_md(tally, head, verdict, options.rules, run_id))
    _write_page(folder, head, options, tally, verdict)
    write_atomic(folder / COMMENT_MD, comment_md(tally, head, verdict, run_id))
    return Results(tally, verdict, lines, banners(tally, head), (*files, *TOP_FILES))


def _write_page(
    folder: Path, head: Mapping[str, Json], options: Options, tally: RiskTally, verdict: RiskVerdict
) -> None:
    run_id = str(head.get("run_id") or folder.resolve().name)
    page = AtomicFile(folder / INDEX_HTML)
    try:
        rows = rows_in(folder, experiments_in(folder), Malformed())
        first = page_parts(tally, head, verdict, options.rules, run_id)
        for part in itertools.chain(first, trial_parts(rows, options.most_trials, tally.total().rows)):
            page.write(f"{part}\n".encode())
        page.close()
    finally:
        page.discard()


def counted_json(tally: RiskTally, exp: str | None = None) -> dict[str, Json]:
    """Return the counts of an experiment (None: of the run) as in run.json."""
    sums = tally.total(exp)
    found = sums.counts.to_json()
    audit = [one for one in tally.audit if exp is None or one["exp"] == exp]
    return {
        "totals": totals(sums),
        "callable_trials": sums.callable,
        "successes": sums.passed,
        "pass_rate": {
            "percent": round(100 * sums.passed / sums.callable, 1) if sums.callable else None,
            "display": f"{sums.passed}/{sums.callable}",
        },
        "metrics": found["metrics"],
        "usage": usage_of(sums),
        "gate_summary": found["gates"],
        "gate_audit": audit,
        "gate_audit_left_out": tally.audited - len(tally.audit),
        "judge_rules": {rule: {"passed": passed, "failed": failed}
                        for rule, (passed, failed) in sorted(tally.judge_rules.items())},
        "malformed_rows": tally.malformed.count,
    }  # fmt: skip


def usage_of(sums: Sums) -> dict[str, Json]:
    """Return calls, tokens, cost and latency for run.json."""
    return {
        "trials_total": sums.rows,
        "calls_made": sums.calls,
        "tokens_prompt_sum": sums.prompt_tokens,
        "tokens_completion_sum": sums.completion_tokens,
        "tokens_total_sum": sums.total_tokens,
        "cost_usd": None if sums.unpriced else round(sums.cost_usd, 6),
        "latency_ms": {"p50": sums.latency(0.5), "p95": sums.latency(0.95)},
    }


def _thresholds_json(verdict: RiskVerdict) -> dict[str, Json]:
    return {"status": verdict.status, "misses": list(verdict.misses)}


def _with_health(value: dict[str, Json], tally: RiskTally) -> dict[str, Json]:
    """Return run.json with the health of the REAL mode: numbers of answered trials and errors."""
    if not value.get("real"):
        return value
    real = [sums for key, sums in tally.cells.items() if key.mode == "REAL"]
    health = {"answered": sum(one.callable for one in real), "errors": sum(one.errors for one in real)}
    return {**value, "real": {**value["real"], "healthcheck": health}}


def results_json(results: Results, head: Mapping[str, Json]) -> str:
    """Return the results as one JSON object, for --json."""
    return json.dumps({
        "run_id": head.get("run_id"),
        "thresholds": _thresholds_json(results.verdict),
        "budget": budget_of(head),
        "banners": results.banners,
        **{name: value for name, value in counted_json(results.tally).items() if name != "gate_audit"},
    })  # fmt: skip


__all__ = ["METRIC_HEADS", "Options", "Results", "metric_rows", "results_json", "stored_head",
           "write_results"]  # fmt: skip
