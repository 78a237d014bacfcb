"""The family's part in reading a finished run: opening, verifying, scoring again, comparing and showing it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from arena.engine.build import FAMILIES, REJUDGED, RunRequest, family_spec
from arena.engine.plan import SeriesIndex
from arena.errors import DataError, Issue
from arena.families.contract import Family
from arena.families.report import FamilyParts
from arena.families.training import Training
from arena.play.past import Past
from arena.play.sent import Sent, sent_calls
from arena.records import Json, Record
from arena.store.finished_run import FinishedRun
from arena.store.rundir import MANIFEST_FILE
from arena.store.soundness import require_sound


def rescoring_rules(request: RunRequest, rules: Mapping[str, Json]) -> dict[str, Json]:
    """Return the rules by which a run is scored again: its own, changed by `rescoring_rules(config, rules)` of the
    family's module if it has that."""
    own = getattr(importlib.import_module(request.spec.module), "rescoring_rules", None)
    return dict(rules) if own is None else dict(own(request.config, rules))


def unit_digests(run: FinishedRun) -> Mapping[str, str]:
    """Return unit -> text that is equal if two runs played the same unit: `unit_digests(run)` of the family's module,
    else the unit's name. Errors: DataError for inputs that cannot be read."""
    own = getattr(importlib.import_module(family_spec(run.manifest.identity.family).module), "unit_digests", None)
    if own is None:
        return {record.trial.unit: record.trial.unit for record in run.records}
    found: Mapping[str, str] = own(run)
    return found


def training_of(run: FinishedRun) -> Training | None:
    """Return which trials of a run are fit for training: `training(run)` of the family's module, None if it has
    none."""
    own = getattr(importlib.import_module(family_spec(run.manifest.identity.family).module), "training", None)
    return None if own is None else cast(Training, own(run))


def report_parts(run: FinishedRun) -> FamilyParts:
    """Return the family's part of the report page; the base class for a family that is unknown here."""
    name = run.manifest.identity.family
    module = family_spec(name).report if name in FAMILIES else ""
    found: FamilyParts = importlib.import_module(module).parts_of(run) if module else FamilyParts()
    return found


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError)
"""Exceptions raised by reading JSON that differs from the form that the arena writes."""


def open_run(path: Path) -> FinishedRun:
    """Open a run directory for reading, after checking that it is sound (store/soundness.py).

    Errors: as of `opened`; DataError naming file, line and pointer of a damaged record or journal line.
    """
    run = opened(path)
    require_sound(run)
    return run


def opened(path: Path, verifying: bool = False) -> FinishedRun:
    """Return a run directory with its family's class of Score.detail, for callers that check everything or have just
    written it.

    `verifying`: as of FinishedRun.
    Of a family that does not exist here the detail stays JSON.
    Errors: UsageError when `path` is not a run directory; DataError when its manifest is damaged.
    """
    run = FinishedRun(path, verifying=verifying)
    family = run.manifest.identity.family
    run.detail = family_spec(family).detail if family in FAMILIES else None
    return run


class SentReader:
    """The messages sent to the seats of a finished run (play/sent.py), record by record. A run that scored another one
    again has only the judge's questions, because no player was called."""

    def __init__(self, run: FinishedRun) -> None:
        """Errors: as of `family_of_run`."""
        self._run = run
        self._family = family_of_run(run.path, run.identity)
        self._series = SeriesIndex(self._family.trials())
        self._past: tuple[str | None, int, Past] = (None, 0, Past())

    def calls(self, record: Record, judged: bool = True) -> list[Sent]:
        """Return every question of a record's attempt, in the order of asking; with `judged` also those to the judge.

        Errors: DataError if this version asks other questions than the journal contains.
        """
        lines = (line for line in self._run.calls(record.key) if line.attempt == record.attempt)
        past = self._past_of(record)
        return sent_calls(record.trial, lines, past, self._family.play, self._family.score if judged else None)

    def _past_of(self, record: Record) -> Past:
        """Return the earlier records of a trial's series; the previous trial's are not read again."""
        keys = self._series.before(record.trial)
        series, read, past = self._past
        if series != record.trial.series or read > len(keys):
            read, past = 0, Past()
        for _, earlier in self._run.records.chosen(keys[read:]):
            past.append(earlier)
        self._past = (record.trial.series, len(keys), past)
        return past


def family_of_run(run_dir: Path, identity: Mapping[str, Json]) -> Family:
    """Return the family of a finished run, read from the run directory alone, to judge, verify or show the run.

    Errors: ConfigError for a family that does not exist here, DataError for inputs or an identity that cannot be read.
    """
    try:
        spec = family_spec(str(identity["family"]))
        family: Family = importlib.import_module(spec.module).from_run(run_dir, identity)
        if identity.get("source") is not None:
            family = importlib.import_module(REJUDGED).of_run(run_dir, identity, family)
    except OSError as error:
        raise DataError([Issue(str(error.filename), "", f"cannot be read: {error.strerror}")]) from error
    except MALFORMED as error:
        message = f"malformed: {type(error).__name__}: {error}"
        raise DataError([Issue(str(run_dir / MANIFEST_FILE), "/identity", message)]) from error
    return family
