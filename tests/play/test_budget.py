"""Limits: admitted before, settled after, never past the limit when sizes are known."""

from __future__ import annotations

import heapq
import random
import threading

import pytest

from arena.errors import LimitExceeded
from arena.messages import HttpAttempt, Usage
from arena.play.limits import FIRST_COMPLETION, Asked, Budget, Limits
from arena.settings.prices import FREE, Price

OK = HttpAttempt(200, 1.0)
TIMED_OUT = HttpAttempt(None, 1.0, "timeout", may_be_billed=True)
REFUSED = HttpAttempt(503, 1.0, "busy")


def asked(chars: int, max_tokens: int | None = 50, price: Price = FREE, model: str = "local/m") -> Asked:
    return Asked(model, price, chars, max_tokens)


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (Limits(calls=1), "calls"),
        (Limits(prompt_tokens=250), "prompt_tokens"),
        (Limits(completion_tokens=90), "completion_tokens"),
        (Limits(total_tokens=300), "total_tokens"),
        (Limits(cost_usd=0.0003), "cost_usd"),
    ],
)
def test_each_limit_stops_the_call_that_would_pass_it(limits: Limits, kind: str) -> None:
    budget, price = Budget(limits), Price(1.0, 1.0)
    budget.settle(budget.reserve(asked(400, price=price)), Usage(200, 50))
    with pytest.raises(LimitExceeded) as caught:
        budget.reserve(asked(400, price=price))
    assert caught.value.kind == kind and budget.hit is caught.value


def test_without_limits_nothing_is_refused_and_all_is_counted() -> None:
    budget = Budget(Limits())
    for _ in range(100):
        budget.settle(budget.reserve(asked(4000, None, Price(1.0, 2.0))), Usage(1000, 10))
    assert budget.spent() == {
        "calls": 100, "prompt_tokens": 100_000, "completion_tokens": 1000, "cost_usd": pytest.approx(0.102),
        "total_tokens": 101_000,
    }  # fmt: skip


def test_a_failed_call_counts_and_frees_what_it_held() -> None:
    budget = Budget(Limits(calls=2, total_tokens=230))
    budget.settle(budget.reserve(asked(400, 30)), None)
    budget.reserve(asked(400, 30))
    assert budget.spent()["calls"] == 1


def test_earlier_sessions_count() -> None:
    budget = Budget(Limits(calls=4))
    budget.add_past("local/m", Price(1.0, 1.0), Usage(5, 5), Usage(100, 10, estimated=True), 3, 1)
    assert budget.spent() == {
        "calls": 3, "prompt_tokens": 105, "completion_tokens": 15, "cost_usd": pytest.approx(120e-6),
        "total_tokens": 120,
    }  # fmt: skip
    assert budget.unknown == 1
    budget.reserve(asked(0))
    with pytest.raises(LimitExceeded):
        budget.reserve(asked(0))


def test_many_threads_never_pass_a_limit() -> None:
    budget = Budget(Limits(total_tokens=1000))
    refused = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(50):
            try:
                held = budget.reserve(asked(20, 10))
            except LimitExceeded:
                refused.append(1)
                continue
            budget.settle(held, Usage(10, rng.randrange(11)))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.spent()["total_tokens"] <= 1000 and refused


def test_two_characters_are_a_token_until_the_first_answer() -> None:
    budget = Budget(Limits(prompt_tokens=10**9))
    first = budget.reserve(asked(1001))
    assert first.held is not None and first.held.prompt_tokens == 501
    budget.settle(first, Usage(250, 10))
    later, stranger = budget.reserve(asked(2000)), budget.reserve(asked(2000, model="local/other"))
    assert later.held is not None and later.held.prompt_tokens == 500, "learned: 250 tokens for 1001 characters"
    assert stranger.held is not None and stranger.held.prompt_tokens == 1000, "each model has its own ratio"


def test_the_largest_recent_ratio_of_tokens_counts() -> None:
    budget = Budget(Limits(prompt_tokens=10**9))
    for tokens in (250, 600, 300):
        budget.settle(budget.reserve(asked(1000)), Usage(tokens, 10))
    hold = budget.reserve(asked(1000))
    assert hold.held is not None and hold.held.prompt_tokens == 600


def test_completion_is_held_by_max_tokens_or_the_largest_answer_with_a_floor() -> None:
    budget = Budget(Limits(completion_tokens=10**9))

    def completion(max_tokens: int | None) -> int:
        hold = budget.reserve(asked(100, max_tokens))
        assert hold.held is not None
        return hold.held.completion_tokens

    assert (completion(None), completion(70)) == (FIRST_COMPLETION, 70)
    budget.settle(budget.reserve(asked(100, None)), Usage(25, 900))
    assert completion(None) == 900
    assert completion(70) == 900, "a server that knows no limit is held at what it did"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("max_tokens", [None, 400])
@pytest.mark.parametrize(("kind", "limit"), [("total_tokens", 300_000), ("cost_usd", 0.5), ("prompt_tokens", 300_000)])
def test_32_workers_pass_a_limit_by_2_percent_at_most(
    kind: str, limit: float, max_tokens: int | None, seed: int
) -> None:
    """A tokenizer twice as dense as characters / 4 assumes, prompts that grow, answers of any length up to 400."""
    rng, price = random.Random(seed), Price(1.0, 5.0)
    budget = Budget(Limits(**{kind: limit}))
    ends: list[tuple[float, int]] = []
    holds = {}
    chars, now, worker = [6000] * 32, 0.0, 0
    started = [*range(10)]  # ten answers come before the other workers begin
    refused = answers = 0
    while True:
        for worker in started:
            try:
                hold = budget.reserve(Asked("local/m", price, chars[worker], max_tokens))
            except LimitExceeded:
                refused += 1
                continue
            holds[worker] = hold
            heapq.heappush(ends, (now + rng.uniform(1, 3), worker))
        if not ends:
            break
        now, worker = heapq.heappop(ends)
        said = rng.randint(20, 400)
        density = rng.uniform(0.44, 0.5)
        budget.settle(holds.pop(worker), Usage(round(chars[worker] * density), said), (OK,))
        chars[worker] = 6000 if chars[worker] > 16_000 else chars[worker] + 2 * said
        answers += 1
        started = [worker] if answers != 10 else [worker, *range(10, 32)]
    assert refused and answers > 30
    assert 0.75 * limit < budget.spent()[kind] <= 1.02 * limit


def test_every_attempt_counts_as_a_call() -> None:
    budget = Budget(Limits(calls=10))
    budget.settle(budget.reserve(asked(10)), Usage(1, 1), (REFUSED, REFUSED, OK))
    budget.settle(budget.reserve(asked(10)), None, (REFUSED, TIMED_OUT))
    assert budget.spent()["calls"] == 5


def test_another_attempt_needs_room_for_itself() -> None:
    budget = Budget(Limits(calls=2))
    hold = budget.reserve(asked(10))
    budget.again(hold, REFUSED)
    with pytest.raises(LimitExceeded, match="calls would reach 3, the limit is 2"):
        budget.again(hold, REFUSED)
    budget.settle(hold, None, (REFUSED, REFUSED))
    assert budget.spent()["calls"] == 2, "what was counted between attempts is not counted again"


def test_a_timed_out_attempt_is_settled_at_what_it_held() -> None:
    budget = Budget(Limits(total_tokens=10**6))
    hold = budget.reserve(asked(1000, 50, Price(1.0, 2.0)))
    budget.again(hold, TIMED_OUT)
    assumed = budget.settle(hold, Usage(400, 20), (TIMED_OUT, OK))
    assert assumed == Usage(500, 50, estimated=True)
    assert budget.spent() == {
        "calls": 2, "prompt_tokens": 900, "completion_tokens": 70, "cost_usd": pytest.approx(1040e-6),
        "total_tokens": 970,
    }  # fmt: skip
    assert budget.unknown == 1


def test_timed_out_attempts_reach_a_cost_limit() -> None:
    budget = Budget(Limits(cost_usd=0.05))
    hold = budget.reserve(asked(14_400, 0, Price(1.0, 1.0)))
    tries = 0
    with pytest.raises(LimitExceeded, match="cost_usd"):
        while True:
            budget.again(hold, TIMED_OUT)
            tries += 1
    assert tries == 5, "of 7,200 tokens each, six are 4.3 cents"


def test_attempts_of_unknown_cost_are_estimated_without_limits_too() -> None:
    budget = Budget(Limits())
    assert budget.settle(budget.reserve(asked(1000, 50)), None, (TIMED_OUT, TIMED_OUT)) == Usage(1000, 100, 0, True)
    assert budget.unknown == 2
