#!/usr/bin/env python3
"""Write a batch of requests to a model that writes training matches: `arena dataset requests`.

python3 scripts/build_dataset.py --model MODEL --out FILE [--seeds N,N] [--split train] [--limit N] ...
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["dataset", "requests", *sys.argv[1:]]))
