"""A table over finished runs: which of them may be ranked together, and a row for each.

Reads manifest.json and summary.json of each run and nothing else, so memory does not depend on the number of matches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from arena.analysis.check.metrics import Figure, check_rate, pass_row, success
from arena.analysis.compare.paired_runs import VERIFIED_RULE, must_agree
from arena.engine.build import FAMILIES, family_spec
from arena.engine.result_text import players_text
from arena.engine.shortfalls import MIN_COVERAGE
from arena.errors import DataError, Issue, UsageError
from arena.families.baselines import PublishedBaselines, read_baselines
from arena.formats.suggest import suggest
from arena.records import Json
from arena.settings.places import DATA_ROOT
from arena.store.finished_run import FinishedRun
from arena.store.rundir import SUMMARY_FILE

_NAMES = {
    "challenges_sha256": "challenges (digest)",
    "set_header_sha256": "header of the challenge set (digest)",
    "prompts_sha256": "system prompts (digest)",
    "tools_sha256": "description of the calculator (digest)",
    "benchmark_version": "challenge set",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One run. Rates carry n and their Wilson interval; `raw` and `verified` map dimension -> mean or None.

    `left_out`: why matches are in no mean -> how many. `units`: challenges that were played. `coverage`: the share of
    the planned matches that have an outcome; `success_planned`: the success rate over all of these. `cost_usd` is None
    if a price is missing. `pass_hat`: (k, pass^k) for the most repetitions, None without repetitions.
    """

    run: str
    identity: str
    players: str
    judge: str
    calculator: str
    units: int
    splits: str
    version: str
    repetitions: int
    matches: int
    planned: int
    outcomes: Mapping[str, int]
    coverage: float
    success: Figure
    success_planned: float | None
    verified_success: Figure
    raw: Mapping[str, float | None]
    verified: Mapping[str, float | None]
    right: Figure
    leaks: Figure
    left_out: Mapping[str, int]
    calls: int
    tokens: int
    estimated: bool
    cost_usd: float | None
    unpriced: tuple[str, ...]
    pass_hat: tuple[int, float] | None


@dataclass(slots=True)
class Board:
    """Runs that may be ranked together. `conditions`: their common values, by name; `differs`: the names in which
    the conditions of this group are not those of the first one."""

    conditions: Mapping[str, Json]
    differs: tuple[str, ...]
    noun: str
    dimensions: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    ranks: list[int | None] = field(default_factory=list)
    """Rank of each row: equal values share one (1, 1, 3); None if the run has no value or too little coverage."""
    min_coverage: float = MIN_COVERAGE
    """Percent; rows with less come last."""
    baselines: PublishedBaselines | None = None
    """Results of plays that should fail on the same set; None if none were published for it."""

    def covers(self, row: Row) -> bool:
        """Return whether enough of a run's plan has an outcome to rank it."""
        return 100 * row.coverage >= self.min_coverage


def conditions(run: FinishedRun) -> dict[str, Json]:
    """Return the values that runs must share to be ranked together: all that `arena compare` requires except for the
    number of repetitions, and the rule of the verified scores. Errors: DataError if the manifest lacks a part.
    """
    found = {name: value for name, value in must_agree(run).items() if name != "repetitions"}
    return {**found, VERIFIED_RULE: run.manifest.identity.rules.get(VERIFIED_RULE)}


def _issue(run: FinishedRun, file: str, message: str) -> Issue:
    return Issue(str(run.path / file), "", message)


def boards(runs: Sequence[FinishedRun], sort: str, min_coverage: float = MIN_COVERAGE) -> list[Board]:
    """Return the runs in groups that may be ranked together, in the order of their first run, sorted within; below all
    others those in which less than `min_coverage` percent of the plan has an outcome.

    Errors: DataError for a damaged run; UsageError for an unknown key of `sort` or for one run given twice.
    """
    found: dict[str, Board] = {}
    first: Mapping[str, Json] | None = None
    seen: set[str] = set()
    for run in runs:
        place = str(run.path.resolve())
        if place in seen:
            raise UsageError(f"{run.path} is named twice; a run has one row")
        seen.add(place)
        here = conditions(run)
        first = here if first is None else first
        summary = run.summary()
        key = json.dumps(here, sort_keys=True)
        if key not in found:
            noun = str(summary.get("unit_noun", "unit"))
            dimensions = tuple(summary.get("mean_scores", ()))
            different = tuple(_different(first, here))
            baselines = _baselines(run)
            found[key] = Board(here, different, noun, dimensions, min_coverage=min_coverage, baselines=baselines)
        found[key].rows.append(_row(run, summary))
    keys = sort_keys(runs[0].summary() if runs else {})
    if sort not in keys:
        raise UsageError(f"--sort {sort}: unknown{suggest(sort, keys)}; there are: {', '.join(keys)}")
    value, highest_first = keys[sort]
    for board in found.values():
        covers = board.covers
        board.rows.sort(key=lambda row: (not covers(row), *_order(value(row), highest_first), row.run))
        board.ranks = _ranks([value(row) if covers(row) else None for row in board.rows])
    return list(found.values())


def _baselines(run: FinishedRun) -> PublishedBaselines | None:
    """Return the published baselines of the set that a run played."""
    identity = run.manifest.identity
    file = family_spec(identity.family).baselines if identity.family in FAMILIES else ""
    if not file:
        return None
    published = read_baselines(DATA_ROOT / file)
    return published if published.belongs_to(identity.rules) else None


def _different(first: Mapping[str, Json], other: Mapping[str, Json]) -> list[str]:
    return [name for name in dict.fromkeys([*first, *other]) if first.get(name) != other.get(name)]


def describe_difference(board: Board, first: Board) -> list[str]:
    """Return one line for each condition in which a group differs from the first one."""
    lines = []
    for name in board.differs:
        label = _NAMES.get(name, name.replace("_", " "))
        lines.append(f"{label}: {_short(board.conditions.get(name))}, not {_short(first.conditions.get(name))}")
    return lines


def _short(value: Json) -> str:
    if isinstance(value, dict) and "name" in value and "version" in value:
        return f"{value['name']} {value['version']}"
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:12] if len(text) == 64 and text.isalnum() else text if len(text) <= 80 else text[:77] + "..."


def _row(run: FinishedRun, summary: Mapping[str, Json]) -> Row:
    try:
        return _row_of(run, summary)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError([_issue(run, SUMMARY_FILE, f"a field is missing or malformed: {error!r}")]) from None


def _row_of(run: FinishedRun, summary: Mapping[str, Json]) -> Row:
    models, usage, cost = summary["models"], summary["usage"], summary["cost_usd"]
    verified = summary.get("verified")
    statuses = summary["statuses"]
    passing = pass_row(summary)
    roles = "".join(f", {role}={label}" for role, label in models["roles"].items())
    without = Figure(None, 0, why="no verified scores")
    outcomes, planned = summary["outcomes"], int(summary["n_planned"])
    covered = sum(outcomes.values()) if outcomes else int(summary["scored"])
    return Row(
        run=run.name,
        identity=str(summary["identity_sha256"]),
        players=f"{players_text(models)}{roles}",
        judge=str(models["judge"] or "nobody"),
        calculator=str(summary["calculator"]["provider"]),
        units=len(summary[f"per_{summary['unit_noun']}"]),
        splits=", ".join(str(name) for name in summary["by"].get("split", {})),
        version=str(summary["rules"].get("benchmark_version") or ""),
        repetitions=int(run.identity["settings"].get("repetitions", 1)),
        matches=int(summary["n_matches"]),
        planned=planned,
        outcomes=outcomes,
        coverage=covered / planned if planned else 1.0,
        success=success(outcomes),
        success_planned=next(iter(outcomes.values())) / planned if outcomes and planned else None,
        verified_success=without if verified is None else success(verified["outcomes"]),
        raw=summary["mean_scores"],
        verified={} if verified is None else verified["mean_scores"],
        right=check_rate(summary, "result", True),
        leaks=check_rate(summary, "leaks", False),
        left_out={
            "errors": int(statuses["error"]),
            "unscored": int(summary["unscored"]),
            "aborted": int(statuses["aborted"]),
            "denied": int(statuses["denied"]),
            "limit": int(statuses["limit"]),
            "pending": int(statuses.get("pending", 0)),
            "not played": int(summary["n_not_played"]),
        },
        calls=usage["players"]["calls"] + usage["judge"]["calls"],
        tokens=sum(usage[who][name] for who in usage for name in ("prompt_tokens", "completion_tokens")),
        estimated=bool(usage["players"]["estimated"] + usage["judge"]["estimated"]),
        cost_usd=None if cost["unpriced"] else float(cost["usd"]),
        unpriced=tuple(cost["unpriced"]),
        pass_hat=None if passing is None or passing["k"] < 2 else (passing["k"], passing["pass_hat_k"]),
    )


Key = Callable[[Row], float | str | None]


def sort_keys(summary: Mapping[str, Json]) -> dict[str, tuple[Key, bool]]:
    """Return name -> (value of a row, whether the highest comes first) of all keys that a table can be sorted by."""
    keys: dict[str, tuple[Key, bool]] = {
        "success": (lambda row: row.success.value, True),
        "verified": (lambda row: row.verified_success.value, True),
        "right": (lambda row: row.right.value, True),
        "leaks": (lambda row: row.leaks.value, False),
        "cost": (lambda row: row.cost_usd, False),
        "tokens": (lambda row: row.tokens, False),
        "errors": (lambda row: row.left_out["errors"], False),
        "run": (lambda row: row.run, False),
        "players": (lambda row: row.players, False),
    }
    for name in summary.get("mean_scores", ()):
        keys[name] = (_dimension(name, False), True)
        keys[f"verified {name}"] = (_dimension(name, True), True)
    return keys


def _dimension(name: str, verified: bool) -> Key:
    return lambda row: (row.verified if verified else row.raw).get(name)


def _ranks(values: Sequence[float | str | None]) -> list[int | None]:
    return [None if value is None else values.index(value) + 1 for value in values]


def _order(value: float | str | None, highest_first: bool) -> tuple[bool, float | str]:
    """Return a sort key: rows without a value come last."""
    if value is None:
        return True, 0.0
    return False, -value if highest_first and not isinstance(value, str) else value
