"""Results of judging again, from the records: the agreement of judgements, and the changes of scores.

One pass, memory by the number of challenges. `judge_agreement.json` is the result of `report` (docs/rejudging.md).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from arena.analysis.rejudge.changes import Moves, Scored
from arena.analysis.rejudge.items import ItemAgreement
from arena.records import Json, Judgement, Record
from arena.stats.agreement import (
    INTERVAL,
    ORDINAL,
    Cells,
    add_cells,
    alpha,
    alpha_intervals,
    draws_for,
    exact_share,
    pairs_of,
    quadratic_kappa,
)
from arena.store.bundles import Bundle
from arena.store.files import write_atomic
from arena.store.rundir import pretty_json

AGREEMENT_FILE = "judge_agreement.json"
DISAGREEMENT = 2
"""Grades apart from which two judgements of one match disagree: next to each other two readers may well be."""

MOST_LISTED = 20
SEED = "judge agreement"

Grades = Mapping[str, int]


@dataclass(slots=True)
class _Judge:
    """One judge's judgements: how many could be read and not, and the sums of its grades."""

    repetitions: int = 0
    read: int = 0
    unread: int = 0
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, scores: Grades | None) -> None:
        if scores is None:
            self.unread += 1
            return
        self.read += 1
        for name, grade in scores.items():
            self.sums[name] = self.sums.get(name, 0) + grade


@dataclass(slots=True)
class _Spread:
    """The spread of the judgements of one match in one dimension, over the matches with two or more."""

    matches: int = 0
    total: int = 0
    largest: int = 0
    apart: int = 0

    def add(self, spread: int) -> None:
        self.matches += 1
        self.total += spread
        self.largest = max(self.largest, spread)
        self.apart += spread >= DISAGREEMENT


class AgreementTally:
    """Adds up records of a run that judged matches again; `before`: key -> how the match was scored in the run before,
    None if it was not; `judge_before`: its judge. `outcomes`: labels, the best first."""

    def __init__(
        self,
        dimensions: Sequence[str],
        outcomes: Sequence[str],
        judge_before: str | None,
        before: Mapping[str, Scored | None],
    ) -> None:
        self._dimensions = dimensions
        self._before, self._moves = before, Moves(dimensions, outcomes, judge_before)
        self._judges: dict[str, _Judge] = {}
        self._matches = 0
        self._all: dict[str, dict[str, Cells]] = {name: {} for name in dimensions}
        self._own: dict[str, dict[str, dict[str, Cells]]] = {}
        self._pairs: dict[tuple[str, str], dict[str, Cells]] = {}
        self._spreads = {name: _Spread() for name in dimensions}
        self._items = ItemAgreement()
        self._disagreeing = 0
        self._worst: list[tuple[int, int, int, dict[str, Json]]] = []

    def add(self, record: Record) -> None:
        """Count one record, unless it was not judged."""
        if record.status != "done":
            return
        score = record.score
        self._moves.add(self._before.get(record.key), Scored.of(score.values, score.outcome) if record.scored else None)
        panel = score.judging.panel
        if not panel:
            return
        self._matches += 1
        self._items.add(record.trial.unit, panel)
        read: list[tuple[str, Grades]] = []
        for one in panel:
            judge = self._judges.setdefault(one.judge, _Judge())
            judge.repetitions = max(judge.repetitions, one.repetition + 1)
            judge.add(one.scores)
            if one.scores is not None:
                read.append((one.judge, one.scores))
        judged = [name for name in self._dimensions if all(name in scores for _, scores in read)]
        self._count_agreement(record.trial.unit, read, judged)
        self._count_spread(record.key, panel, [scores for _, scores in read], judged)

    def _count_agreement(self, unit: str, read: Sequence[tuple[str, Grades]], judged: Sequence[str]) -> None:
        for name in judged:
            add_cells(self._all[name].setdefault(unit, {}), pairs_of([scores[name] for _, scores in read]))
            for judge in self._judges:
                own = self._own.setdefault(judge, {}).setdefault(name, {}).setdefault(unit, {})
                add_cells(own, pairs_of([scores[name] for by, scores in read if by == judge]))
        order = {judge: place for place, judge in enumerate(self._judges)}
        for (one, left), (other, right) in combinations(sorted(read, key=lambda entry: order[entry[0]]), 2):
            cells = self._pairs.setdefault((one, other), {})
            for name in judged:
                add_cells(cells.setdefault(name, {}), {(left[name], right[name]): 1})
                if one == other:  # repetitions have no order, so neither is the first
                    add_cells(cells[name], {(right[name], left[name]): 1})

    def _count_spread(
        self, key: str, panel: Sequence[Judgement], read: Sequence[Grades], judged: Sequence[str]
    ) -> None:
        if len(read) < 2:
            return
        spreads = {}
        for name in judged:
            grades = [scores[name] for scores in read]
            spreads[name] = max(grades) - min(grades)
            self._spreads[name].add(spreads[name])
        worst = max(spreads.values(), default=0)
        if worst < DISAGREEMENT:
            return
        self._disagreeing += 1
        grades_of = {
            name: [None if one.scores is None else one.scores[name] for one in panel]
            for name, spread in spreads.items()
            if spread >= DISAGREEMENT
        }
        entry = {"key": key, "spread": worst, "grades": grades_of}
        heapq.heappush(self._worst, (worst, sum(spreads.values()), -self._disagreeing, entry))
        if len(self._worst) > MOST_LISTED:
            heapq.heappop(self._worst)

    def report(self) -> dict[str, Json]:
        """Return judge_agreement.json. `agreement` and `disagreements` are null if a match has one judgement."""
        moved = self._moves.to_json()
        if not self._matches:
            return {"judges": [], "agreement": None, "items": None, "disagreements": None, "moved": moved}
        return {
            "judges": [self._judge_json(label, judge) for label, judge in self._judges.items()],
            "agreement": self._agreement_json(),
            "items": self._items.report(),
            "disagreements": {
                "matches": self._disagreeing,
                "judgements": [
                    {"judge": label, "repetition": repetition}
                    for repetition in range(max(judge.repetitions for judge in self._judges.values()))
                    for label in self._judges
                ],
                "listed": [entry for *_, entry in sorted(self._worst, key=lambda row: row[:3], reverse=True)],
            },
            "moved": moved,
        }

    def _judge_json(self, label: str, judge: _Judge) -> dict[str, Json]:
        means = {name: round(judge.sums[name] / judge.read, 3) if judge.read else None for name in self._dimensions}
        return {
            "judge": label,
            "repetitions": judge.repetitions,
            "read": judge.read,
            "unread": judge.unread,
            "mean_scores": means,
        }

    def _agreement_json(self) -> dict[str, Json]:
        units = sorted({unit for cells in self._all.values() for unit in cells})
        draws = draws_for(len(units), SEED)
        repeated = [label for label, judge in self._judges.items() if judge.repetitions > 1 and len(self._judges) > 1]
        return {
            "matches": self._matches,
            "challenges": len(units),
            "resamples": len(draws),
            "dimensions": {
                name: {**_alphas(by_unit, units, draws), **self._spread_json(name)}
                for name, by_unit in self._all.items()
            },
            "each_judge_with_itself": [
                {
                    "judge": label,
                    "dimensions": {name: _alphas(found, units, draws) for name, found in self._own[label].items()},
                }
                for label in repeated
            ],
            "pairs": [
                {
                    "judges": list(pair),
                    "dimensions": {
                        name: {"kappa": _rounded(quadratic_kappa(cells)), "exact": _rounded(exact_share(cells))}
                        for name, cells in by_name.items()
                    },
                }
                for pair, by_name in sorted(self._pairs.items(), key=lambda found: self._place(found[0]))
            ],
        }

    def _place(self, pair: tuple[str, str]) -> tuple[int, int]:
        labels = list(self._judges)
        return labels.index(pair[0]), labels.index(pair[1])

    def _spread_json(self, name: str) -> dict[str, Json]:
        found = self._spreads[name]
        return {
            "mean_spread": round(found.total / found.matches, 3) if found.matches else None,
            "largest_spread": found.largest,
            f"matches_{DISAGREEMENT}_or_more_apart": found.apart,
        }


def _alphas(by_unit: Mapping[str, Cells], units: Sequence[str], draws: Sequence[list[int]]) -> dict[str, Json]:
    """Return alpha with intervals, and the share of equal pairs; `undefined` says why there is none."""
    whole: Cells = {}
    for cells in by_unit.values():
        add_cells(whole, cells)
    ordinal, found = alpha(whole, ORDINAL), alpha_intervals([by_unit.get(unit, {}) for unit in units], draws)
    undefined = found.undefined
    if ordinal is None:
        undefined = "all grades are equal" if whole else "no match has two judgements that could be read"
    return {
        "alpha_ordinal": _rounded(ordinal),
        "alpha_ordinal_95": _rounded_pair(found.ordinal),
        "alpha_interval": _rounded(alpha(whole, INTERVAL)),
        "alpha_interval_95": _rounded_pair(found.interval),
        **({"undefined": undefined} if undefined else {}),
        "exact": _rounded(exact_share(whole)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded_pair(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else [round(pair[0], 4), round(pair[1], 4)]


class AgreementReport:
    """Writes judge_agreement.json at the end of a session (a family.Exporter)."""

    def __init__(self, run_dir: Path, tally: AgreementTally) -> None:
        self._path, self._tally = run_dir / AGREEMENT_FILE, tally

    def add(self, record: Record, bundle: Bundle | None = None) -> None:
        self._tally.add(record)

    def close(self) -> None:
        write_atomic(self._path, pretty_json(self._tally.report()))
