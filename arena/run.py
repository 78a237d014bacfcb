"""The main door: plays the challenge set. `python3 -m arena.run`, `python3 arena/run.py`, `arena run`."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):  # started as a file: make the clone importable, and not this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from arena.cli.entry import enter, tell_dotenv
from arena.errors import ConfigError
from arena.settings.config import Config, read_config


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena run` with these arguments (default: the process's own) and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)

    def act() -> int:
        config = read_config(words, os.environ)
        check_data(config)
        return play("crypto", config, words)

    # Of the files that a run writes at its end the system may refuse one; what it met before is on disk, and --resume
    # goes on from there.
    return enter("arena run", act)


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
    execute = importlib.import_module("arena.cli.execute")
    console = importlib.import_module("arena.cli.console").console(config.quiet, config.no_color, config.environ)
    tell_dotenv(config, console.notify, console.warn)
    wiring = importlib.import_module("arena.engine.build")
    around = wiring.Surroundings(
        config.environ, config.root, threading.Event(), console.notify, console.warn, tuple(words)
    )
    code: int = execute.execute(family, config, around, console)
    return code


if __name__ == "__main__":
    sys.exit(main())
