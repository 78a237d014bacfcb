"""The figures of a risk run: attack success by attack and benign completion (summary.svg), success by turn. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.page import asset
from arena.analysis.risk.tables import DEFENCE_WORDS, attack_names, curve_points, shown, words
from arena.analysis.risk.tally import RiskTally
from arena.formats.plots import Curve, Dot, curves, dot_plot, figure
from arena.formats.svg import Element, document, element
from arena.records import Json

TITLE = "Attack success and benign completion, with 95 % intervals"
MOST_ROWS = 40


def picture(tally: RiskTally, narrow: bool = False) -> Element:
    """Return the figure of a run; a sentence if there is nothing to draw. `narrow`: its form for a phone."""
    total = tally.total()
    rows = []
    for name in attack_names(total)[:MOST_ROWS]:
        rows.append(_dot(f"attack: {words(name)}", total.counts.attack_rate(name)))
    benign = total.counts.to_json()["metrics"]["benign_completion"]
    if benign["n"]:
        rows.append(_dot("benign completed", benign))
    if not rows:
        return figure(TITLE, 40.0, element("text", "no trial counts in a rate", x=0.0, y=24.0, class_="ink"))
    ticks = [(n / 4, f"{n * 25} %") for n in range(5)]
    return dot_plot(TITLE, rows, 0.0, 1.0, ticks, narrow)


def _dot(label: str, rate: Mapping[str, Json]) -> Dot:
    bounds = None if rate["low"] is None else (rate["low"], rate["high"])
    return Dot(label, rate["rate"], bounds, text=f"{shown(rate)} of {rate['n']}")


def summary_svg(tally: RiskTally) -> bytes:
    """Return the figure as a file."""
    return document(picture(tally), asset("figures.css"))


CURVES = "Rising pressure: share of attacks that had succeeded by each turn"


def pressure(tally: RiskTally, narrow: bool = False) -> Element | None:
    """Return a curve for each attack with several turns and each defence; None if there is none."""
    found = curve_points(tally)
    if not found:
        return None
    several = len({attack for attack, _, _ in found}) > 1
    lines = []
    for attack, defence, shares in found:
        under = DEFENCE_WORDS.get(defence, defence)
        lines.append(Curve(f"{words(attack)}, {under}" if several else under, shares))
    return curves(CURVES, lines, 0, 1, "turn", narrow)
