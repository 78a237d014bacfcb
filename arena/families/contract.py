"""The contract of a benchmark family: its declarations, its play and its scores.

A family is a folder with a `spec.py` that offers `SPEC`, a FamilySpec: one row in the table of engine/build.py names
it, and nothing else outside the folder does. The engine, the run directory and everything after a run read the
declarations here and assume nothing more: no judge, no calculator, no repetitions, no particular seats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from arena.families.spec import FamilySpec
from arena.messages import Calculator
from arena.play.bounds import CallBounds, Typical
from arena.play.past import Past
from arena.play.services import Services
from arena.play.toolbox import Toolbox
from arena.records import Json, Record, Score, Transcript, Trial
from arena.settings.config import Config
from arena.store.bundles import Bundle


@dataclass(frozen=True, slots=True)
class Value:
    """A number that a score has by name.

    `low`, `high`: inclusive bounds, None if there is none.  `scale`: values of one scale may be averaged with each
    other, others never.  `required`: every scored trial has it; else it may be None.
    """

    name: str
    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    scale: str = "score"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcome labels; empty if a family has none.

    `labels`: the first is success, which the success rate counts.  `aborted`: the label of a trial that a player broke
    off; None: such a trial has no outcome.
    """

    labels: tuple[str, ...] = ()
    aborted: str | None = None


class FactGroup(Protocol):
    """Counts over records that only the family understands: checks, verified scores, gains.

    One object counts one group of records; two are merged where groups are added up.
    """

    @property
    def name(self) -> str:
        """The member of summary.json, and of each group in it, for the result of `to_json`."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """Columns of the table of scores that `cells` fills."""
        ...

    def add(self, record: Record) -> None: ...

    def merge(self, other: Any) -> None:
        """Add the counts of another group of the same kind."""
        ...

    def to_json(self) -> Json:
        """Return the counts; None if there are none."""
        ...

    def cells(self, record: Record) -> list[Json]: ...


class Exporter(Protocol):
    """Derived files of a whole run, written in one pass over its records in plan order and constant memory."""

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        """Take in the next record; `bundle`: the result of the family's `bundle` for it, if it was called."""
        ...

    def close(self) -> None:
        """Finish the files: they appear under their final names here, whole."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """The figures of `--dry-run`: an estimate and an upper bound for players and judge; further (name, text) rows.

    `typical`: the assumptions of the players' estimate.
    """

    players: CallBounds
    judge: CallBounds
    rows: tuple[tuple[str, str], ...] = ()
    typical: Typical = Typical()


class Family(Protocol):
    """One benchmark family, ready to play or to read a finished run.

    `trials` is pure and ordered, and may be called again. `play` talks to players and tools, never scores. `score` is
    called where the stop reason says so (`records.STOPS`); it may ask a judge or a tool, never a player. Every Score is
    checked against `values` and `outcomes` before it is stored.
    """

    spec: FamilySpec
    values: Sequence[Value]
    outcomes: Outcomes
    labels: Sequence[str]
    """Names in `Trial.cell`, in the order of table columns; a trial may lack some."""
    conditions: Sequence[str]
    """The labels that are conditions: trials with equal unit and conditions are repetitions of each other."""
    warnings: Sequence[str]
    """Warnings about the inputs, shown before the run starts."""
    play_rules: Sequence[str]
    """Names in `identity()` that say how trials are played, not how they are scored: a run that is scored again keeps
    them as they were."""
    carried_over: Mapping[str, str]
    """Key -> status of trials whose end was decided in an earlier run (analysis/rejudge): an error there is none of
    this run. Empty for a family that plays."""

    def trials(self) -> Iterable[Trial]: ...

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript: ...

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score: ...

    def toolbox(self, calculator: Calculator | None) -> Toolbox | None:
        """Return the toolbox for `services.tool`; None: the family has no tools in this run."""
        ...

    def inputs(self) -> Mapping[str, bytes]:
        """Return file name -> content of the inputs for reading a finished run, kept in its `inputs/` folder."""
        ...

    def identity(self) -> Mapping[str, Json]:
        """Return the identity of the family's rules: versions and digests of prompts, rubric, data."""
        ...

    def facts(self) -> Sequence[FactGroup]:
        """Return new fact groups, with nothing counted."""
        ...

    def lines(self, summary: Mapping[str, Json]) -> list[str]:
        """Return the end of a run in the family's words, a sentence a line."""
        ...

    def unit_name(self, unit: str) -> str:
        """Return the title of a unit, for tables."""
        ...

    def bundle(self, record: Record) -> Bundle | None:
        """Return the files of one finished trial, derived from the record alone; None: the family has none."""
        ...

    def exports(self, run_dir: Path) -> Sequence[Exporter]:
        """Return the exporters of this family's own derived files."""
        ...

    def bounds(self, config: Config) -> Bounds:
        """Return the calls and tokens of the plan, for `--dry-run`. No player or judge is called."""
        ...

    def unplayed(self, trial: Trial, why: str) -> Mapping[str, Json] | None:
        """Return a row for a planned trial that was not played; None if the family lists none."""
        ...


def score_problem(values: Sequence[Value], outcomes: Outcomes, score: Score, status: str) -> str | None:
    """Return the conflict of a score with its family's declaration; None if it may be stored.

    A scored trial (`status` done, `unscored` None) has every required value within its bounds. Elsewhere values may be
    None. Every name and outcome must be declared.
    """
    declared = {value.name: value for value in values}
    for name, number in score.values.items():
        value = declared.get(name)
        if value is None:
            return f"the value {name!r} is not declared by the family"
        problem = _number_problem(value, number)
        if problem:
            return f"the value {name!r} {problem}"
    if score.outcome is not None and score.outcome not in outcomes.labels:
        known = ", ".join(outcomes.labels) or "none"
        return f"the outcome {score.outcome!r} is not declared by the family (declared: {known})"
    if status == "done" and score.unscored is None:
        missing = [value.name for value in values if value.required and score.values.get(value.name) is None]
        if missing:
            return f"a scored trial lacks the value {missing[0]!r}"
    return None


_STRICT = json.JSONEncoder(allow_nan=False)


def detail_problem(declared: type | None, detail: Any) -> str | None:
    """Return why a score's detail cannot be stored and read back; None if it can. An empty object always can.

    `declared`: FamilySpec.detail, the dataclass of the detail; None: it is a JSON object.
    """
    if declared is not None:
        if isinstance(detail, declared) or detail == {}:
            return None
        return f"its detail is {type(detail).__name__}, not {declared.__name__}"
    if not isinstance(detail, dict):
        return f"its detail is {type(detail).__name__}, not a JSON object"
    try:
        _STRICT.encode(detail)
    except (TypeError, ValueError, RecursionError) as error:
        return f"its detail is not JSON: {error}"
    return None


def _number_problem(value: Value, number: Any) -> str | None:
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        return f"must be a number, not {type(number).__name__}"
    if number != number or number in (float("inf"), float("-inf")):
        return "must be finite"
    if value.low is not None and number < value.low:
        return f"is {number}, below {value.low:g}"
    if value.high is not None and number > value.high:
        return f"is {number}, above {value.high:g}"
    return None
