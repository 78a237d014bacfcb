"""The text that `arena verify` prints."""

from __future__ import annotations

from arena.analysis.verify.calls import CallCounts
from arena.analysis.verify.problems import MAX_LISTED
from arena.analysis.verify.verify import INTEGRITY, RunVerification
from arena.formats.tables import join_lines, text_table

_CLASSES = ("computed", "copied", "asserted", "wrong")
_SHOWN_OPS = 20


def verification_text(found: RunVerification) -> str:
    """Return a ledger line per match, the checks, every problem with its place, and the conclusion.

    A family without ledgers has no such lines."""
    rows = _ledger_rows(found) if any(match.ledger for match in found.matches()) else []
    header = ["match", "status", *_CLASSES, "calls checked"]
    lines = [text_table(header, rows, frozenset(range(2, 7))), ""] if rows else []
    lines += [f"note: {note}" for note in found.problems.notes]
    lines.append(f"{found.files} files and {found.records} records checked; {calls_text(found.calls)}")
    if found.decisions:
        lines.append(f"{found.decisions} decisions of the policy made again")
    for issue in found.problems.listed:
        lines.append(f"PROBLEM  {issue}")
    if found.problems.count > MAX_LISTED:
        lines.append(f"PROBLEM  ... and {found.problems.count - MAX_LISTED} more")
    count = found.problems.count
    verdict = "everything holds" if found.holds else f"{count} problem{'s' if count > 1 else ''}: the run is not intact"
    lines += [f"{found.run}: {verdict}.", INTEGRITY]
    return join_lines(lines)


def _ledger_rows(found: RunVerification) -> list[list[str]]:
    return [
        [match.key, match.status, *(str(match.ledger.get("claims", {}).get(name, "-")) for name in _CLASSES),
         str(match.calls)]
        for match in found.matches()
    ]  # fmt: skip


def calls_text(calls: CallCounts) -> str:
    """Return the outcome of the tool calls, in one line; ops that could not be checked are named."""
    if not calls.tool:
        return "no tool calls"
    parts = [f"{calls.tool} tool calls: {calls.executed} computed again byte for byte"]
    if calls.related:
        parts.append(f"{calls.related} checked by a relation of their op")
    if calls.differ:
        parts.append(f"{calls.differ} wrong")
    if calls.unchecked:
        named = [f"{op} {n} ({calls.why[op]})" for op, n in sorted(calls.unchecked.items())]
        more = f", and {len(named) - _SHOWN_OPS} more ops" if len(named) > _SHOWN_OPS else ""
        parts.append(f"{calls.unchecked.total()} unchecked: {', '.join(named[:_SHOWN_OPS])}{more}")
    return "; ".join(parts)
