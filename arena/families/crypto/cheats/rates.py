"""Honest acceptance and cheat detection over the records of a run, always together. Pure.

A seat that accepts everything never accuses an honest seat, and a seat that accuses everybody misses no cheat. One rate
without the other means nothing, so neither is given if matches of one kind are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.crypto.checks.results import CheatCheck, detail_of
from arena.families.report import Panel, PanelTable
from arena.records import Json, Record
from arena.stats.intervals import clustered_share_interval

TITLE = "Honest acceptance and cheat detection"


@dataclass(slots=True)
class Share:
    """A count of matches by unit: unit -> [right ones, all]."""

    by_unit: dict[str, list[int]] = field(default_factory=dict)

    def add(self, unit: str, right: bool) -> None:
        """Count one match."""
        counted = self.by_unit.setdefault(unit, [0, 0])
        counted[0] += right
        counted[1] += 1

    def merge(self, other: Share) -> None:
        """Add the counts of another one."""
        for unit, (right, n) in other.by_unit.items():
            counted = self.by_unit.setdefault(unit, [0, 0])
            counted[0] += right
            counted[1] += n

    @property
    def right(self) -> int:
        return sum(right for right, _ in self.by_unit.values())

    @property
    def n(self) -> int:
        return sum(n for _, n in self.by_unit.values())

    def interval(self) -> list[float] | None:
        """Return the 95 % interval of the share, resampled by unit; None without matches."""
        found = clustered_share_interval([(right, n) for right, n in self.by_unit.values()])
        return None if found is None else [round(found[0], 4), round(found[1], 4)]

    def to_json(self, name: str, shown: bool) -> dict[str, Json]:
        """Return the counts, and rate and interval if they may be shown."""
        return {
            "n": self.n,
            name: self.right,
            "rate": round(self.right / self.n, 4) if shown else None,
            "interval": self.interval() if shown else None,
        }


@dataclass(slots=True)
class CheatRates:
    """Counts over the finished matches in which a seat may cheat.

    `honest`: those in which none did; right if all declared the result that was asked for. `cheated`: those in which
    the told seat did; right if every honest seat named it. `told`: matches in which a seat was told to. `accused`:
    honest matches in which somebody was accused. `partly`: cheats that some honest seats name, but not all. `ways`: way
    of cheating -> honest and cheated matches of the challenges in which a seat may cheat in this way.
    """

    name: ClassVar[str] = "cheats"
    columns: ClassVar[Sequence[str]] = ("told_to_cheat", "cheated", "cheat_named")

    honest: Share = field(default_factory=Share)
    cheated: Share = field(default_factory=Share)
    told: int = 0
    accused: int = 0
    partly: int = 0
    ways: dict[str, tuple[Share, Share]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one record, if it finished and a seat may cheat."""
        found = _cheat_of(record)
        if found is None or record.status != "done":
            return
        self.told += found.told is not None
        cheated = found.carried_out is not None
        for counted in ((self.honest, self.cheated), *([self._way(found.way)] if found.way else [])):
            counted[cheated].add(record.trial.unit, found.ok)
        self.accused += not cheated and bool(found.accusing)
        self.partly += cheated and bool(found.named_by) and not found.ok

    def merge(self, other: CheatRates) -> None:
        """Add the counts of another one."""
        self.honest.merge(other.honest)
        self.cheated.merge(other.cheated)
        self.told += other.told
        self.accused += other.accused
        self.partly += other.partly
        for way, shares in other.ways.items():
            for mine, theirs in zip(self._way(way), shares, strict=True):
                mine.merge(theirs)

    def _way(self, way: str) -> tuple[Share, Share]:
        return self.ways.setdefault(way, (Share(), Share()))

    @property
    def both(self) -> bool:
        """Return whether there are matches of both kinds; otherwise neither rate means anything."""
        return bool(self.honest.n and self.cheated.n)

    def to_json(self) -> dict[str, Json] | None:
        """Return the counts; rates and intervals only if there are matches of both kinds. None if nobody may
        cheat."""
        if not (self.honest.n or self.cheated.n):
            return None
        return {
            "told": self.told,
            **_both(self.honest, self.cheated),
            "honest_accused": self.accused,
            "partly_detected": self.partly,
            "ways": {way: _both(*shares) for way, shares in sorted(self.ways.items())},
        }

    def cells(self, record: Record) -> list[Json]:
        """Return a record's values of `columns`; empty cells if no seat may cheat."""
        found = _cheat_of(record)
        if found is None:
            return [None] * len(self.columns)
        return [found.told, found.carried_out is not None, " ".join(found.named_by) or None]

    def panels(self) -> list[Panel]:
        """Return the section of the report page; none if nobody may cheat."""
        found = self.to_json()
        if found is None:
            return []
        if not self.both:
            return [Panel("cheats", TITLE, [_lacking(found)])]
        rows = [_row("all challenges", self.honest, self.cheated)]
        rows += [_row(way.replace("_", " "), *shares) for way, shares in sorted(self.ways.items())]
        units = sorted({*self.honest.by_unit, *self.cheated.by_unit})
        for unit in units:
            parts = [Share({unit: share.by_unit[unit]} if unit in share.by_unit else {}) for share in
                     (self.honest, self.cheated)]  # fmt: skip
            rows.append(_row(unit, *parts))
        heads = [
            "way or challenge",
            "honest matches accepted",
            "95 % interval",
            "cheats detected",
            "95 % interval",
        ]
        note = (
            f"A seat was told to cheat in {self.told} matches and did in {self.cheated.n}. Accepted: nobody cheated,"
            " and all declared the right result. Detected: every honest seat named the cheat."
            f" Honest seats were accused in {self.accused} matches; {self.partly} cheats were named by some only."
        )
        return [Panel("cheats", TITLE, [note, PanelTable(TITLE, heads, rows)])]


def _both(honest: Share, cheated: Share) -> dict[str, Json]:
    """Return both rates; neither is shown if there are no matches of one kind."""
    shown = bool(honest.n and cheated.n)
    return {
        "honest_acceptance": honest.to_json("accepted", shown),
        "cheat_detection": cheated.to_json("detected", shown),
    }


def _row(name: str, honest: Share, cheated: Share) -> list[str]:
    return [name, *_cells(honest), *_cells(cheated)]


def _cells(share: Share) -> tuple[str, str]:
    if not share.n:
        return "-", "-"
    return f"{share.right / share.n:.0%} ({share.right} of {share.n})", _interval(share.interval())


def _interval(found: Sequence[float] | None) -> str:
    return "-" if found is None else f"{found[0]:.0%} to {found[1]:.0%}"


def _cheat_of(record: Record) -> CheatCheck | None:
    detail = detail_of(record)
    return None if detail is None else detail.checks.cheat


def cheats_line(summary: Mapping[str, Json]) -> str | None:
    """Return the line about cheats for the end of a run; None if nobody may cheat."""
    found = summary.get("cheats")
    if found is None:
        return None
    if found["honest_acceptance"]["rate"] is None:
        return f"cheats: {_lacking(found)}"
    parts = []
    for name, counted, words in (
        ("honest_acceptance", "accepted", "honest acceptance"),
        ("cheat_detection", "detected", "cheat detection"),
    ):
        one = found[name]
        low, high = one["interval"]
        parts.append(f"{words} {one['rate']:.1%} ({one[counted]} of {one['n']}, 95 % {low:.1%} to {high:.1%})")
    return "; ".join(parts)


def _lacking(found: Mapping[str, Json]) -> str:
    honest, cheated = found["honest_acceptance"]["n"], found["cheat_detection"]["n"]
    return (
        f"{honest} honest matches and {cheated} with a cheat (told to: {found['told']}): honest acceptance and cheat"
        " detection are meaningful only together, so play more --repetitions"
    )


def cheat_line(found: CheatCheck) -> str:
    """Return in words the outcome of the cheat in one match."""
    if found.told is None:
        start = "Nobody was told to cheat"
    elif found.carried_out is None:
        start = f"{found.told} was told to cheat and did not"
    else:
        start = f"{found.told} cheated in turn {found.carried_out}"
    named = f"named by {', '.join(found.named_by)}" if found.named_by else "named by nobody"
    if found.carried_out is None:
        named = f"accused by {', '.join(found.accusing)}" if found.accusing else "nobody was accused"
    calls = ", ".join(f"turn {call.turn} {call.seat} {call.op}" for call in found.failed_checks)
    return f"{start}; {named}." + (f" Shown by: {calls}." if calls else "")
