"""Which calls of a play check something, and which came out otherwise than meant. Floor F3. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from arena.crypto.verifications import answered
from arena.records import Json

CHECK_MARKS = ("verify", "open", "check", "equal", "decrypt", "combine", "match", "link")
"""An op whose name holds one of these checks what somebody received: a signature, an opening, a lock that only opens
unchanged, parts that only fit together whole."""

FALSE_MARK = "false_"
"""A call of a play whose name (`as`) begins so is meant to come out false (docs/reference-plays.md)."""

_ANSWERS_FALSE = frozenset({"ct_equal"})
"""Ops whose whole result is a truth value that a play wants true. The result of `is_prime` may be either."""


def is_check(op: str) -> bool:
    """Whether an op checks something, by its name."""
    return any(mark in op for mark in CHECK_MARKS)


def came_out_false(op: str, result: Json) -> bool:
    """Whether a successful call says that what it was given does not hold: `valid` or `opened` is false, an equality is
    false, something was rejected; in a batch: one of its answers."""
    if op in _ANSWERS_FALSE:
        return result is False
    if not isinstance(result, dict):
        return False
    if result.get("valid") is False or result.get("opened") is False or result.get("rejected"):
        return True
    return isinstance(result.get("valid"), list) and False in result["valid"]


def unexpected(entries: list[dict[str, Json]]) -> Iterator[str]:
    """Yield in words each successful call of a transcript that came out other than its name says: false without the
    mark, or not false with it."""
    for entry in entries:
        if entry["kind"] != "call" or entry["answer"].get("ok") is not True:
            continue
        meant = str(entry["id"]).startswith(FALSE_MARK)
        parts = answered(entry["op"], entry["args"], entry["answer"])
        if any(came_out_false(op, result) for op, _, result in parts) != meant:
            found = "did not come out false" if meant else "came out false"
            yield f"turn {entry['turn']}, {entry['from']}: the call {entry['id']} ({entry['op']}) {found}"
