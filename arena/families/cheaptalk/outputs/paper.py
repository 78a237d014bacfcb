"""Tables for a paper as Markdown and LaTeX, from the summary over seeds: gains, methods, protocols. Pure.

One seed gives a mean without a deviation; the caption gives the number of seeds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.gains import DG_BANDS, IRI_BANDS, band
from arena.formats import markdown
from arena.formats.json_types import Json

MARKDOWN_FILE, LATEX_FILE = "paper_tables.md", "paper_tables.tex"
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "\N{PLUS-MINUS SIGN}": r"$\pm$", "\N{MINUS SIGN}": "$-$",
}  # fmt: skip
_SIGNS = re.compile("[" + re.escape("".join(_LATEX)) + "]")
METHOD_COLUMNS = (("Accuracy", "accuracy"), ("Evidence compliance", "evidence_compliance"),
                  ("Evidence match", "evidence_match_score"), ("Mean payoff", "mean_payoff"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaperTable:
    """One table: a name for references, caption, heads, rows. The first column is text."""

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def paper_tables(summary: Mapping[str, Json]) -> list[PaperTable]:
    """Return the tables of the parts that a summary has."""
    found = []
    if summary["milestone2"] is not None:
        found.append(_gains(summary["milestone2"]))
    if summary["milestone3"] is not None:
        found.append(_methods(summary["milestone3"]))
    if summary["milestone4"] is not None:
        found.append(_protocols(summary["milestone4"]))
    return found


def _over(part: Mapping[str, Json]) -> str:
    seeds = part["seeds"]
    if seeds == 1:
        return "one seed"
    return f"mean \N{PLUS-MINUS SIGN} sample standard deviation over {seeds} seeds"


def spread(fields: Mapping[str, Json], name: str, digits: int = 3, unit: str = "") -> str:
    """Return `mean +- std` of a field, the mean alone below two seeds, a dash without any."""
    mean, std = fields[f"{name}_mean"], fields[f"{name}_std"]
    if mean is None:
        return "-"
    shown = _number(mean, digits) + unit
    return shown if std is None else f"{shown} \N{PLUS-MINUS SIGN} {_number(std, digits)}{unit}"


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return "\N{MINUS SIGN}" + text[1:] if value < 0 and float(text) != 0 else text.removeprefix("-")


def interval(ends: Sequence[float] | None, digits: int = 3) -> str:
    """Return an interval, a dash if there is none."""
    return "-" if ends is None else f"[{_number(ends[0], digits)}, {_number(ends[1], digits)}]"


def _gains(part: Mapping[str, Json]) -> PaperTable:
    rows = [
        (
            *(name, spread(fields, "deviation_gain"), interval(fields["deviation_gain_ci95"])),
            spread(fields, "percent_dg_positive", 1, " %"),
            _word(fields["deviation_gain_mean"], DG_BANDS),
        )
        for name, fields in part["deviation_gains"].items()
    ]
    iri = {"iri_mean": part["mean"]["iri"], "iri_std": part["std"]["iri"]}
    rows.append(("IRI", spread(iri, "iri"), interval(part["ci95"]["iri"]), "-", _word(iri["iri_mean"], IRI_BANDS)))
    heads = ("Deviation", "DG", "95 % CI", "% DG > 0", "Interpretation")
    return PaperTable("deviation_gains", f"Deviation gains ({_over(part)})", heads, tuple(rows))


def _word(value: float | None, bands: Sequence[tuple[float, str]]) -> str:
    return "-" if value is None else band(value, bands).capitalize()


def _methods(part: Mapping[str, Json]) -> PaperTable:
    rows = [
        (name, *(spread(fields, metric) for _, metric in METHOD_COLUMNS)) for name, fields in part["methods"].items()
    ]
    heads = ("Method", *(head for head, _ in METHOD_COLUMNS))
    return PaperTable("baselines", f"Protocol and baselines ({_over(part)})", heads, tuple(rows))


def _protocols(part: Mapping[str, Json]) -> PaperTable:
    rows = [
        (
            *(name, spread(fields, "iri"), interval(fields["iri_ci95"]), _word(fields["iri_mean"], IRI_BANDS)),
            *(spread(fields, f"honest_{metric}") for _, metric in METHOD_COLUMNS),
        )
        for name, fields in part["protocols"].items()
    ]
    heads = ("Protocol", "IRI", "95 % CI", "Interpretation", *(f"Honest: {head}" for head, _ in METHOD_COLUMNS))
    return PaperTable("protocols", f"Protocols ({_over(part)})", heads, tuple(rows))


def as_markdown(tables: Sequence[PaperTable]) -> bytes:
    """Return the tables as one Markdown document."""
    parts = []
    for table in tables:
        right = frozenset(range(1, len(table.heads))) - {
            place for place, head in enumerate(table.heads) if head == "Interpretation"
        }
        parts.append(f"## {markdown.escape(table.caption)}\n\n{markdown.table(table.heads, table.rows, right)}\n")
    return "\n".join(parts).encode()


def as_latex(tables: Sequence[PaperTable]) -> bytes:
    """Return the tables as LaTeX, to be `\\input`; no package is needed."""
    return "\n".join(map(_latex_table, tables)).encode()


def _latex_table(table: PaperTable) -> str:
    columns = "l" + "r" * (len(table.heads) - 1)
    lines = [
        r"\begin{table}[ht]",
        r"\centering",
        rf"\caption{{{latex_text(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        _latex_row(table.heads),
        r"\hline",
        *map(_latex_row, table.rows),
        r"\hline",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(latex_text, cells)) + r" \\"


def latex_text(text: str) -> str:
    """Return text in which nothing is a command of LaTeX; control characters become spaces."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return _SIGNS.sub(lambda found: _LATEX[found[0]], line)
