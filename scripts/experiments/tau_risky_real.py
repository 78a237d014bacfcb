#!/usr/bin/env python3
"""`python -m scripts.experiments.tau_risky_real`: the refund slice with a real model, as `arena risk run` plays it.

In addition to the flags of `arena risk run` it takes --model without a provider (then groq's) and --risk, which has no
effect. Its defaults are --slices tau_risky, --attacks direct, --mode REAL, and the model below.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from arena.cli.entry import main as arena  # noqa: E402
from arena.settings.table import PROVIDERS  # noqa: E402

DEFAULT_MODEL = "llama-3.1-8b-instant"
DEFAULT_PROVIDER = "groq"
_ADDED = (("--slices", "--slice"), "tau_risky"), (("--attacks", "--attack"), "direct")


def words_for(argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the words after `arena` that do the same."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--model", "--participant-model")
    parser.add_argument("--risk")
    parser.add_argument("--mode")
    known, rest = parser.parse_known_args(argv)
    mode = known.mode or environ.get("MODE", "").strip() or "REAL"
    mode = mode.upper()
    model = known.model or environ.get("MODEL", "").strip() or (DEFAULT_MODEL if mode == "REAL" else "")
    if model and mode == "REAL" and model.partition("/")[0] not in PROVIDERS:
        model = f"{DEFAULT_PROVIDER}/{model}"
    words = ["risk", "run", "--mode", mode]
    for flags, value in _ADDED:
        if not any(word.partition("=")[0] in flags for word in rest):
            words += [flags[0], value]
    return [*words, *(["--model", model] if model else []), *rest]


def main(argv: Sequence[str] | None = None) -> int:
    """Play, and return the exit code of `arena risk run`."""
    return arena(words_for(sys.argv[1:] if argv is None else argv, os.environ))


if __name__ == "__main__":
    sys.exit(main())
