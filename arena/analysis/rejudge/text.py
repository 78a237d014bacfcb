"""judge_agreement.json and score_changes.json as text for the end of `arena rejudge`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.analysis.rejudge.agreement import DISAGREEMENT
from arena.analysis.rejudge.items import items_text
from arena.families.spec import Words
from arena.formats.tables import number, text_table
from arena.records import Json

SHOWN_DISAGREEMENTS = 5
"""The worst ones; judge_agreement.json lists more."""
SHOWN_CHANGES = 5
"""The first ones; score_changes.json lists more."""


def agreement_text(report: Mapping[str, Json], words: Words) -> str:
    """Return the tables, ready to print: agreement if a trial has several judgements, then the changes of scores.
    `words`: those of the family."""
    parts = []
    if report["agreement"] is not None:
        parts = [_judges(report["judges"]), _agreement(report["agreement"], words), *_others(report["agreement"])]
        if report["items"] is not None:
            parts.append(items_text(report["items"], SHOWN_DISAGREEMENTS))
        parts.append(_disagreements(report["disagreements"], words))
    parts.append(_moved(report["moved"], words))
    return "\n\n".join(["", *parts]).lstrip("\n")


def changes_text(report: Mapping[str, Json], words: Words) -> str:
    """Return how the new scores compare with the old ones, ready to print: how many differ, and which.
    `words`: those of the family."""
    outcomes, values = report["different"]["outcomes"], report["different"]["values"]
    found = (
        f"{_some(outcomes, 'outcome')} and {_some(values, 'value')} {'differs' if outcomes + values < 2 else 'differ'}"
    )
    lines = [f"{_scored(report['scored'], words)}: {found} from the scores before"]
    changed = {name: row for name, row in report["values"].items() if _changed(row)}
    if changed:
        header = ["changed", "up", "same", "down", "only before", "only now", "mean change"]
        rows = [[name, *(str(row[key]) for key in _COUNTS), _mean(row)] for name, row in changed.items()]
        lines.append(text_table(header, rows, frozenset(range(1, len(header)))))
    lines += _outcome_changes(report["outcomes"]["table"], "trials")
    different = report["different"]["trials"]
    if different:
        more = f", the first {SHOWN_CHANGES}" if different > SHOWN_CHANGES else ""
        noun = words.trial if different == 1 else words.trials
        lines.append(f"{different} {noun} with another score{more}:")
        lines += [f"  {_change(entry)}" for entry in report["listed"][:SHOWN_CHANGES]]
    return "\n".join(lines)


_COUNTS = ("up", "same", "down", "only_before", "only_now")


def _some(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


def _changed(row: Mapping[str, Json]) -> bool:
    return any(row[key] for key in _COUNTS if key != "same")


def _change(entry: Mapping[str, Json]) -> str:
    pairs = ([] if entry["outcome"] is None else [("outcome", entry["outcome"])]) + list(entry["values"].items())
    shown = "; ".join(f"{name} {' -> '.join(map(_one, pair))}" for name, pair in pairs)
    return f"{entry['key']}: {shown}"


def _one(score: float | str | None) -> str:
    return "-" if score is None else score if isinstance(score, str) else f"{score:g}"


def _judges(judges: Sequence[Mapping[str, Json]]) -> str:
    dimensions = list(judges[0]["mean_scores"])
    header = ["judge", "judgements", "unread", *map(_short, dimensions)]
    rows = [
        [
            judge["judge"],
            str(judge["read"] + judge["unread"]),
            str(judge["unread"]),
            *(number(judge["mean_scores"][name]) for name in dimensions),
        ]
        for judge in judges
    ]
    return text_table(header, rows, frozenset(range(1, len(header))))


def _agreement(found: Mapping[str, Json], words: Words) -> str:
    header = ["agreement of all judgements", "alpha (ordinal)", "95 %", "alpha (interval)", "95 %", "equal", "spread",
              f"{DISAGREEMENT} or more apart"]  # fmt: skip
    rows = [
        [
            name,
            number(row["alpha_ordinal"]),
            _interval(row["alpha_ordinal_95"]),
            number(row["alpha_interval"]),
            _interval(row["alpha_interval_95"]),
            _share(row["exact"]),
            number(row["mean_spread"]),
            str(row[f"matches_{DISAGREEMENT}_or_more_apart"]),
        ]
        for name, row in found["dimensions"].items()
    ]
    lines: list[str] = [text_table(header, rows, frozenset(range(1, len(header))))]
    lines.append(
        f"{found['matches']} {words.trials} of {found['challenges']} {words.units}; intervals from {found['resamples']}"
        f" resamples of whole {words.units}"
    )
    reasons = {row["undefined"] for row in found["dimensions"].values() if "undefined" in row}
    lines += [f"a dash: {reason}" for reason in sorted(reasons)]
    return "\n".join(lines)


def _others(found: Mapping[str, Json]) -> Iterator[str]:
    """Yield the table of pairs and, if judges of a panel judged several times, each one's agreement with itself."""
    dimensions = list(found["dimensions"])
    short = [_short(name) for name in dimensions]
    if found["pairs"]:
        rows = [
            [" / ".join(dict.fromkeys(row["judges"])) + (" with itself" if len(set(row["judges"])) == 1 else ""),
             *(number(row["dimensions"][name]["kappa"]) for name in dimensions)]
            for row in found["pairs"]
        ]  # fmt: skip
        yield text_table(["quadratic kappa", *short], rows, frozenset(range(1, 1 + len(short))))
    if found["each_judge_with_itself"]:
        rows = [
            [row["judge"], *(number(row["dimensions"][name]["alpha_ordinal"]) for name in dimensions)]
            for row in found["each_judge_with_itself"]
        ]
        yield text_table(["alpha (ordinal) of a judge with itself", *short], rows, frozenset(range(1, 1 + len(short))))


def _disagreements(found: Mapping[str, Json], words: Words) -> str:
    head = f"disagreements of {DISAGREEMENT} grades or more: {found['matches']} {words.trials}"
    lines = []
    for entry in found["listed"][:SHOWN_DISAGREEMENTS]:
        grades = "; ".join(
            f"{_short(name)} {' '.join('-' if grade is None else str(grade) for grade in row)}"
            for name, row in entry["grades"].items()
        )
        lines.append(f"  {entry['key']}: {grades}")
    if not lines:
        return head
    names = ", ".join(f"{seat['judge']} {seat['repetition'] + 1}" for seat in found["judgements"])
    return "\n".join([f"{head}, the worst first (grades of {names})", *lines])


def _moved(moved: Mapping[str, Json], words: Words) -> str:
    header = [f"moved from {moved['judge_before']}", "up", "same", "down", "mean change"]
    rows = [
        [name, str(row["up"]), str(row["same"]), str(row["down"]), _mean(row)]
        for name, row in moved["dimensions"].items()
    ]
    outcomes = moved["outcomes"]
    rows.append(["outcome", str(outcomes["up"]), str(outcomes["same"]), str(outcomes["down"]), ""])
    lines: list[str] = [text_table(header, rows, frozenset(range(1, 5)))]
    return "\n".join([*lines, *_outcome_changes(outcomes["table"], "matches"), _scored(moved["scored"], words)])


def _mean(row: Mapping[str, Json]) -> str:
    return "-" if row["mean_change"] is None else f"{row['mean_change']:+.2f}"


def _outcome_changes(table: Sequence[Mapping[str, Json]], counted: str) -> list[str]:
    """Return the line about outcomes that changed, if any did; `counted`: the member with the number of trials."""
    changes = [f"{row[counted]} {row['before']} -> {row['now']}" for row in table if row["before"] != row["now"]]
    return ["outcomes: " + ", ".join(changes)] if changes else []


def _scored(scored: Mapping[str, int], words: Words) -> str:
    """Return how many trials were scored both times, and how many not."""
    beside = {"only scored before": scored["only_before"], "only scored now": scored["only_now"],
              "scored neither time": scored["neither"]}  # fmt: skip
    both = f"{scored['both']} {words.trials} scored both times"
    return ", ".join([both, *(f"{n} {what}" for what, n in beside.items() if n)])


def _short(dimension: str) -> str:
    return dimension.split("/")[0].strip().split(" ")[0].lower()


def _interval(pair: Sequence[float] | None) -> str:
    return "-" if pair is None else f"{pair[0]:.2f} to {pair[1]:.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
