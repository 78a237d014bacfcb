#!/usr/bin/env python3
"""Sum up the results of several seeds: python3 scripts/aggregate_multi_seed_results.py DIR (docs/cheaptalk.md).

The same as `python3 -m arena cheaptalk aggregate`, which lists the flags with --help.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["cheaptalk", "aggregate", *sys.argv[1:]]))
