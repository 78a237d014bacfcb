#!/usr/bin/env python3
"""Renew the generated tables in README.md, docs/configuration.md and docs/risk.md: python3 scripts/update_docs.py."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import ArenaError  # noqa: E402
from arena.families.crypto.spec import SETTINGS  # noqa: E402
from arena.families.risk.spec import DIFFERENT  # noqa: E402
from arena.settings.docs import with_tables  # noqa: E402

DOCUMENTS = {
    ROOT / "README.md": SETTINGS,
    ROOT / "docs" / "configuration.md": SETTINGS,
    ROOT / "docs" / "risk.md": DIFFERENT,
}
"""Document -> the settings that its tables list."""


def main() -> int:
    for path, table in DOCUMENTS.items():
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        try:
            renewed = with_tables(text, str(path), table)
        except ArenaError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        if renewed != text:
            path.write_text(renewed, encoding="utf-8")
            print(f"renewed {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
