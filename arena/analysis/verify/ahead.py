"""Sends several calls to the calculator without waiting for the answer to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from arena.messages import ToolAnswer, ToolCall
from arena.store.calls import CallLine

_AT_ONCE, _CHARS_AT_ONCE = 32, 1 << 16
"""Calls that are sent without waiting for the answer to each; fewer if their arguments are long."""

Numbered = tuple[int, CallLine]
"""Number and call of a line of the journal."""


def together(lines: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    """Yield the lines in groups of calls that may be sent together."""
    some: list[Numbered] = []
    size = 0
    for number, line in lines:
        some.append((number, line))
        size += len(str(line.args))
        if len(some) >= _AT_ONCE or size >= _CHARS_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


@runtime_checkable
class CallsAhead(Protocol):
    """A calculator that takes several calls at once (calculator/process.py)."""

    def call_all(self, calls: Sequence[ToolCall]) -> list[ToolAnswer]: ...
