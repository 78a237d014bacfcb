"""One match as a line of the list: how it ended, grades, checks, and usage. On a phone the line is a card."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.marks import Mark
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import dollars, shown
from arena.records import Record

COLUMNS = (
    ("o", "How it ended"),
    ("u", "Match"),
    ("g", "Grades"),
    ("m", "Mean"),
    ("k", "Checks passed"),
    ("t", "Turns"),
    ("c", "Tool calls"),
    ("n", "Tokens"),
    ("d", "Cost"),
    ("s", "Seconds"),
)
"""Letter of the class, and heading, of each column; style.css and script.js know the letters."""
MOST_GRADES = 6
"""Scores of a match that its line shows; the match has all."""


def heading(priced: bool, noun: str) -> Markup:
    """Return the line of headings; script.js shows it and sorts by it.

    `priced`: whether there is a column of cost. `noun`: the word for a played trial.
    """
    cells = (
        tag("button", noun.capitalize() if letter == "u" else text, type="button", class_=f"c-{letter}", data_s=letter)
        for letter, text in COLUMNS
        if priced or letter != "d"
    )
    return tag("div", *cells, class_="m-head" if priced else "m-head free", hidden=True)


def row(record: Record, mark: Mark, run: str, tally: RunTally) -> Markup:
    """Return the line of a match. `run`: its short name, if the page has several runs."""
    scores, mean = record.score.values, tally.mean_of(record)
    spent, priced = tally.bill.of(record), tally.bill.priced
    cells: dict[str, object] = {
        "o": tag("b", ending(record), class_=mark.shade),
        "u": join([f"{run}: " if run else None, record.trial.unit,
                   tag("small", f"rep {record.trial.plan.get('rep', '-')}", None if not record.flagged else
                       f", {record.stop.sentence}")]),
        "g": " ".join(shown(scores.get(name)) for name in tally.dimensions[:MOST_GRADES]),
        "m": None if not tally.averaged else "-" if mean is None else f"{mean:.2f}",
        "k": _checks(tally.parts.passed(record)) if tally.parts.checks else None,
        "t": str(spent.turns),
        "c": str(spent.tool_calls),
        "n": f"{spent.tokens:,}",
        "d": "-" if spent.dollars is None else dollars(spent.dollars),
        "s": None,
    }  # fmt: skip
    return join(
        tag("span", cells[letter], class_=f"c-{letter}", data_l=None if letter in "ou" else label.lower())
        for letter, label in COLUMNS
        if priced or letter != "d"
    )


def ending(record: Record) -> str:
    """Return how a match ended, in a word or two."""
    outcome = record.score.outcome
    if record.status not in ("done", "aborted"):
        return record.status
    if record.status == "aborted":
        return f"aborted, {outcome}" if outcome else "aborted"
    return "unscored" if record.score.unscored is not None else outcome or "scored"


def _checks(passed: Mapping[str, bool | None] | None) -> str:
    if passed is None:
        return "-"
    made = [ok for ok in passed.values() if ok is not None]
    return f"{sum(made)} of {len(made)}"
