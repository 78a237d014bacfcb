"""The end of a run in the family's words, from summary.json. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from arena.families.cheaptalk.findings.conduct import HEADS, conduct_rows
from arena.formats.json_types import Json
from arena.formats.tables import text_table

DASH = "-"
SHORT_HEADS = ("condition", "denied", "gold", "kept", "other", "invented", "deviated")
"""Heads of the manipulation check for 80 columns, in the order of conduct.HEADS."""
VERDICTS = {"fails": "fail", "cannot tell": "undecided", "holds": "hold"}
"""Verdict on a claim -> the verb after a count; the most important first."""
MESSAGE_WORDS = (
    "messages: bits of the truth in them; lift: accuracy with the message minus without one; overridden: right"
    " decisions that a wrong message turned"
)


def talk_lines(summary: Mapping[str, Json]) -> list[str]:
    """Return the findings of a run: gains, rates, certificate, order, claims; empty if no episode was scored."""
    rates, found = summary.get("rates"), summary.get("incentives")
    if rates is None:
        return []
    lines = [_rates_line("all episodes", rates)]
    if found is None:
        return [*lines, "no gain is known: it needs two claims or more, played honestly and with a deviation"]
    cells = {name: cell for name, cell in found["cells"].items() if cell is not None}
    for name, cell in cells.items():
        lines += [*_gain_lines(name, cell), *_cell_lines(name, cell)]
    if any(cell["messages"] for cell in cells.values()):
        lines.append(MESSAGE_WORDS)
    for name, baseline in found["baselines"].items():
        lines.append(_rates_line(f"baseline {name}", baseline))
    for pairing, test in found["order"].items():
        lines.append(order_line(pairing, test, len(found["order"]) > 1))
    return [*lines, *conduct_lines(summary.get("conduct")), *claim_lines(found["claims"])]


def conduct_lines(found: Mapping[str, Json] | None) -> list[str]:
    """Return the manipulation check as a table: how far senders followed their instructions."""
    if found is None:
        return []
    meant = ", ".join(f"{short}: {whole}" for short, whole in zip(SHORT_HEADS[1:], HEADS[1:], strict=True))
    rows = [[condition.replace(", ", " "), *(cell.removesuffix(" %") for cell in cells)]
            for condition, *cells in conduct_rows(found)]  # fmt: skip
    said = f"what senders did, in per cent of messages ({meant.lower()}):"
    return [said, text_table(SHORT_HEADS, rows, frozenset(range(1, 7)))]


def _rates_line(name: str, rates: Mapping[str, Json]) -> str:
    return (
        f"{name}: accuracy {shown(rates['accuracy'])} (balanced {value(rates['balanced_accuracy'])}, a constant label"
        f" {value(rates['constant_label'])}), evidence given {percent(rates['evidence_compliance'])}, match"
        f" {value(rates['evidence_match'])}, NEI {percent(rates['nei_rate'])}, unparsable"
        f" {percent(rates['unparsable_rate'])}, payoff {value(rates['payoff'])}, receiver"
        f" {value(rates['receiver_payoff'])}, welfare {value(rates['welfare'])}"
    )


def _gain_lines(name: str, cell: Mapping[str, Json]) -> list[str]:
    """Return the gains under one protocol as a table that fits 80 columns, and the episodes that are in no pair."""
    rows = []
    for deviation, gain in cell["gain"].items():
        behaved = cell["behaved_gain"].get(deviation)
        positive = cell["positive"][deviation]["value"]
        rows.append(
            [deviation, value(gain), interval(gain), value(gain, "p_holm"), f"{100 * positive:.1f}"]
            + [str(gain["n"]), DASH if behaved is None else value(behaved)]
        )
    if not rows:
        return []
    heads = (name, "DG", "95 %", "p (Holm)", "% DG>0", "pairs", "behaved")
    lines: list[str] = [text_table(heads, rows, frozenset({1, 3, 4, 5, 6}))]
    lost = [f"{deviation} {gain['left_out']}" for deviation, gain in cell["gain"].items() if gain["left_out"]]
    if lost:
        lines.append(f"{name}: episodes left out of the pairs: {', '.join(lost)}")
    return lines


def _cell_lines(name: str, cell: Mapping[str, Json]) -> Iterator[str]:
    if cell["iri"] is not None:
        worst = cell["worst"]
        yield (
            f"{name}: IRI {shown(cell['iri'])} ({cell['iri']['band']}), worst deviation {worst['deviation']}"
            f" ({value(worst)})"
        )
        yield f"{name}: {certificate_line(cell['certificate'])}"
        yield f"{name}: {break_even_line(cell['break_even'])}"
    honest = [f"honest senders punished {percent(cell['false_punishment'])}"] if cell["false_punishment"] else []
    cost = cell["cost_of_protocol"]
    if cost is not None:
        honest.append(f"cost of the protocol to them {shown(cost)}")
    refused = [f"{deviation} {percent(one)}" for deviation, one in cell["refused"].items() if one["value"]]
    if cell["refused"]:
        honest.append(f"refused to deviate: {', '.join(refused) or 'nobody'}")
    if honest:
        yield f"{name}: {'; '.join(honest)}"
    yield from _message_lines(name, cell["messages"])


def _message_lines(name: str, messages: Mapping[str, Json]) -> Iterator[str]:
    """Yield the effect of the messages of one protocol, as a table that fits 80 columns."""
    rows = []
    for deviation, one in messages.items():
        lift, turned, told = one["lift"], one["override"], one["information_bits"]
        rows.append(
            [deviation, DASH if told is None else value(told)]
            + ([DASH, DASH] if lift is None else [value(lift), interval(lift)])
            + [DASH if turned is None else percent(turned)]
        )
    if rows:
        heads = (f"{name}: messages", "bits", "lift", "95 %", "overridden")
        yield text_table(heads, rows, frozenset({1, 2, 4}))


def certificate_line(certificate: Mapping[str, Json] | None) -> str:
    """Return the certificate in words."""
    return "no certificate: two units or more are needed" if certificate is None else str(certificate["line"])


def break_even_line(found: Mapping[str, Json] | None) -> str:
    """Return the break-even temptation in words; an open end is written as such."""
    if found is None:
        return "no break-even bonus: nothing can be paired"
    if found["value"] == 0:
        return f"{found['deviation']} pays without any bonus ({found['what']}, {found['n']} units)"
    if found["value"] is None:
        return f"no bonus for an adopted target makes a deviation pay ({found['what']}, {found['n']} units)"
    ends = ""
    if found["low"] is not None:
        high = "no bonus" if found["high"] is None else f"{found['high']:.3f}"
        ends = f" [{found['low']:.3f}, {high}]"
    return (
        f"a deviation pays from a bonus of {value(found)}{ends} on ({found['deviation']}; {found['what']},"
        f" {found['n']} units)"
    )


def order_line(pairing: str, test: Mapping[str, Json], several: bool) -> str:
    """Return the verdict on the order of protocols, step by step."""
    steps = ", ".join(
        f"IRI({one['stricter']}) <= IRI({one['looser']}) {one['verdict']} ({shown(one)})"
        for one in test["steps"].values()
    )
    return f"order of protocols{f' ({pairing})' if several else ''}: {test['verdict']}: {steps}"


def claim_lines(claims: Sequence[Mapping[str, Json]]) -> list[str]:
    """Return the predecessor's claims with their verdicts, those that do not hold first."""
    if not claims:
        return []
    counts = Counter(one["verdict"] for one in claims)
    summed = ", ".join(f"{counts[verdict]} {word}" for verdict, word in VERDICTS.items())
    ordered = sorted(claims, key=lambda one: list(VERDICTS).index(one["verdict"]))
    return [
        f"claims of the predecessor: {summed}",
        *(f"  {one['verdict']}: {one['claim']} ({shown(one)})" for one in ordered),
    ]


def value(figure: Mapping[str, Json], name: str = "value") -> str:
    """Return a number of a figure with three decimals, or a dash."""
    found = figure[name]
    return DASH if found is None else f"{found:.3f}"


def interval(figure: Mapping[str, Json]) -> str:
    """Return the interval of a figure, or a dash."""
    return DASH if figure["low"] is None else f"[{figure['low']:.3f}, {figure['high']:.3f}]"


def shown(figure: Mapping[str, Json]) -> str:
    """Return the value of a figure with its interval, if known."""
    return value(figure) if figure["low"] is None else f"{value(figure)} {interval(figure)}"


def percent(share: Mapping[str, Json]) -> str:
    """Return a share in per cent with its denominator."""
    return DASH if share["value"] is None else f"{100 * share['value']:.1f} % of {share['n']}"
