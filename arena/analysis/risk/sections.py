"""The sections of a run's results in their order, as summary.md and the page show them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from arena.analysis.risk.tables import (
    COVERAGE_HEADS,
    COVERAGE_NOTE,
    METRIC_HEADS,
    MODEL_HEADS,
    REASON_HEADS,
    Cell,
    added_rows,
    attack_heads,
    cell_rows,
    coverage_rows,
    curve_heads,
    curve_rows,
    defence_heads,
    defence_rows,
    failure_rows,
    metric_rows,
    model_rows,
    reason_rows,
    slice_attack_rows,
)
from arena.analysis.risk.tally import RiskTally
from arena.policy.rules import Rule
from arena.records import Json

METRICS, DEFENCES, SLICES, PRESSURE, REASONS, CATALOGUES = (
    "metrics", "defences", "slices", "pressure", "reasons", "catalogues",
)  # fmt: skip
"""Anchors of sections that a page treats specially."""


class Section(NamedTuple):
    """One table and its heading. `anchor`: of links.  `note`: a sentence below it."""

    anchor: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def sections(tally: RiskTally, head: Mapping[str, Json], rules: Sequence[Rule]) -> list[Section]:
    """Return the sections that have something to show."""
    total = tally.total()
    found = [
        Section(METRICS, "Metrics", METRIC_HEADS, metric_rows(total)),
        Section(DEFENCES, "Attack and defence", defence_heads(total), defence_rows(total)),
        Section(PRESSURE, "Rising pressure", curve_heads(tally), curve_rows(tally),
                "Share of assessed trials in which the attack had succeeded by a turn."),
        Section(SLICES, "Attack success rate by slice and attack", attack_heads(total), slice_attack_rows(total)),
        Section("models", "Models", MODEL_HEADS, model_rows(tally)),
        Section("sweep", "Combinations of the sweep", ("mode", "model", "state"), cell_rows(head)),
        Section(REASONS, "Top reasons of the gates", REASON_HEADS, reason_rows(total)),
        Section("failures", "Why trials did not succeed", ("reason", "trials"), failure_rows(tally)),
        Section("added", "Cost of gate decisions", ("what", "value"), added_rows(head)),
        Section(CATALOGUES, "Catalogues", COVERAGE_HEADS, coverage_rows(tally, rules), COVERAGE_NOTE),
    ]  # fmt: skip
    return [one for one in found if one.rows]
