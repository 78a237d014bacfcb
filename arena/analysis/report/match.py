"""One match: its row in the list, and the match itself as a conversation.

Everything here comes from agents, judges and challenge files: it reaches the page through `tag`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.analysis.report.briefs import Brief
from arena.analysis.report.entries import MAX_SEATS, seats_of, turns
from arena.analysis.report.ledger import ledger_part
from arena.analysis.report.marks import Mark
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tally import Tally
from arena.analysis.report.values import clipped, pretty, shown
from arena.families.crypto.checks.results import detail_of
from arena.families.report import FamilyParts
from arena.families.verified import verified_of
from arena.formats.decode import encode
from arena.records import Counters, Json, Record


@dataclass(frozen=True, slots=True)
class Place:
    """Where a match stands: number in the page, mark, run (its short name where there are several), link to it."""

    number: int
    mark: Mark
    run: str
    href: str
    facets: str

    @property
    def anchor(self) -> str:
        return f"m{self.number}"


def row(record: Record, place: Place, tally: Tally, width: int) -> Markup:
    """Return what the list shows of a match on one line: mark, unit, repetition, outcome, scores, mean (of scores of
    one scale), checks."""
    dimensions = tally.dimensions
    values = " ".join(shown(record.score.values.get(name)) for name in dimensions)
    words = [f"{record.trial.unit:<{width}}", f"rep {record.trial.plan.get('rep', '-')}", f"{_result(record):<12}",
             f"{values:<{2 * len(dimensions)}}"]  # fmt: skip
    if tally.averaged:
        mean = tally.mean_of(record)
        words.append("mean  -  " if mean is None else f"mean {mean:.2f}")
    detail = detail_of(record)
    if detail is not None:
        checks = [ok for ok in detail.checks.passed().values() if ok is not None]
        words.append(f"checks {sum(checks)}/{len(checks)}")
    if place.run:
        words.insert(0, place.run)
    if record.flagged:
        words.append(record.stop)
    return join([tag("b", place.mark.letter, class_=place.mark.shade), "  ".join(words)])


def _result(record: Record) -> str:
    outcome = record.score.outcome
    if record.status not in ("done", "aborted"):
        return record.status
    if record.status == "aborted":
        return f"aborted, {outcome}" if outcome else "aborted"
    return "unscored" if record.score.unscored is not None else outcome or "scored"


def body(
    record: Record,
    ledger: Mapping[str, Json] | None,
    place: Place,
    tally: Tally,
) -> Markup:
    """Return the whole match: how it ended, scores, checks, ledger, what each seat was sent and saw, usage."""
    parts = tally.parts
    briefs = tally.briefs.of(record)
    seats = seats_of(record, briefs.systems)
    title = parts.title(record.trial.unit)
    return tag(
        "div",
        tag("p", tag("strong", title), " ", _ending(record, place), class_="end"),
        _scores(record, tally),
        _judge(record),
        _checks(record, parts),
        _found(parts.found(record)),
        ledger_part(ledger),
        _views(place, seats),
        _briefs(briefs, seats),
        turns(record.transcript.entries, seats),
        _rest(record),
        id=place.anchor,
        class_="match",
    )


def _ending(record: Record, place: Place) -> Markup:
    parts: list[str] = [f"{_result(record)}; ended by {record.stop}"]
    if record.transcript.detail:
        parts.append(clipped(record.transcript.detail, 600))
    if record.score.unscored is not None:
        parts.append(f"unscored: {clipped(record.score.unscored, 300)}")
    if record.attempt:
        parts.append(f"attempt {record.attempt}")
    parts.append(record.key)
    link = tag("a", "link to this match", href=f"#{place.anchor}", class_="perma")
    return join([*(join([part, " \N{MIDDLE DOT} "]) for part in parts), link])


def _scores(record: Record, tally: Tally) -> Markup:
    dimensions, scores, verified = tally.dimensions, record.score.values, verified_of(record)
    if not any(scores.get(name) is not None for name in dimensions):
        return tag("p", f"No scores: this {tally.trial_noun} is in no mean.", class_="none")
    caps: dict[str, list[str]] = {}
    for cap in verified.caps if verified else ():
        caps.setdefault(cap.dimension, []).append(f"at most {cap.cap}: {cap.reason}")
    heads = (["Dimension", "Judge"] if tally.judged else ["Score", "Value"]) + (
        ["Verified", "Why it is capped"] if verified else []
    )
    lines = []
    for name in dimensions:
        cells = [tag("th", name, scope="row"), tag("td", shown(scores.get(name)))]
        if verified:
            capped = verified.scores.get(name)
            cells.append(tag("td", shown(capped), class_="cap" if capped != scores.get(name) else None))
            cells.append(tag("td", "; ".join(caps.get(name, []))))
        lines.append(tag("tr", *cells))
    if verified:
        first = [tag("th", "Outcome", scope="row"), tag("td", record.score.outcome), tag("td", verified.outcome)]
        rule = f"rule {verified.rule}, version {verified.version}"
        lines.append(tag("tr", *first, tag("td", rule)))
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines), class_="small"), class_="wide")


def _judge(record: Record) -> Markup:
    verdict, judging = record.score.verdict, record.score.judging
    said = tag("blockquote", clipped(verdict), class_="t") if verdict else None
    calls = [encode(call) for call in judging.calls]
    made = _folded(f"The judge's own tool calls ({len(calls)})", pretty(calls)) if calls else None
    facts = {"asks": judging.asks, "texts_cut": judging.texts_cut, "characters_cut": judging.characters_cut,
             "usage": _used(judging.usage), "panel": [encode(one) for one in judging.panel]}  # fmt: skip
    more = {name: value for name, value in facts.items() if value}
    rest = _folded("How it was judged", pretty(more)) if more else None
    return join([tag("h4", "Verdict") if verdict else None, said, made, rest])


def _checks(record: Record, parts: FamilyParts) -> Markup:
    detail = detail_of(record)
    if detail is None:
        return Markup("")
    lines, checks = [], encode(detail.checks)
    for name, good in detail.checks.passed().items():
        if good is None:
            lines.append(tag("li", tag("b", "not made", class_="xn"), parts.checks.get(name, name)))
            continue
        facts = {key: value for key, value in checks[name].items() if key != "ok" and value not in ([], {}, None)}
        told = parts.check_words(record, name) or "; ".join(f"{key}: {shown(value)}" for key, value in facts.items())
        sign = tag("b", "passed" if good else "failed", class_="o0" if good else "o3")
        lines.append(tag("li", sign, parts.checks.get(name, name), tag("small", clipped(told, 2000))))
    return join([tag("h4", "Mechanical checks"), tag("ul", *lines, class_="checks")])


def _found(rows: Sequence[tuple[str, str]]) -> Markup:
    """Return what the family determined about the match."""
    if not rows:
        return Markup("")
    lines = [tag("tr", tag("th", name, scope="row"), tag("td", clipped(text, 4000))) for name, text in rows]
    return tag("div", tag("table", tag("tbody", *lines), class_="small"), class_="wide")


def _briefs(briefs: Brief, seats: Mapping[str, int]) -> Markup:
    if briefs.problem:
        return tag("p", f"What the seats were sent cannot be shown: {clipped(briefs.problem, 600)}", class_="none")
    found = [
        tag("details", tag("summary", f"What {clipped(seat, 80)} was sent first"), tag("pre", clipped(text)),
            class_="brief", data_w=seats.get(seat))
        for seat, text in briefs.systems.items()
    ]  # fmt: skip
    return join(found)


def _views(place: Place, seats: Mapping[str, int]) -> Markup:
    """Return the switch between the whole match and what one role saw: radio buttons that CSS alone acts upon."""
    name = f"v{place.number}"
    choices = [("everything", 0), *((seat, index) for seat, index in seats.items() if index <= MAX_SEATS)]
    out: list[Markup] = [tag("h4", "Conversation")]
    for text, index in choices:
        label = "everything" if index == 0 else f"as seen by {clipped(text, 80)}"
        button = tag("input", type="radio", name=name, id=f"{name}-{index}", class_=f"v{index}", checked=index == 0)
        out.append(join([button, tag("label", label, for_=f"{name}-{index}")]))
    if len(seats) > MAX_SEATS:
        out.append(tag("small", f"(views of the first {MAX_SEATS} of {len(seats)} roles)"))
    return join(out)


def _rest(record: Record) -> Markup:
    rows = [(seat, used) for seat, one in record.transcript.usage.items() if (used := _used(one))]
    usage = None
    if rows:
        names = sorted({name for _, counters in rows for name in counters})
        head = tag("tr", tag("th", "Role", scope="col"), *(tag("th", n.replace("_", " "), scope="col") for n in names))
        lines = [tag("tr", tag("th", s, scope="row"), *(tag("td", counters.get(n, 0)) for n in names))
                 for s, counters in rows]  # fmt: skip
        table = tag("table", tag("thead", head), tag("tbody", *lines), class_="small")
        usage = join([tag("h4", "Usage"), tag("div", table, class_="wide")])
    hidden = [("Values drawn for this match", record.transcript.instance),
              ("Decisions of gates", [encode(one) for one in (*record.transcript.gates, *record.gates)]),
              ("Labels", record.trial.cell)]  # fmt: skip
    return join([usage, *(_folded(text, pretty(value)) for text, value in hidden if value)])


def _used(counters: Counters) -> dict[str, int]:
    """Return the counters that are not 0."""
    return {name: count for name, count in counters.counts().items() if count}


def _folded(title: str, text: str) -> Markup:
    return tag("details", tag("summary", title), tag("pre", clipped(text)))
