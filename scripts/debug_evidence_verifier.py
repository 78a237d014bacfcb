#!/usr/bin/env python3
"""Play one episode and print what the verifier found: `arena cheaptalk debug`, under its old name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["cheaptalk", "debug", *sys.argv[1:]]))
