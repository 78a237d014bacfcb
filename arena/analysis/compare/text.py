"""A comparison for people and programs: plain text, Markdown, CSV. Pure.

`found` is the result of `comparison.compare`. Names in it come from runs, so they are hostile text: control characters
are replaced, Markdown is escaped, CSV cells cannot become formulas.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from arena.analysis.compare.comparison import BETTER, JUDGE, NO_DATA, SCORE, UNCLEAR, VERIFIED, WORSE
from arena.families.spec import Words
from arena.formats.tables import csv_line, join_lines, number, printable, text_table
from arena.records import Json
from arena.stats.power import POWER

_SOURCES = {JUDGE: "As the judge scored", SCORE: "Scores", VERIFIED: "Verified scores"}
_COUNTS = ("planned", "played", "scored", "unscored", "pending", "aborted", "denied", "limit", "error", "not_played")
_HEADER = ("", "base", "tuned", "difference", "95 % percentile", "95 % BCa", "p", "p (Holm)", "g_z", "+ = -",
           "pairs", "verdict")  # fmt: skip

CSV_COLUMNS = (
    "source", "metric", "kind", "pairs", "challenges", "left_out", "mean_base", "mean_tuned", "difference",
    "percentile_low", "percentile_high", "bca_low", "bca_high", "p", "p_method", "p_holm", "d_z", "g_z", "dominance",
    "better", "equal", "worse", "variance_challenge", "variance_repetition", "detectable", "power",
    "challenges_needed", "repetitions_needed", "verdict",
)  # fmt: skip


def csv_bytes(found: Mapping[str, Json]) -> bytes:
    """Return a CSV file with a row per metric; missing values are empty cells."""
    return b"".join(csv_line(row) for row in (CSV_COLUMNS, *map(csv_values, found["metrics"])))


def csv_values(row: Mapping[str, Json]) -> list[Json]:
    """Return the cells of a metric, in the order of CSV_COLUMNS."""
    split, planned = row["variance"] or {}, row["plan"] or {}
    values = {
        **row,
        "left_out": sum(row["left_out"].values()),
        "percentile_low": _end(row["ci95_percentile"], 0), "percentile_high": _end(row["ci95_percentile"], 1),
        "bca_low": _end(row["ci95_bca"], 0), "bca_high": _end(row["ci95_bca"], 1),
        "variance_challenge": split.get("challenge"), "variance_repetition": split.get("repetition"),
        "detectable": planned.get("detectable"), "power": planned.get("power"),
        "challenges_needed": planned.get("challenges"), "repetitions_needed": planned.get("repetitions"),
    }  # fmt: skip
    return [values[name] for name in CSV_COLUMNS]


def _end(interval: Sequence[float] | None, side: int) -> float | None:
    return None if interval is None else interval[side]


def text(found: Mapping[str, Json]) -> str:
    """Return the report for a terminal or a text file."""
    lines = [*headline(found), ""]
    for title, header, rows in tables(found):
        right = frozenset(range(1, len(header) - (header is _HEADER)))
        lines += [title, text_table(header, rows, right), ""]
    lines += [f"- {sentence}" for sentence in sentences(found)]
    lines += ["", *notes(found)]
    return join_lines(lines).rstrip()


def markdown(found: Mapping[str, Json]) -> str:
    """Return the report as Markdown (GitHub's tables)."""
    lines = ["# Base against tuned", "", *map(escaped, headline(found)), ""]
    for title, header, rows in tables(found):
        lines += [f"## {title}", "", markdown_row(header)]
        lines.append("|" + "---|" + "---:|" * (len(header) - 1))
        lines += [*(markdown_row(row) for row in rows), ""]
    lines += ["## In words", "", *(f"- {escaped(sentence)}" for sentence in sentences(found)), ""]
    lines += [escaped(note) + "\n" for note in notes(found)]
    return "\n".join(lines).rstrip() + "\n"


def markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(text: str) -> str:
    """Return text that Markdown and the HTML in it show as it is, on one line."""
    flat = html.escape(printable(text).replace("\n", " "), quote=False)
    return re.sub(r"([\\`*_\[\]|~!#])", r"\\\1", flat)


def tables(found: Mapping[str, Json]) -> list[tuple[str, Sequence[str], list[list[str]]]]:
    """Return title, header and rows of every table of a comparison."""
    out: list[tuple[str, Sequence[str], list[list[str]]]] = [
        (
            f"{_words(found).trials.capitalize()} of the whole runs",
            ("", *(name.replace("_", " ") for name in _COUNTS)),
            _count_rows(found),
        )
    ]
    for source, title in _SOURCES.items():
        rows = [_metric_row(row) for row in found["metrics"] if row["source"] == source]
        if rows:
            out.append((title, _HEADER, rows))
    rates = ("", "base", "95 % Wilson", "tuned", "95 % Wilson", "only tuned won", "only base won", "McNemar p", "mid-p")
    if found["outcomes"]:
        out.append(("Outcomes", rates, [_outcome_row(row) for row in found["outcomes"]]))
    reliability = _reliability_rows(found)
    if reliability:
        units = f"{_words(found).units} base"
        header = ("k", "pass@k base", "pass@k tuned", "pass^k base", "pass^k tuned", units, "tuned")
        out.append(("Over repetitions: one of k plays succeeds (pass@k), all do (pass^k)", header, reliability))
    return out


def _count_rows(found: Mapping[str, Json]) -> list[list[str]]:
    return [[side, *(str(found[side]["counts"][name]) for name in _COUNTS)] for side in ("base", "tuned")]


def _metric_row(row: Mapping[str, Json]) -> list[str]:
    rate = row["kind"] == "rate"
    return [
        row["metric"], level(row["mean_base"], rate), level(row["mean_tuned"], rate),
        change(row["difference"], rate), interval(row["ci95_percentile"], rate), interval(row["ci95_bca"], rate),
        p_text(row["p"]), p_text(row["p_holm"]), number(row["g_z"]),
        f"{row['better']} {row['equal']} {row['worse']}", str(row["pairs"]), row["verdict"],
    ]  # fmt: skip


def _outcome_row(row: Mapping[str, Json]) -> list[str]:
    cells = ["success" if row["source"] == SCORE else row["source"]]
    for side in ("base", "tuned"):
        rate, ends = row[side], row[side]["ci95_wilson"]
        cells.append("-" if rate["rate"] is None else f"{rate['k']} of {rate['n']} = {rate['rate']:.1%}")
        cells.append("-" if ends is None else f"{ends[0]:.1%} to {ends[1]:.1%}")
    test = row["mcnemar"]
    return [*cells, str(test["only_tuned"]), str(test["only_base"]), p_text(test["p_exact"]), p_text(test["p_mid"])]


def _reliability_rows(found: Mapping[str, Json]) -> list[list[str]]:
    sides = [(found[side]["reliability"] or {}).get("pass", []) for side in ("base", "tuned")]
    rows = []
    for at in range(max(map(len, sides))):
        pair = [side[at] if at < len(side) else None for side in sides]
        values = [None if row is None else row[name] for name in ("pass_at_k", "pass_hat_k") for row in pair]
        counts = ["-" if row is None else str(row["challenges"]) for row in pair]
        rows.append([str(at + 1), *(number(value, 3) for value in values), *counts])
    return rows


def level(value: float | None, rate: bool) -> str:
    """Return a mean: a score, or a rate in percent."""
    return "-" if value is None else f"{value:.1%}" if rate else number(value)


def change(value: float | None, rate: bool) -> str:
    """Return a difference with its sign: grades, or percentage points of a rate."""
    if value is None:
        return "-"
    digits = f"{100 * value:+.1f} pp" if rate else f"{value:+.2f}"
    return digits.replace("-0.0 ", "+0.0 ") if rate else digits.replace("-0.00", "+0.00")


def interval(ends: Sequence[float] | None, rate: bool) -> str:
    """Return both ends of a difference's interval."""
    return "-" if ends is None else f"{change(ends[0], rate)} to {change(ends[1], rate)}"


def p_text(p: float | None) -> str:
    """Return a p-value for a table; one too small for three digits has a power of ten."""
    if p is None:
        return "-"
    return f"{p:.3f}" if p >= 0.001 or p == 0 else f"{p:.1e}"


def headline(found: Mapping[str, Json]) -> list[str]:
    """Return the compared runs and the result, in two lines."""
    sides = [f"{side} {found[side]['name']} ({players(found[side]['models'])})" for side in ("base", "tuned")]
    judge, names = found["base"]["models"]["judge"], _words(found)
    counts = f"{many(found['pairs'], 'pair')} of {names.trials} in {units(found['challenges'], names)}"
    counts += f"; judge {judge}" if judge else ""
    return [f"{' against '.join(sides)}; {counts}.", came_out(found)]


def came_out(found: Mapping[str, Json]) -> str:
    """Return the verdicts of a comparison in one sentence."""
    words = []
    for verdict in (BETTER, WORSE, UNCLEAR, NO_DATA):
        rows = [row for row in found["metrics"] if row["verdict"] == verdict and not row["as_judged"]]
        if rows:
            metrics = ", ".join(map(label, rows))
            words.append(f"{verdict}{' for' if verdict == NO_DATA else ' in'} {metrics}")
    return "Tuned: " + "; ".join(words) + "."


def many(count: float, noun: str) -> str:
    """Return a count with its noun."""
    shown = f"{int(count):,}" if count == int(count) else f"{count:,}"
    return f"{shown} {noun}" if count == 1 else f"{shown} {noun}s"


def _words(found: Mapping[str, Json]) -> Words:
    """Return the words of the family that was compared."""
    return Words(**found["words"])


def _clusters(found: Mapping[str, Json]) -> Words:
    """Return the word for the groups that resampling draws: units, or series."""
    return Words(**found["clusters"]["words"])


def units(count: float, words: Words) -> str:
    """Return a count of units."""
    return f"{count:,} {words.unit if count == 1 else words.units}"


def players(models: Mapping[str, Json]) -> str:
    """Return who plays in a run."""
    roles = [f"{role}={label}" for role, label in (models.get("roles") or {}).items()]
    names = [models["participant"]] if models["participant"] else models.get("roster") or ["no models"]
    return ", ".join([*map(str, names), *roles])


def sentences(found: Mapping[str, Json]) -> list[str]:
    """Return one plain sentence for each metric: the verdict, and, if it is "cannot tell", what would suffice."""
    words = _clusters(found)
    said = [_sentence(row, words) for row in found["metrics"] if not row["as_judged"]]
    same = [row["metric"] for row in found["metrics"] if row["as_judged"] and row["pairs"]]
    return [*said, f"Verified as the judge scored them in every pair: {', '.join(same)}."] if same else said


def label(row: Mapping[str, Json]) -> str:
    """Return the name of a metric; verified ones are marked."""
    return str(row["metric"]) + (" (verified)" if row["source"] == "verified" else "")


def _sentence(row: Mapping[str, Json], words: Words) -> str:
    rate, name = row["kind"] == "rate", label(row)
    seen = change(row["difference"], rate)
    ends = row["ci95_bca"] or row["ci95_percentile"]
    within = "" if ends is None else f", 95 % interval {interval(ends, rate)}"
    left = sum(row["left_out"].values())
    missing = f" {many(left, 'pair')} left out ({_counted(row['left_out'])})." if left else ""
    if row["verdict"] == NO_DATA:
        return f"{name}: no pair has it on both sides.{missing}"
    if row["verdict"] in (BETTER, WORSE):
        return f"{name}: {row['verdict']}, {seen}{within}; p = {p_text(row['p_holm'])} after Holm.{missing}"
    if row["equal"] == row["pairs"]:
        return f"{name}: cannot tell; every pair is equal.{missing}"
    p = p_text(row["p_holm"])
    return f"{name}: cannot tell; seen {seen}{within}, p = {p} after Holm. {_would_tell(row, words)}{missing}"


def _would_tell(row: Mapping[str, Json], words: Words) -> str:
    planned, rate = row["plan"], row["kind"] == "rate"
    if planned is None:
        return f"With one {words.unit}, or without spread, nothing can be planned: play more {words.units}."
    smallest = change(planned["detectable"], rate).lstrip("+")
    said = f"This design finds a difference of {smallest} or more with {POWER:.0%} power"
    if rate and planned["detectable"] > 1:
        said = f"This design is too small to find any difference between rates with {POWER:.0%} power"
    if not planned["target"]:
        return f"{said}."
    repetitions, each = planned["repetitions"], row["pairs"] / row["challenges"]
    if row["variance"]["repetition"] is None:
        more = "one repetition cannot tell whether more repetitions would help"
    elif repetitions is None:
        more = f"no number of repetitions of these {words.units} would do"
    else:
        more = f"or {many(repetitions, 'repetition')} of these {units(row['challenges'], words)}"
    needed = "more than a million" if planned["challenges"] is None else f"{planned['challenges']:,}"
    need = f"{needed} {words.units} with {many(round(each, 1), 'repetition')}"
    return f"{said}; were the difference seen the true one, it would take {need} ({more})."


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {why}" for why, count in found.items())


def notes(found: Mapping[str, Json]) -> list[str]:
    """Return notes on how the figures were computed, and their limits."""
    words = _words(found)
    lines = [*_left_out(found, words), *intervals_of([found])]
    if found["base"]["calculator"] != found["tuned"]["calculator"]:
        lines.append("The calculators differ (provider or version): see the manifests.")
    if _names_not_sent(found["base"]) != _names_not_sent(found["tuned"]):
        sides = "; ".join(f"{side}: {_not_sent(found[side])}" for side in ("base", "tuned"))
        lines.append(f"Settings that were asked for and not sent differ, so the runs were not asked alike: {sides}.")
    lines.append(
        f"{how_made([found])} g_z: mean difference of {_clusters(found).units} in standard deviations, Hedges'"
        " correction. + = -: pairs in which tuned is better, equal, worse. Power: at 5 % over the number of tests."
        f" McNemar and Wilson take {words.trials} as independent, which repetitions of one {words.unit} are not."
    )
    advice = _advice(found)
    if advice:
        lines.append(advice)
    return lines


def _left_out(found: Mapping[str, Json], words: Words) -> list[str]:
    lines = []
    if found["verified_problem"]:
        lines.append(f"Verified scores are not compared: {found['verified_problem']}.")
    if found["only_base"] or found["only_tuned"]:
        lines.append(
            f"Not paired: {found['only_base']} {words.trials} only in base, {found['only_tuned']} only in tuned."
        )
    if found["intersect"] is not None:
        common = found["intersect"]
        reasons = (("changed", "with other content"), ("only_base", "only in base"), ("only_tuned", "only in tuned"))
        parts = ", ".join(f"{len(common[name])} {word}" for name, word in reasons)
        lines.append(f"Common part: {units(len(common['challenges']), words)}; left out: {parts}.")
    return lines


def intervals_of(comparisons: Sequence[Mapping[str, Json]]) -> list[str]:
    """Return the notes on the intervals of comparisons, each once; and of which scores less is
    better."""
    rows = [row for one in comparisons for row in one["metrics"]]
    lower = dict.fromkeys(str(row["metric"]) for row in rows if not row["higher_is_better"])
    lines = [f"Lower is better in {', '.join(lower)}."] if lower else []
    return lines + [f"Intervals: {note}." for note in sorted({row["ci95_note"] for row in rows} - {None})]


def how_made(comparisons: Sequence[Mapping[str, Json]]) -> str:
    """Return the notes on intervals and p-values of comparisons that were made together."""
    first = comparisons[0]
    draws = sorted({row["p_draws"] for one in comparisons for row in one["metrics"] if row["p_draws"]})
    made = f"{draws[0]:,} random patterns" if draws else "all patterns"
    clusters, tied = _clusters(first), ""
    if clusters.units != _words(first).units:
        tied = f" (what a series ties together is drawn as one: {first['clusters']['count']:,} in all)"
    return (
        f"Intervals: {first['resamples']:,} bootstrap resamples of {clusters.units}{tied}, seed {first['seed']}. p:"
        f" sign flips by {clusters.unit}, {made}, two-sided; Holm over {many(first['tests'], 'test')}."
    )


def _names_not_sent(run: Mapping[str, Json]) -> list[list[str]]:
    """Return the settings that were not sent, without the names of the models."""
    return sorted(list(names) for names in run["not_sent"].values())


def _not_sent(run: Mapping[str, Json]) -> str:
    return ", ".join(f"{' and '.join(names)} to {model}" for model, names in run["not_sent"].items()) or "none"


def _advice(found: Mapping[str, Json]) -> str:
    """Return the advice for the next comparison, from the metric with the least certain difference."""
    rows = [row for row in found["metrics"] if row["variance"] and row["variance"]["standard_error"]]
    if not rows:
        return ""
    row = max((row for row in rows if row["kind"] == "score"), key=_standard_error, default=rows[0])
    return f"Where the next run is best spent (the difference in {row['metric']}): {row['variance']['advice']}."


def _standard_error(row: Mapping[str, Json]) -> float:
    return float(row["variance"]["standard_error"])
