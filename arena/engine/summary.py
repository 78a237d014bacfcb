"""Records -> tables: summary.json, matches_scores.csv, and a row per unit (<unit>_summary.csv).

One pass over the records, memory by the number of units and cells, no clock values. Errors, denied, limits and unscored
trials are counted next to every mean; they are never part of one. Trials are repetitions of each other only if unit and
conditions are equal. The family's own counts (checks, verified scores) come from its fact groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.engine.run_reliability import PanelSums, Plays, reliability_json
from arena.families.contract import FactGroup, Family, Value
from arena.formats.tables import csv_line
from arena.records import PENDING, STATUSES, Counters, Json, Record
from arena.stats.moments import Moments, merge_counts, success_rate
from arena.store.files import AtomicFile, write_atomic
from arena.store.rundir import SUMMARY_FILE, pretty_json

SCORES_CSV = "matches_scores.csv"
SUMMARY_FORMAT = 2

_USAGE = (
    "calls", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_prompt_tokens", "cache_write_tokens",
    "estimated",
)  # fmt: skip
_PLAYERS = (*_USAGE, "tool_calls", "tool_errors", "malformed")


@dataclass(slots=True)
class Group:
    """Counts and sums of one group of records. `outcomes` starts with all labels at 0, the success label first;
    `facts`: the family's own counts, empty at the start."""

    dimensions: Sequence[str]
    outcomes: dict[str, int]
    facts: Sequence[FactGroup] = ()
    n: int = 0
    statuses: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    unscored: int = 0
    flagged: int = 0
    scores: Moments = field(init=False)

    def __post_init__(self) -> None:
        self.scores = Moments(self.dimensions)

    def add(self, record: Record) -> None:
        self.n += 1
        self.statuses[record.status] += 1
        outcome = record.score.outcome
        if outcome is not None:
            self.outcomes[outcome] += 1
        self.flagged += record.flagged
        for fact in self.facts:
            fact.add(record)
        if record.scored:
            self.scores.add(record.score.values)
        elif record.status == "done":
            self.unscored += 1

    def merge(self, other: Group) -> None:
        """Add the counts of another group."""
        self.n += other.n
        merge_counts(self.outcomes, other.outcomes)
        merge_counts(self.statuses, other.statuses)
        self.unscored += other.unscored
        self.flagged += other.flagged
        self.scores.merge(other.scores)
        for fact, more in zip(self.facts, other.facts, strict=True):
            fact.merge(more)

    def success_rate(self) -> float | None:
        """Return the first outcome's share of all trials with an outcome, aborted ones included; None without any."""
        return success_rate(self.outcomes)

    def to_json(self) -> dict[str, Json]:
        return {
            "n": self.n,
            "outcomes": self.outcomes,
            "success_rate": self.success_rate(),
            "mean_scores": self.scores.means(),
            "sd_scores": self.scores.deviations(),
            "scored": self.scores.n,
            "unscored": self.unscored,
            "flagged": self.flagged,
            "statuses": {name: count for name, count in self.statuses.items() if count or name != PENDING},
            "errors": self.statuses["error"],
            **{fact.name: fact.to_json() for fact in self.facts},
        }


def averaged(values: Iterable[Value]) -> tuple[str, ...]:
    """Return the names of values that may be averaged together: all of them if they share one scale, else none."""
    found = tuple(values)
    return tuple(value.name for value in found) if len({value.scale for value in found}) == 1 else ()


Leaf = tuple[str, tuple[tuple[str, str], ...]]
"""Unit and cell of a trial."""


class Summary:
    """Builds summary.json and both CSV files from records in plan order."""

    def __init__(self, run_dir: Path, family: Family, planned: int) -> None:
        self._run_dir = run_dir
        self._family = family
        self._planned = planned
        self._unit = family.spec.words.unit
        self.dimensions = tuple(value.name for value in family.values)
        self._averaged = averaged(family.values)
        self.leaves: dict[Leaf, Group] = {}
        """Each record is counted once, in its leaf; the tables add up leaves."""
        self.stops: dict[str, int] = {}
        self.spoke: dict[str, bool] = {}
        """Model that filled a seat of a finished or aborted trial -> whether it ever said something in public."""
        self.with_talk = 0
        self.players = Counters()
        self.judges = Counters()
        self.panels = PanelSums(self.dimensions, tuple(family.conditions))
        self._facts = family.facts()
        self._csv = AtomicFile(run_dir / SCORES_CSV)
        self._csv.write(csv_line(self._csv_header()))

    def _group(self) -> Group:
        return Group(self.dimensions, dict.fromkeys(self._family.outcomes.labels, 0), self._family.facts())

    def _csv_header(self) -> list[str]:
        return [f"{self._unit}_id", "rep", "attempt", *self._family.labels, "status", "stop", "outcome",
                *self.dimensions, *(["mean_score"] if self._averaged else []), "unscored", "turns", "tool_calls",
                "tool_errors", "malformed", "prompt_tokens", "completion_tokens",
                *(column for fact in self._facts for column in fact.columns), "seed"]  # fmt: skip

    def add(self, record: Record) -> None:
        leaf = record.trial.unit, tuple(record.trial.cell.items())
        if leaf not in self.leaves:
            self.leaves[leaf] = self._group()
        self.leaves[leaf].add(record)
        self.panels.add(record)
        self.stops[record.stop] = self.stops.get(record.stop, 0) + 1
        usage = Counters()
        for counters in record.transcript.usage.values():
            usage.add(counters)
        if record.status in ("done", "aborted"):
            self._count_talk(record)
        self.players.add(usage)
        self.judges.add(record.score.judging.usage)
        self._csv.write(csv_line(self._csv_row(record, usage)))

    def _count_talk(self, record: Record) -> None:
        """Record who said something in public."""
        speakers = {
            one.seat for one in record.transcript.entries if one.kind == "say" and (one.done or one.text.strip())
        }
        for seat in record.transcript.usage:
            model = record.trial.cast.get(seat, seat)
            self.spoke[model] = self.spoke.get(model, False) or seat in speakers
        self.with_talk += record.status == "done" and bool(speakers)

    def _csv_row(self, record: Record, usage: Counters) -> list[Json]:
        trial, score = record.trial, record.score
        values = [score.values.get(name) for name in self.dimensions]
        known = [value for name in self._averaged if (value := score.values.get(name)) is not None]
        mean = [round(sum(known) / len(known), 3) if known else None] if self._averaged else []
        turns = sum(1 for entry in record.transcript.entries if entry.kind == "say")
        return [trial.unit, trial.plan.get("rep"), record.attempt,
                *(trial.cell.get(label) for label in self._family.labels), record.status,
                record.stop, score.outcome, *values, *mean, score.unscored, turns, usage.tool_calls,
                usage.tool_errors, usage.malformed, usage.prompt_tokens, usage.completion_tokens,
                *(cell for fact in self._facts for cell in fact.cells(record)), trial.seed]  # fmt: skip

    def _units(self) -> dict[str, Group]:
        """Return unit -> group, sorted."""
        found: dict[str, Group] = {}
        for (unit, _), group in self.leaves.items():
            found.setdefault(unit, self._group()).merge(group)
        return dict(sorted(found.items()))

    def _cells(self) -> dict[str, dict[str, Group]]:
        """Return label -> value -> group, sorted."""
        found: dict[str, dict[str, Group]] = {}
        for (_, cell), group in self.leaves.items():
            for label, value in cell:
                found.setdefault(label, {}).setdefault(value, self._group()).merge(group)
        return {label: dict(sorted(groups.items())) for label, groups in sorted(found.items())}

    def _plays(self) -> Plays:
        """Return the groups of repetitions: trials of equal unit and conditions."""
        merged: dict[Leaf, Group] = {}
        conditions = frozenset(self._family.conditions)
        for (unit, cell), group in self.leaves.items():
            key = unit, tuple((label, value) for label, value in cell if label in conditions)
            merged.setdefault(key, self._group()).merge(group)
        return {key: (group.n, group.outcomes, group.scores) for key, group in sorted(merged.items())}

    def to_json(self, units: Mapping[str, Group]) -> dict[str, Json]:
        """Return summary.json without the members that come from the run's manifest."""
        total = self._group()
        for group in units.values():
            total.merge(group)
        reliability = reliability_json(self._plays(), self.panels, self._family.spec.words)
        return {
            "summary_format": SUMMARY_FORMAT,
            "n_planned": self._planned,
            "n_matches": total.n,
            "n_not_played": self._planned - total.n,
            **{name: value for name, value in total.to_json().items() if name != "n"},
            **self._coverage(total),
            "with_talk": self.with_talk,
            "silent": sorted(model for model, spoke in self.spoke.items() if not spoke),
            "averaged_scores": list(self._averaged),
            "optional_scores": [value.name for value in self._family.values if not value.required],
            **self._directions(),
            **({} if reliability is None else {"reliability": reliability}),
            "stops": dict(sorted(self.stops.items())),
            "usage": {
                "players": {name: count for name, count in self.players.counts().items() if name in _PLAYERS},
                "judge": {name: count for name, count in self.judges.counts().items() if name in _USAGE},
            },
            "by": {
                label: {value: group.to_json() for value, group in groups.items()}
                for label, groups in self._cells().items()
            },
            f"per_{self._unit}": [self._unit_json(unit, group) for unit, group in units.items()],
        }

    def _directions(self) -> dict[str, Json]:
        """Return the values for which lower is better; empty if higher always is."""
        lower = [value.name for value in self._family.values if not value.higher_is_better]
        return {"lower_is_better": lower} if lower else {}

    def _coverage(self, total: Group) -> dict[str, Json]:
        """Return the share of planned trials that have an outcome (a score, if the family has no outcomes), and the
        success rate over all planned trials; None if nothing was planned."""
        labels = self._family.outcomes.labels
        covered = sum(total.outcomes.values()) if labels else total.scores.n
        return {
            "coverage": round(covered / self._planned, 6) if self._planned else None,
            "success_rate_planned": round(total.outcomes[labels[0]] / self._planned, 6)
            if self._planned and labels
            else None,
        }

    def _unit_json(self, unit: str, group: Group) -> dict[str, Json]:
        names = {f"{self._unit}_id": unit, f"{self._unit}_name": self._family.unit_name(unit)}
        return {**names, **group.to_json()}

    def discard(self) -> None:
        """Leave nothing of an unfinished table behind."""
        self._csv.discard()

    def close(self, extra: Mapping[str, Json]) -> dict[str, Json]:
        """Write the files; `extra` (versions, models, calculator) leads summary.json. Return what was written."""
        self._csv.close()
        grouped = self._units()
        outcomes = self._family.outcomes.labels
        # Only if there are any, so that the files of a run that judges at once do not change.
        awaiting = [PENDING] if any(group.statuses[PENDING] for group in grouped.values()) else []
        units = AtomicFile(self._run_dir / f"{self._unit}_summary.csv")
        units.write(csv_line([f"{self._unit}_id", "n", "success_rate", *outcomes, *self.dimensions, "scored",
                              "unscored", "errors", "aborted", "denied", "limit", *awaiting]))  # fmt: skip
        for unit, group in grouped.items():
            means = group.scores.means()
            units.write(csv_line([unit, group.n, group.success_rate(), *(group.outcomes[o] for o in outcomes),
                                  *(means[d] for d in self.dimensions), group.scores.n, group.unscored,
                                  group.statuses["error"], group.statuses["aborted"], group.statuses["denied"],
                                  group.statuses["limit"],
                                  *(group.statuses[name] for name in awaiting)]))  # fmt: skip
        units.close()
        whole = {**extra, **self.to_json(grouped)}
        write_atomic(self._run_dir / SUMMARY_FILE, pretty_json(whole))
        return whole
