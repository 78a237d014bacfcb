"""A transcript as a conversation: public turns, and folded what only one role saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.values import clipped, pretty, shown
from arena.records import Json

MAX_SEATS = 8
"""Roles for which style.css knows a view of their own."""

_TITLES = {
    "note": "note to oneself, beside a tool call",
    "malformed": "not understood",
    "empty_reply": "empty answer",
    "refusal": "refusal",
}
"""Kind of a private entry -> what it is called; a kind that is not here is shown under its own name."""


def seats_of(record: Mapping[str, Json], first: Iterable[str]) -> dict[str, int]:
    """Return seat -> number from 1: `first`, then those of the usage table, then speakers by appearance."""
    speakers = (entry["from"] for entry in record["transcript"])
    names = dict.fromkeys(str(name) for names in (first, record["usage"], speakers) for name in names)
    return {name: number for number, name in enumerate(names, 1)}


def turns(entries: Sequence[Mapping[str, Json]], seats: Mapping[str, int]) -> Markup:
    """Return the conversation as a list; `data-w` is who wrote an entry, `data-p` who saw it where not everybody."""
    if not entries:
        return tag("p", "Nothing was said.", class_="none")
    return tag("ol", *(_entry(entry, seats) for entry in entries), class_="turns")


def _entry(entry: Mapping[str, Json], seats: Mapping[str, int]) -> Markup:
    speaker = str(entry["from"])
    to = entry.get("to", "all")
    saw = None if to == "all" else sorted({seats[speaker], *(seats[name] for name in to if name in seats)})
    kind = str(entry["kind"])
    inner = _call(entry) if kind == "call" else _said(entry) if kind == "say" else _private(entry, kind)
    who = tag("b", clipped(speaker, 80), class_="who")
    head = tag("span", who, f" turn {entry['turn']}", None if saw is None else _seen_by(to), class_="head")
    return tag(
        "li", head, inner, class_=f"k-{kind}" if kind in ("say", "call", *_TITLES) else "k-note",
        data_w=seats[speaker], data_p=None if saw is None else " ".join(map(str, saw)),
    )  # fmt: skip


def _seen_by(to: Json) -> str:
    names = ", ".join(map(str, to)) if isinstance(to, list) else str(to)
    return f", seen only by {clipped(names, 200)}"


def _said(entry: Mapping[str, Json]) -> Markup:
    done = entry.get("done")
    settled = None
    if done is not None:
        settled = tag("p", "Declares the matter settled: ", tag("code", clipped(shown(done.get("result")), 2000)),
                      class_="done")  # fmt: skip
    text = entry.get("text", "")
    return join([tag("div", clipped(text), class_="t") if text else None, settled])


def _call(entry: Mapping[str, Json]) -> Markup:
    answer = entry.get("answer")
    failed = isinstance(answer, dict) and answer.get("ok") is False
    result = "failed" if failed else "ok"
    repairs = entry.get("repairs")
    return tag(
        "details",
        tag("summary", "tool call ", tag("code", clipped(entry.get("op", "?"), 80)), " ",
            tag("b", result, class_="o3" if failed else "o0"), " (mended to be understood)" if repairs else None),
        tag("pre", clipped(pretty(entry.get("args")))),
        tag("pre", clipped(pretty(answer))),
        tag("p", f"mended: {shown(repairs)}") if repairs else None,
    )  # fmt: skip


def _private(entry: Mapping[str, Json], kind: str) -> Markup:
    problem, finish = entry.get("problem"), entry.get("finish")
    said = [tag("p", "told to the player: ", clipped(problem, 2000)) if problem else None,
            tag("p", f"the provider's reason: {finish}") if finish else None]  # fmt: skip
    text = entry.get("text") or ""
    return tag("details", tag("summary", _TITLES.get(kind, kind)), tag("div", clipped(text), class_="t"), *said)
