"""Payoffs of the matches of a run, for its summary, its last lines and its report page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.crypto.checks.results import detail_of
from arena.families.report import Panel, PanelTable
from arena.records import Json, Record

TITLE = "Payoff of each seat"
HEADS = ("challenge", "seat", "unit", "matches", "mean payoff", "by open talk", "gain")
MORE, SAME, LESS = "more", "same", "less"


@dataclass(slots=True)
class Payoff:
    """Sums over the matches of one seat of a challenge: its payoff, and its payoff by open talk."""

    unit: str
    n: int = 0
    had: float = 0.0
    talk: float = 0.0

    def to_json(self) -> dict[str, Json]:
        """Return the means."""
        return {
            "unit": self.unit,
            "n": self.n,
            "mean": round(self.had / self.n, 4),
            "open_talk": round(self.talk / self.n, 4),
            "gain": round((self.had - self.talk) / self.n, 4),
        }


@dataclass(slots=True)
class PayoffRates:
    """Payoffs by challenge and seat, over the finished matches of challenges that declare some.

    Units differ between challenges, so nothing is averaged across them: `compared` counts in how many matches a seat
    had more, the same or less than by open talk with the same values.
    """

    name: ClassVar[str] = "payoffs"
    columns: ClassVar[Sequence[str]] = ()

    seats: dict[tuple[str, str], Payoff] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=lambda: dict.fromkeys((MORE, SAME, LESS), 0))

    def add(self, record: Record) -> None:
        """Count one record; nothing if its match did not finish or its challenge has no payoffs."""
        detail = detail_of(record)
        found = None if detail is None or record.status != "done" else detail.checks.payoffs
        if found is None:
            return
        for seat, had in found.seats.items():
            talk = found.open_talk[seat]
            one = self.seats.setdefault((record.trial.unit, seat), Payoff(found.unit))
            one.n, one.had, one.talk = one.n + 1, one.had + had, one.talk + talk
            self.compared[MORE if had > talk else SAME if had == talk else LESS] += 1

    def merge(self, other: PayoffRates) -> None:
        """Add the counts of another one."""
        for place, found in other.seats.items():
            one = self.seats.setdefault(place, Payoff(found.unit))
            one.n, one.had, one.talk = one.n + found.n, one.had + found.had, one.talk + found.talk
        for name, count in other.compared.items():
            self.compared[name] += count

    def to_json(self) -> dict[str, Json] | None:
        """Return `compared` and the means by challenge and seat; None if no challenge has payoffs."""
        if not self.seats:
            return None
        challenges: dict[str, dict[str, Json]] = {}
        for (challenge, seat), one in sorted(self.seats.items()):
            challenges.setdefault(challenge, {})[seat] = one.to_json()
        return {"compared": dict(self.compared), "challenges": challenges}

    def cells(self, record: Record) -> list[Json]:
        """Return nothing: payoffs of different units share no column."""
        return []

    def panels(self) -> list[Panel]:
        """Return the section of the report page; none if no challenge has payoffs."""
        if not self.seats:
            return []
        rows = []
        for (challenge, seat), one in sorted(self.seats.items()):
            means = one.to_json()
            cells = [f"{means[name]:,.1f}" for name in ("mean", "open_talk", "gain")]
            rows.append([challenge, seat, one.unit, str(one.n), *cells])
        note = (
            "The payoff of a seat follows from the declared result, its own values, and what it told of them. In open"
            " talk, all say what decides the result and agree on the right one. The gain is the payoff less that of"
            " open talk with the same values."
        )
        return [Panel("payoffs", TITLE, [note, PanelTable(TITLE, HEADS, rows)])]


def payoffs_line(summary: Mapping[str, Json]) -> str | None:
    """Return the payoffs against open talk as the line for the end of a run; None without payoffs."""
    found = summary.get("payoffs")
    if not found:
        return None
    counts = found["compared"]
    return (
        f"payoffs: compared with open talk, seats had more {counts[MORE]} times, the same {counts[SAME]}, less"
        f" {counts[LESS]} (challenges with payoffs: {len(found['challenges'])})"
    )
