"""The budget of one episode: most tokens and calls, enforced before every call and measured afterwards.

The separate question to the sender is not part of a protocol and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from arena.families.cheaptalk.detail import Spent
from arena.families.cheaptalk.scene import ALONE
from arena.messages import Sampling
from arena.play.dialogue import Row
from arena.play.hearing import heard
from arena.play.limits import CHARS_PER_TOKEN
from arena.records import Stop, Transcript

LEAST_ANSWER = 16
"""With fewer tokens left, no answer is requested: a label alone takes about ten."""


@dataclass(frozen=True, slots=True)
class TaskBudget:
    """Most tokens (both ways) and calls of one episode; None: no limit."""

    max_tokens: int | None = None
    max_calls: int | None = None

    @property
    def limits(self) -> bool:
        return self.max_tokens is not None or self.max_calls is not None


NO_BUDGET = TaskBudget()


def spent(transcript: Transcript, budget: TaskBudget, messages: int) -> Spent:
    """Return the usage of an episode. Exhausted: it ended before its `messages` because of the budget."""
    tokens, calls = _used(transcript)
    written = sum(entry.kind == "say" and entry.seat != ALONE for entry in transcript.entries)
    short = budget.limits and transcript.stop is Stop.MAX_TURNS and written < messages
    return Spent(tokens, calls, budget.max_tokens, budget.max_calls, short)


def _used(transcript: Transcript) -> tuple[int, int]:
    seats = [counters for seat, counters in transcript.usage.items() if seat != ALONE]
    return sum(one.prompt_tokens + one.completion_tokens for one in seats), sum(one.calls for one in seats)


def within(
    rows: Iterable[Row], systems: Mapping[str, str], transcript: Transcript, budget: TaskBudget, sampling: Sampling
) -> Iterator[Row]:
    """Yield rows while the budget lasts. No answer may be longer than the rest of it.

    `sampling`: of the run, for rows without their own. The prompt of a call is estimated from all that its seat may
    have heard. So an answer may be cut, but the budget is not exceeded.
    """
    for row in rows:
        if row.seat == ALONE:
            yield row
            continue
        tokens, calls = _used(transcript)
        if budget.max_calls is not None and calls >= budget.max_calls:
            return
        if budget.max_tokens is None:
            yield row
            continue
        left = budget.max_tokens - tokens - _prompt_tokens(row, systems, transcript)
        if left < LEAST_ANSWER:
            return
        own = row.sampling or sampling
        most = left if own.max_tokens is None else min(left, own.max_tokens)
        yield replace(row, sampling=replace(own, max_tokens=most))


def _prompt_tokens(row: Row, systems: Mapping[str, str], transcript: Transcript) -> int:
    chars = len(systems[row.seat]) + len(row.cue or "")
    if not row.fresh:
        chars += sum(len(heard(entry.seat, entry.text)) for entry in transcript.entries if entry.seat != ALONE)
    return -(-chars // CHARS_PER_TOKEN)
