"""`arena compare`: compare a base run with a tuned run, paired, with intervals, tests and a verdict."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.compare.by_label import By, across, read_by, within
from arena.analysis.compare.comparison import WORSE, Options, compare, compare_parts
from arena.analysis.compare.figure import figure
from arena.analysis.compare.narrow import narrow_text
from arena.analysis.compare.paired_runs import pair_runs, read_run
from arena.analysis.compare.text import csv_bytes, markdown, text
from arena.analysis.compare.text_of_parts import parts_csv, parts_markdown, parts_text
from arena.cli.console import Console
from arena.cli.run_choice import add_last, newest
from arena.engine.finished import open_run
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.records import Json
from arena.settings.flags import Parser
from arena.settings.places import RUNS_NAME
from arena.store.rundir import pretty_json, write_output

LEAST_RESAMPLES, MOST_RESAMPLES = 100, 1_000_000


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        prog="arena compare",
        description="Compare two runs of the same challenges (claims, cases), paired by challenge and repetition; or"
        " with --by parts of one run, or of two. Exit codes: 0 compared, 1 with --fail-if-worse when something is"
        " worse, 2 when the runs cannot be compared.",
        examples=(
            "python3 -m arena compare state/runs/base state/runs/tuned",
            "python3 -m arena compare state/runs/base --last",
            "python3 -m arena compare BASE TUNED --fail-if-worse --json comparison.json --figure comparison.svg",
            "python3 -m arena compare RUN --by deviation",
            "python3 -m arena compare RUN --by defence=none,gates",
        ),
    )
    declared.add_argument("base", nargs="?", type=Path, metavar="BASE",
                          help="run directory of the base players; with --by, the only one if parts of it are"
                          " compared")  # fmt: skip
    declared.add_argument("tuned", nargs="?", type=Path, metavar="TUNED", help="run directory of the tuned players")
    add_last(declared, "take the newest run under state/runs as TUNED, and by default the one before it as BASE")
    add_flags(declared)
    declared.add_argument("--by", type=_by, metavar="LABEL[=BASE,TUNED]",
                          help="compare parts: in one run the first value of a label (or BASE) with each other one (or"
                          " TUNED); in two runs each value that both have (or BASE's value with TUNED's)")  # fmt: skip
    declared.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    return declared


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a comparison to a parser, without the two runs."""
    parser.add_argument("--intersect", action="store_true", help="compare only what both runs have, and count the rest")
    parser.add_argument("--fail-if-worse", action="store_true", help="exit code 1 when tuned is worse in anything")
    parser.add_argument("--resamples", type=_resamples, default=10_000, metavar="N",
                        help="bootstrap resamples and random sign patterns [default 10000]")  # fmt: skip
    for flag, what in (("report-path", "plain text"), ("json", "JSON"), ("csv", "CSV"), ("markdown", "Markdown"),
                       ("figure", "an SVG figure")):  # fmt: skip
        parser.add_argument(f"--{flag}", type=Path, metavar="FILE", help=f"write the report as {what}")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="random seed [default 0]")


def _resamples(word: str) -> int:
    if not word.isdecimal() or not LEAST_RESAMPLES <= int(word) <= MOST_RESAMPLES:
        raise argparse.ArgumentTypeError(f"a number from {LEAST_RESAMPLES} to {MOST_RESAMPLES:,}, not {word!r}")
    return int(word)


def _by(word: str) -> By:
    try:
        return read_by(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"LABEL, LABEL=BASE or LABEL=BASE,TUNED, not {word!r}") from None


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a comparison is written; None: nowhere."""

    report_path: Path | None
    json: Path | None
    csv: Path | None
    markdown: Path | None
    figure: Path | None


def run(options: argparse.Namespace, console: Console) -> int:
    """Compare, write and print; return 1 with --fail-if-worse when something is worse, else 0."""
    if options.by is not None:
        found = _compare_parts(options)
        shown = parts_text(found, console.width())
    else:
        found = compare_runs(*_chosen(options), options)
        shown = narrow_text(found, console.width())
    if not console.quiet:
        console.result(shown)
    return exit_code(found, options.fail_if_worse)


def _compare_parts(options: argparse.Namespace) -> dict[str, Json]:
    """Compare the parts that --by names, and write the result. Errors: as of `compare_runs`."""
    if options.intersect:
        raise UsageError(
            "--by and --intersect contradict each other: --by already compares only pairs and counts the rest"
        )
    if options.tuned is None and (options.base is not None) != options.last:
        base = options.base if options.base is not None else newest(1)[0]
        parts = within(read_run(open_run(base)), options.by)
    else:
        base, tuned = _chosen(options)
        parts = across(read_run(open_run(base)), read_run(open_run(tuned)), options.by)
    found = compare_parts(options.by.label, parts, Options(options.resamples, options.seed))
    write(found, _outputs(options))
    return found


def _chosen(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return BASE and TUNED, completed by --last. Errors: UsageError when there are not two."""
    base, tuned = options.base, options.tuned
    if options.last and tuned is not None:
        raise UsageError("TUNED and --last contradict each other: give one of the two")
    if options.last:
        latest = newest(1 if base is not None else 2)
        return base or latest[1], latest[0]
    if tuned is None:
        raise UsageError(f"name two runs: give BASE and TUNED, or --last for the newest under {RUNS_NAME} as TUNED")
    return base, tuned


def compare_runs(base: Path, tuned: Path, options: argparse.Namespace) -> dict[str, Json]:
    """Compare two run directories, write the files that `options` (the flags of `add_flags`) name, return the figures.

    Errors: UsageError when they cannot be compared or a file cannot be written, DataError for a damaged run.
    """
    runs = pair_runs(read_run(open_run(base)), read_run(open_run(tuned)), options.intersect)
    found = compare(runs, Options(options.resamples, options.seed))
    write(found, _outputs(options))
    return found


def _outputs(options: argparse.Namespace) -> Outputs:
    return Outputs(options.report_path, options.json, options.csv, options.markdown, options.figure)


def write(found: dict[str, Json], outputs: Outputs) -> None:
    """Write a comparison; folders are made where they are missing. Errors: UsageError when the system refuses."""
    as_text, as_csv, as_markdown = text, csv_bytes, markdown
    if "comparisons" in found:
        as_text, as_csv, as_markdown = parts_text, parts_csv, parts_markdown
    contents: tuple[tuple[Path | None, Callable[[], bytes]], ...] = (
        (outputs.report_path, lambda: _encoded(as_text(found) + "\n")),
        (outputs.json, lambda: pretty_json(found)),
        (outputs.csv, lambda: as_csv(found)),
        (outputs.markdown, lambda: _encoded(as_markdown(found))),
        (outputs.figure, lambda: _encoded(figure(found))),
    )
    for path, content in contents:
        if path is not None:
            write_output(path, content())


def _encoded(content: str) -> bytes:
    return content.encode("utf-8", "backslashreplace")


def exit_code(found: dict[str, Json], fail_if_worse: bool) -> int:
    """Return 1 if something is worse and --fail-if-worse is given, else 0."""
    return EXIT_ERRORS if fail_if_worse and found["verdict"][WORSE] else EXIT_OK
