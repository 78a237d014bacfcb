"""The cost of silence in the matches of a run, for its report page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from arena.families.crypto.data import challenge_of
from arena.families.crypto.silence.table import HEADS, Silence
from arena.families.report import Panel, PanelTable
from arena.records import Json, Record

TITLE = "If somebody had fallen silent"


@dataclass(slots=True)
class SilenceFacts:
    """Cuts of the finished matches by challenge. `challenges`: those of the run, by id, as in its file."""

    name: ClassVar[str] = "silence"
    columns: ClassVar[Sequence[str]] = ()

    challenges: Mapping[str, Mapping[str, Json]]
    found: dict[str, Silence] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one record; nothing if its challenge has no rule for silence."""
        if "fairness" in self.challenges.get(record.trial.unit, {}):
            silence = self.found.setdefault(record.trial.unit, Silence())
            silence.add(record, challenge_of(self.challenges, record.trial))

    def merge(self, other: SilenceFacts) -> None:
        """Add the counts of another one."""
        for unit, silence in other.found.items():
            self.found.setdefault(unit, Silence()).merge(silence)

    def to_json(self) -> dict[str, Json] | None:
        """Return the counts by challenge; None if none has a rule for silence."""
        return {unit: silence.to_json() for unit, silence in self.found.items()} or None

    def cells(self, record: Record) -> list[Json]:
        """Return nothing: a match has no value of its own."""
        return []

    def panels(self) -> list[Panel]:
        """Return the section of the report page; none if no challenge has a rule for silence."""
        if not self.found:
            return []
        cut = {unit: silence for unit, silence in sorted(self.found.items()) if silence.cuts}
        note = (
            "Matches of these challenges that ended in the right result, cut after each public turn, with each seat as"
            " the one that stops there. The challenge's rule for silence says what the others then have."
        )
        parts: list[str | PanelTable] = [note]
        if cut:
            parts.append(PanelTable(TITLE, HEADS, [silence.row(unit) for unit, silence in cut.items()]))
        if left := len(self.found) - len(cut):
            parts.append(
                f"{left} of {len(self.found)} challenges with such a rule have no match that can be cut: none ended in"
                " the right result, or what had to be refused was refused."
            )
        return [Panel("silence", TITLE, parts)]
