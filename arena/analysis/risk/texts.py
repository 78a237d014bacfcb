"""summary.md and comment.md: a run's results as Markdown, at length and for a pull request. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.analysis.risk.sections import sections
from arena.analysis.risk.tables import METRIC_HEADS, metric_rows, reason_rows
from arena.analysis.risk.tally import RiskTally, Sums
from arena.analysis.risk.verdict import RiskVerdict, banners, lines_of
from arena.formats.markdown import escape, table
from arena.policy.rules import Rule
from arena.records import Json

_IN_COMMENT = ("attack success rate", "benign completion", "utility under attack", "gate false positive rate")


def summary_md(
    tally: RiskTally, head: Mapping[str, Json], verdict: RiskVerdict, rules: Sequence[Rule], run_id: str
) -> bytes:
    """Return the results of a run as Markdown."""
    parts = [
        f"# Risk run {escape(run_id)}: {verdict.status}",
        *_notes(tally, head),
        _code(lines_of(tally, head, verdict)),
    ]
    for section in sections(tally, head, rules):
        rows = [[str(cell) for cell in row] for row in section.rows]
        parts += [f"## {section.title}", table(section.heads, rows), *([section.note] if section.note else [])]
    return ("\n\n".join(parts) + "\n").encode()


def comment_md(tally: RiskTally, head: Mapping[str, Json], verdict: RiskVerdict, run_id: str) -> bytes:
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
        parts.append("Top reasons: " + ", ".join(f"{escape(code)} ({stage}, {n})" for code, stage, n in reasons) + ".")
    return ("\n\n".join(parts) + "\n").encode()


def _notes(tally: RiskTally, head: Mapping[str, Json]) -> list[str]:
    return [f"> {escape(text)}" for text in banners(tally, head)]


def _code(lines: Sequence[str]) -> str:
    return "\n".join(["```text", *(line.replace("`", "'") for line in lines), "```"])


def totals(total: Sums) -> dict[str, Json]:
    """Return the counts of rows and of their outcomes, for run.json."""
    return {
        "rows": total.rows,
        "callable": total.callable,
        "passes": total.passed,
        "fails": total.callable - total.passed,
        "pre_denied": total.pre_denied,
        "skipped": total.skipped,
        "errors": total.errors,
    }
