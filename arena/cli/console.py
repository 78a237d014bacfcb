"""Where the doors print. Library code below gets a `notify` function, never a stream."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

from arena.formats.tables import printable

_RED, _YELLOW, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[0m"


def wants_color(stream: TextIO, environ: Mapping[str, str], no_color: bool) -> bool:
    """Whether to colour a stream: NO_COLOR and --no-color forbid, FORCE_COLOR forces, else a capable terminal."""
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM", "") != "dumb"


@dataclass(slots=True)
class Console:
    """Results go to `out`, everything else to `err`. What agents wrote is stripped of control characters."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    color: bool = False
    live: bool = False
    """Whether `status` may redraw a line in place (a terminal)."""
    _status_shown: bool = False
    _mute: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def result(self, text: str) -> None:
        """Print a result to standard output."""
        with self._lock:
            self._clear()
            print(text, file=self.out, flush=True)

    def notify(self, text: str) -> None:
        """Say what happens; --quiet silences it."""
        if not self.quiet:
            self._say(text, "")

    def log(self, line: str) -> None:
        """Write one line to the log as it is: a command to the system that runs us; never silenced."""
        self._say(line, "")

    def warn(self, text: str) -> None:
        """Say what the user should know; never silenced."""
        self._say(f"warning: {text}", _YELLOW)

    def error(self, text: str) -> None:
        """Say why it cannot be done; never silenced."""
        self._say(f"error: {text}", _RED)

    def status(self, text: str) -> None:
        """Redraw the live line; nothing where the stream is not a terminal."""
        if self.quiet or not self.live:
            return
        with self._lock:
            width = shutil.get_terminal_size().columns
            self._clear()
            self._show(printable(text)[: width - 1])
            self._status_shown = True

    def _say(self, text: str, style: str) -> None:
        text = printable(text)
        with self._lock:
            self._clear()
            self._show((f"{style}{text}{_RESET}" if self.color and style else text) + "\n")

    def _clear(self) -> None:
        if self._status_shown:
            self._show("\r\x1b[K")
            self._status_shown = False

    def _show(self, text: str) -> None:
        """Write to `err`; whoever reads it may go away without the run going with them."""
        if not self._mute:
            try:
                self.err.write(text)
                self.err.flush()
            except OSError:
                self._mute = True


def console(quiet: bool, no_color: bool, environ: Mapping[str, str] = os.environ) -> Console:
    """Return the Console of this process; both streams are UTF-8, and what they cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    color = wants_color(sys.stderr, environ, no_color)
    live = sys.stderr.isatty() and environ.get("TERM", "") != "dumb"
    return Console(quiet=quiet, color=color, live=live)
