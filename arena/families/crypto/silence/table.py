"""The results of the cuts of many matches, by challenge: for a command's table and the report page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.silence.cuts import Cut, cuts, finished
from arena.formats.tables import text_table
from arena.records import Json, Record

HEADS = ("challenge", "matches", "cuts", "worst payoff", "of whom", "after", "least when finished", "largest loss",
         "leaver ahead", "leaver had learned")  # fmt: skip


@dataclass(slots=True)
class Silence:
    """The cuts of one challenge's matches.

    `worst`: the cut that gives a remaining seat the least. `loss`: the most that a cut costs a seat, compared with the
    match as played. `ahead`: cuts in which the seat that left alone could know the outcome.
    """

    matches: int = 0
    cuts: int = 0
    ahead: int = 0
    worst: Cut | None = None
    least: float | None = None
    loss: float = 0.0
    learned: set[str] = field(default_factory=set)
    places: dict[tuple[int, str], list[Cut]] = field(default_factory=dict)

    def add(self, record: Record, challenge: Mapping[str, Json]) -> None:
        """Count the cuts of one match if all seats declared the right result, nobody cheated, and no negative case was
        drawn.

        The rule does not apply to other matches. Errors: as of `cuts.cuts`.
        """
        values, detail = record.transcript.instance, detail_of(record)
        if record.status != "done" or values is None or detail is None:
            return
        result, cheat = detail.checks.result, detail.checks.cheat
        if result is None or not result.ok or (cheat is not None and cheat.carried_out is not None):
            return
        if detail.checks.case is not None and detail.checks.case.negative:
            return
        self.matches += 1
        ends = finished(record.transcript.entries, challenge, values)
        low = min(ends.values())
        self.least = low if self.least is None else min(self.least, low)
        for cut in cuts(record.transcript.entries, challenge, values):
            self.cuts += 1
            self.ahead += cut.ahead
            self.learned.update(cut.learned)
            self.loss = max(self.loss, *(ends[seat] - had for seat, had in cut.payoffs.items()))
            self.places.setdefault((cut.turn, cut.leaver), []).append(cut)
            if self.worst is None or cut.worst < self.worst.worst:
                self.worst = cut

    def merge(self, other: Silence) -> None:
        """Add the counts of another one."""
        self.matches += other.matches
        self.cuts += other.cuts
        self.ahead += other.ahead
        self.loss = max(self.loss, other.loss)
        self.learned |= other.learned
        known = [least for least in (self.least, other.least) if least is not None]
        self.least = min(known, default=None)
        if other.worst is not None and (self.worst is None or other.worst.worst < self.worst.worst):
            self.worst = other.worst
        for place, found in other.places.items():
            self.places.setdefault(place, []).extend(found)

    def to_json(self) -> dict[str, Json]:
        """Return the counts and, for each turn and seat, the cut that gives the others the least over all matches."""
        return {
            "matches": self.matches,
            "cuts": self.cuts,
            "ahead": self.ahead,
            "worst": None if self.worst is None else self.worst.to_json(),
            "least_when_finished": self.least,
            "largest_loss": self.loss,
            "learned": sorted(self.learned),
            "places": [_place(found) for _, found in sorted(self.places.items())],
        }

    def row(self, name: str) -> list[str]:
        """Return the cells under HEADS."""
        if self.worst is None:
            return [name, str(self.matches), "0", *("-" for _ in HEADS[3:])]
        worst = self.worst
        return [
            name, str(self.matches), str(self.cuts), f"{worst.worst:g}", worst.worst_seat,
            f"turn {worst.turn}, {worst.leaver} ({worst.state})", "-" if self.least is None else f"{self.least:g}",
            f"{self.loss:g}", str(self.ahead), ", ".join(sorted(self.learned)) or "nothing",
        ]  # fmt: skip


def _place(found: Sequence[Cut]) -> dict[str, Json]:
    """Return the cuts of one turn and seat over several matches, with the worst of their payoffs."""
    worst = min(found, key=lambda cut: cut.worst)
    return {
        "turn": worst.turn,
        "leaver": worst.leaver,
        "states": sorted({cut.state for cut in found}),
        "worst": worst.worst,
        "worst_seat": worst.worst_seat,
        "learned": sorted({name for cut in found for name in cut.learned}),
        "ahead": sum(cut.ahead for cut in found),
    }


def places_text(found: Silence) -> str:
    """Return every place of one challenge as a text table."""
    rows = [
        [str(one["turn"]), one["leaver"], ", ".join(one["states"]), f"{one['worst']:g}", one["worst_seat"],
         "yes" if one["ahead"] else "-", ", ".join(one["learned"]) or "-"]
        for one in found.to_json()["places"]
    ]  # fmt: skip
    heads = ["after turn", "silent", "had gone", "worst payoff", "of whom", "ahead", "had learned"]
    return text_table(heads, rows, frozenset({0, 3}))


def table_text(found: Mapping[str, Silence]) -> str:
    """Return one line for each challenge as a text table."""
    return text_table(list(HEADS), [one.row(name) for name, one in found.items()], frozenset({1, 2, 3, 6, 7, 8}))
