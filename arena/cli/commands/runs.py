"""`arena runs`: the runs under state/runs, the newest first."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from arena.cli import run_choice
from arena.cli.console import Console
from arena.cli.run_choice import StartedRun, started_runs
from arena.errors import EXIT_OK, ArenaError, UsageError, one_line
from arena.formats.tables import printable, text_table
from arena.formats.terminal import terminal_width
from arena.records import PENDING
from arena.settings.flags import Parser
from arena.store.finished_run import FinishedRun
from arena.store.manifest import Models
from arena.store.rundir import SUMMARY_FILE

SHOWN = 20
"""Runs that are listed without --all: they fit on a screen."""

_HEADER = ("run", "started (UTC)", "models", "done", "success", "cost", "state")


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        prog="arena runs",
        description="List the runs under state/runs, the newest first: when, models, matches, success rate, cost, and"
        " whether the plan is complete.",
        examples=("python3 -m arena runs", "python3 -m arena runs --dir elsewhere --json"),
    )
    declared.add_argument("--dir", type=Path, metavar="DIR", help="list the runs in this folder [default state/runs]")
    declared.add_argument("--all", action="store_true", help=f"list all runs, not only the newest {SHOWN}")
    declared.add_argument("--json", action="store_true", help="print one JSON list, an object per run, all runs")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the list; return 0, even if there is no run."""
    folder = options.dir or run_choice.RUNS_DIR
    if options.dir is not None and not folder.is_dir():
        raise UsageError(f"--dir: {folder} is not a folder")
    started = started_runs(folder)
    shown = started if options.all or options.json else started[:SHOWN]
    found = [listed(one) for one in shown]
    if options.json:
        console.result(json.dumps([row._asdict() for row in found]))
    elif found:
        console.result(printable(runs_text(found, terminal_width())))
        if any(one.state in ("unfinished", "incomplete") for one in found):
            console.result("unfinished, incomplete: the command of the run, with --resume, plays the rest")
        if len(started) > len(found):
            console.result(f"and {len(started) - len(found)} older ones: --all lists them")
    else:
        console.result(f"no runs in {folder}; `arena run` makes one")
    return EXIT_OK


class ListedRun(NamedTuple):
    """One run for the list. None: not known, because the run is not finished or nothing was scored."""

    name: str
    started_utc: str
    players: str
    judge: str | None
    done: int | None
    planned: int | None
    success_rate: float | None
    cost_usd: float | None
    state: str
    """`complete`, `pending` (all was played, verdicts are missing), `incomplete` (a planned trial has no result),
    `unfinished` (no summary), or `unreadable`."""


def listed(found: StartedRun) -> ListedRun:
    """Return the row of a run. A damaged run is `unreadable`; it does not hide the others."""
    name, when = found.path.name, found.started
    unreadable = ListedRun(name, when, "-", None, None, None, None, None, "unreadable")
    try:
        finished = FinishedRun(found.path)
        models, planned = finished.manifest.identity.models, finished.manifest.identity.plan.count
        who, judge = _players(models), models.judge
        if not (found.path / SUMMARY_FILE).is_file():
            return ListedRun(name, when, who, judge, None, planned, None, None, "unfinished")
        summary = finished.summary()
        statuses, cost = summary["statuses"], summary["cost_usd"]
        kept = sum(int(statuses.get(status, 0)) for status in ("done", "aborted", "denied"))
        usd = None if cost["unpriced"] else float(cost["usd"])
        awaited = int(statuses.get(PENDING, 0))
        state = "complete" if kept == planned else "pending" if kept + awaited == planned else "incomplete"
        done = int(statuses["done"])
        return ListedRun(name, when, who, judge, done, planned, summary.get("success_rate"), usd, state)
    except (ArenaError, KeyError, TypeError, ValueError, AttributeError):  # verify reports the damage
        return unreadable


def _players(models: Models) -> str:
    """Return every player's model once: `mock/careful + groq/x`."""
    first = [] if models.participant is None else [models.participant]
    return " + ".join(dict.fromkeys([*first, *models.roles.values(), *models.roster])) or "-"


def runs_text(runs: Sequence[ListedRun], width: int) -> str:
    """Return a table of at most `width` columns; where it is too wide, the models, or all fields, are below each run's
    name."""
    cells = [_cells(one) for one in runs]
    table = text_table(_HEADER, cells, frozenset({3, 4, 5}))
    if _fits(table, width):
        return table
    at = _HEADER.index("models")
    table = text_table(_without(_HEADER, at), [_without(row, at) for row in cells], frozenset({2, 3, 4}))
    if not _fits(table, width):
        return "\n".join(_block(one) for one in runs)
    head, line, *rows = table.splitlines()
    return "\n".join([head, line, *(f"{row}\n    {one_line(of[at])}" for row, of in zip(rows, cells, strict=True))])


def _fits(table: str, width: int) -> bool:
    return all(len(line) <= width for line in table.splitlines())


def _without(row: Sequence[str], at: int) -> list[str]:
    return [*row[:at], *row[at + 1 :]]


def _cells(one: ListedRun) -> list[str]:
    who = one.players if one.judge is None else f"{one.players}, judge {one.judge}"
    return [one.name, _when(one), who, _done(one), _success(one), _cost(one), one.state]


def _block(one: ListedRun) -> str:
    _, when, who, done, success, cost, state = _cells(one)
    lines = f"{one.name}  {state}", f"    {when}  done {done}, success {success}, cost {cost}", f"    {who}"
    return "\n".join(map(one_line, lines))


def _when(one: ListedRun) -> str:
    return one.started_utc[:16].replace("T", " ") or "-"


def _done(one: ListedRun) -> str:
    return "-" if one.done is None else f"{one.done}/{one.planned}"


def _success(one: ListedRun) -> str:
    return "-" if one.success_rate is None else f"{one.success_rate:.1%}"


def _cost(one: ListedRun) -> str:
    return "-" if one.cost_usd is None else f"${one.cost_usd:,.2f}"
