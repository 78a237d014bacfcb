"""The section that compares two runs: a sentence, plots next to tables, every challenge with its difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from arena.analysis.compare.comparison import BETTER, NO_DATA, UNCLEAR, WORSE, Options, compare
from arena.analysis.compare.paired_runs import ComparedMatch, PairedRuns, pair_runs, read_run
from arena.analysis.compare.text import p_text
from arena.analysis.report.listing import MAX_UNITS
from arena.analysis.report.markup import Markup, join, tag, trusted
from arena.analysis.report.tables import cell, drawn, pair, table
from arena.analysis.report.tally import RunTally, mean_of
from arena.analysis.report.values import NBSP, percent, spaced
from arena.analysis.report.versus.pages import SideBySide
from arena.analysis.report.versus.plots import metrics_figure, row_figure, signed
from arena.errors import DataError, UsageError
from arena.formats.svg import render
from arena.formats.tables import number
from arena.records import Json


def comparison(tallies: Sequence[RunTally], pages: SideBySide) -> Markup:
    """Return the differences between the second run and the first, or why they cannot be compared."""
    first, second = tallies
    try:
        runs = pair_runs(read_run(first.run), read_run(second.run), False)
    except (UsageError, DataError) as error:
        reasons = (tag("li", line.strip()) for line in str(error).splitlines() if line.strip())
        return join([tag("p", "These runs are not compared, only shown side by side:"), tag("ul", *reasons)])
    found = compare(runs, Options())
    return join([tag("p", verdict(found), class_="verdict"), _metrics(found), _units(runs, tallies, pages)])


def verdict(found: Mapping[str, Json]) -> str:
    """Return the outcome of a comparison as a sentence."""
    groups = []
    for word in (BETTER, WORSE, UNCLEAR, NO_DATA):
        names = [_label(row) for row in found["metrics"] if row["verdict"] == word and not row["as_judged"]]
        if names:
            lead = {UNCLEAR: "one cannot tell for", NO_DATA: "there is no data for"}.get(word, f"{word} in")
            groups.append(f"{lead} {_and(names)}")
    words, units = found["words"], found["challenges"]
    many = f"{found['pairs']:,} {'pair' if found['pairs'] == 1 else 'pairs'} of {words['trials']} in {units:,}"
    sides = f"{found['tuned']['name']} (r2) against {found['base']['name']} (r1)"
    return f"{sides}: {'; '.join(groups)}. {many} {words['unit' if units == 1 else 'units']}."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _label(row: Mapping[str, Json]) -> str:
    return spaced(str(row["metric"])) + (" (verified)" if row["source"] == "verified" else "")


def _metrics(found: Mapping[str, Json]) -> Markup:
    """Return the differences of all metrics, as figures and tables."""
    parts = []
    for kind, title in (("score", "Difference in means"), ("rate", "Difference in the success rate")):
        rows = [row for row in found["metrics"] if row["kind"] == kind]
        picture = metrics_figure(rows, kind)
        if picture is None:
            continue
        note = f"{title}: r2 minus r1, with 95 % intervals by bootstrap; right of 0, r2 is higher."
        note += " Round: as judged. Square: verified." if any(row["source"] == "verified" for row in rows) else ""
        note += " In percentage points." if kind == "rate" else ""
        lines = [_metric_row(row, kind) for row in rows if not row["as_judged"]]
        heads = ("r2 minus r1", "r1", "r2", "Difference", f"95{NBSP}% interval", "p (Holm)", "r2 is")
        parts += [tag("h3", title), pair(drawn(picture, note, metrics_figure(rows, kind, True)),
                                         table(heads, lines, title))]  # fmt: skip
    same = [spaced(row["metric"]) for row in found["metrics"] if row["as_judged"] and row["pairs"]]
    said = f"Verified grades are in every pair those of the judge for {_and(same)}." if same else None
    note = (
        f"p-values: sign flips by {found['words']['unit']}, corrected for {found['tests']} tests by Holm's method."
        " Better and worse mean that p is at most 0.05."
    )
    return join([*parts, tag("p", said) if said else None, tag("p", note, class_="soft")])


def _metric_row(row: Mapping[str, Json], kind: str) -> list[object]:
    ends = row["ci95_bca"] or row["ci95_percentile"]
    interval = "-" if ends is None else f"{signed(ends[0], kind)}{NBSP}to{NBSP}{signed(ends[1], kind)}"
    level = percent if kind == "rate" else number
    word = "no data" if row["verdict"] == NO_DATA else "cannot tell" if row["verdict"] == UNCLEAR else row["verdict"]
    shade = {BETTER: "o0", WORSE: "o3"}.get(row["verdict"])
    return [_label(row), level(row["mean_base"]), level(row["mean_tuned"]), signed(row["difference"], kind), interval,
            p_text(row["p_holm"]), tag("b", word, class_=shade) if shade else word]  # fmt: skip


def _units(runs: PairedRuns, tallies: Sequence[RunTally], pages: SideBySide) -> Markup:
    """Return the table of challenges, the greatest loss first, with links to the pairs."""
    tally, links = tallies[0], pages.links()
    dimensions = tally.dimensions
    names = tally.averaged or dimensions[:1]
    pairs: dict[str, list[tuple[str, ComparedMatch, ComparedMatch]]] = {}
    for key, base in runs.base.matches.items():
        if key in runs.tuned.matches:
            pairs.setdefault(base.unit, []).append((key, base, runs.tuned.matches[key]))
    rows = [(unit, found, _differences(found, names)) for unit, found in pairs.items()]
    rows.sort(key=lambda one: (not one[2], sum(one[2]) / len(one[2]) if one[2] else 0.0))
    reach = max((abs(value) for _, _, differences in rows for value in differences), default=1.0)
    what = "mean" if len(names) > 1 else spaced(names[0])
    heads = [
        tally.unit_noun,
        "Plot",
        f"r1 {what}",
        f"r2 {what}",
        "Difference",
        *(spaced(name) for name in (dimensions if len(names) > 1 else dimensions[1:])),
        "Side by side",
    ]
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    lines = []
    for unit, found, differences in islice(rows, MAX_UNITS):
        cells: list[object] = [
            trusted(render(row_figure(unit, differences, reach))) if differences else "-",
            _mean([base for _, base, _ in found], names), _mean([tuned for _, _, tuned in found], names),
            signed(sum(differences) / len(differences)) if differences else "-",
            *(_change(found, name) for name in (dimensions if len(names) > 1 else dimensions[1:])),
            _links(found, links, tally.repeated),
        ]  # fmt: skip
        shown = [unit, tag("small", title) if (title := tally.parts.title(unit)) != unit else None]
        lines.append(tag("tr", tag("th", *shown, scope="row"), *map(cell, cells, heads[1:])))
    whole = tag("table", tag("thead", head), tag("tbody", *lines), class_="sortable deck against")
    title = f"{tally.unit_noun.capitalize()} by {tally.unit_noun}"
    box = tag("div", whole, class_="wide", tabindex=0, role="group", aria_label=title)
    left = f" {len(rows) - MAX_UNITS} more are not shown." if len(rows) > MAX_UNITS else ""
    note = (
        f"The greatest loss of r2 first. Dot: difference in {what}; line: from the lowest to the highest difference of"
        f" the pairs; the middle is 0, the ends are {reach:.2f}. The last columns are differences, r2 minus r1.{left}"
    )
    return join([tag("h3", title), tag("p", note, class_="soft"), box])


def _links(found: Sequence[tuple[str, ComparedMatch, ComparedMatch]], links: Mapping[str, str], reps: bool) -> Markup:
    """Return links to the pairs of a challenge. `reps`: whether they are repetitions, and called so."""
    out = []
    for place, (key, base, _) in enumerate(found, 1):
        if key in links:
            out.append(tag("a", f"rep{NBSP}{base.repetition}" if reps else f"pair{NBSP}{place}", href=links[key]))
    return join(out, " ")


def _differences(found: Sequence[tuple[str, ComparedMatch, ComparedMatch]], names: Sequence[str]) -> list[float]:
    """Return tuned - base of the mean over names, of the pairs in which both have it."""
    out = []
    for _, base, tuned in found:
        ours, theirs = (mean_of({name: one.scores.get(name) for name in names}) for one in (base, tuned))
        if ours is not None and theirs is not None:
            out.append(theirs - ours)
    return out


def _mean(matches: Sequence[ComparedMatch], names: Sequence[str]) -> str:
    known = [mean for one in matches if (mean := mean_of({name: one.scores.get(name) for name in names})) is not None]
    return number(sum(known) / len(known)) if known else "-"


def _change(found: Sequence[tuple[str, ComparedMatch, ComparedMatch]], name: str) -> str:
    differences = _differences(found, [name])
    return signed(sum(differences) / len(differences)) if differences else "-"
