"""Calls and tokens of judgements, for --dry-run: an estimate, and an upper bound."""

from __future__ import annotations

from dataclasses import dataclass

from arena.judging.judge import RE_ASKS
from arena.play.bounds import ASSUMED_ANSWER, ASSUMED_REPLY, DENSE_CHARS_PER_TOKEN, Amount, CallBounds
from arena.play.limits import CHARS_PER_TOKEN

JUDGE_ASKS = RE_ASKS + 1

TYPICAL_VERDICT = 250
"""Tokens of a verdict: five grades with a sentence each (the mock judge's have 140)."""

TYPICAL_STEPS = 2
"""Calls of a judge with tools: one to compute, one for the verdict."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """Judgements of equal size.

    `tool_calls`: the most that a judge may make.  `chars`: of a question without the transcript, on average;
    `longest`: at most.  `read`: tokens of a transcript, expected and at most.  `asks`: the most requests for one
    verdict.  `verdict`: tokens of a usual verdict.
    """

    number: int
    tool_calls: int
    chars: float
    longest: int
    read: tuple[float, float] = (0.0, 0.0)
    asks: int = JUDGE_ASKS
    verdict: int = TYPICAL_VERDICT


def judge_bounds(judgements: Judgements, max_tokens: int | None = None) -> CallBounds:
    """Return calls and tokens of judgements: requests for verdicts, and with tools one call for each computation.

    `max_tokens`: of a verdict, None if nothing bounds it.
    """
    number, most_read = judgements.number, judgements.read[1]
    usual = judgements.verdict if max_tokens is None else min(judgements.verdict, max_tokens)
    steps = TYPICAL_STEPS if judgements.tool_calls else 1
    question = judgements.chars / CHARS_PER_TOKEN + judgements.read[0]
    repeated = (steps - 1) * question
    expected = Amount(
        number * steps, number * (steps * question + (steps - 1) * usual), number * repeated, number * steps * usual
    )
    reply, calls = ASSUMED_REPLY if max_tokens is None else max_tokens, judgements.asks + judgements.tool_calls
    longest = -(-judgements.longest // DENSE_CHARS_PER_TOKEN) + most_read
    prompt = calls * longest + (reply + ASSUMED_ANSWER) * calls * (calls - 1) // 2
    most = Amount(number * calls, number * prompt, 0, number * calls * reply)
    return CallBounds(expected, most, reply, max_tokens is None)
