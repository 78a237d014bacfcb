"""How a run was carried out: what it is, from the manifest; and, marked, clock values and places."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Mapping

from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.analysis.report.tables import table
from arena.analysis.report.tally import Tally
from arena.analysis.report.values import clipped, shown
from arena.errors import DataError, Issue
from arena.records import Json
from arena.store.journal import parse_line, read_lines
from arena.store.rundir import TIMINGS_FILE

TIME_START, TIME_END = "<!-- time section: differs between equal runs -->", "<!-- end of the time section -->"


def identity(tally: Tally) -> Markup:
    """Return what the run is: versions, models, rules, settings. Equal for equal runs of one state of the code."""
    manifest, found = tally.run.manifest, tally.run.identity
    git = manifest.get("git") or {}
    commit = f"{git['commit']}{' with uncommitted changes' if git.get('dirty') else ''}" if git.get("commit") else None
    rows = {
        "family": manifest.get("family"),
        "identity (SHA-256)": found.get("sha256"),
        "arena version": manifest.get("arena_version"),
        "git commit": commit,
        "Python": manifest.get("python"),
        **{f"models: {name}": value for name, value in found.get("models", {}).items() if value},
        **{f"calculator: {name}": value for name, value in found.get("calculator", {}).items()},
        "tool protocol": found.get("tool_protocol"),
        **{f"rules: {name}": value for name, value in found.get("rules", {}).items()},
        "plan": found.get("plan"),
    }
    settings = {name: value for name, value in found.get("settings", {}).items() if value not in (None, [], {})}
    fold = tag("details", tag("summary", "Settings that make the run what it is"), _list(settings))
    return join([_list({name: value for name, value in rows.items() if value is not None}), fold])


def _list(rows: Mapping[str, Json]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", clipped(shown(value), 1000)))
                       for name, value in rows.items()))  # fmt: skip


def seconds_of_matches(tally: Tally) -> array[float]:
    """Return how long each match took, from timings.jsonl. Errors: DataError for a line without seconds."""
    path = tally.run.path / TIMINGS_FILE
    found = array("d")
    if path.exists():
        for number, (_, line) in enumerate(read_lines(path), 1):
            if not line.endswith(b"\n"):
                continue
            value = parse_line(path, number, line).get("seconds")
            if not isinstance(value, (int, float)):
                raise DataError([Issue(str(path), f"line {number}", "has no number `seconds`")])
            found.append(value)
    return found


def clock(tally: Tally) -> Markup:
    """Return the section that holds clock values, the place of the run and how many workers played it."""
    manifest = tally.run.manifest
    taken = sorted(seconds_of_matches(tally))
    rows = []
    for number, session in enumerate(manifest.get("sessions") or [], 1):
        workers = (session.get("operation") or {}).get("workers")
        rows.append([str(number), session.get("started_utc"), session.get("ended_utc") or "did not end",
                     _seconds(session.get("seconds")), _seconds(session.get("playing_seconds")),
                     shown(session.get("played")), shown(workers), session.get("stopped_by") or "-"])  # fmt: skip
    facts: dict[str, Json] = {"run directory": tally.run.name, "made (UTC)": manifest.get("created_utc")}
    if taken:
        facts["seconds of a match"] = (
            f"median {statistics.median(taken):.3f}, 95th percentile {taken[int(0.95 * (len(taken) - 1))]:.3f},"
            f" longest {taken[-1]:.3f} ({len(taken)} plays)"
        )
    heads = ("Session", "Started (UTC)", "Ended (UTC)", "Seconds", "Playing", "Played", "Workers", "Stopped by")
    note = "Not part of the results: these values differ between runs that are otherwise equal to the byte."
    return join([trusted(f"\n{TIME_START}\n"), tag("p", note, class_="soft"), _list(facts),
                 table(heads, rows, "Sessions") if rows else None, trusted(f"\n{TIME_END}\n")])  # fmt: skip


def _seconds(value: Json) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else "-"
