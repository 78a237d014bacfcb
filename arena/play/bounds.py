"""Upper bounds of the calls and tokens of dialogues, for --dry-run."""

from __future__ import annotations

from dataclasses import dataclass

from arena.play.dialogue import MAX_HELP_CALLS, MAX_REASKS, MAX_UNUSABLE
from arena.play.limits import CHARS_PER_TOKEN


@dataclass(frozen=True, slots=True)
class CallBounds:
    """Upper bounds of the calls to players or judges over the whole plan.

    `usual`: calls if every answer is usable and no tool is called.  Tokens are None where nothing bounds an answer.
    """

    usual: int
    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None


NO_CALLS = CallBounds(0, 0, 0, 0)


def dialogue_bounds(trials: int, turns: int, tool_calls: int, system_chars: int, max_tokens: int | None) -> CallBounds:
    """Return the bounds of `trials` dialogues of `turns` turns each.

    A turn takes one call for its public message, at most one for each tool call, question for help or re-ask before
    it. A call sends the system text, at most all turns so far, and the messages of its own turn. What tools answer is
    not bounded by any setting and not counted.
    """
    per_turn = 1 + tool_calls + (MAX_HELP_CALLS if tool_calls else 0) + MAX_REASKS + (MAX_UNUSABLE - 1)
    calls = turns * per_turn
    if max_tokens is None:
        return CallBounds(trials * turns, trials * calls, None, None)
    system = -(-system_chars // CHARS_PER_TOKEN)
    history = per_turn * max_tokens * turns * (turns - 1) // 2 + turns * max_tokens * per_turn * (per_turn - 1) // 2
    return CallBounds(trials * turns, trials * calls, trials * (calls * system + history), trials * calls * max_tokens)
