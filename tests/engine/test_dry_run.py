"""What --dry-run prints: an estimate, and bounds that nothing may pass which the rules of a turn allow."""

from __future__ import annotations

from arena.engine.dry_run import NOTE_WIDTH, Priced, about, figures, notes
from arena.families.contract import Bounds
from arena.judging.bounds import JUDGE_ASKS, TYPICAL_VERDICT, Judgements, judge_bounds
from arena.play.bounds import ASSUMED_ANSWER, ASSUMED_REPLY, NO_CALLS, Dialogues, Typical, dialogue_bounds
from arena.play.dialogue import MAX_HELP_CALLS, MAX_REASKS, MAX_UNUSABLE
from arena.settings.prices import FREE, Price

TRIALS, TURNS, CALLS, SEATS, SYSTEM, SAID = 2, 3, 4, 2, 400, 50
PER_TURN = 1 + CALLS + MAX_HELP_CALLS + MAX_REASKS + MAX_UNUSABLE - 1
TALKS = Dialogues(TRIALS, TURNS, CALLS, SEATS, SYSTEM, SYSTEM, rotate=True)
PLAYERS = dialogue_bounds(TALKS, SAID)
JUDGE = judge_bounds(Judgements(TRIALS, CALLS, 800, 800, (100, TURNS * SAID)), 80)
CHEAP, DEAR = Price(1, 2), Price(10, 20)
CACHED = Price(10, 20, cached_prompt=1, cache_write=12)


def played_out() -> tuple[int, int]:
    """Return calls and prompt tokens of players who use every call that a turn allows, at full length, call by call.

    Working steps and their answers stay in the conversation of the seat that made them.
    """
    calls = tokens = 0
    public, private = 0, [0] * SEATS
    for turn in range(TURNS):
        for step in range(PER_TURN):
            calls += 1
            tokens += SYSTEM // 2 + public + private[turn % SEATS]
            private[turn % SEATS] += (SAID + ASSUMED_ANSWER) * (step < PER_TURN - 1)
        public += SAID
    return calls * TRIALS, tokens * TRIALS


def test_players_bound_holds_all_that_a_turn_allows() -> None:
    calls, tokens = played_out()
    assert PLAYERS.most.calls == calls and PLAYERS.most.completion_tokens == calls * SAID
    assert PLAYERS.most.prompt_tokens == tokens


def test_seats_out_of_rotation_may_all_be_one() -> None:
    free = dialogue_bounds(Dialogues(TRIALS, TURNS, CALLS, SEATS, SYSTEM, SYSTEM), SAID)
    assert free.most.prompt_tokens > PLAYERS.most.prompt_tokens


def test_turn_without_tools_has_no_calls_for_help() -> None:
    plain = dialogue_bounds(Dialogues(1, 1, 0, 1, 0, 0))
    assert plain.most.calls == 1 + MAX_REASKS + MAX_UNUSABLE - 1 and plain.expected.calls == 1


def test_reply_without_a_limit_has_the_assumed_length() -> None:
    free = dialogue_bounds(TALKS)
    assert free.assumed and free.most.completion_tokens == free.most.calls * ASSUMED_REPLY
    assert not PLAYERS.assumed and PLAYERS.reply_tokens == SAID


def test_estimate_takes_the_usual_turns_and_calls() -> None:
    usual = dialogue_bounds(TALKS, None, Typical(turns=0.5, calls=2, reply=60, answer=10)).expected
    assert usual.calls == TRIALS * TURNS * 0.5 * 2 and usual.completion_tokens == usual.calls * 60


def test_estimate_knows_no_reply_above_the_limit() -> None:
    assert PLAYERS.expected.completion_tokens == PLAYERS.expected.calls * SAID


def test_judges_bound_counts_reasks_and_computations_with_their_growing_prompt() -> None:
    calls = JUDGE_ASKS + CALLS
    tokens = sum(800 // 2 + TURNS * SAID + step * (80 + ASSUMED_ANSWER) for step in range(calls))
    most = JUDGE.most
    assert (most.calls, most.prompt_tokens, most.completion_tokens) == (2 * calls, 2 * tokens, 2 * calls * 80)
    plain = judge_bounds(Judgements(TRIALS, 0, 800, 800))
    assert plain.most.calls == 2 * JUDGE_ASKS and plain.expected.completion_tokens == 2 * TYPICAL_VERDICT


def priced(
    price: Price = CHEAP, judge: Price = DEAR, unpriced: tuple[str, ...] = (), **limits: float
) -> dict[str, list[str]]:
    """Return name -> [estimate, upper bound]."""
    players = Priced(PLAYERS, {"local/m": (price, 1.0)}, unpriced)
    rows = figures(players, Priced(JUDGE, {"local/j": (judge, 1.0)}, unpriced), limits, billed=True)
    return {name.strip(): found for name, *found in rows}


def test_players_and_judge_are_bounded_at_their_own_prices() -> None:
    players, judge = PLAYERS.most, JUDGE.most
    cost = players.prompt_tokens + 2 * players.completion_tokens
    cost += 10 * judge.prompt_tokens + 20 * judge.completion_tokens
    assert priced()["cost"][1] == f"${cost / 1e6:,.2f}"


def test_cache_makes_the_estimate_cheaper_and_not_the_bound() -> None:
    plain, cached = priced(DEAR, DEAR), priced(CACHED, CACHED)
    assert plain["cost"][0] == plain["with a prompt cache"][0] == cached["cost"][0]
    assert cached["with a prompt cache"][0] < cached["cost"][0]
    assert float(cached["cost"][1].strip("$")) > float(plain["cost"][1].strip("$")), "writing to a cache is dearer"


def test_seats_share_the_estimate_and_the_dearest_bounds_it() -> None:
    halves = Priced(PLAYERS, {"a": (CHEAP, 0.5), "b": (DEAR, 0.5)})
    rows = {name: found for name, *found in figures(halves, Priced(NO_CALLS, {}), {}, billed=True)}
    usual = PLAYERS.expected
    assert rows["cost"][0] == f"${(5.5 * usual.prompt_tokens + 11 * usual.completion_tokens) / 1e6:,.2f}"
    assert rows["cost"][1] == f"${DEAR.cost(PLAYERS.most.prompt_tokens, PLAYERS.most.completion_tokens):,.2f}"


def test_limits_bound_what_a_run_takes() -> None:
    rows = priced(calls=7, prompt_tokens=1000, total_tokens=500, cost_usd=0.01)
    assert [rows[name][1] for name in ("calls", "prompt tokens", "completion tokens", "cost")] == [
        "7", "500", "500", "$0.01",
    ]  # fmt: skip


def test_models_without_price_have_no_cost_and_a_place_for_it() -> None:
    assert priced(FREE, FREE, ("local/m", "local/j"))["cost"] == ["unknown", "unknown"]
    assert priced(FREE, DEAR, ("local/m",))["cost"][0].endswith(" + unknown")
    said = " ".join(notes(Bounds(PLAYERS, JUDGE), ("local/m",), "prices.yaml", billed=True))
    assert "No price for local/m: add it to prices.yaml, or give a file of yours with --prices." in said


def test_free_models_show_no_bill() -> None:
    free = Priced(PLAYERS, {"mock/careful": (FREE, 1.0)})
    assert [row[0] for row in figures(free, Priced(JUDGE, {"mock/judge": (FREE, 1.0)}), {}, billed=False)] == ["calls"]
    said = " ".join(notes(Bounds(PLAYERS, JUDGE), (), "prices.yaml", billed=False))
    assert said.startswith("No bill:") and "estimate" in said


def test_notes_name_what_is_assumed_and_fit_the_terminal() -> None:
    free = Bounds(dialogue_bounds(TALKS), judge_bounds(Judgements(1, 0, 800, 800)))
    lines = notes(free, ("a-provider/a-model",) * 4, "prices.yaml", billed=True)
    said = " ".join(lines)
    assert "(assumed; --max-tokens sets it)" in said and "(assumed; --judge-max-tokens sets it)" in said
    assert all(len(line) <= NOTE_WIDTH for line in lines)
    assert "assumed" not in " ".join(notes(Bounds(PLAYERS, JUDGE), (), "prices.yaml", billed=True))


def test_estimates_are_rounded_to_three_digits() -> None:
    assert [about(number) for number in (0, 7.6, 756, 1693, 5_146_203)] == ["0", "8", "756", "1,690", "5,150,000"]
