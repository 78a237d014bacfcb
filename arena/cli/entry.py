"""What every door has in common: how a command ends, whatever ends it.

A door is `main(argv) -> exit code`; it hands its work to `enter`, and its flags to a `flag_parser.Parser`.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from arena.errors import EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_USAGE, ArenaError
from arena.formats.tables import printable
from arena.settings.config import Config

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
"""What reading data of another shape raises. A ZeroDivisionError or an AssertionError is none:
such a fault is the arena's alone, and is shown whole."""


def enter(name: str, act: Callable[[], int]) -> int:
    """Carry out `act` and return its exit code, or that of what ended it.

    `name` ("arena verify") stands before every message, which is one line on standard error. No error of the tree in
    errors.py, no refusal of the system, no Ctrl-C, SIGTERM or reader that went away shows a traceback. SystemExit (of
    --help and --version) passes.
    """
    speak_utf8()
    try:
        with sigterm_interrupts():
            try:
                return act()
            finally:
                _flush()
    except ArenaError as error:
        _complain(name, str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _complain(name, "interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout)
        return EXIT_ERRORS
    except (RecursionError, MemoryError) as error:
        what = "is nested too deep" if isinstance(error, RecursionError) else "needs more memory than there is"
        _complain(name, f"an input {what}; give another one")
        return EXIT_USAGE
    except UNREADABLE as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        _complain(
            name,
            f"an input is not as the arena writes it, or this is a fault of the arena: {type(error).__name__}: {error}"
            f" ({Path(last.filename).name}:{last.lineno}); `arena verify RUN` says what does not hold of a run",
        )
        return EXIT_ERRORS
    except OSError as error:
        named = isinstance(error.filename, str | bytes)
        place = f": {os.fsdecode(error.filename)}" if named else " (while writing the standard output, or a file)"
        _complain(name, f"{error.strerror or error}{place}")
        _silence_full_output()
        return EXIT_ERRORS


def tell_dotenv(config: Config, notify: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """Say which .env file was read, and what is wrong with its place."""
    if config.dotenv.path is not None:
        notify(f"variables from {config.dotenv.path}")
    for warning in config.dotenv.warnings:
        warn(warning)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM end what is under way as Ctrl-C does: while the calculator is built, say, before any match."""

    def caught(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there signals can be caught
        yield
        return
    before = signal.signal(signal.SIGTERM, caught)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def speak_utf8() -> None:
    """Have both streams take any text, whatever the machine's locale is; role names and titles may hold all of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _complain(name: str, message: str) -> None:
    """Say why the command ended; a message may quote what a file or an agent holds. Nobody may be listening."""
    if sys.stderr is not None:  # None where the process was started without
        with contextlib.suppress(OSError):
            print(f"{name}: {printable(message)}", file=sys.stderr, flush=True)


def _flush() -> None:
    """Write what is still held back, while an error can still be told."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence_full_output() -> None:
    try:
        _flush()
    except OSError:
        _silence(sys.stdout)


def _silence(stream: TextIO | None) -> None:
    """Point a stream that takes nothing any more elsewhere, so that the interpreter's last flush is quiet."""
    with contextlib.suppress(OSError):  # a stream that is no file has nothing to point
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
