"""The pace of one provider: limits on requests and tokens per minute, lowered when the server says that it is too
fast."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from arena.errors import ConfigError
from arena.settings.table import PROVIDERS

SLOWEST = 1.0 / 16.0
"""The pace is never less than this share of what the user allows."""

RECOVERY = 0.05
"""Share of the lost pace that each answer restores: twenty answers restore all of it."""

SETTLE_S = 5.0
"""Within this time the pace is halved only once: refusals of calls already in flight are no new information."""


class Pace:
    """Spreads calls over time; thread-safe. `rpm`, `tpm`: requests and tokens a minute, None for no limit."""

    def __init__(self, rpm: float | None, tpm: float | None, clock: Callable[[], float]) -> None:
        self._rpm, self._tpm, self._clock = rpm, tpm, clock
        self._lock = threading.Lock()
        self._share = 1.0
        self._next_request = self._next_token = self._halved = -math.inf

    @property
    def share(self) -> float:
        """The share of the allowed pace that is currently used, from SLOWEST to 1."""
        return self._share

    def slot_s(self, tokens: int) -> float:
        """Reserve the next free moment for a call of about `tokens`; return the seconds until then."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next_request, self._next_token)
            if self._rpm is not None:
                self._next_request = start + 60.0 / (self._rpm * self._share)
            if self._tpm is not None:
                self._next_token = start + tokens * 60.0 / (self._tpm * self._share)
            return start - now

    def answered(self, estimated: int, tokens: int) -> None:
        """Record an answer: correct the estimate of its tokens, and raise the pace a little."""
        with self._lock:
            if self._tpm is not None:
                self._next_token += (tokens - estimated) * 60.0 / (self._tpm * self._share)
            self._share = min(1.0, self._share + RECOVERY)

    def throttled(self, asked_s: float | None) -> None:
        """Halve the pace, and start no call before the time that the server asked for."""
        with self._lock:
            now = self._clock()
            self._next_request = max(self._next_request, now + (asked_s or 0.0))
            if now - self._halved >= SETTLE_S:
                self._halved = now
                self._share = max(SLOWEST, self._share / 2.0)


def pace_for(provider: str, rpm: Sequence[str], tpm: Sequence[str], clock: Callable[[], float]) -> Pace | None:
    """Return the pace of a provider from the words of --rpm and --tpm, or None if it has no limit.

    Raises ConfigError for a word that is neither N nor PROVIDER=N.
    """
    requests, tokens = _limit(provider, rpm, "--rpm"), _limit(provider, tpm, "--tpm")
    return None if requests is None and tokens is None else Pace(requests, tokens, clock)


def _limit(provider: str, words: Sequence[str], flag: str) -> float | None:
    general: float | None = None
    own: float | None = None
    for word in words:
        name, equals, digits = word.rpartition("=")
        if equals and name not in PROVIDERS:
            raise ConfigError(f"{flag} {word}: there is no provider {name!r}; there are: {', '.join(PROVIDERS)}")
        try:
            value = float(digits)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"{flag} {word}: write N or PROVIDER=N, with N above 0")
        if not equals:
            general = value
        elif name == provider:
            own = value
    return own if own is not None else general
