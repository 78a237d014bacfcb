"""One match: its row in the list, and the match itself as a conversation.

Everything here comes from agents, judges and challenge files: it reaches the page through `tag`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.analysis.report.entries import MAX_SEATS, seats_of, turns
from arena.analysis.report.families import FamilyParts
from arena.analysis.report.ledger import ledger_part
from arena.analysis.report.marks import Mark
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.tally import mean_of, verified_of
from arena.analysis.report.values import clipped, pretty, shown
from arena.records import Json

_JUDGING_SHOWN = frozenset({"checks", "verified", "calls", "ledger"})


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


def row(record: Mapping[str, Json], place: Place, dimensions: Sequence[str], width: int) -> Markup:
    """Return what the list shows of a match on one line: mark, unit, repetition, outcome, scores, mean, checks."""
    scores = record["scores"]
    values = " ".join(shown(scores.get(name)) for name in dimensions)
    mean = mean_of(scores)
    words = [f"{record['unit']:<{width}}", f"rep {record['plan'].get('rep', '-')}", f"{_result(record):<12}",
             f"{values:<{2 * len(dimensions)}}", "mean  -  " if mean is None else f"mean {mean:.2f}"]  # fmt: skip
    checks = [found["ok"] for found in (record["judging"].get("checks") or {}).values() if isinstance(found, dict)]
    if checks:
        words.append(f"checks {sum(checks)}/{len(checks)}")
    if place.run:
        words.insert(0, place.run)
    if record["flags"]:
        words.append(" ".join(map(str, record["flags"])))
    return join([tag("b", place.mark.letter, class_=place.mark.shade), "  ".join(words)])


def _result(record: Mapping[str, Json]) -> str:
    if record["status"] not in ("done", "aborted"):
        return str(record["status"])
    if record["status"] == "aborted":
        return f"aborted, {record['outcome']}" if record["outcome"] else "aborted"
    return "unscored" if record["unscored"] is not None else str(record["outcome"] or "scored")


def body(
    record: Mapping[str, Json],
    ledger: Mapping[str, Json] | None,
    place: Place,
    parts: FamilyParts,
    dimensions: Sequence[str],
) -> Markup:
    """Return the whole match: how it ended, scores, checks, ledger, what each role was told and saw, usage."""
    told = parts.told(record)
    seats = seats_of(record, [seat for seat, _ in told])
    title = parts.title(record["unit"])
    return tag(
        "div",
        tag("p", tag("strong", title), " ", _ending(record, place), class_="end"),
        _scores(record, dimensions),
        _judge(record),
        _checks(record, parts),
        ledger_part(ledger),
        _views(place, seats),
        _briefs(told, seats),
        turns(record["transcript"], seats),
        _rest(record),
        id=place.anchor,
        class_="match",
    )


def _ending(record: Mapping[str, Json], place: Place) -> Markup:
    parts = [f"{_result(record)}; ended by {record['stop']}"]
    if record["detail"]:
        parts.append(clipped(record["detail"], 600))
    if record["unscored"] is not None:
        parts.append(f"unscored: {clipped(record['unscored'], 300)}")
    if record["attempt"]:
        parts.append(f"attempt {record['attempt']}")
    parts.append(record["key"])
    link = tag("a", "link to this match", href=f"#{place.anchor}", class_="perma")
    return join([*(join([part, " \N{MIDDLE DOT} "]) for part in parts), link])


def _scores(record: Mapping[str, Json], dimensions: Sequence[str]) -> Markup:
    scores, verified = record["scores"], verified_of(record)
    if not any(scores.get(name) is not None for name in dimensions):
        return tag("p", "No scores: this match is in no mean.", class_="none")
    caps: dict[str, list[str]] = {}
    for cap in (verified or {}).get("caps") or []:
        caps.setdefault(str(cap.get("dimension")), []).append(f"at most {shown(cap.get('cap'))}: {cap.get('reason')}")
    heads = ["Dimension", "Judge"] + (["Verified", "Why it is capped"] if verified else [])
    lines = []
    for name in dimensions:
        cells = [tag("th", name, scope="row"), tag("td", shown(scores.get(name)))]
        if verified:
            capped = verified["scores"].get(name)
            cells.append(tag("td", shown(capped), class_="cap" if capped != scores.get(name) else None))
            cells.append(tag("td", "; ".join(caps.get(name, []))))
        lines.append(tag("tr", *cells))
    if verified:
        first = [tag("th", "Outcome", scope="row"), tag("td", record["outcome"]), tag("td", verified.get("outcome"))]
        rule = f"rule {verified.get('rule')}, version {verified.get('version')}"
        lines.append(tag("tr", *first, tag("td", rule)))
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    return tag("div", tag("table", tag("thead", head), tag("tbody", *lines), class_="small"), class_="wide")


def _judge(record: Mapping[str, Json]) -> Markup:
    verdict = record["verdict"]
    said = tag("blockquote", clipped(verdict), class_="t") if verdict else None
    calls = record["judging"].get("calls")
    made = _folded(f"The judge's own tool calls ({len(calls)})", pretty(calls)) if calls else None
    more = {name: value for name, value in record["judging"].items() if name not in _JUDGING_SHOWN and value}
    rest = _folded("How it was judged", pretty(more)) if more else None
    return join([tag("h4", "Verdict") if verdict else None, said, made, rest])


def _checks(record: Mapping[str, Json], parts: FamilyParts) -> Markup:
    checks = record["judging"].get("checks")
    if not checks:
        return Markup("")
    lines = []
    for name, found in checks.items():
        if name == "version":
            continue
        if not isinstance(found, dict):
            lines.append(tag("li", tag("b", "not made", class_="xn"), parts.checks.get(name, name)))
            continue
        good = found.get("ok") is True
        facts = {key: value for key, value in found.items() if key != "ok" and value not in ([], {}, None)}
        detail = "; ".join(f"{key}: {shown(value)}" for key, value in facts.items())
        sign = tag("b", "passed" if good else "failed", class_="o0" if good else "o3")
        lines.append(tag("li", sign, parts.checks.get(name, name), tag("small", clipped(detail, 2000))))
    return join([tag("h4", "Mechanical checks"), tag("ul", *lines, class_="checks")])


def _briefs(told: Sequence[tuple[str, str]], seats: Mapping[str, int]) -> Markup:
    found = [
        tag("details", tag("summary", f"What {clipped(seat, 80)} was told"), tag("pre", clipped(text)),
            class_="brief", data_w=seats.get(seat))
        for seat, text in told
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


def _rest(record: Mapping[str, Json]) -> Markup:
    rows = list(_usage_rows(record["usage"]))
    usage = None
    if rows:
        names = sorted({name for counters in record["usage"].values() for name in counters})
        head = tag("tr", tag("th", "Role", scope="col"), *(tag("th", n.replace("_", " "), scope="col") for n in names))
        lines = [tag("tr", tag("th", s, scope="row"), *(tag("td", counters.get(n, 0)) for n in names))
                 for s, counters in rows]  # fmt: skip
        table = tag("table", tag("thead", head), tag("tbody", *lines), class_="small")
        usage = join([tag("h4", "Usage"), tag("div", table, class_="wide")])
    hidden = [("Values drawn for this match", record.get("instance")), ("Decisions of gates", record["gates"]),
              ("Labels", record["cell"])]  # fmt: skip
    return join([usage, *(_folded(text, pretty(value)) for text, value in hidden if value)])


def _usage_rows(usage: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, Mapping[str, int]]]:
    for seat, counters in usage.items():
        if counters:
            yield seat, counters


def _folded(title: str, text: str) -> Markup:
    return tag("details", tag("summary", title), tag("pre", clipped(text)))
