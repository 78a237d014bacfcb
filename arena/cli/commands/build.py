"""`arena build`: builds the calculator with cargo, as the first run does where it is missing."""

from __future__ import annotations

import argparse
import os

from arena.calculator.carrier import ensure_built
from arena.cli.console import Console
from arena.errors import EXIT_OK
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT

CHOSEN = "ARENA_CALCULATOR_BIN"


def parser() -> Parser:
    """Declare the flags: --quiet alone."""
    declared = Parser(
        prog="arena build",
        description="Build the calculator with cargo, if it is missing or older than its sources. A run does the same."
        " A wheel that contains the calculator has nothing to build.",
        examples=("python3 -m arena build",),
    )
    declared.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Build the calculator and print where it is; return 0. Errors: as of `ensure_built`."""
    environ = {name: value for name, value in os.environ.items() if name != CHOSEN}
    binary = ensure_built(DATA_ROOT, console.notify, environ, console.live and not console.quiet)
    if not console.quiet:
        console.result(f"calculator: {binary}")
    if os.environ.get(CHOSEN, "").strip():
        console.warn(f"{CHOSEN} is set: runs use {os.environ[CHOSEN]} instead")
    return EXIT_OK
