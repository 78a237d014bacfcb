"""`arena risk list`: list the runs of the results folder, and the parts that each is missing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from arena.analysis.risk.results import INDEX_HTML, RUN_JSON, SUMMARY_CSV, SUMMARY_SVG
from arena.analysis.risk.rows_file import experiments_in
from arena.cli.console import Console
from arena.cli.risk.places import results_root, runs_in
from arena.errors import EXIT_OK, DataError, UsageError
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.formats.tables import printable, text_table
from arena.records import Json

HEADER = ("run", "started (UTC)", "mode", "model", "rows", "callable", "thresholds", "state", "lacks")


class Listed(NamedTuple):
    """A run for the list; None: not known.

    `state`: `ok`, `dry run`, `stopped` (a limit, an error or a user stopped it), `partial` (something is missing) or
    `damaged`.  `lacks`: what is missing of rows, run.json, csv, svg, html.
    """

    run: str
    started: str
    mode: str | None
    model: str | None
    rows: int | None
    callable: int | None
    thresholds: str | None
    state: str
    lacks: tuple[str, ...]


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the list, the newest run first; return 0, even if there is none."""
    root = results_root(options.results_dir)
    if options.results_dir is not None and not root.is_dir():
        raise UsageError(f"--results-dir: {root} is not a folder")
    found = [listed(one.path, one.started) for one in runs_in(root)]
    if options.json:
        console.result(json.dumps([row._asdict() for row in found]))
    elif found:
        console.result(printable(text_table(HEADER, [_cells(row) for row in found], frozenset({4, 5}))))
    else:
        console.result(f"no runs in {root}; `arena risk run` makes one")
    return EXIT_OK


def listed(folder: Path, started: str) -> Listed:
    """Return the row of a run; a damaged run has the state `damaged`."""
    files = {"run.json": RUN_JSON, "csv": SUMMARY_CSV, "svg": SUMMARY_SVG, "html": INDEX_HTML}
    lacks = [name for name, file in files.items() if not (folder / file).is_file()]
    if not experiments_in(folder):
        lacks.insert(0, "rows")
    blank = Listed(folder.name, started, None, None, None, None, None, "partial", tuple(lacks))
    try:
        head = parse_json(read_bytes(folder / RUN_JSON), str(folder / RUN_JSON)) if "run.json" not in lacks else None
    except (DataError, OSError):
        return blank._replace(state="damaged")
    if not isinstance(head, dict):
        return blank
    totals, thresholds = _map(head.get("totals")), _map(head.get("thresholds"))
    return blank._replace(
        mode=_text(head.get("mode")),
        model=_text(head.get("model")),
        rows=_count(totals.get("rows")),
        callable=_count(totals.get("callable")),
        thresholds=_text(thresholds.get("status")),
        state="partial" if lacks else _state(head),
    )


def _state(head: Mapping[str, Json]) -> str:
    if head.get("dry_run") is True:
        return "dry run"
    return "ok" if head.get("stopped_by") is None else "stopped"


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _cells(row: Listed) -> list[str]:
    started = row.started[:16].replace("T", " ")
    known = [row.run, started, row.mode, row.model, row.rows, row.callable, row.thresholds, row.state]
    return [*("-" if value in (None, "") else str(value) for value in known), ", ".join(row.lacks) or "-"]
