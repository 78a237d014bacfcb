"""The challenges that must not be in training data: those outside the split `train`, and the values drawn for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.checks.atoms import atoms
from arena.families.crypto.dataset.build import TRAIN
from arena.families.crypto.prompts import GLOBAL_RULES, INTRODUCTION
from arena.families.training import HeldOut, HeldOutUnit
from arena.records import Json
from arena.store.finished_run import FinishedRun


def held_out(challenges: ChallengeSet, runs: Sequence[FinishedRun]) -> HeldOut:
    """Return the held-out challenges of a set. `runs`: the values that were drawn in them are looked for, too."""
    found = {c["id"]: c for c in challenges.challenges if c.get("split") != TRAIN}
    units = [HeldOutUnit(id_, list(_texts(one)), sorted(set(_values(id_, runs)))) for id_, one in found.items()]
    train = [text for c in challenges.challenges if c.get("split") == TRAIN for text in _texts(c)]
    return HeldOut(units, [INTRODUCTION, *GLOBAL_RULES, *train], challenges.canary or "")


def _texts(challenge: Mapping[str, Json]) -> Iterator[str]:
    context = challenge["participant_context"]
    yield context["public_background"]
    yield challenge["self_play"]["symmetry_breaker"]
    for own in context["role_specific"].values():
        for lines in own.values():
            yield from (line for line in lines if isinstance(line, str))


def _values(unit: str, runs: Sequence[FinishedRun]) -> Iterator[str]:
    for run in runs:
        for record in run.records:
            if record.trial.unit == unit and record.transcript.instance:
                yield from (str(atom) for value in record.transcript.instance.values() for atom in atoms(value))
