"""How a run was carried out: what it is, from the manifest; and, marked, clock values and places."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Mapping

from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.analysis.report.tables import table
from arena.analysis.report.tally import Tally
from arena.analysis.report.values import clipped, shown
from arena.formats.decode import encode
from arena.records import Json
from arena.store.journal import read_rows
from arena.store.rundir import TIMINGS_FILE, Timing

TIME_START, TIME_END = "<!-- time section: differs between equal runs -->", "<!-- end of the time section -->"


def identity(tally: Tally) -> Markup:
    """Return what the run is: versions, models, rules, settings. Equal for equal runs of one state of the code."""
    manifest = tally.run.manifest
    found, git = manifest.identity, manifest.git
    commit = f"{git.commit}{' with uncommitted changes' if git.dirty else ''}" if git.commit else None
    rows = {
        "family": manifest.family,
        "identity (SHA-256)": found.sha256,
        "arena version": manifest.arena_version,
        "git commit": commit,
        "Python": manifest.python,
        **{f"models: {name}": value for name, value in encode(found.models).items() if value},
        **{f"calculator: {name}": value for name, value in found.calculator.items()},
        "tool protocol": found.tool_protocol,
        **{f"rules: {name}": value for name, value in found.rules.items()},
        "plan": encode(found.plan),
    }
    settings = {name: value for name, value in found.settings.items() if value not in (None, [], {})}
    fold = tag("details", tag("summary", "Settings that make the run what it is"), _list(settings))
    return join([_list({name: value for name, value in rows.items() if value is not None}), fold])


def _list(rows: Mapping[str, Json]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", clipped(shown(value), 1000)))
                       for name, value in rows.items()))  # fmt: skip


def seconds_of_matches(tally: Tally) -> array[float]:
    """Return how long each match took, from timings.jsonl. Errors: DataError naming line and pointer."""
    path = tally.run.path / TIMINGS_FILE
    return array("d", [row.seconds for row in read_rows(path, Timing)] if path.exists() else [])


def clock(tally: Tally) -> Markup:
    """Return the section that holds clock values, the place of the run and how many workers played it."""
    manifest = tally.run.manifest
    taken = sorted(seconds_of_matches(tally))
    rows = []
    for number, session in enumerate(manifest.sessions, 1):
        rows.append([str(number), session.started_utc, session.ended_utc or "did not end",
                     _seconds(session.seconds), _seconds(session.playing_seconds), shown(session.played),
                     shown(session.operation.get("workers")), session.stopped_by or "-"])  # fmt: skip
    facts: dict[str, Json] = {"run directory": tally.run.name, "made (UTC)": manifest.created_utc}
    if taken:
        facts["seconds of a match"] = (
            f"median {statistics.median(taken):.3f}, 95th percentile {taken[int(0.95 * (len(taken) - 1))]:.3f},"
            f" longest {taken[-1]:.3f} ({len(taken)} plays)"
        )
    heads = ("Session", "Started (UTC)", "Ended (UTC)", "Seconds", "Playing", "Played", "Workers", "Stopped by")
    note = "Not part of the results: these values differ between runs that are otherwise equal byte for byte."
    return join([trusted(f"\n{TIME_START}\n"), tag("p", note, class_="soft"), _list(facts),
                 table(heads, rows, "Sessions") if rows else None, trusted(f"\n{TIME_END}\n")])  # fmt: skip


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
