"""`python3 -m arena` and `arena`: the other doors, one file each."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from arena import __version__
from arena.cli.entry import enter
from arena.errors import EXIT_OK, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("arena.run", "play the challenge set: agents negotiate, compute and are judged"),
    "calibrate": ("arena.cli.commands.calibrate", "judge plays of known quality: what does the judge notice?"),
    "compare": ("arena.cli.commands.compare", "is the tuned run better than the base run? paired, with a verdict"),
    "verify": (
        "arena.cli.commands.verify",
        "check a finished run: digests, chain, every tool call, every table",
    ),
    "check": ("arena.cli.commands.check", "does a run keep its thresholds? OK, WARN or FAIL, for people and for CI"),
    "leaderboard": ("arena.cli.commands.leaderboard", "a table over runs; only those that may be are ranked together"),
    "export": ("arena.cli.commands.export", "write a run as a leaderboard result or as a data set folder"),
    "rejudge": ("arena.cli.commands.rejudge", "judge a finished run again: another judge, a panel, k repetitions"),
    "challenges": ("arena.cli.commands.challenges", "lint, list, show, render, count or try out the challenge set"),
    "report": ("arena.cli.commands.report", "a self-contained HTML page about one or several runs, and its figures"),
}
"""Name -> (module with `main(argv) -> exit code`, one line for the help). A new command is one file and one row."""


def help_text() -> str:
    """Return the list of commands."""
    width = max(len(name) for name in COMMANDS)
    rows = "\n".join(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    return f"usage: arena COMMAND [flags]\n\n{rows}\n\n`arena COMMAND --help` lists the flags of a command."


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return enter("arena", lambda: _command(words))


def _command(words: Sequence[str]) -> int:
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        print(help_text())
        return EXIT_OK
    if name == "--version":
        print(f"arena {__version__}")
        return EXIT_OK
    if name not in COMMANDS:
        raise UsageError(f"unknown command {name!r}; there are: {', '.join(COMMANDS)}")
    code: int = importlib.import_module(COMMANDS[name][0]).main(words[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
