"""axe-core in a page: looks for barriers to readers (contrast, names, order of headings, landmarks ...)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.support.chromium_rig import Page

_SCRIPT = Path(os.environ.get("AXE_CORE") or Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js")
HOW_TO_GET = "no axe-core here: `make axe` (needs npm), or name an axe.min.js in AXE_CORE"

_RUN = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
  one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' // ')}`))"""


def find() -> Path | None:
    """Return the script, or None if it is not installed."""
    return _SCRIPT if _SCRIPT.is_file() else None


def violations(page: Page) -> list[str]:
    """Return a line for each rule that the page breaks, with the first elements."""
    script = find()
    assert script is not None, HOW_TO_GET
    page.js(script.read_text(encoding="utf-8") + ";0")
    found: Any = page.js(_RUN)
    return list(found)
