"""Wait for work that takes hours: ask repeatedly, with a line whenever the state changes. The clock is injected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from arena.errors import ServiceFault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait. `every_s`: seconds between two requests; `most_s`: give up after this time.

    `stop` ends a wait at once. `say` gets a line whenever the shown state changed.
    """

    every_s: float = 10.0
    most_s: float = 25 * 3600.0
    say: Callable[[str], None] = lambda line: None
    clock: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    sleep: Callable[[float], object] | None = None

    def until(self, ask: Callable[[], T], ended: Callable[[T], bool], shown: Callable[[T], str]) -> T:
        """Return the first answer that `ended` accepts.

        Errors: ServiceFault `timeout` after `most_s`, `interrupted` when `stop` is set.
        """
        start, last = self.clock(), ""
        while True:
            found = ask()
            line = shown(found)
            if line != last:
                self.say(line)
                last = line
            if ended(found):
                return found
            if self.stop.is_set():
                raise ServiceFault("interrupted", f"interrupted while waiting: {line}")
            if self.clock() - start >= self.most_s:
                raise ServiceFault("timeout", f"gave up after {self.most_s:g} s: {line}")
            (self.sleep or self.stop.wait)(self.every_s)
