"""The flags of `arena cheaptalk aggregate`, which reads result files and has none of the settings of a run."""

from __future__ import annotations

from pathlib import Path

from arena.cli.run_choice import add_last
from arena.settings.flags import Parser


def add_flags(parser: Parser) -> None:
    """Declare the flags."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR",
                        help="a run, or a folder with milestone2/seed42.json, milestone3/seed42.json,"
                        " milestone4/protocol_comparison_seed42.json for each seed")  # fmt: skip
    add_last(parser, "take the newest run under state/runs")
    parser.add_argument("--seeds", metavar="S,S", help="seeds to sum up [SEEDS, or all that have a file]")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the files there instead of into DIR")
