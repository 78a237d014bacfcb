"""`arena verify RUN`: does everything in a run directory hold?"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from arena.analysis.verify.text import verification_text
from arena.analysis.verify.verify import recalculating, verify
from arena.cli.console import Console
from arena.cli.entry import enter, tell_dotenv
from arena.engine.build import Surroundings
from arena.errors import EXIT_ERRORS, EXIT_OK
from arena.settings.config import build_parser, read_config
from arena.settings.flags import examples_text
from arena.settings.table import RUN_SETTINGS

_FLAGS = frozenset({"calculator_provider", "calculator_timeout", "env_file", "json", "quiet"})
_LOCAL = ("process", "oneshot", "none")
_HELP = {
    "calculator_provider": "computes the calls again: process (kept running), oneshot; none leaves them unchecked",
    "json": "print the result as one JSON object",
    "quiet": "print only what does not hold",
}

TABLE = tuple(
    replace(
        row,
        help=_HELP.get(row.name, row.help),
        choices=_LOCAL if row.name == "calculator_provider" else row.choices,
    )
    for row in RUN_SETTINGS
)
_DESCRIPTION = (
    "Check that a finished run is what it was: digests of all files, hash chain, every tool call computed again, every"
    " record played again from the journal, every table built again. Changes nothing. Exit codes: 0 everything holds,"
    " 1 something does not (said what and where), 2 RUN is no run."
)
_EXAMPLES = (
    "python3 -m arena verify state/runs/first",
    "python3 -m arena verify RUN --json --quiet",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out `arena verify` with these arguments and return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return enter("arena verify", lambda: _verify(words))


def _verify(words: Sequence[str]) -> int:
    parser = build_parser("arena verify", [row for row in TABLE if row.name in _FLAGS], _DESCRIPTION)
    parser.usage = "arena verify RUN [flags]"
    parser.epilog = "More: docs/verify.md.\n\n" + examples_text(_EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="run directory")
    config = read_config(words, os.environ, table=TABLE, parser=parser)
    path = Path(parser.parse_args(list(words)).run)
    console = Console(quiet=config.quiet)
    tell_dotenv(config, console.notify, console.warn)
    stop = threading.Event()
    around = Surroundings(config.environ, config.root, stop, console.notify, console.warn, tuple(words))
    with recalculating(config, around) as again:
        found = verify(path, again)
    if config.json:
        print(json.dumps(found.to_json()))
    elif not config.quiet or not found.holds:
        print(verification_text(found))
    return EXIT_OK if found.holds else EXIT_ERRORS
