#!/usr/bin/env python3
"""`python -m scripts.aggregate_results --run_id NAME`: writes the results of a run again, as `arena risk report` does.

--outdir names the results folder, --evaluator other rules; `--emit-status never` prints only warnings. --stream has no
effect: rows are always read one at a time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.cli.entry import main as arena  # noqa: E402


def words_for(argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the words after `arena` that do the same."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--emit-status", "--emit_status", choices=("always", "never"))
    known, rest = parser.parse_known_args(argv)
    status = known.emit_status or environ.get("AGGREGATE_EMIT_STATUS", "").strip()
    if status not in ("", "always", "never"):
        parser.error(f"AGGREGATE_EMIT_STATUS must be always or never, not {status!r}")
    return ["risk", "report", *(["--quiet"] if status == "never" else []), *rest]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the results, and return the exit code of `arena risk report`."""
    return arena(words_for(sys.argv[1:] if argv is None else argv, os.environ))


if __name__ == "__main__":
    sys.exit(main())
