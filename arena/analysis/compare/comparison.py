"""Base against tuned: every figure of a comparison, as one JSON object. Pure, given its inputs.

Clusters are challenges (paired_runs.py), pairs are matches with the same challenge and repetition. Means weigh every
pair alike, so that they equal those of summary.json if nothing is left out. An outage is never a score: pairs of which
one side has no score are left out of that figure, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from arena.analysis.compare.paired_runs import ComparedMatch, PairedRuns, RunTable
from arena.engine.run_reliability import components_json
from arena.families.spec import Words
from arena.formats.decode import encode
from arena.records import Json
from arena.stats.bootstrap import Bootstrapped, Column, expanded_level, intervals, replicates, resampled_indices
from arena.stats.intervals import variance, wilson
from arena.stats.paired_tests import dominance, holm, mcnemar, paired_effect, sign_flip
from arena.stats.power import Design, plan
from arena.stats.reliability import NestedSums, components

COMPARISON_FORMAT = 1
LEVEL = 0.95
ALPHA = 1 - LEVEL
SUCCESS_RATE = "success rate"
BETTER, WORSE, UNCLEAR, NO_DATA = "better", "worse", "cannot tell", "no data"
JUDGE, SCORE, VERIFIED = "judge", "score", "verified"
"""Sources of figures: a judge's grades; scores of a family without a judge; grades capped by facts in the records."""
FEW_CHALLENGES = 10
"""Below this number of challenges bootstrap intervals are known to be too narrow (docs/comparing.md, measured)."""

Value = Callable[[ComparedMatch], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure that is compared. `source`: JUDGE, SCORE or VERIFIED.  `kind`: `score`, or `rate` (0 or 1 a match)."""

    name: str
    source: str
    kind: str
    value: Value
    lower_is_better: bool = False
    optional: bool = False
    """Whether a match that is scored may lack it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much chance is spent, and from which seed."""

    resamples: int = 10_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Paired:
    """The pairs of one metric, by cluster in order of appearance: (base, tuned) values; and why others are not."""

    metric: Metric
    by_unit: Mapping[str, Sequence[tuple[float, float]]]
    left_out: Mapping[str, int]

    def differences(self) -> list[list[float]]:
        """Return tuned - base by cluster."""
        return [[tuned - base for base, tuned in values] for values in self.by_unit.values()]

    def column(self) -> Column:
        found = self.differences()
        return Column([sum(values) for values in found], [len(values) for values in found])


def metrics(runs: PairedRuns) -> list[Metric]:
    """Return the compared metrics: scores and success rate, and the verified ones if both runs have them."""
    table = runs.base
    success, source = table.success, JUDGE if table.judged else SCORE
    found = [
        Metric(name, source, "score", _score(name), name in table.lower_is_better, name in table.optional)
        for name in table.dimensions
    ]
    if table.outcomes:
        found.append(Metric(SUCCESS_RATE, source, "rate", lambda match: _is(match.outcome, success)))
    if table.verified_rules and not runs.verified_problem:
        found += [Metric(name, VERIFIED, "score", _verified(name)) for name in table.dimensions]
        found.append(Metric(SUCCESS_RATE, VERIFIED, "rate", lambda match: _is(match.verified_outcome, success)))
    return found


def _score(name: str) -> Value:
    return lambda match: match.scores.get(name)


def _verified(name: str) -> Value:
    return lambda match: match.verified.get(name)


def _is(outcome: str | None, success: str) -> float | None:
    return None if outcome is None else int(outcome == success)


def paired(runs: PairedRuns, metric: Metric) -> Paired:
    """Return the pairs in which both sides have the metric, and the numbers of other pairs by the side that lacks
    it."""
    by_unit: dict[str, list[tuple[float, float]]] = {}
    left_out: dict[str, int] = {}
    for pair in runs.pairs:
        base, tuned = metric.value(pair.base), metric.value(pair.tuned)
        if base is not None and tuned is not None:
            by_unit.setdefault(pair.cluster, []).append((base, tuned))
            continue
        sides = (("base", pair.base, base), ("tuned", pair.tuned, tuned))
        lacking = {name: _lack(match, metric) for name, match, value in sides if value is None}
        why = " and ".join(f"{name} {lack}" for name, lack in lacking.items())
        if len(lacking) == 2 and set(lacking.values()) == {NOT_THERE}:
            why = f"{NOT_THERE} on both sides"
        left_out[why] = left_out.get(why, 0) + 1
    return Paired(metric, by_unit, dict(sorted(left_out.items())))


NOT_THERE = "without it"


def _lack(match: ComparedMatch, metric: Metric) -> str:
    if match.status != "done":
        return match.status
    if not match.scored:
        return "unscored"
    return NOT_THERE if metric.optional else "not verified"


Figures = tuple[PairedRuns, list[Paired], list[dict[str, Json]]]
"""A comparison in the making: pairs, tables, and a row of figures for each table."""


def compare(runs: PairedRuns, options: Options) -> dict[str, Json]:
    """Return the comparison as JSON (docs/comparing.md): equal runs and options give equal bytes."""
    return _compared([_figures(runs, options)], options)[0]


def compare_parts(label: str, parts: Sequence[PairedRuns], options: Options) -> dict[str, Json]:
    """Return the comparisons of parts of runs (by_label.py) as JSON. Holm's adjustment is over the tests of all."""
    found = _compared([_figures(runs, options) for runs in parts if runs.pairs], options)
    return {
        "comparison_format": COMPARISON_FORMAT,
        "by": label,
        "comparisons": found,
        "without_pairs": [list(runs.by[1:]) for runs in parts if not runs.pairs and runs.by],
        "verdict": {
            word: [{**one["by"], **metric} for one in found for metric in one["verdict"][word]]
            for word in (BETTER, WORSE, UNCLEAR, NO_DATA)
        },
    }


def _figures(runs: PairedRuns, options: Options) -> Figures:
    tables = [paired(runs, metric) for metric in metrics(runs)]
    words = runs.cluster_words
    rows = [_row(table, words) for table in tables]
    _add_intervals(tables, rows, options, words)
    return runs, tables, rows


def _compared(found: Sequence[Figures], options: Options) -> list[dict[str, Json]]:
    """Return comparisons as JSON, with tests that are adjusted for all of them."""
    tests = _add_tests(found, options)
    for _, _, rows in found:
        for row in rows:
            _add_verdict(row)
    return [_to_json(runs, tables, rows, tests, options) for runs, tables, rows in found]


def _to_json(
    runs: PairedRuns, tables: Sequence[Paired], rows: Sequence[dict[str, Json]], tests: int, options: Options
) -> dict[str, Json]:
    return {
        "comparison_format": COMPARISON_FORMAT,
        **({} if runs.by is None else {"by": dict(zip(("label", "base", "tuned"), runs.by, strict=True))}),
        "words": asdict(runs.base.words),
        "clusters": {"count": len({pair.cluster for pair in runs.pairs}), "words": asdict(runs.cluster_words)},
        "base": _run_json(runs.base, runs.common),
        "tuned": _run_json(runs.tuned, runs.common),
        "challenges": len({pair.unit for pair in runs.pairs}),
        "pairs": len(runs.pairs),
        "only_base": runs.only_base,
        "only_tuned": runs.only_tuned,
        "intersect": runs.common,
        "level": LEVEL,
        "resamples": options.resamples,
        "seed": options.seed,
        "tests": tests,
        "verified_problem": runs.verified_problem or None,
        "metrics": rows,
        "outcomes": [_outcome_json(table) for table in tables if table.metric.kind == "rate"],
        "verdict": {
            word: [{"metric": row["metric"], "source": row["source"]} for row in rows if row["verdict"] == word]
            for word in (BETTER, WORSE, UNCLEAR, NO_DATA)
        },
    }


def _run_json(table: RunTable, common: Mapping[str, Json] | None) -> dict[str, Json]:
    identity = table.run.manifest.identity
    return {
        "name": table.run.name,
        "identity_sha256": identity.sha256,
        "models": encode(identity.models),
        "calculator": dict(identity.calculator),
        "not_sent": {model: list(names) for model, names in table.not_sent.items()},
        "counts": table.counts(),
        "reliability": table.reliability(None if common is None else frozenset(common["challenges"])),
    }


def _row(table: Paired, words: Words) -> dict[str, Json]:
    """Return the parts of a metric that need no random numbers: means, difference, effect, variance split."""
    pairs = [pair for values in table.by_unit.values() for pair in values]
    n = len(pairs)
    row: dict[str, Json] = {
        "metric": table.metric.name, "source": table.metric.source, "kind": table.metric.kind, "pairs": n,
        "higher_is_better": not table.metric.lower_is_better,
        "challenges": len(table.by_unit), "left_out": dict(table.left_out), "mean_base": None, "mean_tuned": None,
        "difference": None, "ci95_percentile": None, "ci95_bca": None, "ci95_note": None, "p": None, "p_method": None,
        "p_draws": None, "p_holm": None, "d_z": None, "g_z": None, "dominance": None, "better": 0, "worse": 0,
        "equal": 0, "variance": None, "plan": None,
    }  # fmt: skip
    if not n:
        return row
    row["mean_base"] = _rounded(sum(base for base, _ in pairs) / n)
    row["mean_tuned"] = _rounded(sum(tuned for _, tuned in pairs) / n)
    row["difference"] = _rounded(table.column().mean())
    higher = sum(tuned > base for base, tuned in pairs)
    lower = sum(tuned < base for base, tuned in pairs)
    row["better"], row["worse"] = (lower, higher) if table.metric.lower_is_better else (higher, lower)
    row["equal"] = n - row["better"] - row["worse"]
    row["dominance"] = _rounded(dominance(row["better"], row["worse"], n))
    effect = paired_effect([sum(values) / len(values) for values in table.differences()])
    if effect is not None:
        row["d_z"], row["g_z"] = _rounded(effect.d_z), _rounded(effect.g_z)
    sums = NestedSums()
    for unit, values in table.by_unit.items():
        for base, tuned in values:
            sums.add(unit, [tuned - base])
    row["variance"] = components_json(components(sums), words)
    return row


def _add_intervals(tables: Sequence[Paired], rows: Sequence[dict[str, Json]], options: Options, words: Words) -> None:
    """Add bootstrap intervals; metrics of the same units share the drawn indices."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, table in enumerate(tables):
        if len(table.by_unit) >= 2:
            groups.setdefault(tuple(table.by_unit), []).append(place)
        elif table.by_unit:
            rows[place]["ci95_note"] = f"one {words.unit} has no interval: there is nothing to resample"
    for units, places in groups.items():
        level = expanded_level(len(units), LEVEL)
        columns = [tables[place].column() for place in places]
        draws = resampled_indices(len(units), options.resamples, f"arena-compare/1 bootstrap {options.seed}")
        for place, column, found in zip(places, columns, replicates(columns, draws), strict=True):
            _put_interval(rows[place], intervals(column, found, level, words.units), words, len(units))


def _put_interval(row: dict[str, Json], found: Bootstrapped, words: Words, units: int) -> None:
    notes = []
    row["ci95_percentile"] = [_rounded(end) for end in found.percentile]
    if found.bca is None:
        notes.append(f"BCa is not defined here ({found.bca_undefined}): the percentile interval is used")
    else:
        row["ci95_bca"] = [_rounded(end) for end in found.bca]
    if units < FEW_CHALLENGES:
        notes.append(f"{units} {words.units} are few: read the interval as too narrow")
    row["ci95_note"] = "; ".join(notes) or None


def _add_tests(found: Sequence[Figures], options: Options) -> int:
    """Add p-values, Holm's adjustment over all of them, and the detectable difference; return the number of tests.

    A verified figure that equals the judge's in every pair (`as_judged`) is not a separate test: it has the other's p.
    """
    tested, same = [], []
    for _, tables, rows in found:
        first = {table.metric.name: (table, row) for table, row in zip(tables, rows, strict=True)
                 if table.metric.source != VERIFIED}  # fmt: skip
        for table, row in zip(tables, rows, strict=True):
            raw, judged = first[table.metric.name]
            row["as_judged"] = table is not raw and table.by_unit == raw.by_unit
            if row["as_judged"]:
                same.append((row, judged))
            elif table.by_unit:
                tested.append((table, row))
    for table, row in tested:
        flipped = sign_flip(table.column().sums, options.resamples, f"arena-compare/1 sign flips {options.seed}")
        row["p"], row["p_method"], row["p_draws"] = flipped.p, flipped.method, flipped.draws
    for (_, row), adjusted in zip(tested, holm([row["p"] for _, row in tested]), strict=True):
        row["p_holm"] = adjusted
    for table, row in tested:
        row["plan"] = _plan(table, row, ALPHA / len(tested))
    for row, judged in same:
        row.update({name: judged[name] for name in ("p", "p_method", "p_draws", "p_holm", "plan")})
    return len(tested)


def _plan(table: Paired, row: Mapping[str, Json], alpha: float) -> dict[str, Json] | None:
    """Return the detectable difference and the needed size, at the level that Holm requires of the smallest p-value."""
    values = [sum(found) / len(found) for found in table.differences()]
    if len(values) < 2:
        return None
    split = row["variance"]
    design = Design(len(values), row["pairs"] / len(values), variance(values), split["challenge"], split["repetition"])
    found = plan(design, row["difference"], alpha)
    return None if found is None else {
        name: _rounded(value) if isinstance(value, float) else value for name, value in asdict(found).items()
    }  # fmt: skip


def _add_verdict(row: dict[str, Json]) -> None:
    """Add `verdict`: better or worse if Holm's p-value is at most 0.05, else "cannot tell".

    The family declares for each score whether higher is better."""
    if row["p_holm"] is None:
        row["verdict"] = NO_DATA
    elif row["p_holm"] > ALPHA or not row["difference"]:
        row["verdict"] = UNCLEAR
    else:
        row["verdict"] = BETTER if (row["difference"] > 0) == row["higher_is_better"] else WORSE


def _outcome_json(table: Paired) -> dict[str, Json]:
    """Return both success rates with Wilson intervals and McNemar's test over the pairs."""
    pairs = [pair for values in table.by_unit.values() for pair in values]
    found = mcnemar(sum(b < t for b, t in pairs), sum(b > t for b, t in pairs))
    sides = {
        name: _rate(int(sum(pair[side] for pair in pairs)), len(pairs)) for side, name in enumerate(("base", "tuned"))
    }
    return {
        "source": table.metric.source,
        **sides,
        "mcnemar": {"only_tuned": found.gained, "only_base": found.lost, "p_exact": found.exact, "p_mid": found.mid_p},
    }


def _rate(k: int, n: int) -> dict[str, Json]:
    ends = wilson(k, n)
    return {
        "k": k, "n": n, "rate": _rounded(k / n) if n else None,
        "ci95_wilson": None if ends is None else [_rounded(end) for end in ends],
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
