"""The bounds that --dry-run prints: nothing a run may do under the rules of a turn goes past them."""

from __future__ import annotations

from arena.engine.dry_run import token_rows
from arena.families.contract import Bounds
from arena.judging.bounds import JUDGE_ASKS, judge_bounds
from arena.play.bounds import NO_CALLS, dialogue_bounds
from arena.play.dialogue import MAX_HELP_CALLS, MAX_REASKS, MAX_UNUSABLE
from arena.settings.prices import Price

TRIALS, TURNS, CALLS, SYSTEM, SAID = 2, 3, 4, 400, 50
PER_TURN = 1 + CALLS + MAX_HELP_CALLS + MAX_REASKS + MAX_UNUSABLE - 1
PLAYERS = dialogue_bounds(TRIALS, TURNS, CALLS, SYSTEM, SAID)
JUDGE = judge_bounds(TRIALS, CALLS, 800, TURNS * SAID, 80)
PRICES = (Price(1, 2), Price(10, 20))


def played_out() -> tuple[int, int]:
    """Return calls and prompt tokens of players who use every call that a turn allows, at full length, call by call."""
    calls = tokens = 0
    for turn in range(TURNS):
        for step in range(PER_TURN):
            calls += 1
            tokens += SYSTEM // 4 + (turn + step) * SAID
    return calls * TRIALS, tokens * TRIALS


def test_players_bound_holds_all_that_a_turn_allows() -> None:
    calls, tokens = played_out()
    assert PLAYERS.calls == calls and PLAYERS.completion_tokens == calls * SAID
    assert PLAYERS.prompt_tokens is not None and PLAYERS.prompt_tokens >= tokens


def test_turn_without_tools_has_no_calls_for_help() -> None:
    assert dialogue_bounds(1, 1, 0, 0, None).calls == 1 + MAX_REASKS + MAX_UNUSABLE - 1


def test_judges_bound_counts_reasks_and_computations_with_their_growing_prompt() -> None:
    calls = JUDGE_ASKS + CALLS
    question = 800 // 4 + TURNS * SAID
    tokens = sum(question + step * 80 for step in range(calls))
    assert (JUDGE.calls, JUDGE.prompt_tokens, JUDGE.completion_tokens) == (2 * calls, 2 * tokens, 2 * calls * 80)
    assert judge_bounds(TRIALS, 0, 800, 150, 80).calls == 2 * JUDGE_ASKS


def rows(bounds: Bounds, unpriced: tuple[str, ...] = ()) -> dict[str, str]:
    return {str(name): str(text) for name, text in token_rows(bounds, PRICES, unpriced, tools=False)}


def test_players_and_judge_are_bounded_at_their_own_prices() -> None:
    assert PLAYERS.prompt_tokens and PLAYERS.completion_tokens and JUDGE.prompt_tokens and JUDGE.completion_tokens
    cost = PLAYERS.prompt_tokens + 2 * PLAYERS.completion_tokens + 10 * JUDGE.prompt_tokens
    cost += 20 * JUDGE.completion_tokens
    assert rows(Bounds(PLAYERS, JUDGE))["cost, upper bound"] == f"${cost / 1e6:,.2f}"


def test_missing_bound_names_its_flag() -> None:
    found = rows(Bounds(dialogue_bounds(1, 1, 0, 0, None), NO_CALLS, ("--max-tokens",)))
    assert found["tokens, upper bound"] == "none without --max-tokens" and "$" not in "".join(found.values())
    assert "no price for local/m" in rows(Bounds(PLAYERS, JUDGE), ("local/m",))["cost, upper bound"]
