"""GitHub Actions: a step summary and annotations out of the CI record. Pure.

The formats and limits: GitHub Docs, "Workflow commands for GitHub Actions" (step summaries of at most 1 MiB; of each
kind of annotation at most 10 per step are shown).
"""

from __future__ import annotations

from collections.abc import Iterator

from arena.analysis.check.ci_outputs import (
    ERROR,
    FAILURE,
    PASSED,
    SKIPPED,
    THRESHOLDS_SUITE,
    Case,
    CiRecord,
    threshold_rows,
)
from arena.formats.markdown import escape, table, table_row
from arena.formats.tables import printable

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; a longer one is refused whole."""
SUMMARY_MARGIN = 1024
ANNOTATIONS = 10
"""Annotations of one kind that are shown of a step."""
_LEVELS = {ERROR: "error", SKIPPED: "warning", FAILURE: "notice"}
"""Kind of a match's case -> level of its annotation: a model's failure is a result, not a defect of the job."""


def step_summary(record: CiRecord, room: int = SUMMARY_LIMIT - SUMMARY_MARGIN) -> bytes:
    """Return the summary as Markdown of at most `room` bytes; the list of matches is cut (and says so) to fit.

    Empty if not even the head fits.
    """
    head = "\n".join(_head(record)) + "\n"
    lines = [head.encode()]
    used = len(lines[0])
    if used > room:
        return b""
    listed = [case for case in record.cases if case.kind != PASSED and case.suite != THRESHOLDS_SUITE]
    if not listed:
        return lines[0]
    top = ("\n### Not passed\n\n" + table(("match", "kind", "why"), ()) + "\n").encode()
    more = 120  # bytes of the line about omitted matches
    for done, case in enumerate(listed):
        row = (table_row((case.name, _said(case), case.message)) + "\n").encode()
        row = top + row if done == 0 else row
        if used + len(row) + more > room:
            left = f"\n{len(listed) - done} more are not shown here: matches.jsonl and the JUnit file hold them.\n"
            return b"".join([*lines, left.encode()])
        lines.append(row)
        used += len(row)
    return b"".join(lines)


def _said(case: Case) -> str:
    return f"{case.kind}: {case.type}" if case.type else case.kind


def _head(record: CiRecord) -> Iterator[str]:
    counts = record.counts()
    overall = f": {record.overall}" if record.overall else ""
    yield f"## {escape(record.title)}{overall}\n"
    yield ", ".join(f"{count} {kind}" for kind, count in counts.items()) + "\n"
    if record.facts:
        yield table(("", ""), record.facts) + "\n"
    rows = threshold_rows(record.cases)
    if rows:
        yield f"### Thresholds ({escape(record.thresholds_file or '')})\n"
        yield table(("level", "rule", "why"), rows) + "\n"
    for title, header, body in record.tables:
        if body:
            yield f"### {escape(title)}\n"
            yield table(header, body, frozenset(range(1, len(header)))) + "\n"


def annotation_lines(record: CiRecord) -> list[str]:
    """Return workflow commands, one line each, at most ANNOTATIONS of a level; the last of them counts the rest.

    Thresholds come first, with file and line.
    """
    found: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    ordered = sorted(record.cases, key=lambda case: case.suite != THRESHOLDS_SUITE)
    for case in ordered:
        threshold = case.suite == THRESHOLDS_SUITE
        if case.kind == PASSED and not (threshold and case.type):
            continue
        level = ("error" if case.kind == FAILURE else "warning") if threshold else _LEVELS[case.kind]
        properties = {"title": f"{case.suite}: {case.name}"}
        if threshold and record.thresholds_file:
            properties = {
                "file": record.thresholds_file,
                **({"line": str(case.line)} if case.line else {}),
                **properties,
            }
        found[level].append(_command(level, properties, case.message))
    lines = []
    for level, rows in found.items():
        if len(rows) > ANNOTATIONS:
            left = len(rows) - ANNOTATIONS + 1
            rows = [*rows[: ANNOTATIONS - 1], _command(level, {"title": record.title}, f"and {left} more of this kind")]
        lines += rows
    return lines


def _command(level: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the message of a command (the runner undoes %25, %0D and %0A)."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a command (the runner also undoes %3A and %2C)."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
