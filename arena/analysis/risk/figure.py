"""The figures of a risk run: attack success by attack and benign completion (summary.svg), success by turn. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from arena.analysis.report.figures import WIDTH, Dot, clip, dot_plot, figure
from arena.analysis.report.page import asset
from arena.analysis.risk.tables import attack_names, curve_points, shown
from arena.analysis.risk.tally import Tally
from arena.families.risk.compose import NO_ATTACK
from arena.families.risk.risk_counts import share
from arena.formats.svg import Element, document, element
from arena.records import Json

TITLE = "Attack success and benign completion, with 95 % intervals"
MOST_ROWS = 40


def picture(tally: Tally) -> Element:
    """Return the figure of a run; a sentence where there is nothing to draw."""
    total = tally.total()
    rows = []
    for name in attack_names(total)[:MOST_ROWS]:
        won = n = 0
        for key, sums in tally.cells.items():
            if key.attack == name and name != NO_ATTACK:
                rate = sums.counts.to_json()["metrics"]["attack_success_rate"]
                won, n = won + rate["k"], n + rate["n"]
        rows.append(_dot(f"attack: {name}", share(won, n)))
    benign = total.counts.to_json()["metrics"]["benign_completion"]
    if benign["n"]:
        rows.append(_dot("benign completed", benign))
    if not rows:
        return figure(TITLE, 40.0, element("text", "no trial counts in a rate", x=0.0, y=24.0, class_="ink"))
    ticks = [(n / 4, f"{n * 25} %") for n in range(5)]
    return dot_plot(TITLE, rows, 0.0, 1.0, ticks)


def _dot(label: str, rate: Mapping[str, Json]) -> Dot:
    bounds = None if rate["low"] is None else (rate["low"], rate["high"])
    return Dot(label, rate["rate"], bounds, text=f"{shown(rate)} of {rate['n']}")


def summary_svg(tally: Tally) -> bytes:
    """Return the figure as a file."""
    return document(picture(tally), asset("figures.css"))


CURVES = "Rising pressure: share of attacks that had succeeded by each turn"
_LEFT, _TOP, _HEIGHT, _RIGHT = 52.0, 10.0, 150.0, 190.0
_SHADES, _DASHES = ("raw", "ver"), (None, "6 3", "2 3")


def curves(tally: Tally) -> Element | None:
    """Return a curve for each attack with several turns and each defence; None where there is none."""
    found = curve_points(tally)
    if not found:
        return None
    turns = max(len(shares) for _, _, shares in found)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, turns - 1)
    parts = [_grid(n / 4) for n in range(5)]
    for turn in range(turns):
        parts.append(element("text", f"turn {turn + 1}", x=_LEFT + step * turn, y=_TOP + _HEIGHT + 18,
                             text_anchor="middle", class_="soft", font_size=11.0))  # fmt: skip
    attacks = list(dict.fromkeys(attack for attack, _, _ in found))
    defences = list(dict.fromkeys(defence for _, defence, _ in found))
    for number, (attack, defence, shares) in enumerate(found[:MOST_ROWS]):
        shade = _SHADES[defences.index(defence) % len(_SHADES)]
        dash = _DASHES[attacks.index(attack) % len(_DASHES)]
        points = [(_LEFT + step * turn, _height(value)) for turn, value in enumerate(shares)]
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            parts.append(element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=f"bar {shade}", stroke_dasharray=dash))
        for (x, y), value in zip(points, shares, strict=True):
            parts.append(element("circle", element("title", f"{attack}, {defence}: {value:.1%}"), cx=x, cy=y, r=4.0,
                                 class_=shade))  # fmt: skip
        y = _TOP + 14 + 18 * number
        parts.append(element("circle", cx=WIDTH - _RIGHT + 24, cy=y - 4, r=4.0, class_=shade))
        parts.append(element("text", clip(f"{attack}, {defence}: {shares[-1]:.1%}", 26), x=WIDTH - _RIGHT + 34, y=y,
                             class_="ink"))  # fmt: skip
    return figure(CURVES, max(_TOP + _HEIGHT + 28, _TOP + 20 + 18 * len(found)), *parts)


def _grid(share_: float) -> Element:
    y = _height(share_)
    line = element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid")
    label = element("text", f"{share_:.0%}", x=_LEFT - 8, y=y + 4, text_anchor="end", class_="soft", font_size=11.0)
    return element("g", line, label)


def _height(share_: float) -> float:
    return _TOP + _HEIGHT * (1 - share_)
