"""How scores changed from the run before to the one that scored its trials again.

One pass, memory by the number of values and outcomes. A run without a judge writes `score_changes.json`; one with a
judge has the same counts in `judge_agreement.json` (docs/rejudging.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from arena.records import Json, Record
from arena.store.bundles import Bundle
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

CHANGES_FILE = "score_changes.json"
MOST_LISTED = 20
"""Trials with a change that score_changes.json lists, the first of the plan."""

_COMPARED = ("done", "aborted")
"""Statuses of trials that can have values or an outcome."""


class Scored(NamedTuple):
    """The scores of a trial, and its outcome."""

    values: Mapping[str, float]
    outcome: str | None

    @staticmethod
    def of(values: Mapping[str, float | int | None], outcome: str | None) -> Scored:
        return Scored({name: value for name, value in values.items() if value is not None}, outcome)


class Moves:
    """How values and outcomes moved from the run before to this one. `outcomes`: labels, the best first."""

    def __init__(self, dimensions: Sequence[str], outcomes: Sequence[str], judge: str | None) -> None:
        self._judge, self._outcomes = judge, outcomes
        self._counts = {name: {"up": 0, "same": 0, "down": 0} for name in dimensions}
        self._changes = dict.fromkeys(dimensions, 0.0)
        self.scored = {"both": 0, "only_before": 0, "only_now": 0, "neither": 0}
        self._outcome_moves = {"up": 0, "same": 0, "down": 0}
        self._table: dict[tuple[str, str], int] = {}

    def add(self, before: Scored | None, now: Scored | None) -> None:
        """Count one trial; None if it has no scores."""
        if before is None or now is None:
            self.scored["only_now" if now else "only_before" if before else "neither"] += 1
            return
        self.scored["both"] += 1
        for name, counts in self._counts.items():
            if name not in now.values or name not in before.values:
                continue
            change = now.values[name] - before.values[name]
            counts["up" if change > 0 else "down" if change < 0 else "same"] += 1
            self._changes[name] += change
        if before.outcome is None or now.outcome is None:
            return
        pair = before.outcome, now.outcome
        self._table[pair] = self._table.get(pair, 0) + 1
        change = self._outcomes.index(pair[0]) - self._outcomes.index(pair[1])
        self._outcome_moves["up" if change > 0 else "down" if change < 0 else "same"] += 1

    def to_json(self) -> dict[str, Json]:
        """Return the member `moved` of judge_agreement.json."""
        return {
            "judge_before": self._judge,
            "scored": self.scored,
            "dimensions": self.values_json(),
            "outcomes": {**self._outcome_moves, "table": list(self._rows("matches"))},
        }

    def values_json(self) -> dict[str, dict[str, Json]]:
        """Return value -> how often it went up, stayed and went down, and the mean change over the trials with both."""
        return {name: {**counts, "mean_change": self._mean(name, counts)} for name, counts in self._counts.items()}

    def outcomes_json(self) -> dict[str, Json]:
        """Return how many outcomes are the same and not, and a row for each pair of outcomes."""
        same = self._outcome_moves["same"]
        changed = sum(self._outcome_moves.values()) - same
        return {"same": same, "changed": changed, "table": list(self._rows("trials"))}

    def _mean(self, name: str, counts: Mapping[str, int]) -> float | None:
        compared = sum(counts.values())
        return round(self._changes[name] / compared, 3) if compared else None

    def _rows(self, counted: str) -> Iterator[dict[str, Json]]:
        for before in self._outcomes:
            for now in self._outcomes:
                if (before, now) in self._table:
                    yield {"before": before, "now": now, counted: self._table[before, now]}


class ScoreChanges:
    """Writes score_changes.json at the end of a session (a family.Exporter).

    `before`: key -> how the trial was scored in the run before, None if it was not.
    """

    def __init__(
        self, run_dir: Path, values: Sequence[str], outcomes: Sequence[str], before: Mapping[str, Scored | None]
    ) -> None:
        self._path, self._before = run_dir / CHANGES_FILE, before
        self._moves = Moves(values, outcomes, None)
        self._one_sided = {name: {"only_before": 0, "only_now": 0} for name in values}
        self._different = {"trials": 0, "outcomes": 0, "values": 0}
        self._listed: list[dict[str, Json]] = []

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        """Count one record, unless it was not scored by the rules of its status."""
        if record.status not in _COMPARED:
            return
        before, now = self._before.get(record.key), scored(record)
        self._moves.add(before, now)
        if before is None and now is None:
            return
        old, new = before or Scored({}, None), now or Scored({}, None)
        values = {
            name: [old.values.get(name), new.values.get(name)]
            for name in self._one_sided
            if old.values.get(name) != new.values.get(name)
        }
        for name, (was, is_now) in values.items():
            if was is None or is_now is None:
                self._one_sided[name]["only_now" if was is None else "only_before"] += 1
        outcome = None if old.outcome == new.outcome else [old.outcome, new.outcome]
        if not values and outcome is None:
            return
        self._different["trials"] += 1
        self._different["outcomes"] += outcome is not None
        self._different["values"] += len(values)
        if len(self._listed) < MOST_LISTED:
            self._listed.append({"key": record.key, "outcome": outcome, "values": values})

    def report(self) -> dict[str, Json]:
        """Return score_changes.json."""
        moved = self._moves.values_json()
        return {
            "scored": self._moves.scored,
            "different": self._different,
            "outcomes": self._moves.outcomes_json(),
            "values": {name: {**moved[name], **counts} for name, counts in self._one_sided.items()},
            "listed": self._listed,
        }

    def close(self) -> None:
        write_atomic(self._path, pretty_json(self.report()))


def scored(record: Record) -> Scored | None:
    """Return the scores of a record: its values if they count, and its outcome; None if it has neither."""
    found = Scored.of(record.score.values if record.scored else {}, record.score.outcome)
    return found if record.scored or found.outcome is not None else None
