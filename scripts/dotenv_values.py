#!/usr/bin/env python3
"""Print variables for a shell, with `.env` read by the rules of arena/settings/env.py.

eval "$(python3 scripts/dotenv_values.py NAME...)": one export line per named variable that is set and not empty.
Exit code 2, and nothing printed, for an unusable .env.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import ArenaError, UsageError  # noqa: E402
from arena.settings.env import load_dotenv  # noqa: E402


def main(argv: Sequence[str] | None = None) -> int:
    names = sys.argv[1:] if argv is None else list(argv)
    try:
        bad = [name for name in names if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)]
        if bad or not names:
            raise UsageError(f"give names of variables; not a name: {bad}" if bad else "give names of variables")
        environ = load_dotenv(os.environ, ROOT)
    except ArenaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    lines = [f"export {name}={shlex.quote(environ[name])}" for name in names if environ.get(name)]
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
