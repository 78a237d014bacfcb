"""A transcript as a conversation: public turns, and, folded, the entries that only one role saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.values import clipped, pretty, shown
from arena.records import EVERYBODY, Entry, Record

MAX_SEATS = 8
"""Roles for which style.css has a view."""

_TITLES = {
    "note": "private note with a tool call",
    "malformed": "not understood",
    "empty_reply": "empty answer",
    "refusal": "refusal",
}
"""Kind of a private entry -> its label."""


def seats_of(record: Record, first: Iterable[str]) -> dict[str, int]:
    """Return seat -> number from 1: `first`, then those of the usage table, then speakers by appearance."""
    speakers = (entry.seat for entry in record.transcript.entries)
    names = dict.fromkeys(name for names in (first, record.transcript.usage, speakers) for name in names)
    return {name: number for number, name in enumerate(names, 1)}


def turns(entries: Sequence[Entry], seats: Mapping[str, int], anchor: str) -> Markup:
    """Return the conversation as a list; `data-w` is the writer of an entry, `data-p` its readers if not everybody.

    `anchor`: of the match; the first entry of each turn, its public one where it has one, can be linked to."""
    if not entries:
        return tag("p", "Nothing was said.", class_="none")
    places = _starts(entries)
    items = (
        _entry(entry, seats, turn_anchor(anchor, entry.turn) if places[entry.turn] == place else None)
        for place, entry in enumerate(entries)
    )
    return tag("ol", *items, class_="turns")


def turn_anchor(anchor: str, turn: int) -> str:
    """Return the anchor of a turn of a match."""
    return f"{anchor}-t{turn}"


def _starts(entries: Sequence[Entry]) -> dict[int, int]:
    """Return turn -> place of its entry."""
    found: dict[int, int] = {}
    for place, entry in enumerate(entries):
        if entry.turn not in found or (entry.kind == "say" and entries[found[entry.turn]].kind != "say"):
            found[entry.turn] = place
    return found


def _entry(entry: Entry, seats: Mapping[str, int], anchor: str | None) -> Markup:
    speaker, to, kind = entry.seat, entry.to, entry.kind
    saw = None if to == EVERYBODY else sorted({seats[speaker], *(seats[name] for name in to if name in seats)})
    inner = _call(entry) if kind == "call" else _said(entry) if kind == "say" else _private(entry)
    who = tag("b", clipped(speaker, 80), class_="who")
    head = tag("span", who, f" turn {entry.turn}", None if saw is None else _seen_by(to), class_="head")
    return tag(
        "li", head, inner, id=anchor, class_=f"k-{kind}",
        data_w=seats[speaker], data_p=None if saw is None else " ".join(map(str, saw)),
    )  # fmt: skip


def _seen_by(to: Sequence[str]) -> str:
    return f", seen only by {clipped(', '.join(to), 200)}"


def _said(entry: Entry) -> Markup:
    settled = None
    if entry.done:
        settled = tag("p", "Declares the matter settled: ", tag("code", clipped(shown(entry.result), 2000)),
                      class_="done")  # fmt: skip
    return join([tag("div", clipped(entry.text), class_="t") if entry.text else None, settled])


def _call(entry: Entry) -> Markup:
    failed = entry.answered.get("ok") is False
    result = "failed" if failed else "ok"
    mended = entry.problem
    return tag(
        "details",
        tag("summary", "tool call ", tag("code", clipped(entry.op, 80)), " ",
            tag("b", result, class_="o3" if failed else "o0"), " (repaired to be understood)" if mended else None),
        tag("pre", clipped(pretty(entry.args))),
        tag("pre", clipped(pretty(entry.answer))),
        tag("p", f"repaired: {mended}") if mended else None,
    )  # fmt: skip


def _private(entry: Entry) -> Markup:
    why = "told to the player: " if entry.kind == "malformed" else "the provider's reason: "
    said = tag("p", why, clipped(entry.problem, 2000)) if entry.problem else None
    return tag("details", tag("summary", _TITLES[entry.kind]), tag("div", clipped(entry.text), class_="t"), said)
