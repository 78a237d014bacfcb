"""`arena merge OUT RUN...`: merge the shards of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from arena.cli.console import Console
from arena.engine.finished import opened
from arena.engine.merging import MOST_NAMED, Merged, merge
from arena.errors import EXIT_ERRORS, EXIT_OK
from arena.settings.flags import Parser

_DESCRIPTION = (
    "Merge the shards of one run into the run directory OUT, with all records, calls, sessions and costs. OUT then"
    " equals an undivided run. The content of OUT is kept, so merging again changes nothing, and later shards can be"
    " added. RUN is only read. Exit codes: 0 every planned trial is present, 1 some are missing (they are listed), 2"
    " the runs do not belong to one plan, are damaged, or are in use."
)
_EXAMPLES = (
    "python3 -m arena merge state/runs/whole state/runs/part-0 state/runs/part-1",
    "python3 -m arena merge state/runs/whole state/runs/part-*",
)


def parser() -> Parser:
    """Declare OUT, RUN... and how to print."""
    declared = Parser(
        "arena merge", "More: docs/many-machines.md.", _EXAMPLES, usage="arena merge OUT RUN... [flags]",
        description=_DESCRIPTION,
    )  # fmt: skip
    declared.add_argument("out", metavar="OUT", type=Path, help="run directory to merge into; created if it is missing")
    declared.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="run directory of a shard; only read")
    declared.add_argument("--json", action="store_true", help="print the result as one JSON object")
    declared.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Merge and print what is missing; return 0 if nothing is, else 1."""
    merged = merge(options.out, options.runs)
    if options.json:
        console.result(json.dumps({
            "out": str(options.out),
            "runs": merged.runs,
            "missing_shards": [str(shard) for shard in merged.shards],
            "missing": list(merged.missing),
            "summary": dict(merged.summary),
        }))  # fmt: skip
    elif not options.quiet:
        console.result("\n".join(_lines(merged, options.out)))
    if merged.missing:
        console.warn(_missing_text(merged, options.out))
        return EXIT_ERRORS
    return EXIT_OK


def _lines(merged: Merged, out: Path) -> list[str]:
    summary = merged.summary
    _, trials = summary["trial_nouns"]
    counted = ", ".join(f"{count} {status}" for status, count in summary["statuses"].items() if count) or "none played"
    sessions = len(opened(out).manifest.sessions)
    return [
        f"merged {_many(merged.runs, 'run')} into {out}: {summary['n_matches']} of {summary['n_planned']} {trials}"
        f" ({counted})",
        f"{_many(sessions, 'session')}, ${summary['cost_usd']['usd']:.6f}",
        f"next: python3 -m arena verify {out}",
    ]


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _missing_text(merged: Merged, out: Path) -> str:
    trial, trials = merged.summary["trial_nouns"]
    shards = ", ".join(map(str, merged.shards[:MOST_NAMED]))
    more = len(merged.shards) - MOST_NAMED
    which = "shard" if len(merged.shards) == 1 else "shards"
    told = [f"no run was given for {which} {shards}{f' and {more} more' if more > 0 else ''}"] if merged.shards else []
    named = ", ".join(merged.missing[:MOST_NAMED])
    beside = len(merged.missing) - MOST_NAMED
    count = f"1 {trial} is" if len(merged.missing) == 1 else f"{len(merged.missing)} {trials} are"
    told.append(f"{count} missing: {named}{f' and {beside} more' if beside > 0 else ''}")
    told.append(f"merge again with what is missing, or play it in {out} itself with --resume")
    return "; ".join(told)
