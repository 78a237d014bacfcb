#!/usr/bin/env python3
"""Sum up results over seeds: `arena cheaptalk aggregate`; without a folder, of results/."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["cheaptalk", "aggregate", *(sys.argv[1:] or ["results"])]))
