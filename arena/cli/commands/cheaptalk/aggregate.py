"""`arena cheaptalk aggregate`: the summary over seeds, from result files of each seed."""

from __future__ import annotations

import argparse
import json

from arena.cli.console import Console
from arena.errors import EXIT_OK, ConfigError
from arena.families.cheaptalk.outputs.across_seeds import SUMMARY_FILE, aggregate
from arena.store.rundir import pretty_json, write_output


def run(options: argparse.Namespace, console: Console) -> int:
    """Read the files of every seed, write the summary; return 0. A part without a file of every seed stays null."""
    found = aggregate(options.folder, _seeds(options.seeds))
    if options.json:
        console.result(json.dumps(found.summary))
        return EXIT_OK
    out = options.out or options.folder / SUMMARY_FILE
    write_output(out, pretty_json(found.summary))
    for line in found.lines():
        console.result(line)
    console.result(f"written: {out}")
    return EXIT_OK


def _seeds(text: str | None) -> list[int]:
    """Return the seeds of a list. Errors: ConfigError for what is no number."""
    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise ConfigError(f"--seeds: must be whole numbers with commas between, not {text}") from None
