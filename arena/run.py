"""`python3 -m arena.run` and `python3 arena/run.py`: the same as `arena run`, which arena/cli/entry.py starts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):  # started as a file: make the clone importable, and not this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from arena.cli import entry


def main(argv: Sequence[str] | None = None) -> int:
    """Run `arena run` with these flags (default: the process's own) and return the exit code."""
    return entry.main(["run", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
