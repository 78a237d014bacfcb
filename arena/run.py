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

from arena.cli.entry import enter
from arena.families.crypto.spec import SPEC
from arena.families.spec import FamilySpec
from arena.settings.config import Config, build_parser, read_config

_DESCRIPTION = "Play a challenge set: role agents negotiate, call the calculator and are judged."
_EXAMPLES = (
    "python3 -m arena.run --limit 3",
    "python3 -m arena.run --participant-model groq/your-model --judge-model openai/your-judge --dry-run",
    "python3 -m arena.run --resume --out state/runs/first",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena run` with these arguments (default: the process's own) and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)

    def act() -> int:
        parser = build_parser("arena run", SPEC.settings, _DESCRIPTION, _EXAMPLES)
        config = read_config(words, os.environ, SPEC.settings, parser, mocks=SPEC.mocks)
        return play(SPEC, config, words)

    # Of the files that a run writes at its end the system may refuse one; what it met before is on disk, and --resume
    # goes on from there.
    return enter("arena run", act)


def play(spec: FamilySpec, config: Config, words: Sequence[str]) -> int:
    """Wire the process to one run of a family; `words` are the flags as they were given."""
    # Loaded here, by name, so that --help and usage errors do not wait for what only a run needs.
    execute = importlib.import_module("arena.cli.execute")
    console = importlib.import_module("arena.cli.console").console(config.quiet, config.no_color, config.environ)
    build = importlib.import_module("arena.engine.build")
    process = build.ProcessContext(
        config.environ, config.root, threading.Event(), console.notify, console.warn, tuple(words)
    )
    code: int = execute.execute(build.RunRequest(spec, config, process), console)
    return code


if __name__ == "__main__":
    sys.exit(main())
