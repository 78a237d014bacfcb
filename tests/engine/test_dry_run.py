"""The bounds that --dry-run prints: nothing a run may do under the rules of a turn goes past them."""

from __future__ import annotations

from dataclasses import replace

from arena.engine.dry_run import JUDGE_ASKS, Plan, dry_run_text
from arena.play.dialogue import MAX_REASKS, MAX_UNUSABLE
from arena.settings.prices import Price

PLAN = Plan(
    matches=2, challenges=1, max_turns=3, max_tool_calls_per_turn=4, tools=True, judge_tools=True, prompt_chars=400,
    judge_chars=800, max_tokens=50, judge_max_tokens=80, player_price=Price(1, 2), judge_price=Price(10, 20),
    unpriced=(),
)  # fmt: skip
PER_TURN = 1 + 4 + MAX_REASKS + MAX_UNUSABLE - 1


def played_out(plan: Plan) -> tuple[int, int]:
    """Return calls and prompt tokens of players who use every call that a turn allows, at full length, call by call."""
    calls = tokens = 0
    for turn in range(plan.max_turns):
        for step in range(PER_TURN):
            calls += 1
            tokens += plan.prompt_chars // 4 + (turn + step) * 50
    return calls * plan.matches, tokens * plan.matches


def test_the_players_bound_is_what_players_take_who_use_all_that_a_turn_allows() -> None:
    calls, tokens = played_out(PLAN)
    bounds = PLAN.players()
    assert (bounds.calls, bounds.prompt_tokens, bounds.completion_tokens) == (calls, tokens, calls * 50)


def test_the_judges_bound_counts_re_asks_and_computations_with_their_growing_prompt() -> None:
    calls = JUDGE_ASKS + 4
    question = 800 // 4 + 3 * 50
    tokens = sum(question + step * 80 for step in range(calls))
    bounds = PLAN.judge()
    assert (bounds.calls, bounds.prompt_tokens, bounds.completion_tokens) == (2 * calls, 2 * tokens, 2 * calls * 80)
    assert replace(PLAN, judge_tools=False).judge().calls == 2 * JUDGE_ASKS


def test_players_and_judge_are_bounded_at_their_own_prices() -> None:
    players, judge = PLAN.players(), PLAN.judge()
    assert players.prompt_tokens and players.completion_tokens and judge.prompt_tokens and judge.completion_tokens
    cost = players.prompt_tokens + 2 * players.completion_tokens + 10 * judge.prompt_tokens
    cost += 20 * judge.completion_tokens
    assert f"${cost / 1e6:,.2f}" in dry_run_text(PLAN, [])


def test_without_a_bound_of_an_answer_there_is_none_of_tokens_and_cost_and_it_says_which_flag_is_missing() -> None:
    text = dry_run_text(replace(PLAN, max_tokens=None), [])
    assert "none without --max-tokens\n" in text and "$" not in text
    assert "no price for local/m" in dry_run_text(replace(PLAN, unpriced=("local/m",)), [])
