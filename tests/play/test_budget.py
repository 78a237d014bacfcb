"""Ceilings: reserve before, settle after, never past the ceiling when sizes are known."""

from __future__ import annotations

import random
import threading

import pytest

from arena.errors import LimitExceeded
from arena.messages import Usage
from arena.play.limits import Budget, Limits
from arena.settings.prices import FREE, Price


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (Limits(calls=1), "calls"),
        (Limits(prompt_tokens=150), "prompt_tokens"),
        (Limits(completion_tokens=90), "completion_tokens"),
        (Limits(total_tokens=200), "total_tokens"),
        (Limits(cost_usd=0.0001), "cost_usd"),
    ],
)
def test_each_ceiling_stops_the_call_that_would_pass_it(limits: Limits, kind: str) -> None:
    budget, price = Budget(limits), Price(0.5, 1.0)
    first = budget.reserve(400, 50, FREE if kind != "cost_usd" else Price(0.1, 0.1))
    budget.settle(first, Usage(100, 50), price)
    with pytest.raises(LimitExceeded) as caught:
        budget.reserve(400, 50, price)
    assert caught.value.kind == kind and budget.hit is caught.value


def test_without_ceilings_nothing_is_refused_and_all_is_counted() -> None:
    budget = Budget(Limits())
    for _ in range(100):
        budget.settle(budget.reserve(4000, None, FREE), Usage(1000, 10), Price(1.0, 2.0))
    assert budget.spent() == {
        "calls": 100, "prompt_tokens": 100_000, "completion_tokens": 1000, "cost_usd": pytest.approx(0.102),
        "total_tokens": 101_000,
    }  # fmt: skip


def test_a_failed_call_counts_as_a_call_and_frees_its_reservation() -> None:
    budget = Budget(Limits(calls=2, total_tokens=130))
    budget.settle(budget.reserve(400, 30, FREE), None, FREE)
    budget.reserve(400, 30, FREE)
    assert budget.spent()["calls"] == 1


def test_earlier_sessions_count() -> None:
    budget = Budget(Limits(calls=1))
    budget.add_past(Usage(5, 5), FREE)
    with pytest.raises(LimitExceeded):
        budget.reserve(0, None, FREE)


def test_many_threads_never_pass_a_ceiling() -> None:
    budget = Budget(Limits(total_tokens=1000))
    refused = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(50):
            try:
                held = budget.reserve(40, 10, FREE)
            except LimitExceeded:
                refused.append(1)
                continue
            budget.settle(held, Usage(10, rng.randrange(11)), FREE)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.spent()["total_tokens"] <= 1000 and refused
