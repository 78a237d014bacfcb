"""The family's sections of the report page: payoffs, gains with intervals, messages, reputation curves. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from arena.families.cheaptalk.findings.as_json import findings_json
from arena.families.cheaptalk.findings.cell import CellFindings
from arena.families.cheaptalk.findings.conduct import HEADS, MEASURES, Conduct, conduct_rows
from arena.families.cheaptalk.findings.curves import ReputationCurves, mean_course
from arena.families.cheaptalk.findings.lines import (
    DASH,
    break_even_line,
    certificate_line,
    claim_lines,
    interval,
    order_line,
    percent,
    shown,
    value,
)
from arena.families.cheaptalk.findings.run import RunFindings
from arena.families.cheaptalk.metrics.gains import GainTable
from arena.families.report import Panel, PanelFigure, PanelTable
from arena.formats.json_types import Json
from arena.formats.plots import Curve, Dot, curves, dot_plot
from arena.formats.svg import Element
from arena.formats.tables import number

GAIN_HEADS = ("Deviation", "DG", "95 %", "p (Holm)", "% DG > 0", "Pairs", "Left out", "As behaved", "Refused", "Word")
MOST_SENSITIVITY = 16
NO_BREAK = "\N{NO-BREAK SPACE}"
MOST_TICKS = 6
_STEPS = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
"""Distances between the ticks of an axis."""


def payoff_panel(found: RunFindings) -> Panel:
    """Return payoffs and decisions, by deviation and protocol."""
    cells = found.cells
    deviations = list(dict.fromkeys(name for cell in cells.values() for name in cell.rates))
    heads = ("Deviation", *cells)
    payoffs = [
        (name, *(number(cell.rates[name].payoff, 3) if name in cell.rates else DASH for cell in cells.values()))
        for name in deviations
    ]
    right = [
        (name, *(_accuracy(cell, name) for cell in cells.values())) for name in deviations
    ]  # fmt: skip
    parts: list[str | PanelTable | PanelFigure] = [
        PanelFigure(
            "payoffs",
            payoffs_figure(cells),
            f"Mean payoff of the sender, with 95 % intervals{_numbers(cells)}.",
            payoffs_figure(cells, True),
        ),
        "Mean payoff of the sender. The table of rates has the receiver's payoff, and the sum of both.",
        PanelTable("Payoff by deviation and protocol", heads, payoffs),
        "Accuracy of the receiver's decision, with 95 % intervals; decisions that could not be read are wrong.",
        PanelTable("Accuracy by deviation and protocol", heads, right),
        PanelTable("Rates", _RATE_HEADS, list(_rate_rows(found))),
    ]
    return Panel("payoffs", "Payoffs", parts)


def payoffs_figure(cells: Mapping[str, CellFindings], narrow: bool = False) -> Element:
    """Return the payoffs of all conditions on one axis, protocol by protocol; above 1 each has its number."""
    numbered = len(cells) > 1
    rows, ends = [], [0.0]
    for place, cell in enumerate(cells.values(), 1):
        for deviation, one in cell.rates.items():
            mark = f"{place}: " if numbered else ""
            rows.append(Dot(f"{mark}{deviation}", one.payoff, one.payoff_interval, text=f"{one.payoff:+.3f}"))
            ends += [one.payoff, *(one.payoff_interval or ())]
    names = _numbers(cells) or f"; {''.join(cells)}"
    return _on_axis(f"Payoff by deviation and protocol{names}", rows, ends, narrow)


def _numbers(cells: Mapping[str, CellFindings]) -> str:
    """Return the number of each protocol in the figure of payoffs; empty for a single one."""
    return "; " + ", ".join(f"{place}: {name}" for place, name in enumerate(cells, 1)) if len(cells) > 1 else ""


def _on_axis(title: str, rows: Sequence[Dot], ends: Sequence[float], narrow: bool) -> Element:
    """Return a plot whose axis includes 0 and all ends."""
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = 0.05 * ((high - low) or 1.0)
    low, high = low - margin, high + margin
    step = next(step for step in _STEPS if (high - low) / step <= MOST_TICKS)
    ticks = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return dot_plot(title, rows, low, high, [(tick, f"{tick:g}") for tick in ticks], narrow)


def _accuracy(cell: CellFindings, name: str) -> str:
    found = cell.rates.get(name)
    if found is None:
        return DASH
    ends = found.accuracy_interval
    return number(found.accuracy, 3) + ("" if ends is None else f" [{ends[0]:.3f},{NO_BREAK}{ends[1]:.3f}]")


_RATE_HEADS = ("Condition", "n", "Accuracy", "Balanced", "Constant label", "NEI", "Unparsable", "Evidence given",
               "Match", "FEVER", "Punished", "Sender", "Receiver", "Welfare")  # fmt: skip


def _rate_rows(found: RunFindings) -> Iterator[Sequence[str]]:
    for name, cell in {**found.cells, **found.baselines}.items():
        for deviation, one in cell.rates.items():
            numbers = (one.accuracy, one.balanced_accuracy, one.constant_label, one.nei_rate, one.unparsable_rate)
            more = (one.evidence_compliance, one.match, one.fever, one.punished, one.payoff, one.receiver_payoff)
            row = [number(figure, 3) for figure in (*numbers, *more, one.welfare)]
            yield (f"{name}, {deviation}", str(one.episodes), *row)


def gains_panel(found: RunFindings) -> Panel:
    """Return the gains of each protocol with their intervals, the certificates, the order and the claims."""
    parts: list[str | PanelTable | PanelFigure] = [
        "DG is what a deviation earns more than honesty, over pairs of one claim; below 0 it loses. Lines are 95 %"
        " intervals by bootstrap over claims, or over series where a reputation ties claims together. All protocols"
        " have one axis."
    ]
    told, tables = findings_json(found), {name: cell.gains for name, cell in found.cells.items() if cell.gains}
    ends = [end for table in tables.values() for end in _ends(table)]
    for place, (name, table) in enumerate(tables.items(), 1):
        parts += _cell_parts(f"gains_{place}", name, table, ends, told["cells"][name])
    for pairing, test in told["order"].items():
        parts.append(_sentence(order_line(pairing, test, len(told["order"]) > 1)))
    if told["claims"]:
        rows = [(one["claim"], one["verdict"], value(one), interval(one)) for one in told["claims"]]
        open_ones = [line for line in claim_lines(told["claims"]) if not line.startswith("  holds")]
        parts += [_sentence(line.strip()) for line in open_ones]
        parts.append(PanelTable("Claims", ("Claim", "Verdict", "Figure", "95 %"), rows))
    return Panel("gains", "Deviation gains", parts)


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."


def _cell_parts(
    figure: str, name: str, table: GainTable, ends: Sequence[float], told: Mapping[str, Json]
) -> Iterator[str | PanelTable | PanelFigure]:
    drawn = [gains_figure(name, table, ends, narrow) for narrow in (False, True)]
    yield PanelFigure(figure, drawn[0], f"Deviation gains under {name}.", drawn[1])
    rows: list[Sequence[str]] = []
    for deviation, gain in told["gain"].items():
        behaved, refused = told["behaved_gain"].get(deviation), told["refused"].get(deviation)
        rows.append(
            (
                *(deviation, value(gain), interval(gain), value(gain, "p_holm")),
                *(percent(told["positive"][deviation]), str(gain["n"]), str(gain["left_out"])),
                DASH if behaved is None else value(behaved),
                DASH if refused is None else percent(refused),
                gain["band"],
            )
        )
    yield PanelTable(f"Deviation gains under {name}", GAIN_HEADS, rows)
    iri, worst = told["iri"], told["worst"]
    yield f"{name}: IRI {shown(iri)} ({iri['band']}); the worst deviation is {worst['deviation']} ({value(worst)})."
    yield f"{name}: {certificate_line(told['certificate'])}."
    yield f"{name}: {break_even_line(told['break_even'])}."
    cost = told["cost_of_protocol"]
    honest = f"{name}: honest senders were punished in {percent(told['false_punishment'])}" if told["honest"] else name
    yield honest + ("." if cost is None else f"; the protocol costs them {shown(cost)}.")
    if told["sensitivity"]:
        rows = [
            (f"{row['lambda_cost']:g}, {row['mu_penalty']:g}", value(row, "iri"), row["worst"],
             value(row["gain"], row["worst"]))
            for row in told["sensitivity"][:MOST_SENSITIVITY]
        ]  # fmt: skip
        yield PanelTable(f"Other constants under {name}", ("lambda, mu", "IRI", "Worst", "DG of it"), rows)


def _ends(table: GainTable) -> list[float]:
    """Return the values that the axis of gains must include."""
    return [end for gain in table.gains for end in (gain.gain, *(gain.interval or ()))]


def gains_figure(name: str, table: GainTable, ends: Sequence[float], narrow: bool = False) -> Element:
    """Return the gains of one protocol on an axis that includes `ends`, those of all protocols."""
    rows = [Dot(gain.deviation, gain.gain, gain.interval, text=f"{gain.gain:+.3f}") for gain in table.gains]
    return _on_axis(f"Deviation gains under {name}", rows, ends, narrow)


def message_panel(found: RunFindings) -> Panel | None:
    """Return the effect of messages; None if no episode had one."""
    rows = []
    for name, cell in findings_json(found)["cells"].items():
        for deviation, one in cell["messages"].items():
            lift, turned, told = one["lift"], one["override"], one["information_bits"]
            rows.append(
                (
                    f"{name}, {deviation}",
                    DASH if lift is None else shown(lift),
                    DASH if told is None else value(told),
                    DASH if turned is None else percent(turned),
                    DASH if one["followed"] is None else f"{100 * one['followed']:.1f} %",
                )
            )
    if not rows:
        return None
    heads = ("Condition", "Lift over no message", "Bits of the truth", "Overridden", "Followed")
    text = (
        "Lift: accuracy with the message minus without one, over the same claims. Overridden: receivers who decide"
        " right alone and then adopt a wrong label from the message."
    )
    return Panel("messages", "What messages did", [text, PanelTable("Messages", heads, rows)])


def conduct_panel(found: Conduct) -> Panel | None:
    """Return the manipulation check; None without any message."""
    rows = conduct_rows(found.to_json() or {})
    if not rows:
        return None
    said = "; ".join(f"{head}: {text}" for head, text in zip(HEADS[1:], MEASURES.values(), strict=True))
    text = f"Shares of messages, among those for which it is known. {said}."
    return Panel("conduct", "What senders did", [text, PanelTable("What senders did", HEADS, rows)])


def reputation_panel(found: ReputationCurves) -> Panel | None:
    """Return the courses of reputations, by deviation; None without any."""
    if not found.courses:
        return None
    parts: list[str | PanelTable | PanelFigure] = []
    for place, protocol in enumerate(dict.fromkeys(protocol for protocol, _ in found.courses)):
        own = {name: list(series.values()) for (where, name), series in found.courses.items() if where == protocol}
        lines = [Curve(name, mean_course(series)) for name, series in own.items()]
        title, below = f"Reputation under {protocol}", "episode of a series"
        pictures = [curves(title, lines, 0.0, 1.0, below, narrow) for narrow in (False, True)]
        caption = f"Mean reputation under {protocol} after each episode, over series; at most six deviations are drawn."
        parts.append(PanelFigure(f"reputation_{place + 1}", pictures[0], caption, pictures[1]))
        rows = [
            (name, str(len(series)), number(mean_course(series)[-1], 3), str(sum(one.slashed for one in series)),
             str(sum(one.redeemed for one in series)))
            for name, series in own.items()
        ]  # fmt: skip
        heads = ("Deviation", "Series", "Last reputation", "Slashed", "Redeemed")
        parts.append(PanelTable(f"Reputations under {protocol}", heads, rows))
    return Panel("reputation", "Reputations", parts)


def talk_panels(found: RunFindings | None, courses: ReputationCurves, conduct: Conduct) -> list[Panel]:
    """Return the sections of a run; none if it has no findings."""
    panels: list[Panel | None] = []
    if found is not None:
        panels += [payoff_panel(found), gains_panel(found), message_panel(found)]
    panels += [conduct_panel(conduct), reputation_panel(courses)]
    return [panel for panel in panels if panel is not None]
