"""`python3 -m arena COMMAND` and the installed `arena COMMAND`; arena/cli/entry.py does the rest."""

from __future__ import annotations

import sys

from arena.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
