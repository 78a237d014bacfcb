"""Records -> tables: summary.json, matches_scores.csv, and a row per unit (challenge_summary.csv).

One pass over the records, memory by the number of challenges and labels, no clock values. Errors, denied, limits and
unscored matches are counted beside every mean; they are never part of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.engine.run_reliability import PanelSums, reliability_json
from arena.families.contract import Family
from arena.families.crypto.check_rates import CSV_COLUMNS, CheckRates, csv_values
from arena.families.crypto.verified_rates import VerifiedRates, verified_cells, verified_columns
from arena.formats.tables import csv_line
from arena.records import STATUSES, Json
from arena.stats.moments import Moments, merge_counts, success_rate
from arena.store.rundir import SUMMARY_FILE, AtomicFile, pretty_json, write_atomic

SCORES_CSV = "matches_scores.csv"
SUMMARY_FORMAT = 1

_USAGE = ("calls", "prompt_tokens", "completion_tokens", "reasoning_tokens", "estimated")
_TOOLS = ("tool_calls", "tool_errors", "malformed")


@dataclass(slots=True)
class Group:
    """Counts and sums of one group of records. `outcomes` starts with all labels at 0, the success label first."""

    dimensions: Sequence[str]
    outcomes: dict[str, int]
    n: int = 0
    statuses: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    unscored: int = 0
    flagged: int = 0
    checks: CheckRates = field(default_factory=CheckRates)
    scores: Moments = field(init=False)
    verified: VerifiedRates = field(init=False)

    def __post_init__(self) -> None:
        self.scores = Moments(self.dimensions)
        self.verified = VerifiedRates(Moments(self.dimensions), dict.fromkeys(self.outcomes, 0))

    def add(self, record: Mapping[str, Json]) -> None:
        self.n += 1
        self.statuses[record["status"]] += 1
        if record["outcome"] is not None:
            self.outcomes[record["outcome"]] += 1
        self.flagged += bool(record["flags"])
        self.checks.add(record)
        self.verified.add(record)
        if record["status"] != "done":
            return
        if record["unscored"] is not None:
            self.unscored += 1
            return
        self.scores.add(record["scores"])

    def merge(self, other: Group) -> None:
        """Count what another one counted."""
        self.n += other.n
        merge_counts(self.outcomes, other.outcomes)
        merge_counts(self.statuses, other.statuses)
        self.unscored += other.unscored
        self.flagged += other.flagged
        self.checks.merge(other.checks)
        self.scores.merge(other.scores)
        self.verified.merge(other.verified)

    def success_rate(self) -> float | None:
        """Return the first outcome's share of all matches with an outcome, aborted ones included; None without any."""
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
            "statuses": self.statuses,
            "errors": self.statuses["error"],
            "checks": self.checks.to_json(),
            "verified": self.verified.to_json(),
        }


class Summary:
    """Builds summary.json and both CSV files from records in plan order."""

    def __init__(self, run_dir: Path, family: Family, planned: int) -> None:
        self._run_dir = run_dir
        self._family = family
        self._planned = planned
        self.dimensions = tuple(family.dimensions)
        self.leaves: dict[tuple[str, tuple[tuple[str, str], ...]], Group] = {}
        """Unit and cell -> group: a record is counted once, and the tables add up what they need."""
        self.stops: dict[str, int] = {}
        self.players: dict[str, int] = dict.fromkeys([*_USAGE, *_TOOLS], 0)
        self.judges: dict[str, int] = dict.fromkeys(_USAGE, 0)
        self.panels = PanelSums(self.dimensions)
        self._csv = AtomicFile(run_dir / SCORES_CSV)
        self._csv.write(csv_line(self._csv_header()))

    def _group(self) -> Group:
        return Group(self.dimensions, dict.fromkeys(self._family.outcomes, 0))

    def _csv_header(self) -> list[str]:
        return [f"{self._family.unit_noun}_id", "rep", "attempt", *self._family.labels, "status",
                "stop", "outcome", *self.dimensions, "mean_score", "unscored", "turns", "tool_calls", "tool_errors",
                "malformed", "prompt_tokens", "completion_tokens", *CSV_COLUMNS,
                *verified_columns(self.dimensions), "seed"]  # fmt: skip

    def add(self, record: dict[str, Json]) -> None:
        leaf = record["unit"], tuple(record["cell"].items())
        if leaf not in self.leaves:
            self.leaves[leaf] = self._group()
        self.leaves[leaf].add(record)
        self.panels.add(record)
        self.stops[record["stop"]] = self.stops.get(record["stop"], 0) + 1
        usage: dict[str, int] = dict.fromkeys(self.players, 0)
        for counters in record["usage"].values():
            for name, value in counters.items():
                if name in usage:
                    usage[name] += value
        for name, value in usage.items():
            self.players[name] += value
        for name, value in record["judging"].get("usage", {}).items():
            if name in self.judges:
                self.judges[name] += value
        self._csv.write(csv_line(self._csv_row(record, usage)))

    def _csv_row(self, record: dict[str, Json], usage: Mapping[str, int]) -> list[Json]:
        cell = record["cell"]
        values = [record["scores"].get(name) for name in self.dimensions]
        known = [value for value in values if value is not None]
        mean = round(sum(known) / len(known), 3) if known else None
        turns = sum(1 for entry in record["transcript"] if entry["kind"] == "say")
        return [record["unit"], record["plan"].get("rep"), record["attempt"],
                *(cell.get(label) for label in self._family.labels), record["status"],
                record["stop"], record["outcome"], *values, mean, record["unscored"], turns, usage["tool_calls"],
                usage["tool_errors"], usage["malformed"], usage["prompt_tokens"], usage["completion_tokens"],
                *csv_values(record),
                *verified_cells(record, self.dimensions), record["seed"]]  # fmt: skip

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

    def to_json(self, units: Mapping[str, Group]) -> dict[str, Json]:
        """Return summary.json without what the run's manifest adds to it."""
        total = self._group()
        for group in units.values():
            total.merge(group)
        plays = {unit: (group.n, group.outcomes, group.scores) for unit, group in units.items()}
        reliability = reliability_json(plays, self.panels)
        return {
            "summary_format": SUMMARY_FORMAT,
            "n_planned": self._planned,
            "n_matches": total.n,
            "n_not_played": self._planned - total.n,
            **{name: value for name, value in total.to_json().items() if name != "n"},
            **({} if reliability is None else {"reliability": reliability}),
            "stops": dict(sorted(self.stops.items())),
            "usage": {"players": self.players, "judge": self.judges},
            "by": {
                label: {value: group.to_json() for value, group in groups.items()}
                for label, groups in self._cells().items()
            },
            f"per_{self._family.unit_noun}": [self._unit_json(unit, group) for unit, group in units.items()],
        }

    def _unit_json(self, unit: str, group: Group) -> dict[str, Json]:
        noun = self._family.unit_noun
        names = {f"{noun}_id": unit, f"{noun}_name": self._family.unit_name(unit)}
        return {**names, **group.to_json()}

    def close(self, extra: Mapping[str, Json]) -> dict[str, Json]:
        """Write the files; `extra` (versions, models, calculator) leads summary.json. Return what was written."""
        self._csv.close()
        grouped = self._units()
        noun, outcomes = self._family.unit_noun, self._family.outcomes
        units = AtomicFile(self._run_dir / f"{noun}_summary.csv")
        units.write(csv_line([f"{noun}_id", "n", "success_rate", *outcomes, *self.dimensions, "scored", "unscored",
                              "errors", "aborted", "denied", "limit"]))  # fmt: skip
        for unit, group in grouped.items():
            means = group.scores.means()
            units.write(csv_line([unit, group.n, group.success_rate(), *(group.outcomes[o] for o in outcomes),
                                  *(means[d] for d in self.dimensions), group.scores.n, group.unscored,
                                  group.statuses["error"], group.statuses["aborted"], group.statuses["denied"],
                                  group.statuses["limit"]]))  # fmt: skip
        units.close()
        whole = {**extra, **self.to_json(grouped)}
        write_atomic(self._run_dir / SUMMARY_FILE, pretty_json(whole))
        return whole
