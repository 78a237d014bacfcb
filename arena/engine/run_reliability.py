"""The reliability of one run, from its records: the `reliability` part of summary.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arena.families.spec import Words
from arena.records import Json, Record, Trial
from arena.stats.moments import Moments
from arena.stats.reliability import Components, NestedSums, Nouns, advice, components, doubled, pass_rows

Repeated = tuple[str, tuple[tuple[str, str], ...]]
"""Unit and conditions: trials with equal ones are repetitions of each other."""

Plays = Mapping[Repeated, tuple[int, Mapping[str, int], Moments]]
"""Unit and conditions -> number of records, outcomes (the success label first), scores."""


@dataclass(slots=True)
class PanelSums:
    """Sums over the matches that have several judgements (`judging.panel`), for the judge's share."""

    dimensions: Sequence[str]
    conditions: Sequence[str] = ()
    matches: int = 0
    sums: dict[str, NestedSums] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one record; nothing if it has no panel, or no score."""
        panel = record.score.judging.panel
        if not panel or not record.scored:
            return
        self.matches += 1
        unit = nested_name(repeated(record.trial, self.conditions))
        judged = [one.scores for one in panel if one.scores]
        for name in self.dimensions:
            self.sums.setdefault(name, NestedSums()).add(unit, [scores[name] for scores in judged if name in scores])


def repeated(trial: Trial, conditions: Sequence[str]) -> Repeated:
    """Return the unit and conditions of a trial; trials with equal ones are repetitions of each other."""
    return trial.unit, tuple((label, value) for label, value in trial.cell.items() if label in conditions)


def nested_name(key: Repeated) -> str:
    """Return a text for the key of the variance split; two keys give two texts."""
    return "\0".join([key[0], *(f"{label}={value}" for label, value in key[1])])


def nouns_of(words: Words) -> Nouns:
    """Return a family's words as the statistics name them."""
    return Nouns(words.unit, words.units, words.trials)


def reliability_json(plays: Plays, panels: PanelSums, words: Words) -> dict[str, Json] | None:
    """Return `pass` and `variance`, or None if nothing was played more than once under equal conditions.

    `words`: of the family, for the advice.
    The judge has a share only if every scored match has a panel.
    """
    if max((n for n, _, _ in plays.values()), default=0) < 2:
        return None
    counts = [(sum(outcomes.values()), next(iter(outcomes.values()), 0)) for _, outcomes, _ in plays.values()]
    judged = 0 < panels.matches == sum(scores.n for _, _, scores in plays.values())
    return {
        "pass": [
            {"k": row.k, "pass_at_k": round(row.at, 6), "pass_hat_k": round(row.hat, 6),
             "challenges": row.challenges, "left_out": row.left_out}
            for row in pass_rows([(n, c) for n, c in counts if n])
        ],
        "variance": {
            name: components_json(components(panels.sums[name] if judged else _sums(plays, name)), words)
            for name in panels.dimensions
        },
    }  # fmt: skip


def _sums(plays: Plays, name: str) -> NestedSums:
    """Return the sums of one dimension with one judgement a match."""
    found = NestedSums()
    for unit, (_, _, scores) in plays.items():
        if scores.count(name):
            found.add_challenge(nested_name(unit), scores.count(name), scores.sums[name], scores.squares[name])
    return found


def components_json(found: Components, words: Words) -> dict[str, Json]:
    """Return variance components, the standard error of the mean that follows from them, and advice."""
    twice = doubled(found)
    return {
        "challenge": _rounded(found.challenge),
        "repetition": _rounded(found.repetition),
        "judge": _rounded(found.judge),
        "cut_to_zero": list(found.cut),
        "challenges": found.challenges,
        "repetitions": round(found.repetitions, 3),
        "judgements": round(found.judgements, 3),
        "standard_error": _rounded(found.standard_error()),
        "standard_error_with_twice_the": {name: _rounded(value) for name, value in twice.items()},
        "advice": advice(found, twice, nouns_of(words)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
