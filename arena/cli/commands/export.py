"""`arena export`: a finished run in the formats of others."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.exports import (
    hf_dataset,
    sarif,
)
from arena.analysis.exports.canary import canary_of
from arena.cli.console import Console
from arena.engine.finished import open_run
from arena.errors import EXIT_OK
from arena.families.crypto import leaderboard_result
from arena.formats.tables import printable
from arena.settings.flags import Parser
from arena.store.finished_run import FinishedRun
from arena.store.rundir import require_writable


def _without_flags(declared: Parser) -> None:
    """Declare no flag."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format, as data.

    `example`: a name for the output, shown by `--help`.  `write`: writes the export and returns, as text, what was
    written.  `flags`: declares the format's own flags.  `folder`: the output is a folder.  `benchmark_data`: the output
    holds challenges or transcripts, so it must hold the canary.
    """

    help: str
    example: str
    write: Callable[[FinishedRun, argparse.Namespace], str]
    flags: Callable[[Parser], None] = _without_flags
    folder: bool = False
    benchmark_data: bool = True


def parser() -> Parser:
    """Declare the flags of each format."""
    shared = Parser(add_help=False)
    shared.add_argument("run", type=Path, metavar="RUN", help="run directory")
    shared.add_argument("--out", type=Path, required=True, metavar="PATH", help="file or new folder to write")
    shared.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    declared = Parser(
        prog="arena export",
        description="Write a finished run in another format: docs/leaderboard.md, docs/policy.md.",
        examples=(_example("hf-dataset"), _example("leaderboard-result")),
    )
    formats = declared.add_subparsers(dest="format", required=True, metavar="FORMAT", parser_class=Parser)
    for name, row in FORMATS.items():
        row.flags(formats.add_parser(name, parents=[shared], help=row.help, examples=(_example(name),)))
    return declared


def _example(name: str) -> str:
    return f"python3 -m arena export {name} state/runs/first --out {FORMATS[name].example}"


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the export and print what was written; return 0."""
    chosen = FORMATS[options.format]
    require_writable(options.out, folder=chosen.folder)
    finished = open_run(options.run)
    written = chosen.write(finished, options)
    if chosen.benchmark_data:
        canary, of_set = canary_of(finished)
        if not of_set:
            console.warn(f"the data set that was played names no canary; the export has {canary}")
    if not console.quiet:
        console.result(printable(f"{options.out}: {written}"))
    return EXIT_OK


def _leaderboard_flags(declared: Parser) -> None:
    declared.add_argument("--include-transcripts", action="store_true", help="with transcripts, views and challenges")


def _leaderboard_result(run: FinishedRun, options: argparse.Namespace) -> str:
    canary, _ = canary_of(run)
    return f"{leaderboard_result.export(run, options.out, options.include_transcripts, canary)} matches"


def _dataset_flags(declared: Parser) -> None:
    declared.add_argument("--license", default=hf_dataset.DEFAULT_LICENCE, metavar="ID",
                          help="licence of the data, as the Hub names it [default mit]")  # fmt: skip


def _hf_dataset(run: FinishedRun, options: argparse.Namespace) -> str:
    counts = hf_dataset.export(run, options.out, options.license)
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _sarif_flags(declared: Parser) -> None:
    declared.add_argument("--source", metavar="PATH",
                          help="where the gates file is in the repository [default: as --gates named it]")  # fmt: skip


def _sarif(run: FinishedRun, options: argparse.Namespace) -> str:
    count, left_out = sarif.export(run, options.out, options.source)
    more = f", {left_out} further ones are counted in it" if left_out else ""
    return f"{count} finding{'' if count == 1 else 's'}{more}"


FORMATS: dict[str, Format] = {
    "leaderboard-result": Format(
        "one JSON file in the predecessor's format", "result.json", _leaderboard_result, _leaderboard_flags
    ),
    "hf-dataset": Format(
        "a Hugging Face data set folder (JSONL)", "first-dataset", _hf_dataset, _dataset_flags, folder=True
    ),
    "sarif": Format(
        "denials and warnings of the policy, for code scanning (SARIF 2.1.0)", "gates.sarif", _sarif, _sarif_flags,
        benchmark_data=False,
    ),
}  # fmt: skip
"""Name -> format. A new one is a file in arena/analysis/exports/, or in its family's folder, and a row."""
