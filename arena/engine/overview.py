"""The outcomes of a run at a glance: a bar per outcome, means, the weakest units, and a table of all units.

All functions take summary.json and return text that fits `width` columns (None: no limit).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from arena.errors import one_line
from arena.formats.tables import Block, fitted_table, number
from arena.records import Json

WEAKEST = 5
"""Units that are shown; --table shows all."""

BAR = 16
"""Columns of a bar for all trials with an outcome."""

NARROW = 72
"""Columns from which outcomes and means are side by side."""

_GREEN, _YELLOW, _RED, _RESET = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"


def overview(summary: Mapping[str, Json], width: int | None, color: bool) -> Block:
    """Return a bar per outcome and, next to or below it, the mean of each score."""
    bars, means = _bars(summary["outcomes"]), _means(summary)
    broad = max((len(text) for text, _ in bars), default=0)
    colored = [_colored(text.ljust(broad), style if color else "") for text, style in bars]
    if not bars or not means:
        return Block("\n".join([*(text.rstrip() for text in colored), *means]))
    if width is not None and width < NARROW:
        return Block("\n".join([*colored, "", *means]))
    pairs = zip_longest(colored, means, fillvalue="")
    return Block("\n".join(f"{left or ' ' * broad}    {right}".rstrip() for left, right in pairs))


def _bars(outcomes: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return a line and its colour for each outcome, in the order of the family: success first."""
    total = sum(outcomes.values())
    names = max(map(len, outcomes), default=0)
    digits = len(str(total))
    lines = []
    for rank, (label, count) in enumerate(outcomes.items()):
        share = count / total if total else 0.0
        length = max(1, round(BAR * share)) if count else 0
        style = _GREEN if rank == 0 else _RED if rank == len(outcomes) - 1 else _YELLOW
        style = style if count else ""
        lines.append((f"{label:<{names}}  {'█' * length:<{BAR}}  {count:>{digits}}  {share:>4.0%}", style))
    return lines


def _means(summary: Mapping[str, Json]) -> list[str]:
    scores = summary["mean_scores"]
    names = max((len(one_line(name)) for name in scores), default=0)
    return [f"{one_line(name):<{names}}  {number(mean)}" for name, mean in scores.items()]


def _colored(text: str, style: str) -> str:
    return f"{style}{text}{_RESET}" if style and text.strip() else text


def weakest_units(summary: Mapping[str, Json], width: int | None) -> list[str]:
    """Return the units with the smallest share of successes, those of the lowest mean first among equals; at most
    WEAKEST. Units without a trial that has an outcome are left out, and so are those that always succeeded."""
    noun, averaged = summary["unit_noun"], summary["averaged_scores"]
    ranked = []
    for place, unit in enumerate(summary[f"per_{noun}"]):
        rate = unit["success_rate"]
        if rate is not None and rate < 1:
            means = [mean for name in averaged if (mean := unit["mean_scores"][name]) is not None]
            ranked.append((rate, sum(means) / len(means) if means else 0.0, place, unit))
    ranked.sort(key=lambda row: row[:3])
    if not ranked:
        return []
    header = [f"weakest {noun}s", "outcome", *(["mean score"] if averaged else [])]
    rows = []
    for _, mean, _, unit in ranked[:WEAKEST]:
        rows.append([unit[f"{noun}_id"], _outcome(unit), *([number(mean)] if averaged else [])])
    rest = len(ranked) - len(rows)
    more = [f"and {rest} more that did not always succeed: --table lists all"] if rest else []
    return [fitted_table(header, rows, frozenset({2}), width), *more]


def unit_table(summary: Mapping[str, Json], width: int | None) -> Block:
    """Return a row per unit and one for all: trials, outcomes, the mean of each score, and what is in no mean."""
    dimensions = list(summary["mean_scores"])
    noun = summary["unit_noun"]
    groups = [(unit[f"{noun}_id"], unit) for unit in summary[f"per_{noun}"]] + [("all", summary)]
    outcome = ["outcome"] if summary["outcomes"] else []
    missing = ["not scored"] if any(left_out(group) for _, group in groups) else []
    header = [noun, "n", *outcome, *map(_short, dimensions), *missing]
    rows = []
    for name, group in groups:
        means = [number(group["mean_scores"][dimension]) for dimension in dimensions]
        said = [_outcome(group)] if outcome else []
        rows.append([name, str(_trials(group)), *said, *means, *([left_out(group) or "-"] if missing else [])])
    first = 2 + len(outcome)
    return fitted_table(header, rows, frozenset({1, *range(first, first + len(dimensions))}), width)


def _trials(group: Mapping[str, Json]) -> int:
    return int(group.get("n", group.get("n_matches", 0)))


def _outcome(group: Mapping[str, Json]) -> str:
    """Return the outcome of a group's only trial, or the number of its trials with each outcome."""
    counts = {label: count for label, count in group["outcomes"].items() if count}
    if _trials(group) == 1:
        return "".join(counts) or "-"
    return ", ".join(f"{count} {label}" for label, count in counts.items()) or "-"


def left_out(group: Mapping[str, Json]) -> str:
    """Return how many trials of a summary, or of a group in it, are in no mean, and why; empty if all are."""
    counts = {status: group["statuses"].get(status, 0) for status in ("error", "denied", "limit", "aborted", "pending")}
    counts["unscored"] = group["unscored"]
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _short(dimension: str) -> str:
    return dimension.split("/")[0].strip().split(" ")[0].lower()
