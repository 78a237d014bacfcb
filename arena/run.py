"""The main door: plays the challenge set. `python3 -m arena.run`, `python3 arena/run.py`, `arena run`. Floor F5."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

if __package__ in (None, ""):  # started as a file: make the clone importable, and not this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from arena.config import Config, read_config
from arena.errors import EXIT_ERRORS, EXIT_INTERRUPTED, ArenaError, ConfigError
from arena.tables import printable


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena run` with these arguments (default: the process's own) and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    speak_utf8()
    try:
        with sigterm_interrupts():
            config = read_config(words, os.environ)
            check_data(config)
            return play("crypto", config, words)
    except ArenaError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away; point stdout elsewhere so that the interpreter's last flush is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERRORS
    except OSError as error:
        # Files that a run writes at its end; what it met before is on disk, and --resume goes on from there.
        place = f": {error.filename}" if error.filename else ""
        _complain(f"{error.strerror or error}{place}")
        return EXIT_ERRORS


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


def _complain(message: str) -> None:
    """Say on one line why the run ended; a message may quote what a file or an agent holds."""
    print(f"arena run: {printable(message)}", file=sys.stderr)


def check_data(config: Config) -> None:
    """Errors: ConfigError when this is an installed package without the data of the repository."""
    if config.source["challenges"] == "default" and not Path(config.challenges).is_file():
        raise ConfigError(
            f"there is no challenge set at {config.challenges}: this package was installed without the repository's"
            " data; run it from a clone (pip install -e .)"
        )


def play(family: str, config: Config, words: Sequence[str]) -> int:
    """Wire the process to one run of a family; `words` are the flags as they were given."""
    # Loaded here, by name, so that --help and usage errors do not wait for what only a run needs.
    execute = importlib.import_module("arena.execute")
    console = importlib.import_module("arena.console").console(config.quiet, config.no_color, config.environ)
    wiring = importlib.import_module("arena.wiring")
    around = wiring.Surroundings(
        config.environ, config.root, threading.Event(), console.notify, console.warn, tuple(words)
    )
    code: int = execute.execute(family, config, around, console)
    return code


if __name__ == "__main__":
    sys.exit(main())
