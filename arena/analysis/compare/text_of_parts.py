"""Comparisons of parts of runs (by_label.py) for people and programs: plain text, Markdown, CSV, one figure. Pure.

`found` is the result of `comparison.compare_parts`. Names in it are hostile text, as in text.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.analysis.compare.comparison import VERIFIED
from arena.analysis.compare.text import (
    CSV_COLUMNS,
    came_out,
    change,
    csv_values,
    escaped,
    how_made,
    interval,
    intervals_of,
    label,
    level,
    many,
    markdown_row,
    p_text,
    players,
    units,
)
from arena.errors import one_line
from arena.families.spec import Words
from arena.formats.tables import Block, csv_line, fitted_table, join_lines
from arena.formats.terminal import wrapped
from arena.records import Json

HEADER = ("", "base", "tuned", "change", "95 % interval", "p", "verdict")
RIGHT = frozenset(range(1, len(HEADER) - 1))


def parts_text(found: Mapping[str, Json], width: int | None = None) -> str:
    """Return the report for a text file, or for a terminal of `width` columns."""
    lines: list[str] = [_headline(found), ""]
    for one in found["comparisons"]:
        table = fitted_table(HEADER, short_rows(one["metrics"]), RIGHT, width)
        lines += [_title(one), table, *_missing(one), ""]
    return shown([*lines, *_notes(found)], width)


def parts_markdown(found: Mapping[str, Json]) -> str:
    """Return the report as Markdown (GitHub's tables)."""
    lines = [f"# By {escaped(found['by'])}", "", escaped(_headline(found)), ""]
    for one in found["comparisons"]:
        lines += [f"## {escaped(_title(one))}", "", markdown_row(HEADER), "|---|" + "---:|" * (len(HEADER) - 1)]
        lines += [*(markdown_row(row) for row in short_rows(one["metrics"])), "", escaped(came_out(one)), ""]
        lines += [escaped(line) + "\n" for line in _missing(one)]
    lines += [escaped(line) + "\n" for line in _notes(found)]
    return "\n".join(lines).rstrip() + "\n"


def parts_csv(found: Mapping[str, Json]) -> bytes:
    """Return a CSV file with a row per comparison and metric: label and values, and the columns of text.csv_bytes."""
    lines = [csv_line(("by", "base", "tuned", *CSV_COLUMNS))]
    for one in found["comparisons"]:
        by = [one["by"][name] for name in ("label", "base", "tuned")]
        lines += [csv_line([*by, *csv_values(row)]) for row in one["metrics"]]
    return b"".join(lines)


def _headline(found: Mapping[str, Json]) -> str:
    first = found["comparisons"][0]
    sides = [f"{first[side]['name']} ({players(first[side]['models'])})" for side in ("base", "tuned")]
    whose = sides[0] if sides[0] == sides[1] else f"base {sides[0]} against tuned {sides[1]}"
    return f"{whose}, by {found['by']}: {many(len(found['comparisons']), 'comparison')}."


def _title(one: Mapping[str, Json]) -> str:
    by, words = one["by"], Words(**one["words"])
    values = f"base {by['base']}, tuned {by['tuned']}" if by["base"] != by["tuned"] else str(by["base"])
    pairs = f"{many(one['pairs'], 'pair')} of {words.trials} in {units(one['challenges'], words)}"
    return f"{by['label']}: {values} ({pairs})"


def short_rows(metrics: Sequence[Mapping[str, Json]]) -> list[list[str]]:
    """Return a row of HEADER for each figure; rates are shares, so that all have one form."""
    return [
        [
            label(row), level(row["mean_base"], False), level(row["mean_tuned"], False),
            change(row["difference"], False), interval(row["ci95_bca"] or row["ci95_percentile"], False),
            p_text(row["p_holm"]), row["verdict"],
        ]
        for row in metrics if row["source"] != VERIFIED or not row["as_judged"]
    ]  # fmt: skip


def shown(lines: Sequence[str], width: int | None) -> str:
    """Return lines below each other; on a terminal of `width` columns sentences are broken."""
    broken: list[str] = []
    for line in lines:
        broken += [line] if isinstance(line, Block) or width is None else wrapped(one_line(line), width)
    return join_lines(broken).rstrip()


def _missing(one: Mapping[str, Json]) -> list[str]:
    """Return which pairs are not in a figure, and which trials are in no pair."""
    words = Words(**one["words"])
    rows = [(row, sum(row["left_out"].values())) for row in one["metrics"]]
    said = [f"{label(row)} {count}" for row, count in rows if count]
    lines = [f"Pairs left out, since a side has no such figure: {', '.join(said)}."] if said else []
    if one["only_base"] or one["only_tuned"]:
        lines.append(f"Not paired: {one['only_base']} {words.trials} only in base, {one['only_tuned']} only in tuned.")
    if one["verified_problem"]:
        lines.append(f"Verified scores are not compared: {one['verified_problem']}.")
    return lines


def _notes(found: Mapping[str, Json]) -> list[str]:
    made: Sequence[Mapping[str, Json]] = found["comparisons"]
    lines = intervals_of(made)
    without = [base if base == tuned else f"{base} and {tuned}" for base, tuned in found["without_pairs"]]
    if without:
        lines.append(f"Without a pair: {'; '.join(without)}.")
    return [*lines, f"{how_made(made)} p is after Holm, over all comparisons; --json and --csv have more figures."]
