"""The summary over seeds, from the result objects of each seed: mean, sample standard deviation, interval.

A part (milestone) stays null unless every seed has its object, even if the objects were placed by hand. The names
are the predecessor's; `_ci95` next to `_mean` and `_std` is ours: Student's t over seeds, null below two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from arena.errors import DataError, Issue
from arena.stats.intervals import mean, student_t_quantile, variance

METRICS = ("accuracy", "evidence_compliance", "evidence_match_score", "mean_payoff")
GAINS = ("deviation_gain", "percent_dg_positive")
MOST = {"accuracy": 1.0, "evidence_compliance": 1.0, "evidence_match_score": 1.0, "percent_dg_positive": 100.0}
"""The largest value of metrics that are shares: an interval over few seeds is cut there and at 0."""


class Source:
    """The decoded result object of one seed; `file` is for messages."""

    def __init__(self, file: str, value: object) -> None:
        self.file, self._value = file, value

    def at(self, *path: str) -> object:
        """Return the value at a path. Raises DataError if it is missing."""
        value = self._value
        for depth, key in enumerate(path):
            if not isinstance(value, Mapping) or key not in value:
                raise DataError([Issue(self.file, "/" + "/".join(path[: depth + 1]), "is missing")])
            value = value[key]
        return value

    def names(self, *path: str) -> list[str]:
        """Return the keys of the object at a path."""
        found = self.at(*path)
        if not isinstance(found, Mapping):
            raise DataError([Issue(self.file, "/" + "/".join(path), "must be an object")])
        return list(found)

    def number(self, *path: str) -> float | None:
        """Return the number at a path; None for null, the value of a metric without data."""
        found = self.at(*path)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise DataError([Issue(self.file, "/" + "/".join(path), "must be a number or null")])
        return float(found)


Part = Mapping[int, Source]
"""Seed -> its result object."""


def submission_summary(seeds: Sequence[int], milestone2: Part, milestone3: Part, milestone4: Part) -> dict[str, object]:
    """Return the object of `submission_multi_seed_summary.json`.

    Each part maps a seed to its result object, and may lack seeds. Raises DataError for an object of another shape.
    """
    return {
        "seeds": list(seeds),
        "milestone2": _second(_complete(seeds, milestone2)),
        "milestone3": _third(_complete(seeds, milestone3)),
        "milestone4": _fourth(_complete(seeds, milestone4)),
    }


def _complete(seeds: Sequence[int], part: Part) -> list[Source] | None:
    return [part[seed] for seed in seeds] if seeds and all(seed in part for seed in seeds) else None


def _second(sources: list[Source] | None) -> dict[str, object] | None:
    if sources is None:
        return None
    iri = spread([source.number("iri") for source in sources])
    return {
        "seeds": len(sources),
        "mean": {"iri": iri["mean"]},
        "std": {"iri": iri["std"]},
        "ci95": {"iri": iri["ci95"]},
        "metrics_by_type": _each(sources, ("metrics_by_type",), METRICS),
        "deviation_gains": _each(sources, ("deviation_gains",), GAINS),
    }


def _third(sources: list[Source] | None) -> dict[str, object] | None:
    if sources is None:
        return None
    return {"seeds": len(sources), "methods": _each(sources, ("methods",), METRICS)}


def _fourth(sources: list[Source] | None) -> dict[str, object] | None:
    if sources is None:
        return None
    protocols: dict[str, dict[str, object]] = {}
    for name in _common(source.names() for source in sources):
        fields = _fields("iri", [source.number(name, "iri") for source in sources])
        for metric in METRICS:
            values = [_honest(source, name, metric) for source in sources]
            fields |= _fields(f"honest_{metric}", values, MOST.get(metric))
        protocols[name] = fields
    return {"seeds": len(sources), "protocols": protocols}


def _honest(source: Source, protocol: str, metric: str) -> float | None:
    """Return a metric of honest play; None where a run ended before its first honest episode under the protocol."""
    if "honest" not in source.names(protocol, "metrics_by_type"):
        return None
    return source.number(protocol, "metrics_by_type", "honest", metric)


def _each(sources: Sequence[Source], path: tuple[str, ...], metrics: Sequence[str]) -> dict[str, object]:
    """Return name -> fields for the names that all seeds have."""
    found: dict[str, object] = {}
    for name in _common(source.names(*path) for source in sources):
        fields: dict[str, object] = {}
        for metric in metrics:
            values = [source.number(*path, name, metric) for source in sources]
            fields |= _fields(metric, values, MOST.get(metric))
        found[name] = fields
    return found


def _common(names: Iterable[Sequence[str]]) -> list[str]:
    """Return the names that occur in every list, in the order of the first."""
    first, *others = names
    return [name for name in first if all(name in other for other in others)]


def _fields(name: str, values: Sequence[float | None], most: float | None = None) -> dict[str, object]:
    found = spread(values, most)
    return {f"{name}_mean": found["mean"], f"{name}_std": found["std"], f"{name}_ci95": found["ci95"]}


def spread(values: Sequence[float | None], most: float | None = None) -> dict[str, object]:
    """Return mean, sample standard deviation (n - 1) and 95 % t interval over seeds; null if a seed has no value.

    Below two seeds the spread is unknown: both are null. `most`: the largest value of a share, whose interval is cut at
    0 and there.
    """
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return {"mean": None, "std": None, "ci95": None}
    middle = mean(known)
    if len(known) < 2:
        return {"mean": middle, "std": None, "ci95": None}
    std = math.sqrt(variance(known))
    half = student_t_quantile(0.975, len(known) - 1) * std / math.sqrt(len(known))
    low, high = middle - half, middle + half
    if most is not None:
        low, high = max(low, 0.0), min(high, most)
    return {"mean": middle, "std": std, "ci95": [low, high]}
