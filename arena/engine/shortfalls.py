"""Caveats that the figures of a run do not show, as sentences for the end of a run and the report.

All functions take summary.json. If a run of an earlier version lacks a member, its sentence is omitted.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.records import STOPS, Json, Stop
from arena.settings.table import CORE

MIN_COVERAGE = float(next(row.default for row in CORE if row.name == "min_coverage"))
"""A run with a smaller percentage of planned trials with an outcome is not ranked with the others."""

SETTING_NAMES = {"schema": "the form of the judge's answer (a JSON schema)"}
"""Names in `not_sent` that are not flags."""


def covered(summary: Mapping[str, Json], min_coverage: float = MIN_COVERAGE) -> bool:
    """Return whether at least `min_coverage` percent of the planned trials have an outcome (or a score, if the family
    has no outcomes)."""
    share = summary.get("coverage")
    return share is None or 100 * share >= min_coverage


def flagged_line(summary: Mapping[str, Json]) -> str:
    """Return how many finished trials are flagged, and for which reasons."""
    judged = "judged" if summary["models"]["judge"] is not None else "finished"
    stops = {stop: count for stop, count in summary["stops"].items() if STOPS[Stop(stop)].flagged}
    why = f" ({', '.join(f'{count} {stop}' for stop, count in stops.items())})" if stops else ""
    return (
        f"{summary['flagged']} of {summary['statuses']['done']} {judged} {summary['trial_nouns'][1]} are flagged{why}"
    )


def no_talk(summary: Mapping[str, Json]) -> bool:
    """Return whether trials ended as `done` but no player said a word in public in any of them."""
    return bool(summary["statuses"]["done"]) and not summary.get("with_talk", 1)


def shortfalls(summary: Mapping[str, Json], min_coverage: float = MIN_COVERAGE) -> list[str]:
    """Return a sentence for each caveat that a reader should know before the figures."""
    trials = summary["trial_nouns"][1]
    out = [f"{player} never said a word in public, in any of its {trials}" for player in summary.get("silent", ())]
    if no_talk(summary):
        out.append(f"no {summary['trial_nouns'][0]} contains a public message: the grades say nothing about any model")
    if cut := summary["stops"].get(Stop.MAX_TOKENS, 0):
        out.append(
            f"{cut} {trials} ended because a reply was cut before it said anything, and have no score: raise"
            " --max-tokens (a model that reasons also needs room for its reasoning)"
        )
    if outgrown := summary["stops"].get(Stop.CONTEXT_EXCEEDED, 0):
        out.append(
            f"{outgrown} {trials} did not fit into the context window of a model, and count as failed: a local server's"
            " window is a setting of that server (docs/providers.md), and --tool-text granted sends shorter prompts"
        )
    unread = summary.get("unscored", 0) - cut
    if unread > 0 and summary["models"]["judge"] is not None:
        out.append(
            f"{unread} {trials} have no score, since the judge gave no verdict that can be read: judge them again with"
            " `arena rejudge` and another judge, or with a higher --judge-max-tokens where its answers were cut"
        )
    if not covered(summary, min_coverage):
        out.append(
            f"only {summary['coverage']:.0%} of the planned {trials} have a result, less than {min_coverage:g} %"
            " (--min-coverage): do not rank this run with others"
        )
    for model, names in summary.get("not_sent", {}).items():
        out += [f"{model}: {_setting(name)} was set but not sent: its server refuses it" for name in names]
    if unknown := summary["cost_usd"].get("unknown_attempts", 0):
        out.append(
            f"{unknown} attempts have an unknown cost: they got no answer and may have been billed; they are counted at"
            " their estimates"
        )
    return out


def _setting(name: str) -> str:
    return SETTING_NAMES.get(name, "--" + name.replace("_", "-"))
