"""Which calls of a play check something, and which had an unexpected result. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.families.crypto.checks.verifications import stands, verifications
from arena.records import Entry

CHECK_MARKS = ("verify", "open", "check", "equal", "decrypt", "combine", "match", "card", "link")
"""An op whose name holds one of these checks what somebody received: a signature, an opening, a lock that only opens
unchanged, parts that only fit together whole."""

FALSE_MARK = "false_"
"""A call of a play whose name (`as`) begins like this is meant to return false (docs/reference-plays.md)."""
CASE_MARK = "case_"
"""A call whose name begins like this checks what the case decides: it may return false in negative cases only."""


def is_check(op: str) -> bool:
    """Return whether an op checks something, by its name."""
    return any(mark in op for mark in CHECK_MARKS)


def unexpected(entries: Sequence[Entry], negative: bool = False) -> Iterator[str]:
    """Yield in words each verification of a transcript whose result contradicts its name: it failed, stands
    (verifications.py) and is not marked, or it is marked and did not fail. `negative`: whether the match has a negative
    case."""
    checks = verifications(entries)
    failed = {check.place for check in checks if not check.held}
    standing = {check.place for check in checks if stands(check, checks)}
    for place, entry in enumerate(entries):
        if entry.kind != "call":
            continue
        where = f"turn {entry.turn}, {entry.seat}: the call {entry.id} ({entry.op})"
        if entry.id.startswith(FALSE_MARK):
            if place not in failed:
                yield f"{where} did not come out false"
        elif place in standing and not (negative and entry.id.startswith(CASE_MARK)):
            yield f"{where} came out false"
