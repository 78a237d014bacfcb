#!/usr/bin/env python3
"""Check that everything that an experiment needs is in place: `arena cheaptalk validate`, under its old name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["cheaptalk", "validate", *sys.argv[1:]]))
