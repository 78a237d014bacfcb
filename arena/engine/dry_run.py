"""What --dry-run says instead of playing: the plan, and upper bounds of calls, tokens and cost."""

from __future__ import annotations

from dataclasses import dataclass

from arena.formats.tables import text_table
from arena.judging.judge import RE_ASKS
from arena.play.dialogue import MAX_HELP_CALLS, MAX_REASKS, MAX_UNUSABLE
from arena.play.limits import CHARS_PER_TOKEN
from arena.settings.prices import Price

JUDGE_ASKS = RE_ASKS + 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """Upper bounds of players or judge over the whole plan. Tokens are None where nothing bounds an answer."""

    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None

    def cost(self, price: Price) -> float:
        return price.cost(self.prompt_tokens or 0, self.completion_tokens or 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What --dry-run is about. `prompt_chars` and `judge_chars`: the longest system prompt, the longest judge's prompt
    without a transcript. `max_tokens` of an answer are None where nothing bounds it."""

    matches: int
    challenges: int
    max_turns: int
    max_tool_calls_per_turn: int
    tools: bool
    judge_tools: bool
    prompt_chars: int
    judge_chars: int
    max_tokens: int | None
    judge_max_tokens: int | None
    player_price: Price
    judge_price: Price
    unpriced: tuple[str, ...]
    judgements: int = 1
    """How often a match is judged."""
    played: bool = False
    """Whether the matches are played already; `judge_chars` then holds the longest transcript."""

    def players(self) -> Bounds:
        """Return the bounds of the players.

        A turn takes one call for its public message, at most one for each tool call or re-ask before it. A call sends
        the system prompt, at most all turns so far, and the messages of its own turn; what the calculator answers is
        not bounded by any setting and not counted.
        """
        if self.played:
            return Bounds(0, 0, 0)
        turns = self.max_turns
        per_turn = (
            1 + (self.max_tool_calls_per_turn + MAX_HELP_CALLS if self.tools else 0) + MAX_REASKS + (MAX_UNUSABLE - 1)
        )
        calls = turns * per_turn
        if self.max_tokens is None:
            return Bounds(self.matches * calls, None, None)
        answer = self.max_tokens
        system = -(-self.prompt_chars // CHARS_PER_TOKEN)
        history = per_turn * answer * turns * (turns - 1) // 2 + turns * answer * per_turn * (per_turn - 1) // 2
        return Bounds(self.matches * calls, self.matches * (calls * system + history), self.matches * calls * answer)

    def judge(self) -> Bounds:
        """Return the bounds of the judge: verdicts asked for, and with tools one call for each computation."""
        calls = JUDGE_ASKS + (self.max_tool_calls_per_turn if self.judge_tools else 0)
        asked, said = self.matches * self.judgements, 0 if self.played else self.max_tokens
        if said is None or self.judge_max_tokens is None:
            return Bounds(asked * calls, None, None)
        answer = self.judge_max_tokens
        question = -(-self.judge_chars // CHARS_PER_TOKEN) + self.max_turns * said
        prompt = calls * question + answer * calls * (calls - 1) // 2
        return Bounds(asked * calls, asked * prompt, asked * calls * answer)


def dry_run_text(plan: Plan, header: list[tuple[str, str]]) -> str:
    """Return the plan as text: matches, and upper bounds of calls, tokens and cost."""
    players, judge = plan.players(), plan.judge()
    rows = [*header, ("matches", str(plan.matches)), ("challenges", str(plan.challenges))]
    turns = 0 if plan.played else plan.max_turns
    rows.append(("calls, if every turn is one message", f"{plan.matches * (turns + plan.judgements):,}"))
    rows.append(("calls, upper bound", f"{players.calls + judge.calls:,}"))
    flags = (("--max-tokens", 0 if plan.played else plan.max_tokens), ("--judge-max-tokens", plan.judge_max_tokens))
    missing = " and ".join(flag for flag, value in flags if value is None)
    if missing:
        rows.append(("tokens, upper bound", f"none without {missing}"))
        rows.append(("cost, upper bound", "none without a bound of tokens; --max-cost-usd stops a run"))
    else:
        prompt = (players.prompt_tokens or 0) + (judge.prompt_tokens or 0)
        completion = (players.completion_tokens or 0) + (judge.completion_tokens or 0)
        beside = " (beside the calculator's answers)" if plan.tools and (plan.judge_tools or not plan.played) else ""
        rows.append(("prompt tokens, upper bound", f"{prompt:,}{beside}"))
        rows.append(("completion tokens, upper bound", f"{completion:,}"))
        cost = players.cost(plan.player_price) + judge.cost(plan.judge_price)
        known = f"no price for {', '.join(plan.unpriced)} (--prices)" if plan.unpriced else f"${cost:,.2f}{beside}"
        rows.append(("cost, upper bound", known))
    sent = ("longest question to a judge", plan.judge_chars) if plan.played else ("system prompts", plan.prompt_chars)
    when = "" if plan.played else " at most, sent with every call"
    rows.append((sent[0], f"{sent[1]:,} characters{when}"))
    return text_table(["dry run: nothing is played", ""], [list(row) for row in rows])
