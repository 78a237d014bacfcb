#!/usr/bin/env python3
"""Write chat rows of all fit matches, one per role: `arena dataset rows`.

python3 scripts/fireworks_sanitize_sft_dataset.py RUN... --out FILE [--tool-calls text|native]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["dataset", "rows", *sys.argv[1:]]))
