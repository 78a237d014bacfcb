"""`arena export`: a finished run in the formats of others."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from arena.analysis.exports import hf_dataset, leaderboard_result, sarif
from arena.analysis.exports.canary import canary_of
from arena.cli.console import Console
from arena.engine.finished import open_run
from arena.errors import EXIT_OK
from arena.formats.tables import printable
from arena.settings.flags import Parser
from arena.store.finished_run import FinishedRun
from arena.store.rundir import require_writable


def parser() -> Parser:
    """Declare the flags of each format."""
    shared = Parser(add_help=False)
    shared.add_argument("run", type=Path, metavar="RUN", help="run directory")
    shared.add_argument("--out", type=Path, required=True, metavar="PATH", help="file or new folder to write")
    shared.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    declared = Parser(
        prog="arena export",
        description="Write a finished run in another format: docs/leaderboard.md, docs/policy.md.",
        examples=(
            "python3 -m arena export hf-dataset state/runs/first --out first-dataset",
            "python3 -m arena export leaderboard-result state/runs/first --out result.json",
        ),
    )
    formats = declared.add_subparsers(dest="format", required=True, metavar="FORMAT", parser_class=Parser)
    result = formats.add_parser(
        "leaderboard-result",
        parents=[shared],
        help="one JSON file in the predecessor's format",
        examples=("python3 -m arena export leaderboard-result state/runs/first --out result.json",),
    )
    result.add_argument("--include-transcripts", action="store_true", help="with transcripts, views and challenges")
    folder = formats.add_parser(
        "hf-dataset",
        parents=[shared],
        help="a Hugging Face data set folder (JSONL)",
        examples=("python3 -m arena export hf-dataset state/runs/first --out first-dataset",),
    )
    folder.add_argument("--license", default=hf_dataset.DEFAULT_LICENCE, metavar="ID",
                        help="licence of the data, as the Hub names it [default mit]")  # fmt: skip
    findings = formats.add_parser(
        "sarif",
        parents=[shared],
        help="denials and warnings of the policy, for code scanning (SARIF 2.1.0)",
        examples=("python3 -m arena export sarif state/runs/first --out gates.sarif",),
    )
    findings.add_argument("--source", metavar="PATH",
                          help="where the gates file is in the repository [default: as --gates named it]")  # fmt: skip
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the export and print what was written; return 0."""
    require_writable(options.out, folder=options.format == "hf-dataset")
    finished = open_run(options.run)
    written = FORMATS[options.format](finished, options)
    if options.format in WITH_CANARY:
        canary, of_set = canary_of(finished)
        if not of_set:
            console.warn(f"the challenge set names no canary; the export has {canary}")
    if not console.quiet:
        console.result(printable(f"{options.out}: {written}"))
    return EXIT_OK


def _leaderboard_result(run: FinishedRun, options: argparse.Namespace) -> str:
    return f"{leaderboard_result.export(run, options.out, options.include_transcripts)} matches"


def _hf_dataset(run: FinishedRun, options: argparse.Namespace) -> str:
    counts = hf_dataset.export(run, options.out, options.license)
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _sarif(run: FinishedRun, options: argparse.Namespace) -> str:
    count, left_out = sarif.export(run, options.out, options.source)
    more = f", {left_out} further ones are counted in it" if left_out else ""
    return f"{count} finding{'' if count == 1 else 's'}{more}"


FORMATS: dict[str, Callable[[FinishedRun, argparse.Namespace], str]] = {
    "leaderboard-result": _leaderboard_result,
    "hf-dataset": _hf_dataset,
    "sarif": _sarif,
}
"""Format -> writes it and returns what was written. A new format is one file in arena/exports and one row."""

WITH_CANARY = frozenset({"leaderboard-result", "hf-dataset"})
"""Formats that hold benchmark data."""
