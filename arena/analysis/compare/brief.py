"""Reads of each record only what a comparison looks at: most of a line, the transcript, is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from arena.families.verified import VerifiedScores
from arena.formats.decode import decode, member
from arena.records import Json, Record, Trial
from arena.store.finished_run import FinishedRun
from arena.store.journal import Place, parse_line, read_lines

_NO_PANEL = ("", "[]")


@dataclass(slots=True)
class _Judging:
    panel: str = ""


@dataclass(slots=True)
class BriefRecord:
    """Some members of a line of matches.jsonl."""

    key: str
    family: str
    unit: str
    cell: Mapping[str, str]
    series: str
    seed: str
    plan: Mapping[str, Json] = field(metadata=member(text=True))
    status: str
    scores: dict[str, float | None]
    unscored: str
    outcome: str
    judging: _Judging

    @property
    def trial(self) -> Trial:
        """The trial, without its cast."""
        return Trial(self.key, self.family, self.cell, self.unit, self.series or None, self.seed, self.plan)

    @property
    def scored(self) -> bool:
        """Return whether its values count in means."""
        return self.status == "done" and not self.unscored

    @property
    def verified(self) -> VerifiedScores | None:
        """The verified scores; None of a family that has none, or of a match that was broken off from outside."""
        return None

    def numbers(self) -> dict[str, float | int | None]:
        """Return the scores as they were counted: whole ones as int, which sums keep exact."""
        return {
            name: int(value) if value is not None and value == int(value) else value
            for name, value in self.scores.items()
        }


@dataclass(slots=True)
class _Detail:
    verified: VerifiedScores | None = None


@dataclass(slots=True)
class _VerifiedRecord(BriefRecord):
    score_detail: _Detail | None = field(metadata=member(text=True))

    @property
    def verified(self) -> VerifiedScores | None:
        return None if self.score_detail is None else self.score_detail.verified


def brief_records(run: FinishedRun) -> Iterator[tuple[Place, BriefRecord, Record | None]]:
    """Yield the records of a sound run (store/soundness.py) of which no line replaces another: where each is, its
    members, and the whole record where several judgements were made of it.

    Errors: DataError naming line and pointer.
    """
    path, detail = run.records.path, run.detail
    has_verified = is_dataclass(detail) and any(one.name == "verified" for one in fields(detail))
    shape = _VerifiedRecord if has_verified else BriefRecord
    for number, (offset, line) in enumerate(read_lines(path), 1):
        if line.endswith(b"\n"):
            place = Place(number, offset)
            found = decode(shape, parse_line(path, number, line), str(path), f"line {number}", unknown=True)
            whole = None if found.judging.panel in _NO_PANEL else run.records.parse(place, line)
            yield place, found, whole
