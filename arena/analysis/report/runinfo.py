"""The description of a run, from the manifest; and, marked, clock values and places."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Callable, Mapping

from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.analysis.report.tables import pair, table
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import clipped, percent, seconds, shown, spaced, told
from arena.formats.decode import encode
from arena.records import Json

Link = Callable[[int], str]
"""Number of a match -> its place."""

TIME_START, TIME_END = "<!-- time section: differs between equal runs -->", "<!-- end of the time section -->"


def identity(tally: RunTally) -> Markup:
    """Return the description of the run: versions, models, rules, settings. Equal runs of the same code give equal
    texts."""
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
        **{f"calculator: {name}": value for name, value in found.calculator.items() if _calculates(tally)},
        "tool protocol": found.tool_protocol,
        **{f"rules: {name}": value for name, value in found.rules.items()},
        "plan": encode(found.plan),
    }
    settings = {name: value for name, value in found.settings.items() if value not in (None, [], {})}
    fold = tag("details", tag("summary", "Settings that make the run what it is"), _list(settings))
    return join([_list({name: value for name, value in rows.items() if value is not None}), fold])


def _calculates(tally: RunTally) -> bool:
    """Return whether a reader expects the calculator: the family has it, or this run used it."""
    return tally.parts.has_tools or tally.run.manifest.identity.calculator["provider"] != "none"


def _list(rows: Mapping[str, Json]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", spaced(name)), tag("dd", clipped(told(value), 1000)))
                       for name, value in rows.items()))  # fmt: skip


def clock(tally: RunTally, link: Link) -> Markup:
    """Return the section with clock values, the place of the run and the number of workers."""
    manifest = tally.run.manifest
    taken = sorted(tally.clock.plays)
    rows = []
    for number, session in enumerate(manifest.sessions, 1):
        rows.append([str(number), session.started_utc, session.ended_utc or "did not end",
                     seconds(session.seconds), seconds(session.playing_seconds), shown(session.played),
                     shown(session.operation.get("workers")), session.stopped_by or "-"])  # fmt: skip
    facts: dict[str, Json] = {"run directory": tally.run.name, "made (UTC)": manifest.created_utc}
    if taken:
        facts[f"seconds of a {tally.trial_noun}"] = (
            f"median {seconds(statistics.median(taken))}, 95th percentile"
            f" {seconds(taken[int(0.95 * (len(taken) - 1))])}, longest {seconds(taken[-1])} ({len(taken):,} plays)"
        )
    heads = ("Session", "Started (UTC)", "Ended (UTC)", "Time", "Playing", "Played", "Workers", "Stopped by")
    note = "Not part of the results: these values differ between runs that are otherwise equal byte for byte."
    known = " ".join(f"{number}:{value:.2f}" for number, value in tally.clock.known())
    return join([trusted(f"\n{TIME_START}\n"), tag("p", note, class_="soft"), _list(facts),
                 table(heads, rows, "Sessions") if rows else None, pair(_calls(tally), _slowest(tally, link)),
                 tag("p", known, class_="seconds", hidden=True) if known else None,
                 trusted(f"\n{TIME_END}\n")])  # fmt: skip


def _calls(tally: RunTally) -> Markup:
    """Return the table of the time of calls."""
    found = tally.clock.calls()
    whole = sum(one.seconds for one in found)
    if not whole:
        return Markup("")
    kinds = {"model": "players", "judge": "judge", "tool": "tool"}
    rows = [[f"{kinds.get(one.kind, one.kind)}: {one.name}", f"{one.calls:,}", seconds(one.seconds),
             percent(one.seconds / whole)] for one in found[:MOST_ROWS]]  # fmt: skip
    rest = found[MOST_ROWS:]
    if rest:
        spent = sum(one.seconds for one in rest)
        rows.append(
            [f"{len(rest)} others", f"{sum(one.calls for one in rest):,}", seconds(spent), percent(spent / whole)]
        )
    return join([tag("h3", "Where time went, by call"),
                 table(("Call", "Calls", "Time", "Of all calls"), rows, "Time by call")])  # fmt: skip


def _slowest(tally: RunTally, link: Link) -> Markup:
    """Return the matches that took longest."""
    found = heapq.nlargest(MOST_ROWS, tally.clock.known(), key=lambda one: (one[1], -one[0]))
    if not found:
        return Markup("")
    names = {cell.number: name for name, unit in tally.units.items() for cell in tally.cells(unit)}
    rows = [[tag("a", names.get(number, str(number)), href=link(number)), seconds(taken)] for number, taken in found]
    return join([tag("h3", f"The longest {tally.trial_nouns}"),
                 table((tally.unit_noun, "Time"), rows, f"Longest {tally.trial_nouns}")])  # fmt: skip


MOST_ROWS = 8
"""Rows of the tables of time."""
