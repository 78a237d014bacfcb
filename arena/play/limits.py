"""Limits on attempts, tokens and cost: a call is admitted before it is made, and settled after it.

Limits count over the whole run: the spending of earlier sessions of a resumed run is added first. The use of a call is
estimated from its model's answers so far (`Estimator`), and that amount is reserved until the call is settled. An
attempt that may have been billed, but whose use is unknown, is settled at its estimate.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from arena.errors import LimitExceeded
from arena.messages import HttpAttempt, Usage
from arena.settings.prices import Price

CHARS_PER_TOKEN = 4
"""The usual rule of thumb for English text; used only if a server reports no counts, and marked `estimated`."""

FIRST_TOKENS_PER_CHAR = 1 / 2
"""Assumed for a model until its first answer: digits, hex and JSON take up to a token for two characters."""

FIRST_COMPLETION = 256
"""Least number of tokens reserved for an answer without --max-tokens."""

REMEMBERED = 64
"""Number of last answers of a model whose ratios of tokens to characters are kept; the largest ratio counts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits; None: none. `calls` counts attempts. `cost_usd` needs a price for every model in use.

    `trials`: those in which a model answered; the runner counts them (engine/runner.py, TrialCap).
    """

    calls: int | None = None
    trials: int | None = None
    total_tokens: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None

    def as_mapping(self) -> dict[str, float]:
        """Return the limits that are set and counted by calls, by name."""
        named = {
            "calls": self.calls,
            "total_tokens": self.total_tokens,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": self.cost_usd,
        }
        return {name: value for name, value in named.items() if value is not None}


class Asked(NamedTuple):
    """What is known about a call before it is made: the model's label and price, the characters of its prompt, and
    --max-tokens, if set."""

    model: str
    price: Price
    prompt_chars: int
    max_tokens: int | None = None


class Estimator:
    """Estimates the use of calls of each model from its answers. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._ratios: dict[str, deque[float]] = {}
        self._largest: dict[str, int] = {}

    def learn(self, asked: Asked, usage: Usage) -> None:
        """Note the use of an answered call."""
        if asked.prompt_chars and usage.prompt_tokens:
            ratios = self._ratios.get(asked.model)
            if ratios is None:
                ratios = self._ratios[asked.model] = deque(maxlen=REMEMBERED)
            ratios.append(usage.prompt_tokens / asked.prompt_chars)
        self.answered(asked.model, usage)

    def answered(self, model: str, usage: Usage) -> None:
        """Note the length of an answer whose question is unknown."""
        if usage.completion_tokens > self._largest.get(model, 0):
            self._largest[model] = usage.completion_tokens

    def estimate(self, asked: Asked) -> Usage:
        """Return the estimated use of a call.

        Prompt: characters times the largest of the last ratios.  Completion: --max-tokens, or FIRST_COMPLETION without
        it, and at least the largest answer so far, because some servers ignore the limit.
        """
        ratio = max(self._ratios.get(asked.model, ()), default=FIRST_TOKENS_PER_CHAR)
        floor = FIRST_COMPLETION if asked.max_tokens is None else asked.max_tokens
        completion = max(floor, self._largest.get(asked.model, 0))
        return Usage(-int(-asked.prompt_chars * ratio // 1), completion, estimated=True)


class Hold:
    """The reservation of one call, from before its first attempt until it is settled."""

    __slots__ = ("asked", "held", "counted")

    def __init__(self, asked: Asked, held: Usage | None) -> None:
        self.asked = asked
        self.held = held
        """None in a run without limits: nothing is reserved, and the estimate is made only if it is needed."""
        self.counted = 0
        """Attempts that are settled already."""


class Budget:
    """Thread-safe account of a run. `spent` is the settled use by name; `hit` the limit that stopped the run, or
    None."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits.as_mapping()
        self._lock = threading.Lock()
        self._spent = {"calls": 0.0, "prompt_tokens": 0.0, "completion_tokens": 0.0, "cost_usd": 0.0}
        self._held = dict.fromkeys(self._spent, 0.0)
        self._estimator = Estimator()
        self.hit: LimitExceeded | None = None
        self.unknown = 0
        """Attempts of unknown cost, settled at their estimate."""

    def reserve(self, asked: Asked) -> Hold:
        """Reserve the estimated use of a call. Errors: LimitExceeded, which also sets `hit`."""
        if not self._limits:
            return Hold(asked, None)
        with self._lock:
            hold = Hold(asked, self._estimator.estimate(asked))
            self._check(hold)
            self._move(self._held, hold, 1)
        return hold

    def again(self, hold: Hold, failed: HttpAttempt) -> None:
        """Settle a failed attempt before the next one of the same call; the reservation stays for the next.

        Errors: LimitExceeded, which also sets `hit`: the next attempt must not be made.
        """
        with self._lock:
            hold.counted += 1
            self._add_attempt(hold, failed)
            if hold.held is not None:
                self._move(self._held, hold, -1)
                try:
                    self._check(hold)
                finally:
                    self._move(self._held, hold, 1)

    def settle(self, hold: Hold, usage: Usage | None, attempts: Sequence[HttpAttempt] = ()) -> Usage | None:
        """Replace the reservation of a call by its real use.

        `usage` None: it was not answered.  `attempts`: all that were made, the answered one last; an empty list counts
        as one.  Return the estimate for the attempts of unknown cost, None if there are none.
        """
        unknown = sum([attempt.may_be_billed for attempt in attempts])
        with self._lock:
            assumed = self._estimate(hold).times(unknown) if unknown else None
            if hold.held is not None:
                self._move(self._held, hold, -1)
            failed = attempts[:-1] if usage is not None else attempts
            for attempt in failed[hold.counted :]:
                self._add_attempt(hold, attempt)
            if usage is not None:
                self._spent["calls"] += 1
                self._add(usage, hold.asked.price)
                self._estimator.learn(hold.asked, usage)
            elif not attempts:
                self._spent["calls"] += 1
        return assumed

    def add_past(
        self, model: str, price: Price, usage: Usage | None, assumed: Usage | None, attempts: int, unknown: int
    ) -> None:
        """Count a call that an earlier session made; `assumed`: the estimate for its `unknown` attempts."""
        with self._lock:
            self._spent["calls"] += max(1, attempts)
            self.unknown += unknown
            for taken in (usage, assumed):
                if taken is not None:
                    self._add(taken, price)
            if usage is not None:
                self._estimator.answered(model, usage)

    def add_sum(self, model: str, price: Price, usage: Usage, attempts: int, unknown: int, largest: int) -> None:
        """Count all calls of a model that earlier sessions made: `usage` is their sum, `largest` the most completion
        tokens of an answer."""
        with self._lock:
            self._spent["calls"] += attempts
            self.unknown += unknown
            self._add(usage, price)
            self._estimator.answered(model, Usage(completion_tokens=largest))

    def part(self) -> Mapping[str, float]:
        """Return the settled use of this process, for the total of the run."""
        with self._lock:
            return {**self._spent, "unknown": self.unknown}

    def add_part(self, part: Mapping[str, float]) -> None:
        """Add the settled use of another process of the run, from its `part`."""
        with self._lock:
            self.unknown += int(part["unknown"])
            for name in self._spent:
                self._spent[name] += part[name]

    def spent(self) -> Mapping[str, float]:
        """Return the settled use so far, by name, `total_tokens` included."""
        with self._lock:
            out = dict(self._spent)
        out["total_tokens"] = out["prompt_tokens"] + out["completion_tokens"]
        return out

    def _estimate(self, hold: Hold) -> Usage:
        return self._estimator.estimate(hold.asked) if hold.held is None else hold.held

    def _check(self, wanted: Hold) -> None:
        after = {name: self._spent[name] + self._held[name] for name in self._spent}
        self._move(after, wanted, 1)
        after["total_tokens"] = after["prompt_tokens"] + after["completion_tokens"]
        for name, limit in self._limits.items():
            if after[name] > limit:
                self.hit = LimitExceeded(name, after[name], limit)
                raise self.hit

    def _move(self, into: dict[str, float], hold: Hold, sign: int) -> None:
        """Add a reservation to an account, or remove it."""
        held, price = hold.held, hold.asked.price
        assert held is not None
        into["calls"] += sign
        into["prompt_tokens"] += sign * held.prompt_tokens
        into["completion_tokens"] += sign * held.completion_tokens
        into["cost_usd"] += (
            sign * (price.dearest_prompt * held.prompt_tokens + price.completion * held.completion_tokens) / 1e6
        )

    def _add_attempt(self, hold: Hold, failed: HttpAttempt) -> None:
        self._spent["calls"] += 1
        if failed.may_be_billed:
            self.unknown += 1
            self._add(self._estimate(hold), hold.asked.price)

    def _add(self, usage: Usage, price: Price) -> None:
        spent = self._spent
        spent["prompt_tokens"] += usage.prompt_tokens
        spent["completion_tokens"] += usage.completion_tokens
        spent["cost_usd"] += price.of(usage)
