"""summary.md and comment.md: a run's results as Markdown, at length and for a pull request. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.analysis.risk.tables import (
    COVERAGE_HEADS,
    COVERAGE_NOTE,
    METRIC_HEADS,
    MODEL_HEADS,
    attack_names,
    cell_rows,
    coverage_rows,
    curve_rows,
    defence_heads,
    defence_rows,
    metric_rows,
    model_rows,
    reason_rows,
    slice_attack_rows,
)
from arena.analysis.risk.tally import RiskTally, Sums
from arena.analysis.risk.verdict import banners, lines_of
from arena.formats.markdown import escape, table
from arena.policy.rules import Rule
from arena.policy.run_thresholds import ThresholdsVerdict
from arena.records import Json

MOST_FAILURES = 10
_IN_COMMENT = ("attack success rate", "benign completion", "utility under attack", "gate false positive rate")


def summary_md(
    tally: RiskTally, head: Mapping[str, Json], verdict: ThresholdsVerdict, rules: Sequence[Rule], run_id: str
) -> bytes:
    """Return the results of a run as Markdown."""
    total = tally.total()
    parts = [
        f"# Risk run {escape(run_id)}: {verdict.status}",
        *_notes(tally, head),
        _code(lines_of(tally, head, verdict)),
    ]
    parts += _section("Metrics", METRIC_HEADS, metric_rows(total))
    parts += _section("Models", MODEL_HEADS, model_rows(tally))
    if head.get("cells"):
        parts += _section("Combinations of the sweep", ["mode", "model", "state"], cell_rows(head))
    parts += _section("Attack and defence", defence_heads(total), defence_rows(total))
    parts += _section("Attack success rate by slice and attack", ["slice", *attack_names(total)],
                      slice_attack_rows(total))  # fmt: skip
    parts += _section("Rising pressure: attacks that had succeeded by each turn", ["attack", "defence", "share"],
                      curve_rows(tally))  # fmt: skip
    parts += _section("Reasons of the gates", ["stage", "reason", "decisions"], reason_rows(total))
    parts += _section("Why trials did not succeed", ["reason", "trials"], failure_rows(tally))
    parts += _section("Gate decisions: what they add", ["what", "value"], added_rows(head))
    parts += _section("Catalogues", COVERAGE_HEADS, coverage_rows(tally, rules))
    parts.append(COVERAGE_NOTE)
    return ("\n\n".join(parts) + "\n").encode()


def comment_md(tally: RiskTally, head: Mapping[str, Json], verdict: ThresholdsVerdict, run_id: str) -> bytes:
    """Return a short comment for a pull request."""
    total = tally.total()
    chosen = [row[:4] for row in metric_rows(total) if row[0] in _IN_COMMENT]
    parts = [
        f"### Risk run {escape(run_id)}: {verdict.status}",
        *_notes(tally, head),
        table(METRIC_HEADS[:4], chosen),
        _code(lines_of(tally, head, verdict)),
    ]
    reasons = reason_rows(total)[:3]
    if reasons:
        parts.append("Top reasons: " + ", ".join(f"{escape(code)} ({stage}, {n})" for stage, code, n in reasons) + ".")
    return ("\n\n".join(parts) + "\n").encode()


def _notes(tally: RiskTally, head: Mapping[str, Json]) -> list[str]:
    return [f"> {escape(text)}" for text in banners(tally, head)]


def _code(lines: Sequence[str]) -> str:
    return "\n".join(["```text", *(line.replace("`", "'") for line in lines), "```"])


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"## {title}", table(heads, rows) if rows else "Nothing to show."]


def failure_rows(tally: RiskTally) -> list[list[str]]:
    """Return why trials did not succeed, the most frequent first."""
    top = sorted(tally.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FAILURES]
    return [[reason, str(count)] for reason, count in top]


def added_rows(head: Mapping[str, Json]) -> list[list[str]]:
    """Return what a decision of a gate adds: time and tokens; nothing where it was not measured."""
    found = head.get("gate_latency")
    if not found:
        return []
    return [
        ["decisions timed", str(found["n"])],
        ["milliseconds, p50", f"{found['p50']:g}"],
        ["milliseconds, p95", f"{found['p95']:g}"],
        ["tokens, p50 and p95", str(found["tokens"])],
    ]


def totals(total: Sums) -> dict[str, Json]:
    """Return how many rows there are, and what became of them, for run.json."""
    return {
        "rows": total.rows,
        "callable": total.callable,
        "passes": total.passed,
        "fails": total.callable - total.passed,
        "pre_denied": total.pre_denied,
        "skipped": total.skipped,
        "errors": total.errors,
    }
