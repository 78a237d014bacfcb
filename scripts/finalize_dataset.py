#!/usr/bin/env python3
"""Split rows into train and val, with a data card: `arena dataset finalize`.

python3 scripts/finalize_dataset.py ROWS... --out DIR [--seed N] [--val-share X]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["dataset", "finalize", *sys.argv[1:]]))
