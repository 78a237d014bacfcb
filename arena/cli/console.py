"""Where commands print. Library code below gets a `notify` function, never a stream."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

from arena.formats.tables import printable
from arena.formats.terminal import terminal_width

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

    out: TextIO = field(default_factory=lambda: sys.stdout or io.StringIO())  # None if it was closed at the start
    err: TextIO = field(default_factory=lambda: sys.stderr or io.StringIO())  # likewise
    quiet: bool = False
    color: bool = False
    """Whether `err` takes colours."""
    color_out: bool = False
    """Whether `out` does."""
    live: bool = False
    """Whether `status` may redraw a line in place (a terminal)."""
    _status_shown: bool = False
    _mute: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, options: object, environ: Mapping[str, str] = os.environ) -> Console:
        """Return the Console of this process, with --quiet and --no-color if `options` have them."""
        shown = cls()
        shown.set_up(getattr(options, "quiet", False), getattr(options, "no_color", False), environ)
        return shown

    def set_up(self, quiet: bool, no_color: bool, environ: Mapping[str, str]) -> None:
        """Apply settings that are known only after the Console exists: those of a settings file or of .env."""
        self.quiet = quiet
        self.color = wants_color(self.err, environ, no_color)
        self.color_out = wants_color(self.out, environ, no_color)
        self.live = self.err.isatty() and environ.get("TERM", "") != "dumb"

    def width(self) -> int | None:
        """Return the width of results in columns; None if they do not go to a terminal, where lines are never
        wrapped."""
        return terminal_width() if self.out.isatty() else None

    def result(self, text: str) -> None:
        """Print a result to standard output."""
        with self._lock:
            self._clear()
            print(text, file=self.out, flush=True)

    def notify(self, text: str) -> None:
        """Print progress; --quiet silences it."""
        if not self.quiet:
            self._say(text, "")

    def log(self, line: str) -> None:
        """Write one line to the log unchanged: a command to the CI system; never silenced."""
        self._say(line, "")

    def warn(self, text: str) -> None:
        """Print what the user should know; never silenced."""
        self._say(f"warning: {text}", _YELLOW)

    def error(self, text: str) -> None:
        """Print why the command failed; never silenced."""
        self._say(f"error: {text}", _RED)

    def status(self, text: str) -> None:
        """Redraw the live line; do nothing if the stream is not a terminal."""
        if self.quiet or not self.live:
            return
        with self._lock:
            self._clear()
            self._show(printable(text)[: terminal_width() - 1])
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
        """Write to `err`. If its reader has gone, write nothing more; the run continues."""
        if not self._mute:
            try:
                self.err.write(text)
                self.err.flush()
            except OSError:
                self._mute = True


def speak_utf8() -> None:
    """Make both streams accept any text in every locale: role names and titles may contain any character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
