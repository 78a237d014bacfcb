"""Prepared requests: one for each key of an endpoint, taken in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arena.providers.http.connections import Route


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A prepared request: everything except the body, built once. Made by Transport.prepare."""

    method: str
    url: str
    route: Route
    head: bytes


class Rotation:
    """The same request under several keys. Thread-safe.

    A key that is throttled rests for as long as the server asks; a key that is refused is left out for good.
    """

    def __init__(self, targets: Sequence[Target], clock: Callable[[], float]) -> None:
        self._targets = list(targets)
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0
        self._rests_until: dict[Target, float] = {}
        self._left_out: set[Target] = set()

    def take(self) -> Target:
        """Return the next target that is not resting; if all are, the one with the shortest rest."""
        with self._lock:
            now = self._clock()
            count = len(self._targets)
            order = [(self._next + step) % count for step in range(count)]
            left = [place for place in order if self._targets[place] not in self._left_out]
            for place in left:
                if self._rests_until.get(self._targets[place], now) <= now:
                    self._next = place + 1
                    return self._targets[place]
            return min((self._targets[place] for place in left), key=lambda target: self._rests_until[target])

    def rest(self, target: Target, seconds: float) -> bool:
        """Let a target rest; return whether another one is ready now."""
        with self._lock:
            now = self._clock()
            self._rests_until[target] = now + seconds
            others = (one for one in self._targets if one not in self._left_out and one is not target)
            return any(self._rests_until.get(one, now) <= now for one in others)

    def leave_out(self, target: Target) -> tuple[int, bool, bool]:
        """Leave a target out for good, unless it is the last one.

        Returns its number (from 1), whether another one is left, and whether this call was the one that left it out.
        """
        with self._lock:
            number = self._targets.index(target) + 1
            if target in self._left_out:
                return number, True, False
            if len(self._left_out) + 1 >= len(self._targets):
                return number, False, False
            self._left_out.add(target)
            return number, True, True

    def __len__(self) -> int:
        return len(self._targets)
