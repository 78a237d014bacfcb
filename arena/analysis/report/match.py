"""One match: how it ended, grades, checks, ledger, and the match itself as a conversation.

All texts here come from agents, judges and challenge files; they reach the page through `tag`, which escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.analysis.report.briefs import Brief
from arena.analysis.report.entries import MAX_SEATS, seats_of, turn_anchor, turns
from arena.analysis.report.ledger import ledger_part
from arena.analysis.report.markup import Markup, escape, join, tag
from arena.analysis.report.row import ending
from arena.analysis.report.tables import cell, pair, table
from arena.analysis.report.tally import RunTally
from arena.analysis.report.values import NBSP, clipped, pretty, shown, spaced, told
from arena.families.report import FamilyParts, Said
from arena.families.verified import verified_of
from arena.records import Counters, GateDecision, Json, JudgeCall, Judgement, Record


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a match: its number in the page, and the marks of its values in the filters of the list."""

    number: int
    facets: str

    @property
    def anchor(self) -> str:
        return f"m{self.number}"


def body(
    record: Record,
    ledger: Mapping[str, Json] | None,
    place: Place,
    tally: RunTally,
) -> Markup:
    """Return the whole match: how it ended, scores, checks, ledger, what each seat was sent and saw, usage."""
    parts = tally.parts
    briefs = tally.briefs.of(record)
    seats = seats_of(record, briefs.systems)
    title = parts.title(record.trial.unit)
    return tag(
        "div",
        tag("p", tag("strong", title), " ", _ending(record, place, tally.trial_noun), class_="end"),
        _scores(record, tally, place.anchor),
        _judge(record),
        _answers(parts, record, place.anchor),
        pair(_checks(record, parts, place.anchor), ledger_part(ledger, place.anchor)),
        _found(parts.found(record)),
        _views(place, seats),
        _briefs(briefs, seats),
        turns(record.transcript.entries, seats, place.anchor),
        _rest(record, tally.trial_noun),
        id=place.anchor,
        class_="match",
    )


def _ending(record: Record, place: Place, noun: str) -> Markup:
    parts: list[str] = [f"{ending(record)}. {record.stop.sentence}"]
    if record.transcript.detail:
        parts.append(clipped(record.transcript.detail, 600))
    if record.score.unscored is not None:
        parts.append(f"unscored: {clipped(record.score.unscored, 300)}")
    if record.attempt:
        parts.append(f"attempt {record.attempt}")
    parts.append(record.key)
    link = tag("a", f"link to this {noun}", href=f"#{place.anchor}", class_="perma")
    return join([*(join([part, " \N{MIDDLE DOT} "]) for part in parts), link])


def said(found: Said, anchor: str) -> Markup:
    """Return a finding with links to its turns."""
    links = join((tag("a", f"turn{NBSP}{turn}", href=f"#{turn_anchor(anchor, turn)}") for turn in found.turns), ", ")
    return (
        join([clipped(found.text, 600), " (", links, ")"]) if found.turns else Markup(escape(clipped(found.text, 600)))
    )


def _scores(record: Record, tally: RunTally, anchor: str) -> Markup:
    dimensions, scores, verified = tally.dimensions, record.score.values, verified_of(record)
    if not any(scores.get(name) is not None for name in dimensions):
        return tag("p", f"No scores: this {tally.trial_noun} is in no mean.", class_="none")
    caps: dict[str, list[Markup]] = {}
    for cap in verified.caps if verified else ():
        why = join([f"at most {cap.cap}: ", said(tally.parts.cap_words(record, cap.reason), anchor)])
        caps.setdefault(cap.dimension, []).append(why)
    heads = ["Dimension", "Judge"] if tally.judged else ["Score", "Value"]
    heads += ["Verified", "Why it is capped"] if verified else []
    lines = []
    for name in dimensions:
        cells = [tag("th", spaced(name), scope="row"), cell(shown(scores.get(name)), heads[1])]
        if verified:
            capped = verified.scores.get(name)
            cells.append(cell(shown(capped), heads[2], "cap" if capped != scores.get(name) else None))
            cells.append(cell(join([tag("span", why) for why in caps.get(name, [])]), heads[3]))
        lines.append(tag("tr", *cells))
    if verified:
        first = [tag("th", "Outcome", scope="row"), cell(record.score.outcome, heads[1])]
        rule = f"rule {verified.rule}, version {verified.version}"
        lines.append(tag("tr", *first, cell(verified.outcome, heads[2]), cell(rule, heads[3])))
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", *lines), class_="small deck" if verified else "small slim"),
        class_="wide",
    )


def _judge(record: Record) -> Markup:
    verdict, judging = record.score.verdict, record.score.judging
    said_by = tag("blockquote", clipped(verdict), class_="t") if verdict else None
    calls = [_judge_call(call) for call in judging.calls]
    made = tag("details", tag("summary", f"The judge's own tool calls ({len(calls)})"), *calls) if calls else None
    facts = [
        ("Times a verdict was asked for", judging.asks),
        ("Texts cut for the judge", judging.texts_cut),
        ("Characters cut for the judge", judging.characters_cut),
        *((f"Judge: {spaced(name)}", count) for name, count in _used(judging.usage).items()),
    ]
    lines = [tag("div", tag("dt", name), tag("dd", f"{count:,}")) for name, count in facts if count]
    rest = tag("details", tag("summary", "How it was judged"), tag("dl", *lines), _panel(judging.panel))
    return join([tag("h3", "Verdict") if verdict else None, said_by, made, rest if lines or judging.panel else None])


def _answers(parts: FamilyParts, record: Record, anchor: str) -> Markup:
    """Return the questions that the judge answered with yes or no."""
    lines = []
    for one in parts.answered(record):
        word = tag("b", clipped(one.answer, 40), class_="o0" if one.good else "o3")
        lines.append(tag("li", word, said(Said(one.asks, one.turns), anchor)))
    return join([tag("h3", "Questions"), tag("ul", *lines, class_="checks")]) if lines else Markup("")


def _judge_call(call: JudgeCall) -> Markup:
    return join([tag("p", tag("code", clipped(call.op, 80))), tag("pre", clipped(pretty(call.args))),
                 tag("pre", clipped(pretty(call.answer)))])  # fmt: skip


def _panel(panel: Sequence[Judgement]) -> Markup:
    """Return the judgements, if there are several."""
    out = []
    for one in panel:
        grades = (
            ", ".join(f"{name} {grade}" for name, grade in (one.scores or {}).items()) or f"no grades: {one.unscored}"
        )
        head = tag("strong", f"{one.judge}, judgement {one.repetition + 1}")
        grades += "".join(f"; {item.id.replace('_', ' ')}: {item.answer}" for item in one.items)
        out.append(tag("li", head, f": {clipped(grades, 1200)}", tag("small", clipped(one.verdict or "", 2000))))
    return tag("ul", *out, class_="said") if out else Markup("")


def _checks(record: Record, parts: FamilyParts, anchor: str) -> Markup:
    passed = parts.passed(record)
    if passed is None:
        return Markup("")
    lines = []
    for name, good in passed.items():
        if good is None and name in parts.optional_checks:
            continue
        word, shade = ("not made", "xn") if good is None else ("passed", "o0") if good else ("failed", "o3")
        found = () if good is None else parts.check_words(record, name)
        told = tag("ul", *(tag("li", said(one, anchor)) for one in found), class_="said") if found else None
        lines.append(tag("li", tag("b", word, class_=shade), parts.checks.get(name, spaced(name)), told))
    return join([tag("h3", "Mechanical checks"), tag("ul", *lines, class_="checks")])


def _found(rows: Sequence[tuple[str, str]]) -> Markup:
    """Return the family's findings about the match."""
    if not rows:
        return Markup("")
    lines = [tag("tr", tag("th", name, scope="row"), tag("td", clipped(text, 4000))) for name, text in rows]
    return tag("div", tag("table", tag("tbody", *lines), class_="small"), class_="wide")


def _briefs(briefs: Brief, seats: Mapping[str, int]) -> Markup:
    if briefs.problem:
        return tag("p", f"The messages to the seats cannot be shown: {clipped(briefs.problem, 600)}", class_="none")
    found = [
        tag("details", tag("summary", f"What {clipped(seat, 80)} was sent first"), tag("pre", clipped(text)),
            class_="brief", data_w=seats.get(seat))
        for seat, text in briefs.systems.items()
    ]  # fmt: skip
    return join(found)


def _views(place: Place, seats: Mapping[str, int]) -> Markup:
    """Return the switch between the whole match and one role's view: radio buttons that work by CSS alone."""
    name = f"v{place.number}"
    choices = [("everything", 0), *((seat, index) for seat, index in seats.items() if index <= MAX_SEATS)]
    out: list[Markup] = [tag("h3", "Conversation")]
    for text, index in choices:
        label = "everything" if index == 0 else f"as seen by {clipped(text, 80)}"
        button = tag("input", type="radio", name=name, id=f"{name}-{index}", class_=f"v{index}", checked=index == 0)
        out.append(join([button, tag("label", label, for_=f"{name}-{index}")]))
    if len(seats) > MAX_SEATS:
        out.append(tag("small", f"(views of the first {MAX_SEATS} of {len(seats)} roles)"))
    return join(out)


def _rest(record: Record, noun: str) -> Markup:
    rows = [(seat, used) for seat, one in record.transcript.usage.items() if (used := _used(one))]
    usage = None
    if rows:
        names = sorted({name for _, counters in rows for name in counters})
        lines = [[seat, *(f"{counters.get(name, 0):,}" for name in names)] for seat, counters in rows]
        usage = join([tag("h3", "Usage"), table(["Role", *map(spaced, names)], lines, "Usage")])
    gates = [tag("li", _gate(one)) for one in (*record.transcript.gates, *record.gates)]
    decided = tag("details", tag("summary", f"Decisions of gates ({len(gates)})"), tag("ul", *gates)) if gates else None
    drawn = _listed(f"Values drawn for this {noun}", record.transcript.instance)
    return join([usage, drawn, decided, _listed("Labels", record.trial.cell)])


def _gate(one: GateDecision) -> str:
    """Return a decision of a gate as a sentence."""
    where = f"turn {one.turn}, {one.seat}" + (f", {one.op}" if one.op else "")
    how = "" if one.enforced else " (watched only, not enforced)"
    seen = f" Seen: {shown(one.observed)}; allowed: {shown(one.bound)}." if one.observed is not None else ""
    return clipped(f"{where}: {one.decision} {one.phase} the {one.kind} call{how}, by rule {one.rule_id}"
                   f" ({spaced(one.reason_code)}). {one.message}{seen}", 2000)  # fmt: skip


def _listed(title: str, values: Mapping[str, Json] | None) -> Markup | None:
    """Return values by name, folded; nothing if there are none."""
    if not values:
        return None
    lines = (
        tag("div", tag("dt", spaced(name)), tag("dd", clipped(told(value), 2000))) for name, value in values.items()
    )
    return tag("details", tag("summary", title), tag("dl", *lines))


def _used(counters: Counters) -> dict[str, int]:
    """Return the counters that are not 0."""
    return {name: count for name, count in counters.counts().items() if count}
