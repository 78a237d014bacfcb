"""Run cargo and report its progress, because a build takes minutes."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

NOTE_EVERY_S = 10.0
"""Seconds between two lines about a build, without a terminal."""

KEPT_LINES = 15
"""Last lines of cargo's output, for the message about a failed build."""

# Makes cargo write its progress even into a pipe; this also needs a width.
_PROGRESS = {"CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": "80"}
_COUNT = re.compile(rb"\] (\d+)/(\d+)")
_ENDS = re.compile(rb"[\r\n]")
_CONTROLS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def run_cargo(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    notify: Callable[[str], None] | None,
    now: Callable[[], float] = time.monotonic,
) -> tuple[int, str]:
    """Run cargo and return its exit code and its last lines of output.

    `notify` gets a line every NOTE_EVERY_S seconds: crates built, crates in all, and the time so far. None: standard
    error is a terminal, where cargo draws its own progress; the returned text is then empty. Errors: OSError.
    """
    if notify is None:
        with _started(command, folder, environ, None) as running:
            return running.wait(), ""
    with _started(command, folder, {**environ, **_PROGRESS}, subprocess.PIPE) as running:
        assert running.stderr is not None
        build = _Build(notify, now)
        ended = threading.Event()
        telling = threading.Thread(target=build.tell, args=(ended,), daemon=True)
        telling.start()
        try:
            build.read(running.stderr)
        finally:
            ended.set()
            telling.join()
        return running.wait(), "\n".join(build.last)


@contextlib.contextmanager
def _started(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], stderr: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield cargo running; an error, such as Ctrl-C, ends it too."""
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
    ) as running:
        try:
            yield running
        except BaseException:
            running.kill()
            raise


class _Build:
    """The state of a running build. One thread reads it, another reports."""

    def __init__(self, notify: Callable[[str], None], now: Callable[[], float]) -> None:
        self._notify, self._now, self._started = notify, now, now()
        self._count: tuple[int, int] | None = None
        self.last: deque[str] = deque(maxlen=KEPT_LINES)

    def read(self, stream: IO[bytes]) -> None:
        """Read all output of cargo. It redraws its progress with a carriage return."""
        left = b""
        while chunk := os.read(stream.fileno(), 65536):
            *whole, left = _ENDS.split(left + chunk)
            for part in whole:
                self._take(part)
        self._take(left)

    def _take(self, part: bytes) -> None:
        counted = _COUNT.search(part)
        if counted is not None:
            self._count = int(counted[1]), int(counted[2])
            return
        text = _CONTROLS.sub("", part.decode("utf-8", "replace")).rstrip()
        if text:
            self.last.append(text)

    def tell(self, ended: threading.Event) -> None:
        while not ended.wait(NOTE_EVERY_S):
            self._notify(self.line())

    def line(self) -> str:
        crates = "" if self._count is None else f"{self._count[0]} of {self._count[1]} crates, "
        return f"building the calculator: {crates}{self._now() - self._started:.0f}s"
