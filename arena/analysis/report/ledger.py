"""The ledger of a match: the basis of the claims in its public turns (Family.ledger in arena/families/contract.py)."""

from __future__ import annotations

from collections.abc import Mapping

from arena.analysis.report.entries import turn_anchor
from arena.analysis.report.markup import Markup, join, tag
from arena.analysis.report.values import NBSP, clipped, shown
from arena.records import Json

CLASSES = {
    "computed": "computed by the speaker's own tool call",
    "copied": "copied from the talk, the role's instructions or a call",
    "asserted": "asserted: from nowhere",
    "wrong": "wrong: contradicts a tool's answer or the right result",
}
"""Class of a claim -> its meaning. A family may have others; they are shown under their own names."""


def class_counts(claims: Mapping[str, int]) -> Markup:
    """Return the counts of a ledger, or of all ledgers of a run."""
    items = []
    for name, count in claims.items():
        shade = "o3" if name == "wrong" and count else "n"
        items.append(tag("li", tag("b", f"{count:,}", class_=shade), CLASSES.get(name, name)))
    return tag("ul", *items, class_="checks claims")


SOURCES = {
    "result": "not the right result",
    "called_valid": "called valid although a verification failed",
    "passed_over": "passed over although a verification failed",
}
"""Source of a wrong claim -> its meaning; other sources name a text or a call."""


def ledger_part(found: Mapping[str, Json] | None, anchor: str) -> Markup:
    """Return the ledger of a match as counts and a folded list with links to its turns (`anchor`: of the match);
    nothing if the family keeps none."""
    if not found or "claims" not in found:
        return Markup("")
    listed = [tag("li", _line(item, anchor)) for item in found.get("listed", ())]
    more = found.get("not_listed")
    fold = tag(
        "details",
        tag("summary", "Every claim"),
        tag("ul", *listed, class_="said"),
        tag("p", f"{more} more, on firmer ground, are not listed.") if more else None,
    )
    counts = found.get("verifications")
    said = tag("p", f"Verifications: {_counts(counts)}") if isinstance(counts, dict) else None
    return join([tag("h3", "Ledger of claims"), class_counts(found["claims"]), said, fold if listed else None])


def _counts(counts: Mapping[str, Json]) -> str:
    return ", ".join(f"{shown(value)} {name}" for name, value in counts.items())


def _line(item: Json, anchor: str) -> Markup | str:
    if not isinstance(item, dict):
        return clipped(shown(item), 600)
    turn, source = item.get("turn"), str(item.get("source") or "")
    link = tag("a", f"turn{NBSP}{turn}", href=f"#{turn_anchor(anchor, turn)}") if isinstance(turn, int) else None
    text = clipped(f"{item.get('text')}{f' ({SOURCES.get(source, source)})' if source else ''}", 600)
    return join([f"{item.get('class')}: ", link, f", {item.get('seat')}: ", text])
