"""Decide which matches of a run are fit for training, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError, Issue
from arena.families.crypto.data import played_challenges
from arena.families.crypto.dataset.generated import Generated, read
from arena.families.crypto.dataset.reasons import REASONS, reasons_against
from arena.records import Json
from arena.store.finished_run import FinishedRun
from arena.store.rundir import file_digest


@dataclass(slots=True)
class Fitness:
    """Matches of one or several runs. `unfit`: key -> reasons; `real`, `shown`: computed values in public turns."""

    matches: int = 0
    keys: list[str] = field(default_factory=list)
    unfit: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    real: int = 0
    shown: int = 0

    @property
    def fit(self) -> int:
        return len(self.keys)

    def add(self, other: Fitness) -> None:
        self.matches += other.matches
        self.keys += other.keys
        self.unfit |= other.unfit
        self.reasons += other.reasons
        self.real += other.real
        self.shown += other.shown

    def to_json(self) -> dict[str, Json]:
        share = round(self.real / self.shown, 4) if self.shown else None
        return {
            "matches": self.matches,
            "fit": self.fit,
            "reasons": {
                name: self.reasons[name]
                for name in (*REASONS, *sorted(self.reasons.keys() - REASONS.keys()))
                if self.reasons[name]
            },  # fmt: skip
            "evidence_values": {"shown": self.shown, "real": self.real, "share_real": share},
        }


def read_generated(run: FinishedRun) -> Mapping[str, Generated]:
    """Return the written matches of a run; empty if its players are not generated matches.

    Errors: DataError if the file of written matches is neither where it was nor next to the folder of the run, or is
    another one: without it, nobody knows which results differ from the written ones.
    """
    label = str(run.manifest.identity.models.participant)
    provider, _, model = label.partition("/")
    if provider != "generated":
        return {}
    wanted = run.manifest.identity.models.files.get(label)
    places = (Path(model), run.path.parent.parent / Path(model).name)
    for place in places:
        if place.is_file() and file_digest(place) == wanted:
            return {made.key: made for made in read(place)}
    looked = " or ".join(map(str, places))
    raise DataError([Issue(str(run.path), "", f"the matches written for it are not there any more: no {looked}")])


def fitness_of(run: FinishedRun, generated: Mapping[str, Generated]) -> Fitness:
    """Decide about each match of a run, except trials without a written match."""
    challenges = {challenge["id"]: challenge for challenge in played_challenges(run).challenges}
    found = Fitness()
    for record in run.records:
        if generated and record.key not in generated:
            continue
        found.matches += 1
        split = str(challenges[record.trial.unit].get("split", "train"))
        against = reasons_against(record, split, generated.get(record.key))
        detail = record.score.detail
        if detail is not None:
            found.real += detail.checks.artefacts.real
            found.shown += detail.checks.artefacts.count
        if against:
            found.unfit[record.key] = against
            found.reasons.update(against)
        else:
            found.keys.append(record.key)
    return found
