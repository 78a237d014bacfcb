"""Ceilings on calls, tokens and cost: reserve before a call, settle after it.

Ceilings count over the whole run: what earlier sessions of a resumed run spent is added first. A reservation holds one
call, the prompt's size (characters / 4) and `max_tokens` of completion where that is set, else the largest completion
seen so far; so without `--max-tokens` a token ceiling can be overshot by the calls in flight.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from arena.errors import LimitExceeded
from arena.messages import Usage
from arena.settings.prices import Price

CHARS_PER_TOKEN = 4
"""The usual rule of thumb for English text; used only where a server names no counts, and marked `estimated`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings; None: none. `cost_usd` needs a price for every model in use."""

    calls: int | None = None
    total_tokens: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None

    def as_mapping(self) -> dict[str, float]:
        """Return the ceilings that are set, by name."""
        named = {
            "calls": self.calls,
            "total_tokens": self.total_tokens,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": self.cost_usd,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a call in flight holds back."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


NOTHING_HELD = Reservation(0, 0, 0.0)
"""The reservation of a run without ceilings: there is nothing to hold back."""


class Budget:
    """Thread-safe account of a run. `spent` names what was settled; `hit` the ceiling that stopped the run, or None."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits.as_mapping()
        self._lock = threading.Lock()
        self._spent = {"calls": 0.0, "prompt_tokens": 0.0, "completion_tokens": 0.0, "cost_usd": 0.0}
        self._held = dict.fromkeys(self._spent, 0.0)
        self._largest_completion = 0
        self.hit: LimitExceeded | None = None

    def reserve(self, prompt_chars: int, max_tokens: int | None, price: Price) -> Reservation:
        """Hold back what a call may cost. Errors: LimitExceeded, which also sets `hit`."""
        if not self._limits:
            return NOTHING_HELD
        prompt = -(-prompt_chars // CHARS_PER_TOKEN)
        with self._lock:
            completion = self._largest_completion if max_tokens is None else max_tokens
            reservation = Reservation(prompt, completion, price.cost(prompt, completion))
            self._check(reservation)
            self._hold(reservation, 1)
        return reservation

    def _check(self, wanted: Reservation) -> None:
        after = {
            "calls": self._spent["calls"] + self._held["calls"] + 1,
            "prompt_tokens": self._spent["prompt_tokens"] + self._held["prompt_tokens"] + wanted.prompt_tokens,
            "completion_tokens": self._spent["completion_tokens"]
            + self._held["completion_tokens"]
            + wanted.completion_tokens,
            "cost_usd": self._spent["cost_usd"] + self._held["cost_usd"] + wanted.cost_usd,
        }
        after["total_tokens"] = after["prompt_tokens"] + after["completion_tokens"]
        for name, limit in self._limits.items():
            if after[name] > limit:
                self.hit = LimitExceeded(name, after[name], limit)
                raise self.hit

    def _hold(self, reservation: Reservation, sign: int) -> None:
        held = self._held
        held["calls"] += sign
        held["prompt_tokens"] += sign * reservation.prompt_tokens
        held["completion_tokens"] += sign * reservation.completion_tokens
        held["cost_usd"] += sign * reservation.cost_usd

    def settle(self, reservation: Reservation, usage: Usage | None, price: Price) -> None:
        """Replace a reservation by what the call really took; `usage` None: a failed call, which counts as a call."""
        with self._lock:
            if reservation is not NOTHING_HELD:
                self._hold(reservation, -1)
            self._add(usage, price)

    def add_past(self, usage: Usage | None, price: Price) -> None:
        """Count a call that an earlier session of this run made."""
        with self._lock:
            self._add(usage, price)

    def _add(self, usage: Usage | None, price: Price) -> None:
        spent = self._spent
        spent["calls"] += 1
        if usage is None:
            return
        completion = usage.completion_tokens
        spent["prompt_tokens"] += usage.prompt_tokens
        spent["completion_tokens"] += completion
        spent["cost_usd"] += price.cost(usage.prompt_tokens, completion)
        if completion > self._largest_completion:
            self._largest_completion = completion

    def spent(self) -> Mapping[str, float]:
        """Return what was settled so far, by name, `total_tokens` included."""
        with self._lock:
            out = dict(self._spent)
        out["total_tokens"] = out["prompt_tokens"] + out["completion_tokens"]
        return out
