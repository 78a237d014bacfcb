"""Ctrl-C and SIGTERM: stop starting calls, finish calls in flight, say how to resume."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from arena.errors import EXIT_INTERRUPTED
from arena.play.context import Activity

WRITING_S = 2.0
"""Longest wait at the end of the process for abandoned calls to be journalled: lines of a few hundred bytes."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def catching_interrupts(stop: threading.Event, activity: Activity, resume: str, grace: float) -> Iterator[None]:
    """Within the context the first signal sets `stop`. The second ends the process at once (130), and so does the end
    of `grace` seconds after the first if calls are still in flight.

    Answers are already on disk, so ending at once loses only the calls in flight. Those that may be billed are written
    to the journal as attempts of unknown cost. `resume` says how to resume.
    Outside the main thread signals cannot be caught, and are left as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def caught(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            end("ended at once")
        stop.set()
        which = "the" if activity.elsewhere else str(activity.in_flight)
        _say(f"stopping: waiting for {which} calls in flight, at most {grace:g} s (--grace); once more ends at once")
        waiting.start()

    def abandon() -> None:
        if activity.in_flight > 0 or activity.elsewhere:
            end(f"ended after {grace:g} s (--grace)")

    def end(why: str) -> NoReturn:
        left = activity.in_flight
        # In a separate thread: the code that the signal interrupted may hold a lock that is needed here.
        writing = threading.Thread(target=activity.abandon, daemon=True)
        writing.start()
        writing.join(WRITING_S)
        which = "the" if activity.elsewhere else str(left)
        calls = f"; {which} calls in flight are abandoned (counted as of unknown cost, if they may be billed)"
        _say(f"{why}{calls if left or activity.elsewhere else ''}; {resume}")
        os._exit(EXIT_INTERRUPTED)

    waiting = threading.Timer(grace, abandon)
    waiting.daemon = True
    before = {number: signal.signal(number, caught) for number in SIGNALS}
    try:
        yield
    finally:
        waiting.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """Write one line to standard error without locks and buffers, which the interrupted code may be holding."""
    with contextlib.suppress(OSError):
        os.write(2, f"\n{text}\n".encode())
