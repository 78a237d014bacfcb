"""Tables for a paper: mean and spread, interpretation, Markdown and LaTeX that texts cannot break."""

from __future__ import annotations

from typing import Any

import pytest

from arena.families.cheaptalk.outputs.paper import (
    PaperTable,
    as_latex,
    as_markdown,
    interval,
    latex_text,
    paper_tables,
    spread,
)

PLUS = "\N{PLUS-MINUS SIGN}"
MINUS = "\N{MINUS SIGN}"


def fields(name: str, mean: float | None, std: float | None = None) -> dict[str, Any]:
    ends = None if mean is None or std is None else [mean - std, mean + std]
    return {f"{name}_mean": mean, f"{name}_std": std, f"{name}_ci95": ends}


DEVIATIONS = {"no_evidence": -0.35, "lie": -0.31, "low_effort": -0.08, "withhold": 0.05, "x": 0.2}


def summary(std: float | None = 0.02, seeds: int = 3) -> dict[str, Any]:
    gains = {
        name: fields("deviation_gain", mean, std) | fields("percent_dg_positive", 30.0, std)
        for name, mean in (
            ("no_evidence", -0.35),
            ("lie", -0.31),
            ("low_effort", -0.08),
            ("withhold", 0.05),
            ("x", 0.2),
        )
    }
    method = {}
    for metric in ("accuracy", "evidence_compliance", "evidence_match_score", "mean_payoff"):
        method |= fields(metric, 0.68, std) | fields(f"honest_{metric}", 0.7, std)
    return {
        "milestone2": {
            "seeds": seeds,
            "mean": {"iri": 0.03},
            "std": {"iri": std},
            "ci95": {"iri": None if std is None else [0.01, 0.05]},
            "deviation_gains": gains,
        },
        "milestone3": {"seeds": seeds, "methods": {"protocol_p1": method}},
        "milestone4": {"seeds": seeds, "protocols": {"P3_Slashing": method | fields("iri", 0.2, std)}},
    }


def test_gains_are_interpreted_by_the_bands_of_the_predecessor() -> None:
    table = paper_tables(summary())[0]
    assert table.heads == ("Deviation", "DG", "95 % CI", "% DG > 0", "Interpretation")
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("no_evidence", "Very effective"),
        ("lie", "Very effective"),
        ("low_effort", "Effective"),
        ("withhold", "Weak"),
        ("x", "Ineffective"),
        ("IRI", "Excellent"),
    ]
    assert table.rows[0][1] == f"{MINUS}0.350 {PLUS} 0.020" and table.rows[0][3] == f"30.0 % {PLUS} 0.0 %"


def test_protocols_are_interpreted_by_their_index() -> None:
    table = paper_tables(summary())[2]
    assert table.rows[0][:4] == ("P3_Slashing", f"0.200 {PLUS} 0.020", "[0.180, 0.220]", "Moderate")


def test_one_seed_has_means_alone_and_says_so() -> None:
    tables = paper_tables(summary(None, 1))
    assert all("(one seed)" in table.caption for table in tables)
    assert tables[0].rows[0][1:3] == (f"{MINUS}0.350", "-")


def test_part_without_every_seed_has_no_table() -> None:
    assert [table.name for table in paper_tables(summary() | {"milestone3": None})] == ["deviation_gains", "protocols"]
    assert paper_tables({"milestone2": None, "milestone3": None, "milestone4": None}) == []


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [(0.5, 0.25, f"0.500 {PLUS} 0.250"), (-0.0001, None, "0.000"), (-0.5, None, f"{MINUS}0.500"), (None, None, "-")],
)
def test_spread_shows_what_is_known(mean: float | None, std: float | None, text: str) -> None:
    assert spread(fields("a", mean, std), "a") == text


def test_interval_without_ends_is_a_dash() -> None:
    assert interval(None) == "-" and interval([-0.1, 0.25], 2) == f"[{MINUS}0.10, 0.25]"


def test_markdown_and_latex_hold_the_same_cells() -> None:
    tables = paper_tables(summary())
    markdown, latex = as_markdown(tables).decode(), as_latex(tables).decode()
    assert r"| no\_evidence | −0.350 ± 0.020 |" in markdown and markdown.count("## ") == 3
    assert r"no\_evidence & $-$0.350 $\pm$ 0.020 &" in latex and r"\begin{tabular}{lrrrrrrr}" in latex
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 3


def test_text_of_others_is_no_command_of_latex() -> None:
    hostile = "\\input{/etc/passwd} 50 % $x$ a_b #1 ~^ {\n}"
    shown = latex_text(hostile)
    assert "\\input{/" not in shown and "\n" not in shown
    assert shown.startswith(r"\textbackslash{}input\{/etc/passwd\} 50 \% \$x\$ a\_b \#1")
    table = PaperTable("t", hostile, ("A", "B"), ((hostile, "|"),))
    assert as_latex([table]).decode().count("\n") == 12
    assert "\\|" in as_markdown([table]).decode()
