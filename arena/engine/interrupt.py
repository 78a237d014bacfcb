"""Ctrl-C and SIGTERM: stop starting calls, finish calls in flight, say how to resume."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from arena.errors import EXIT_INTERRUPTED
from arena.play.context import Activity

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def catching_interrupts(stop: threading.Event, activity: Activity, resume: str, grace: float) -> Iterator[None]:
    """Within the context the first signal sets `stop`; the second ends the process at once (130), and so do calls that
    are still in flight `grace` seconds after the first.

    Answers are already on disk, so ending at once loses only the calls in flight. `resume` says how to resume.
    Outside the main thread signals cannot be caught, and are left as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def caught(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            _say(f"ended at once; {resume}")
            os._exit(EXIT_INTERRUPTED)
        stop.set()
        _say(
            f"stopping: waiting for {activity.in_flight} calls in flight, at most {grace:g} s (--grace); once more ends"
            " at once"
        )
        waiting.start()

    def abandon() -> None:
        if activity.in_flight > 0:
            _say(f"{activity.in_flight} calls in flight are abandoned after {grace:g} s (--grace); {resume}")
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
    """Write one line to standard error past all locks and buffers, which the interrupted code may be holding."""
    with contextlib.suppress(OSError):
        os.write(2, f"\n{text}\n".encode())
