#!/usr/bin/env python3
"""Play generated matches with the real calculator, and leave out what cannot be grounded: `arena dataset ground`.

python3 scripts/postprocess_tool_transcripts.py RESULTS --out DIR [--workers N]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["dataset", "ground", *sys.argv[1:]]))
