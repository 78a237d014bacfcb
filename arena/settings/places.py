"""Where things are: in a clone, or in a package that is installed.

A clone keeps its data files in src/, config/ and calculator/ next to the package. A wheel holds copies of them, under
the same names, in the package's folder `data/` (setup.py says which); a clone has no such folder.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

# The folder of importlib.resources.files("arena"). That module is not imported for it: every command would start later.
_SHIPPED = PACKAGE / "data"

INSTALLED = _SHIPPED.is_dir()
"""Whether this is an installed package, and not a clone."""

DATA_ROOT = _SHIPPED if INSTALLED else PACKAGE.parent
"""The folder in which the data files have their names: the clone, or the data of the installed package."""

RUNS_NAME = "arena-runs" if INSTALLED else "state/runs"

RUNS_DIR = Path(RUNS_NAME) if INSTALLED else DATA_ROOT / RUNS_NAME
"""Where runs without --out go: in a clone always the same folder, else one in the working directory."""

RESULTS_NAME = "arena-results" if INSTALLED else "state/results"

RESULTS_DIR = Path(RESULTS_NAME) if INSTALLED else DATA_ROOT / RESULTS_NAME
"""Where runs of the risk lab without --out go."""


def as_typed_here(text: str) -> str:
    """Return a text of ours with its commands and folders of a clone as they are here: for help and examples."""
    if not INSTALLED:
        return text
    text = text.replace("python3 -m arena.run", "arena run").replace("python3 -m arena", "arena")
    return text.replace("state/runs", RUNS_NAME).replace("state/results", RESULTS_NAME)
