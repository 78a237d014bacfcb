"""The text that `arena verify` prints."""

from __future__ import annotations

from collections.abc import Iterator

from arena.analysis.verify.calls import CallCounts
from arena.analysis.verify.problems import MAX_LISTED
from arena.analysis.verify.verify import INTEGRITY, RunVerification
from arena.formats.tables import fitted_table, join_lines
from arena.formats.terminal import wrapped

_CLASSES = ("computed", "copied", "asserted", "wrong")
_SHOWN_OPS = 20
LEDGER_TITLE = "claims of the players, by their source (docs/verified-scores.md); tool calls that were checked"


def verification_text(found: RunVerification, width: int | None = None) -> str:
    """Return a ledger line per match, the checks, every problem with its place, and the conclusion.

    A family without ledgers has no such lines. `width`: columns of the terminal; None: no limit."""
    rows = _ledger_rows(found) if any(match.ledger for match in found.matches()) else []
    lines: list[str] = []
    if rows:
        header = ["match", "status", *_CLASSES, "calls"]
        lines = [*wrapped(LEDGER_TITLE, width), fitted_table(header, rows, frozenset(range(2, 7)), width), ""]
    for said in _sentences(found):
        lines += wrapped(said, width)
    return join_lines(lines)


def _sentences(found: RunVerification) -> Iterator[str]:
    yield from (f"note: {note}" for note in found.problems.notes)
    records = f"{found.records} record{'' if found.records == 1 else 's'}"
    yield f"{found.files} files and {records} checked; {calls_text(found.calls)}"
    if found.decisions:
        yield f"{found.decisions} decisions of the policy made again"
    count = found.problems.count
    killed = found.unfinished and not found.problems.unreadable
    if killed:
        yield f"PROBLEM  {found.problems.listed[0]}"
        yield (f"PROBLEM  {count - 1} more, which follow from that or may: nothing is chained, sorted or summed up yet."
               " Verify again after --resume; --json lists them")  # fmt: skip
    else:
        yield from (f"PROBLEM  {issue}" for issue in found.problems.listed)
        if count > MAX_LISTED:
            yield f"PROBLEM  ... and {count - MAX_LISTED} more"
    verdict = "everything holds" if found.holds else f"{count} problem{'s' if count > 1 else ''}: the run is not intact"
    if killed:
        verdict = "the run is not finished"
    yield f"{found.run}: {verdict}."
    yield INTEGRITY


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
