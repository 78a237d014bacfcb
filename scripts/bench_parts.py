"""Processor time of a run by part, for `make bench`: it shows where to optimize next.

A run of mock players with one worker is played in this process; each part is timed around the function that does it.
If one part calls another, the time counts only for the called part.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from arena.engine import session  # noqa: E402
from arena.engine.results import ResultFiles  # noqa: E402
from arena.families.crypto.family import CryptoFamily  # noqa: E402
from arena.formats.tables import text_table  # noqa: E402
from arena.messages import Conversation  # noqa: E402
from arena.play import services  # noqa: E402
from arena.providers.mock import MockProvider  # noqa: E402
from arena.run import main  # noqa: E402
from arena.store import bundles, digests  # noqa: E402

PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "provider": ((MockProvider, "complete"),),
    "journal": ((services.TrialServices, "_write"),),
    "digests of requests": ((Conversation, "digest"),),
    "scores and checks": ((CryptoFamily, "score"),),
    "record": ((session, "record_line"),),
    "bundle": ((CryptoFamily, "bundle"), (bundles, "write_files")),
    "digests of files": ((digests, "write"),),
    "rewrite and results": ((ResultFiles, "add"), (session, "write_results")),
}
"""Part -> where the functions are that do it."""


class Clock:
    """Processor time by part, as a stack: time counts for the innermost part."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = dict.fromkeys([*PARTS, "the rest"], 0.0)
        self._stack = ["the rest"]
        self._since = time.process_time()

    def _pass(self) -> None:
        now = time.process_time()
        self.spent[self._stack[-1]] += now - self._since
        self._since = now

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does what `call` does, timed."""

        def inner(*args: Any, **more: Any) -> Any:
            self._pass()
            self._stack.append(part)
            try:
                return call(*args, **more)
            finally:
                self._pass()
                self._stack.pop()

        return inner

    def stop(self) -> None:
        self._pass()


def part_lines(folder: Path, matches: int, challenge_ids: str) -> list[str]:
    """Play `matches` matches of 12 turns and one judge call; return a table of microseconds a turn by part."""
    words = [
        "--participant-model", "mock/talker", "--judge-model", "mock/judge", "--max-turns", "12", "--workers", "1",
        "--calculator-provider", "none", "--challenge-ids", challenge_ids, "--repetitions",
        str(matches // len(challenge_ids.split(","))), "--out", str(folder / "parts"), "--quiet",
    ]  # fmt: skip
    clock, before = Clock(), [(place, name, getattr(place, name)) for pairs in PARTS.values() for place, name in pairs]
    for part, pairs in PARTS.items():
        for place, name in pairs:
            setattr(place, name, clock.timed(part, getattr(place, name)))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            code = main(words)
    finally:
        clock.stop()
        for place, name, call in before:
            setattr(place, name, call)
    if code:
        raise SystemExit(f"the run that was timed by part ended with {code}")
    turns, total = matches * 12, sum(clock.spent.values())
    rows = [
        [part, f"{seconds / turns * 1e6:.1f} us", f"{seconds / total:.0%}"]
        for part, seconds in sorted(clock.spent.items(), key=lambda item: -item[1])
    ]
    rows.append(["all", f"{total / turns * 1e6:.1f} us", "100%"])
    return text_table(["part", "processor time a turn", "share"], rows).splitlines()
