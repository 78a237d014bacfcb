#!/usr/bin/env python3
"""`python tools/check_thresholds.py --run-id NAME`: OK, WARN or FAIL, as `arena risk check` says it.

--results-root names the results folder. --no-report-update has no effect: a check changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.cli.entry import main as arena  # noqa: E402


def words_for(argv: Sequence[str]) -> list[str]:
    """Return the words after `arena` that carry out what was asked for."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--results-root", "--results_root")
    parser.add_argument("--no-report-update", action="store_true")
    known, rest = parser.parse_known_args(argv)
    root = [] if known.results_root is None else ["--results-dir", known.results_root]
    return ["risk", "check", *root, *rest]


def main(argv: Sequence[str] | None = None) -> int:
    """Check, and return the exit code of `arena risk check`."""
    return arena(words_for(sys.argv[1:] if argv is None else argv))


if __name__ == "__main__":
    sys.exit(main())
