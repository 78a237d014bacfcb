"""The data of the overview of one run, collected in one pass over its records.

Held in memory: one group of counts per challenge and label value, and per match four small integers for the heat map.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from arena.analysis.report.bill import Bill
from arena.analysis.report.briefs import Briefs
from arena.analysis.report.clock import Clock
from arena.analysis.report.grades import Grades, levels_of
from arena.analysis.report.marks import Mark, Marks
from arena.analysis.report.values import percent
from arena.engine.finished import MALFORMED, report_parts
from arena.engine.shortfalls import MIN_COVERAGE, shortfalls
from arena.engine.summary import Group
from arena.errors import DataError, Issue
from arena.families.checked import CheckCounts
from arena.families.report import FamilyParts, Panel
from arena.families.verified import VerifiedCounts, verified_of
from arena.records import Json, Record
from arena.stats.intervals import clustered_mean_interval, clustered_share_interval, wilson
from arena.stats.moments import Moments
from arena.store.finished_run import FinishedRun
from arena.store.rundir import RECORDS_FILE, SUMMARY_FILE


class Cell(NamedTuple):
    """One match in the heat map: its column (0-based), number in the page, mark, mean score or None."""

    column: int
    number: int
    mark: Mark
    mean: float | None


@dataclass(slots=True)
class Unit:
    """One challenge (claim, ...): its counts, labels and row of the heat map."""

    group: Group
    cell: Mapping[str, str]
    columns: array[int] = field(default_factory=lambda: array("l"))
    _taken: set[int] = field(default_factory=set)
    _free: int = 0

    def place(self, wanted: Json) -> int:
        """Return the column of the next match: its repetition if that is free, else the next free column."""
        column = wanted if isinstance(wanted, int) and wanted >= 0 and wanted not in self._taken else None
        if column is None:
            while self._free in self._taken:
                self._free += 1
            column = self._free
        self._taken.add(column)
        return column


def mean_of(scores: Mapping[str, float | int | None]) -> float | None:
    """Return the mean over the names that have a score; None if none has."""
    known = [value for value in scores.values() if value is not None]
    return sum(known) / len(known) if known else None


class RunTally:
    """Counts, means and rates of one run. `dimensions` and `outcomes` are in the order of tables."""

    def __init__(self, run: FinishedRun, min_coverage: float = MIN_COVERAGE) -> None:
        """`min_coverage`: percent of the plan with an outcome under which the run is marked.

        Errors: DataError for a manifest or summary that cannot be read, or malformed records."""
        self.run = run
        self.min_coverage = min_coverage
        self.records = run.records
        self.parts: FamilyParts = report_parts(run)
        self.briefs = Briefs(run)
        self.summary = self._summary()
        self.outcomes: list[str] = list(self.summary.get("outcomes") or self.parts.outcomes)
        self.dimensions: tuple[str, ...] = tuple(self.summary.get("mean_scores") or self._dimensions())
        self.averaged: tuple[str, ...] = tuple(self.summary.get("averaged_scores", self._averaged_else()))
        """Dimensions that may be averaged together: all if they share one scale, else none."""
        self.unit_noun = str(self.summary.get("unit_noun") or self.parts.unit_noun)
        nouns = self.summary.get("trial_nouns") or self.parts.trial_nouns
        self.trial_noun, self.trial_nouns = str(nouns[0]), str(nouns[1])
        self.judged = run.manifest.identity.models.judge is not None
        self.marks = Marks(self.outcomes)
        self.total = self._group()
        self.units: dict[str, Unit] = {}
        self.labels: dict[str, dict[str, Group]] = {}
        self.grades = Grades(self.dimensions, levels_of(self.parts.scale))
        self.clock = Clock(run.path)
        self.bill = Bill(run.manifest.identity.models, self.summary.get("cost_usd"))
        self.claims: dict[str, int] = {}
        """Totals over the ledgers: class of claim -> count; empty if the family keeps none."""
        self.all_green = 0
        self.contradicted = 0
        """Matches with the best outcome in which a mechanical check failed."""
        self._marks: list[Mark] = []

    def _summary(self) -> dict[str, Json]:
        if not (self.run.path / SUMMARY_FILE).is_file():
            return {}
        return self.run.summary()

    def _dimensions(self) -> Sequence[str]:
        if self.parts.dimensions:
            return self.parts.dimensions
        return next((tuple(record.score.values) for record in self.records if record.score.values), ())

    def _averaged_else(self) -> Sequence[str]:
        """Return the averaged scores of a run without a summary: all, if they share one scale."""
        return () if self.parts.scale is None else self.dimensions

    def _group(self) -> Group:
        return Group(self.dimensions, dict.fromkeys(self.outcomes, 0), self.parts.facts(self.dimensions, self.outcomes))

    @cached_property
    def panels(self) -> Sequence[Panel]:
        """The family's own sections, once all records are counted."""
        return self.parts.panels(self.total.facts)

    @property
    def planned(self) -> int:
        """Matches of the plan."""
        return self.run.manifest.identity.plan.count

    @property
    def finished(self) -> bool:
        """Return whether the run is complete: every match of the plan has a record, and the records were closed."""
        return self.records.shape.closed and self.total.n >= self.planned

    @property
    def coverage(self) -> float:
        """The share of the plan that has an outcome (a score, if the family has no outcomes)."""
        known = sum(self.total.outcomes.values()) if self.outcomes else self.total.scores.n
        return known / self.planned if self.planned else 1.0

    @property
    def covered(self) -> bool:
        """Return whether so much of the plan has an outcome that the run may be ranked with others."""
        return 100 * self.coverage >= self.min_coverage

    def shortfalls(self) -> list[str]:
        """Return the caveats to the figures. Errors: DataError for a malformed summary."""
        if not self.summary:
            return []
        try:
            return shortfalls(self.summary, self.min_coverage)
        except MALFORMED as error:
            problem = f"a field is missing or malformed: {error!r}"
            raise DataError([Issue(str(self.run.path / SUMMARY_FILE), "", problem)]) from None

    def add(self, record: Record, number: int, ledger: Mapping[str, Json] | None) -> None:
        """Count one record; `number` is its place in the page, `ledger` the basis of its claims.

        Errors: DataError for a scored record that lacks a dimension of this run.
        """
        self._refuse_half_scored(record)
        outcome, trial = record.score.outcome, record.trial
        if outcome is not None and outcome not in self.total.outcomes:
            self.outcomes.append(outcome)
        unit = self.units.get(trial.unit)
        if unit is None:
            unit = self.units[trial.unit] = Unit(self._group(), dict(trial.cell))
        groups = [self.total, unit.group]
        for label, value in trial.cell.items():
            groups.append(self.labels.setdefault(label, {}).setdefault(value, self._group()))
        for group in groups:
            _count(group, record)
        for name, count in (ledger or {}).get("claims", {}).items():
            self.claims[name] = self.claims.get(name, 0) + count
        passed = self.parts.passed(record)
        self._count_checks(record, passed)
        self.grades.add(record, passed)
        self.bill.add(record)
        mark, mean = self.marks.of(record), self.mean_of(record)
        if mark not in self._marks:
            self._marks.append(mark)
        column = unit.place(trial.plan.get("rep"))
        unit.columns.extend((column, number, self._marks.index(mark), -1 if mean is None else round(mean * 1000)))

    def _refuse_half_scored(self, record: Record) -> None:
        if not record.scored:
            return
        found = verified_of(record)
        optional = self.summary.get("optional_scores", ())
        required = [name for name in self.dimensions if name not in optional]
        for what, scores in (("scores", record.score.values), ("verified scores", found.scores if found else None)):
            lacks = [name for name in required if scores is not None and scores.get(name) is None]
            if lacks:
                place = str(self.run.path / RECORDS_FILE)
                raise DataError([Issue(place, record.key, f"the {what} have no number for {', '.join(lacks)}")])

    def _count_checks(self, record: Record, passed: Mapping[str, bool | None] | None) -> None:
        if passed is None:
            return
        green = all(ok is not False for ok in passed.values())
        self.all_green += green
        if not green and self.outcomes and record.score.outcome == self.outcomes[0]:
            self.contradicted += 1

    def in_order(self, label: str) -> list[tuple[str, Group]]:
        """Return the values of a label and their groups: in the family's order, else by name."""
        order = list(self.parts.order.get(label, ()))
        rank = {value: place for place, value in enumerate(order)}
        return sorted(self.labels.get(label, {}).items(), key=lambda one: (rank.get(one[0], len(order)), str(one[0])))

    def cells(self, unit: Unit) -> Iterator[Cell]:
        """Yield the matches of a unit by column."""
        found = unit.columns
        rows = [tuple(found[at : at + 4]) for at in range(0, len(found), 4)]
        for column, number, mark, mean in sorted(rows):
            yield Cell(column, number, self._marks[mark], None if mean < 0 else mean / 1000)

    def mean_of(self, record: Record) -> float | None:
        """Return the mean over a match's scores; None if it has none, or they are on different scales."""
        return mean_of({name: record.score.values.get(name) for name in self.averaged})

    @property
    def repeated(self) -> bool:
        """Whether the columns of the heat map are repetitions; else a unit was played under several conditions."""
        return all(len(groups) == 1 for label, groups in self.labels.items() if label in self._conditions)

    @property
    def _conditions(self) -> Sequence[str]:
        return tuple(self.summary.get("conditions", ()))

    def mean(self, name: str, verified: bool = False) -> float | None:
        """Return the mean of a dimension; None if nothing is scored."""
        return mean_in(self.total, name, verified)

    def interval(self, name: str, verified: bool = False) -> tuple[float, float] | None:
        """Return the 95 % interval of a dimension's mean: of a share within 0 to 1, else cut to the scale."""
        found = [verified_in(unit.group).scores if verified else unit.group.scores for unit in self.units.values()]
        clusters = [(scores.sums.get(name, 0.0), scores.count(name)) for scores in found]
        if name in self.parts.shares:
            return clustered_share_interval(clusters)
        bounds = clustered_mean_interval(clusters)
        if bounds is None or self.parts.scale is None:
            return bounds
        lowest, highest = self.parts.scale
        return max(bounds[0], lowest), min(bounds[1], highest)


def verified_in(group: Group) -> VerifiedCounts:
    """Return the verified scores of a group; empty ones if its family keeps none."""
    for fact in group.facts:
        if isinstance(fact, VerifiedCounts):
            return fact
    return VerifiedCounts(Moments(group.dimensions), {})


def checks_in(group: Group) -> CheckCounts:
    """Return the counts of checks of a group; empty ones if its family keeps none."""
    for fact in group.facts:
        if isinstance(fact, CheckCounts):
            return fact
    return CheckCounts()


def mean_in(group: Group, name: str, verified: bool = False) -> float | None:
    """Return the mean of a dimension over a group; None if nothing is scored."""
    scores = verified_in(group).scores if verified else group.scores
    n = scores.count(name)
    return scores.sums.get(name, 0.0) / n if n else None


def mean_over(group: Group, names: Sequence[str]) -> float | None:
    """Return the mean of the means of some dimensions, which are on one scale; None if nothing is scored."""
    known = [mean for name in names if (mean := mean_in(group, name)) is not None]
    return sum(known) / len(known) if known else None


def verified_rate(group: Group, wanted: bool) -> list[str]:
    """Return the success rate by verified outcomes as the cell of a table; no cell unless `wanted`."""
    if not wanted:
        return []
    won, n = successes(verified_in(group).outcomes)
    return [percent(won / n if n else None)]


def successes(outcomes: Mapping[str, int]) -> tuple[int, int]:
    """Return (matches with the best outcome, matches with an outcome)."""
    counts = list(outcomes.values())
    return (counts[0] if counts else 0), sum(counts)


def success_interval(outcomes: Mapping[str, int]) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval of the success rate; None without outcomes."""
    return wilson(*successes(outcomes))


def _count(group: Group, record: Record) -> None:
    if record.score.outcome is not None:
        group.outcomes.setdefault(record.score.outcome, 0)
    found = verified_of(record)
    if found is not None and found.outcome is not None:
        verified_in(group).outcomes.setdefault(found.outcome, 0)
    group.add(record)
