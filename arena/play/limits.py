"""Limits on attempts, tokens and cost: a call is admitted before it is made, and settled after it.

Limits count over the whole run: what earlier sessions of a resumed run spent is added first. What a call may take is
estimated from what its model's answers took so far (`Estimator`), and held back until the call is settled. An attempt
that may have been billed, although its use is unknown, is settled at its estimate.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.errors import LimitExceeded
from arena.messages import HttpAttempt, Usage
from arena.settings.prices import Price

CHARS_PER_TOKEN = 4
"""The usual rule of thumb for English text; used only if a server names no counts, and marked `estimated`."""

FIRST_TOKENS_PER_CHAR = 1 / 2
"""Assumed of a model until its first answer: digits, hex and JSON take up to a token for two characters."""

FIRST_COMPLETION = 256
"""Tokens of an answer that are held back at least, where --max-tokens does not say."""

REMEMBERED = 64
"""Answers of a model whose ratios of tokens to characters are kept; the largest of them counts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits; None: none. `calls` counts attempts. `cost_usd` needs a price for every model in use.

    `trials`: those in which a model was asked and answered; the runner counts them (engine/runner.py, TrialCap).
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call is known to be before it is made: the model's label and price, the characters of its prompt, and
    --max-tokens where that is set."""

    model: str
    price: Price
    prompt_chars: int
    max_tokens: int | None = None


class Estimator:
    """What calls of each model take, learned from its answers. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._ratios: dict[str, deque[float]] = {}
        self._largest: dict[str, int] = {}

    def learn(self, asked: Asked, usage: Usage) -> None:
        """Take note of what an answered call took."""
        if asked.prompt_chars and usage.prompt_tokens:
            ratios = self._ratios.setdefault(asked.model, deque(maxlen=REMEMBERED))
            ratios.append(usage.prompt_tokens / asked.prompt_chars)
        self.answered(asked.model, usage)

    def answered(self, model: str, usage: Usage) -> None:
        """Take note of the length of an answer whose question is not known any more."""
        if usage.completion_tokens > self._largest.get(model, 0):
            self._largest[model] = usage.completion_tokens

    def estimate(self, asked: Asked) -> Usage:
        """Return what a call may take.

        Prompt: characters times the largest of the last ratios.  Completion: --max-tokens, or FIRST_COMPLETION without
        it, and no less than the largest answer so far, since some servers know no limit.
        """
        ratio = max(self._ratios.get(asked.model, ()), default=FIRST_TOKENS_PER_CHAR)
        floor = FIRST_COMPLETION if asked.max_tokens is None else asked.max_tokens
        completion = max(floor, self._largest.get(asked.model, 0))
        return Usage(-int(-asked.prompt_chars * ratio // 1), completion, estimated=True)


class Hold:
    """What one call holds back of the limits, from before its first attempt until it is settled."""

    __slots__ = ("asked", "held", "counted")

    def __init__(self, asked: Asked, held: Usage | None) -> None:
        self.asked = asked
        self.held = held
        """None in a run without limits: nothing is held back, and the estimate is made only if it is needed."""
        self.counted = 0
        """Attempts that are settled already."""


class Budget:
    """Thread-safe account of a run. `spent` names what was settled; `hit` the limit that stopped the run, or None."""

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
        """Hold back what a call may take. Errors: LimitExceeded, which also sets `hit`."""
        if not self._limits:
            return Hold(asked, None)
        with self._lock:
            hold = Hold(asked, self._estimator.estimate(asked))
            self._check(hold)
            self._move(self._held, hold, 1)
        return hold

    def again(self, hold: Hold, failed: HttpAttempt) -> None:
        """Settle an attempt that failed, before the next one of the same call is made, which keeps what is held back.

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
        """Replace what a call held back by what it took.

        `usage` None: it was not answered.  `attempts`: all that were made, the answered one last; none at all counts
        as one.  Return what the attempts of unknown cost were settled at, None if there are none.
        """
        unknown = sum(attempt.may_be_billed for attempt in attempts)
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
        """Count a call that an earlier session made; `assumed`: what its `unknown` attempts were settled at."""
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
        """Return what was settled, for the total of a run of which this process played a part."""
        with self._lock:
            return {**self._spent, "unknown": self.unknown}

    def add_part(self, part: Mapping[str, float]) -> None:
        """Count what another process of the run settled, as its `part` says."""
        with self._lock:
            self.unknown += int(part["unknown"])
            for name in self._spent:
                self._spent[name] += part[name]

    def spent(self) -> Mapping[str, float]:
        """Return what was settled so far, by name, `total_tokens` included."""
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
        """Add what a call holds back to an account, or take it out."""
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
