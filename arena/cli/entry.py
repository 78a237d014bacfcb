"""The one dispatcher: argv in, exit code out.

Every command takes the same path: find its module in the table, parse its flags, build the Console, call
`run(options, console)`. `run_command` turns any ending (return, error, Ctrl-C, closed pipe, crash) into one message
and an exit code.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TextIO

from arena import __version__
from arena.cli.commands import COMMANDS
from arena.cli.console import Console, speak_utf8
from arena.errors import EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, ArenaError, UsageError
from arena.formats import posix
from arena.formats.suggest import suggest
from arena.formats.tables import printable
from arena.formats.terminal import terminal_width
from arena.settings.flags import WIDEST_HELP, examples_text
from arena.settings.places import as_typed_here, where_shipped

EXIT_PIPE = 141
"""The reader of standard output went away (`| head`): 128 + SIGPIPE, what a shell reports for other programs."""

DEBUG = "ARENA_DEBUG"
"""If this is set in the real environment and not 0, a crash shows its traceback."""

_REFUSED = frozenset({
    errno.EACCES, errno.EEXIST, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP,
    errno.ENAMETOOLONG,
})  # fmt: skip
"""Errors that another path fixes; a full or failing disk is not among them."""

_LONGEST_CRASH = 300
"""Characters of an unexpected exception's own text that are shown."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `arena` with these words (default: the process's own) and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    name = words[0] if words else "--help"
    return run_command(f"arena {name}" if name in COMMANDS else "arena", lambda: _dispatch(name, words[1:]))


def _dispatch(name: str, words: Sequence[str]) -> int:
    if name in ("-h", "--help", "--help-all", "help"):
        Console().result(help_text())
        return EXIT_OK
    if name == "--version":
        Console().result(f"arena {__version__}")
        return EXIT_OK
    if name not in COMMANDS:
        raise UsageError(f"unknown command {name!r}{suggest(name, COMMANDS)} (`arena --help` lists the commands)")
    posix.require()
    command = importlib.import_module(COMMANDS[name].module)
    parser = command.parser()
    options = parser.parse_args(words)
    options.parser, options.argv = parser, tuple(words)
    code: int = command.run(options, Console.of(options))
    return code


def help_text() -> str:
    """Return the list of commands, fitted to the terminal."""
    name_width, width = max(map(len, COMMANDS)), min(terminal_width(), WIDEST_HELP)
    gap = " " * (name_width + 4)

    def row(name: str, summary: str) -> str:
        return textwrap.fill(summary, width, initial_indent=f"  {name:<{name_width}}  ", subsequent_indent=gap)

    rows = "\n".join(row(name, command.summary) for name, command in COMMANDS.items())
    more = "`arena COMMAND --help` lists the flags of a command. Exit codes: docs/configuration.md."
    examples = ("python3 -m arena run --limit 3", "python3 -m arena report --last --open")
    return as_typed_here(
        f"usage: arena COMMAND [flags]\n\n{rows}\n\n{examples_text(examples)}\n\n{textwrap.fill(more, width)}"
    )


def run_command(name: str, act: Callable[[], int]) -> int:
    """Call `act` and return its exit code, or the exit code for the exception that ended it.

    `name` ("arena verify") precedes the message, which goes to standard error. Errors of arena/errors.py,
    OSError, Ctrl-C, SIGTERM and a closed pipe never show a traceback. An unexpected exception shows one only if
    ARENA_DEBUG is set.
    """
    speak_utf8()
    try:
        with sigterm_interrupts():
            try:
                return act()
            finally:
                _flush()
    except ArenaError as error:
        _complain(name, str(error) + where_shipped(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        _complain(name, "interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout)
        return EXIT_PIPE
    except (RecursionError, MemoryError) as error:
        if os.environ.get(DEBUG, "0") not in ("", "0"):
            raise
        what = "is nested too deep" if isinstance(error, RecursionError) else "needs more memory than available"
        _complain(name, f"an input {what}; give another one")
        return EXIT_USAGE
    except OSError as error:
        named = isinstance(error.filename, str | bytes)
        if named and error.errno == errno.EISDIR:
            _complain(name, f"{os.fsdecode(error.filename)} is a folder; name a file")
        else:
            place = f": {os.fsdecode(error.filename)}" if named else " (while writing the standard output, or a file)"
            _complain(name, f"{error.strerror or error}{place}")
        _silence_full_output()
        return EXIT_USAGE if named and error.errno in _REFUSED else EXIT_ERRORS
    except SystemExit as ended:  # of --help and --version
        return ended.code if isinstance(ended.code, int) else EXIT_OK
    except Exception as error:
        if os.environ.get(DEBUG, "0") not in ("", "0"):
            raise
        _complain(name, crash_text(error))
        return EXIT_ERRORS


def crash_text(error: Exception) -> str:
    """Return one message about an unexpected exception: what, where, and what to do. Keys are removed."""
    # imported here only, to keep the start of every command fast
    redaction = importlib.import_module("arena.settings.redaction")
    said = " ".join(redaction.Redactor.from_environ(os.environ).text(str(error)).split())
    what = f"{type(error).__name__}: {said[:_LONGEST_CRASH]}" if said else type(error).__name__
    return (
        f"internal error: {what} ({_place(error.__traceback__)}). This is a bug in the arena: please"
        f" report it with this line and the command. {DEBUG}=1 shows the whole traceback."
    )


def _place(trace: TracebackType | None) -> str:
    """Return the innermost place within the package, as `arena/store/journal.py:75 in read_lines`."""
    found = "unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        _, package, path = code.co_filename.replace(os.sep, "/").rpartition("/arena/")
        if package:
            found = f"arena/{path}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return found


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Make SIGTERM end a command as Ctrl-C does, also before a run begins, for example while the calculator is
    built."""

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


def _complain(name: str, message: str) -> None:
    """Write why the command ended to stderr, which may be closed; a message may quote what an agent wrote."""
    if sys.stderr is not None:  # None if the process was started without
        with contextlib.suppress(OSError):
            print(f"{name}: {printable(message)}", file=sys.stderr, flush=True)


def _flush() -> None:
    """Flush the output while an error can still be reported."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence_full_output() -> None:
    try:
        _flush()
    except OSError:
        _silence(sys.stdout)


def _silence(stream: TextIO | None) -> None:
    """Redirect a broken stream, so that the interpreter's last flush prints no error."""
    with contextlib.suppress(OSError):  # a stream that is not a file has nothing to point
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
