#!/usr/bin/env python3
"""Play milestones 2, 3 and 4 in one run: `arena cheaptalk all`, under its old name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["cheaptalk", "all", *sys.argv[1:]]))
