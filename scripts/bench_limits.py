#!/usr/bin/env python3
"""Measure how well limits hold: python3 scripts/bench_limits.py

It simulates calls with 32 workers against `arena.play.limits.Budget` until a limit stops them: prompts that grow turn
by turn, answers of 20 to 400 tokens, and tokenizers that take a token for four, three or two characters. All workers
start at once, before any answer is known. It also measures the time to admit and settle one call on this machine.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import LimitExceeded  # noqa: E402
from arena.formats.tables import text_table  # noqa: E402
from arena.messages import Usage  # noqa: E402
from arena.play.limits import Asked, Budget, Hold, Limits  # noqa: E402
from arena.settings.prices import Price  # noqa: E402

WORKERS, RUNS = 32, 40
PRICE = Price(1.0, 5.0)
LIMITS = {"--max-total-tokens 300000": Limits(total_tokens=300_000), "--max-cost-usd 0.5": Limits(cost_usd=0.5)}


def spent(limits: Limits, chars_per_token: float, seed: int) -> float:
    """Return the share of the limit that a run had spent when it stopped."""
    rng, budget = random.Random(seed), Budget(limits)
    chars = [rng.randint(5000, 7000) for _ in range(WORKERS)]
    ends: list[tuple[float, int, Hold]] = []

    def begin(worker: int, now: float) -> None:
        try:
            hold = budget.reserve(Asked("local/m", PRICE, chars[worker]))
        except LimitExceeded:
            return
        heapq.heappush(ends, (now + rng.uniform(1, 3), worker, hold))

    for worker in range(WORKERS):
        begin(worker, 0.0)
    while ends:
        now, worker, hold = heapq.heappop(ends)
        said = rng.randint(20, 400)
        budget.settle(hold, Usage(round(chars[worker] / chars_per_token * rng.uniform(0.95, 1.05)), said))
        chars[worker] = 6000 if chars[worker] > 16_000 else chars[worker] + 4 * said
        begin(worker, now)
    ((name, limit),) = limits.as_mapping().items()
    return budget.spent()[name] / limit


def microseconds(limits: Limits, calls: int = 50_000) -> float:
    """Return the CPU time that admitting and settling a call takes, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        budget, asked, usage = Budget(limits), Asked("local/m", PRICE, 4000, 200), Usage(1000, 100)
        started = time.process_time()
        for _ in range(calls):
            budget.settle(budget.reserve(asked), usage)
        best = min(best, time.process_time() - started)
    return best / calls * 1e6


def main() -> None:
    """Print the table."""
    rows = []
    for flag, limits in LIMITS.items():
        for density in (4.0, 3.0, 2.0):
            found = [spent(limits, density, seed) for seed in range(RUNS)]
            rows.append([flag, f"{density:g}", f"{min(found):.1%}", f"{sum(found) / RUNS:.1%}", f"{max(found):.1%}"])
    print(text_table(["limit", "characters a token", "least spent", "on average", "most spent"], rows))
    print(f"without limits {microseconds(Limits()):.1f} us a call, with one {microseconds(Limits(calls=10**9)):.1f} us")


if __name__ == "__main__":
    main()
