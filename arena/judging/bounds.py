"""Upper bounds of the calls and tokens of judgements, for --dry-run."""

from __future__ import annotations

from arena.judging.judge import RE_ASKS
from arena.play.bounds import CallBounds
from arena.play.limits import CHARS_PER_TOKEN

JUDGE_ASKS = RE_ASKS + 1


def judge_bounds(
    judgements: int, tool_calls: int, question_chars: int, said_tokens: int | None, max_tokens: int | None
) -> CallBounds:
    """Return the bounds of `judgements`: verdicts asked for, and with tools one call for each computation.

    `question_chars`: the longest question without the transcript; `said_tokens`: the longest transcript;
    `max_tokens`: of a verdict.
    """
    calls = JUDGE_ASKS + tool_calls
    if said_tokens is None or max_tokens is None:
        return CallBounds(judgements, judgements * calls, None, None)
    question = -(-question_chars // CHARS_PER_TOKEN) + said_tokens
    prompt = calls * question + max_tokens * calls * (calls - 1) // 2
    return CallBounds(judgements, judgements * calls, judgements * prompt, judgements * calls * max_tokens)
