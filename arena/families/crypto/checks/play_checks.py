"""Which calls of a play check something, and which had an unexpected result. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.families.crypto.checks.verifications import stands, verifications
from arena.records import Entry

CHECK_MARKS = ("verify", "open", "check", "equal", "decrypt", "combine", "match", "card", "link")
"""Parts of names of ops that check something received: a signature, an opening, a lock that opens only if nothing was
changed, parts that fit together only if all are there."""

FALSE_MARK = "false_"
"""Beginning of the names (`as`) of calls that should return false in a play (docs/reference-plays.md)."""
CASE_MARK = "case_"
"""Beginning of the names of calls that check what the case decides. They may return false, in negative cases only."""


def is_check(op: str) -> bool:
    """Return whether an op checks something, by its name."""
    return any(mark in op for mark in CHECK_MARKS)


def unexpected(entries: Sequence[Entry], negative: bool = False) -> Iterator[str]:
    """Yield, in words, each verification of a transcript whose result contradicts its name.

    Either it failed, was not repeated with success (verifications.py) and is not marked, or it is marked and did not
    fail. `negative`: whether the match has a negative case.
    """
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
