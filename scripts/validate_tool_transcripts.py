#!/usr/bin/env python3
"""Report why matches are unfit for training; exit with 1 if some are: `arena dataset validate`.

python3 scripts/validate_tool_transcripts.py RUN... [--min-fit SHARE] [--json]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["dataset", "validate", *sys.argv[1:]]))
