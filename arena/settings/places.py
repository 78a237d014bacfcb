"""The places of data and runs, in a clone and in an installed package.

A clone keeps its data files in src/, config/ and calculator/ next to the package. A wheel holds copies of them, under
the same names, in the package's folder `data/` (setup.py says which); a clone has no such folder.
"""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

# The folder of importlib.resources.files("arena"), without importing that module, which would delay every command.
_SHIPPED = PACKAGE / "data"

INSTALLED = _SHIPPED.is_dir()
"""Whether this is an installed package, not a clone."""

DATA_ROOT = _SHIPPED if INSTALLED else PACKAGE.parent
"""The root of the data files: the clone, or the data folder of the installed package."""

RUNS_NAME = "arena-runs" if INSTALLED else "state/runs"

RUNS_DIR = Path(RUNS_NAME) if INSTALLED else DATA_ROOT / RUNS_NAME
"""The folder of runs without --out: in a clone always the same one, otherwise one in the working directory."""

RESULTS_NAME = "arena-results" if INSTALLED else "state/results"

RESULTS_DIR = Path(RESULTS_NAME) if INSTALLED else DATA_ROOT / RESULTS_NAME
"""The folder of risk runs without --out."""


_MISSING = re.compile(r"(?<![\w./])((?:config|src)/[\w./-]+): cannot be read: No such file")


def where_shipped(complaint: str) -> str:
    """Return where an installed package has a file of the clone that a complaint calls missing; else nothing."""
    found = _MISSING.search(complaint) if INSTALLED else None
    if found is None or not (DATA_ROOT / found[1]).is_file():
        return ""
    return f"; this package has it as {DATA_ROOT / found[1]}"


def as_typed_here(text: str) -> str:
    """Return a text for help or examples, with the commands and folders of a clone replaced by those of this
    installation."""
    if not INSTALLED:
        return text
    text = text.replace("python3 -m arena.run", "arena run").replace("python3 -m arena", "arena")
    return text.replace("state/runs", RUNS_NAME).replace("state/results", RESULTS_NAME)
