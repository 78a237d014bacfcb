"""`arena risk latest`: makes LATEST a copy of the newest finished run's results."""

from __future__ import annotations

import argparse

from arena.cli.console import Console
from arena.cli.risk.places import LATEST, keep_latest, latest_valid, results_root
from arena.errors import EXIT_OK, one_line


def run(options: argparse.Namespace, console: Console) -> int:
    """Copy the results and print their source; return 0. Errors: UsageError if there is no finished run."""
    root = results_root(options.results_dir)
    folder = latest_valid(root)
    keep_latest(folder, root)
    console.result(one_line(f"{root / LATEST}: copied from {folder.name}"))
    return EXIT_OK
