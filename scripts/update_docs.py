#!/usr/bin/env python3
"""Renew the generated tables in README.md and docs/configuration.md: python3 scripts/update_docs.py (`make docs`)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import ArenaError  # noqa: E402
from arena.families.crypto.spec import SETTINGS  # noqa: E402
from arena.settings.docs import with_tables  # noqa: E402

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "configuration.md")


def main() -> int:
    for path in DOCUMENTS:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        try:
            renewed = with_tables(text, str(path), SETTINGS)
        except ArenaError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        if renewed != text:
            path.write_text(renewed, encoding="utf-8")
            print(f"renewed {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
