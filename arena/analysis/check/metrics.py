"""Metrics of a finished run by name, out of its summary.json. Pure.

A metric is a dotted path: a name of `DERIVED` or any number in summary.json; `by.<label>.<value>.` or
`per_<unit>.<id>.` in front takes it for one group, `*` for each. docs/ci.md lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from arena.errors import UsageError
from arena.formats.suggest import suggest
from arena.records import Json, Stop
from arena.stats.intervals import clustered_mean_interval, wilson

EACH = "*"
STOP_NAMES = frozenset(Stop)
_OPEN = frozenset({"results", "caps", "passed"})
"""Mappings of summary.json that list only what occurred: a name missing in them has no value, but is not unknown."""
_SOMETIMES = frozenset({"reliability", "verified"})
"""Parts of summary.json that some runs lack."""


DEEPEST = 5
"""Most parts in the name of a listed figure; deeper ones are not listed but can be used."""


class UnknownMetric(UsageError):
    """No run of this kind can have such a metric; the message names those that exist."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The value of a metric in one run, None if the run has none (`why` says so).

    `n`: number of observations (None: the value does not come from a sample).  `interval`: 95 %, None if none is
    known.  `path`: the whole name, every `*` filled.
    """

    path: tuple[str, ...]
    value: float | None
    n: int | None = None
    interval: tuple[float, float] | None = None
    why: str = ""

    @property
    def name(self) -> str:
        """The name for readers."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Figure:
    """The value of a derived metric, before it has its whole name."""

    value: float | None
    n: int | None = None
    interval: tuple[float, float] | None = None
    why: str = ""


def share(count: int, n: int, nothing: str) -> Figure:
    """Return a rate with its Wilson interval; without any observation its reason is `nothing`."""
    if not n:
        return Figure(None, 0, why=nothing)
    return Figure(count / n, n, wilson(count, n))


AVERAGED = "averaged_scores"
"""The member of summary.json that names the dimensions that may be averaged with each other."""


OPTIONAL = "optional_scores"
"""The member of summary.json that names the dimensions that a scored trial may lack."""


def played(group: Mapping[str, Json]) -> int:
    """Return how many matches a summary, or a group in it, counts."""
    return int(group["n_matches"] if "n_matches" in group else group["n"])


def success(outcomes: Mapping[str, int]) -> Figure:
    """Return the share of the first outcome among all."""
    return share(next(iter(outcomes.values()), 0), sum(outcomes.values()), "no match has an outcome")


def _status(name: str) -> Callable[[Mapping[str, Json]], Figure]:
    return lambda group: share(group["statuses"].get(name, 0), played(group), "no match was played")


def _counted(name: str) -> Callable[[Mapping[str, Json]], Figure]:
    return lambda group: share(group[name], played(group), "no match was played")


def _verified(figure: Callable[[Mapping[str, Json]], Figure]) -> Callable[[Mapping[str, Json]], Figure]:
    def found(group: Mapping[str, Json]) -> Figure:
        part = group.get("verified")
        if part is None:
            return Figure(None, 0, why="the run has no verified scores")
        return figure({**part, AVERAGED: group.get(AVERAGED)})

    return found


def check_rate(group: Mapping[str, Json], name: str, passed: bool) -> Figure:
    """Return the share of matches that passed a mechanical check, or that did not."""
    counts = group.get("checks", {}).get("passed", {}).get(name)
    if counts is None:
        return Figure(None, 0, why=f"the check {name} was made in no match")
    n, ok = counts["n"], counts["ok"]
    return share(ok if passed else n - ok, n, f"the check {name} was made in no match")


def mean_score(group: Mapping[str, Json]) -> Figure:
    """Return the mean of the mean scores of all dimensions on one scale: `averaged_scores` of the summary.

    A run of an earlier version lacks this member; its dimensions are on one scale.
    """
    averaged = group.get(AVERAGED)
    if averaged == []:
        return Figure(None, 0, why="its scores are on different scales: name one of them, as in mean_scores.NAME")
    names = group["mean_scores"] if averaged is None else averaged
    means = [group["mean_scores"][name] for name in names if group["mean_scores"][name] is not None]
    if not means:
        return Figure(None, 0, why="no match has a score")
    return Figure(round(sum(means) / len(means), 6), group["scored"])


def _of_the_run(name: str) -> UnknownMetric:
    return UnknownMetric(f"{name} is known only for the whole run: write {name} without a group")


def _spent(name: str) -> Callable[[Mapping[str, Json]], Figure]:
    def found(group: Mapping[str, Json]) -> Figure:
        if "usage" not in group:
            raise _of_the_run(name)
        return Figure(sum(group["usage"][who].get(name, 0) for who in ("players", "judge")))

    return found


def _tokens(group: Mapping[str, Json]) -> Figure:
    if "usage" not in group:
        raise _of_the_run("tokens")
    found = [_spent(name)(group).value or 0 for name in ("prompt_tokens", "completion_tokens")]
    return Figure(sum(found))


def _cost(group: Mapping[str, Json]) -> Figure:
    if "cost_usd" not in group:
        raise _of_the_run("cost_usd")
    cost = group["cost_usd"]
    if cost["unpriced"]:
        return Figure(None, why=f"the cost of {', '.join(cost['unpriced'])} is not known (--prices)")
    return Figure(cost["usd"])


def _tool_errors(group: Mapping[str, Json]) -> Figure:
    if "usage" not in group:
        raise _of_the_run("tool_error_rate")
    tools = group["usage"]["players"]
    return share(tools["tool_errors"], tools["tool_calls"], "no tool was called")


def _not_played(group: Mapping[str, Json]) -> Figure:
    if "n_planned" not in group:
        raise _of_the_run("not_played_rate")
    return share(group["n_not_played"], group["n_planned"], "nothing was planned")


DERIVED: Mapping[str, tuple[Callable[[Mapping[str, Json]], Figure], str]] = {
    "success_rate": (lambda group: success(group["outcomes"]), "share of the best outcome among the matches with one"),
    "verified.success_rate": (_verified(lambda part: success(part["outcomes"])), "the same by the verified scores"),
    "mean_score": (mean_score, "mean of the mean scores of all dimensions on one scale"),
    "verified.mean_score": (_verified(mean_score), "the same of the verified scores"),
    "capped_rate": (_verified(lambda part: share(part["capped"], part["scored"], "no match has a verified score")),
                    "share of scored matches in which verification lowered a grade"),
    "errors_rate": (_status("error"), "share of matches that ended in an error of the arena or of a service"),
    "aborted_rate": (_status("aborted"), "share of matches that a player broke off by breaking a rule"),
    "denied_rate": (_status("denied"), "share of matches that a gate denied"),
    "limit_rate": (_status("limit"), "share of matches that a budget stopped"),
    "pending_rate": (_status("pending"), "share of matches that wait for the judge's answer"),
    "unscored_rate": (_counted("unscored"), "share of matches without a readable verdict"),
    "flagged_rate": (_counted("flagged"), "share of matches with an empty reply or a refusal"),
    "scored_rate": (lambda group: share(group["scored"], played(group), "no match was played"),
                    "share of matches that have a score"),
    "not_played_rate": (_not_played, "share of the plan that was not played"),
    "leaks_rate": (lambda group: check_rate(group, "leaks", False), "share of matches in which a secret value leaked"),
    "tool_error_rate": (_tool_errors, "share of calculator calls that were answered with an error"),
    "calls": (_spent("calls"), "model and judge calls"),
    "tokens": (_tokens, "tokens of players and judge, both ways"),
    "cost_usd": (_cost, "cost in US dollars; no value while a price is missing"),
}  # fmt: skip
"""Name -> (figure of a summary or of a group in it, meaning)."""

PREFIXED: Mapping[str, str] = {
    "check_pass_rate": "share of matches that passed the mechanical check <name>",
    "check_fail_rate": "share of matches that did not pass it",
    "pass_hat_k": "chance that k repetitions of a challenge all succeed, k = <name>",
    "pass_at_k": "chance that one of k repetitions succeeds, k = <name>",
}
"""First part of a metric of two parts -> meaning."""


def measures(summary: Mapping[str, Json], path: Sequence[str]) -> list[Measure]:
    """Return the values of a metric: one, or one for each name that `*` matches (possibly none).

    `path`: the parts between its dots, at least one. Errors: UnknownMetric.
    """
    return list(_measures(summary, (), tuple(path), summary))


def _measures(
    scope: Mapping[str, Json], before: tuple[str, ...], path: tuple[str, ...], summary: Mapping[str, Json]
) -> Iterator[Measure]:
    groups = _groups(scope, path[0]) if not before else None
    if groups is None:
        yield from _named({**scope, **{name: summary.get(name) for name in (AVERAGED, OPTIONAL)}}, before, path)
        return
    labelled = path[0] == "by"
    if len(path) <= (3 if labelled else 2):
        wanted = "a label, a value" if labelled else "a value"
        place = f"by.{next(iter(groups), 'LABEL')}" if labelled else path[0]
        raise UnknownMetric(f"name {wanted} and a metric after {path[0]}, such as {place}.*.success_rate")
    if path[0] == "by":
        labels = groups if path[1] == EACH else _one(groups, path[1], "label")
        for label in labels:
            yield from _of_groups(groups[label], ("by", label), path[2:], summary)
    else:
        yield from _of_groups(groups, (path[0],), path[1:], summary)


def _groups(scope: Mapping[str, Json], name: str) -> Mapping[str, Json] | None:
    """Return the groups that the first part of a path names; None if it names none."""
    if name == "by":
        return scope["by"]  # type: ignore[no-any-return]
    if name.startswith("per_") and isinstance(scope.get(name), list):
        noun = name.removeprefix("per_")
        return {unit[f"{noun}_id"]: unit for unit in scope[name]}
    return None


def _of_groups(
    groups: Mapping[str, Json], before: tuple[str, ...], path: tuple[str, ...], summary: Mapping[str, Json]
) -> Iterator[Measure]:
    value, rest = path[0], path[1:]
    if value != EACH and value not in groups:
        yield Measure((*before, *path), None, 0, why=f"the run has no {value} there; it has {_listed(groups)}")
        return
    for name in groups if value == EACH else (value,):
        yield from _measures(groups[name], (*before, name), rest, summary)


def _named(scope: Mapping[str, Json], before: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Measure]:
    row = DERIVED.get(".".join(path))
    if row is not None:
        try:
            figure = row[0](scope)
        except KeyError as error:
            raise UnknownMetric(f"{error.args[0]} is missing, from which it is computed") from None
        yield _measure((*before, *path), figure)
    elif path[0] in PREFIXED and len(path) == 2:
        for name in _prefixed_names(scope, path[0]) if path[1] == EACH else (path[1],):
            yield _measure((*before, path[0], name), _prefixed(scope, path[0], name))
    else:
        yield from _raw(scope, (), path, before, scope)


def _measure(path: tuple[str, ...], figure: Figure) -> Measure:
    return Measure(path, figure.value, figure.n, figure.interval, figure.why)


def _prefixed_names(scope: Mapping[str, Json], kind: str) -> list[str]:
    if kind.startswith("check_"):
        return list(scope.get("checks", {}).get("passed", {}))
    return [str(row["k"]) for row in scope.get("reliability", {}).get("pass", ())]


def _prefixed(scope: Mapping[str, Json], kind: str, name: str) -> Figure:
    if kind.startswith("check_"):
        return check_rate(scope, name, kind == "check_pass_rate")
    if not name.isdecimal():
        raise UnknownMetric(f"{kind}.{name}: write a number of repetitions after the dot, such as {kind}.2")
    row = pass_row(scope, int(name))
    if row is None:
        return Figure(None, 0, why=f"no challenge was played {name} times (--repetitions)")
    return Figure(row[kind], row["challenges"])


def pass_row(summary: Mapping[str, Json], k: int | None = None) -> Mapping[str, Json] | None:
    """Return the figures of pass@k and pass^k for k repetitions (None: the largest k), None if there are none."""
    rows = {row["k"]: row for row in summary.get("reliability", {}).get("pass", ()) if row["pass_hat_k"] is not None}
    return rows.get(max(rows) if k is None and rows else k)


def _raw(
    node: Json, walked: tuple[str, ...], path: tuple[str, ...], before: tuple[str, ...], scope: Mapping[str, Json]
) -> Iterator[Measure]:
    """Yield the values of summary.json under a path."""
    whole = (*before, *walked, *path)
    if node is None:
        place = ".".join(walked)
        yield Measure(whole, None, 0, why=f"the run has no value of {place}")
    elif not path and (found := _figure_of(node)) is not None:
        yield _measure(whole, found)
    elif not path:
        if isinstance(node, bool) or not isinstance(node, (int, float)):
            raise UnknownMetric(f"{'.'.join(walked)} is not a number in summary.json")
        yield Measure(whole, node, _behind(scope, walked), _interval(scope, walked))
    elif not isinstance(node, Mapping):
        raise UnknownMetric(f"{'.'.join(walked)} has no part {path[0]} in summary.json")
    elif path[0] == EACH:
        for name in node:
            yield from _raw(node[name], (*walked, name), path[1:], before, scope)
    elif path[0] in node:
        yield from _raw(node[path[0]], (*walked, path[0]), path[1:], before, scope)
    elif walked and walked[-1] == "stops" and path[0] in STOP_NAMES:
        yield Measure(whole, 0, played(scope))
    elif (walked and walked[-1] in _OPEN) or (not walked and path[0] in _SOMETIMES):
        yield Measure(whole, None, 0, why=f"the run has no {path[0]}")
    else:
        name = ".".join((*walked, path[0]))
        known = [*node, *(() if walked else DERIVED)]
        raise UnknownMetric(f"summary.json has no {name}{suggest(path[0], known)}; there are: {_listed(node)}")


def _figure_of(node: Json) -> Figure | None:
    """Return the figure in an object of summary.json: `value` or `rate`, with `low`, `high` and `n`; else None."""
    if not isinstance(node, Mapping) or not {"low", "high", "n"} <= node.keys():
        return None
    name = next((name for name in ("value", "rate") if name in node), None)
    if name is None:
        return None
    if node[name] is None:
        return Figure(None, int(node["n"]), why=f"the run has no value of it, over {node['n']} observations")
    low, high = node["low"], node["high"]
    return Figure(node[name], int(node["n"]), None if low is None or high is None else (low, high))


def _behind(scope: Mapping[str, Json], walked: tuple[str, ...]) -> int | None:
    """Return the number of observations behind a number of summary.json; None if it is unknown."""
    part = scope["verified"] if walked[0] == "verified" else scope
    if "mean_scores" in walked or "sd_scores" in walked:
        return None if walked[-1] in (scope.get(OPTIONAL) or ()) else int(part["scored"])
    counted = walked[0] in ("outcomes", "statuses", "checks", "verified", "stops")
    return played(scope) if counted else None


def _interval(scope: Mapping[str, Json], walked: tuple[str, ...]) -> tuple[float, float] | None:
    """Return the interval of a mean score of the whole run, by challenge; None for any other figure.

    Also None for a score that some trials lack: summary.json does not say how many have it.
    """
    verified = walked[0] == "verified"
    if walked[-1] in (scope.get(OPTIONAL) or ()):
        return None
    if walked[1 if verified else 0] != "mean_scores" or "unit_noun" not in scope:
        return None
    clusters = []
    for unit in scope[f"per_{scope['unit_noun']}"]:
        part = unit["verified"] if verified else unit
        if part is not None and part["scored"]:
            clusters.append((part["mean_scores"][walked[-1]] * part["scored"], int(part["scored"])))
    return clustered_mean_interval(clusters)


def _one(groups: Mapping[str, Json], name: str, what: str) -> tuple[str, ...]:
    if name not in groups:
        raise UnknownMetric(f"the run has no {what} {name}; it has {_listed(groups)}")
    return (name,)


def _listed(names: Mapping[str, Json]) -> str:
    found = [str(name) for name in names]
    shown = ", ".join(found[:12])
    return f"{shown} and {len(found) - 12} more" if len(found) > 12 else shown or "none"


def known_metrics(summary: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return (name, meaning) of the named metrics, the mean scores of this run's dimensions, and its figures."""
    means = [(f"mean_scores.{name}", "mean grade of this dimension") for name in summary["mean_scores"]]
    figures = [
        (".".join(path), f"figure of this run, over {found.n} observations") for path, found in _figures(summary)
    ]
    return [*((name, help_) for name, (_, help_) in DERIVED.items()),
            *((f"{name}.<name>", help_) for name, help_ in PREFIXED.items()), *means, *figures]  # fmt: skip


def _figures(node: Mapping[str, Json], walked: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Figure]]:
    """Yield the figures below an object, except groups of records, that a dotted name reaches in DEEPEST parts."""
    for name, inner in node.items():
        if not isinstance(inner, Mapping) or "." in name or (not walked and name == "by"):
            continue
        found = _figure_of(inner)
        if found is not None:
            yield (*walked, name), found
        elif len(walked) + 1 < DEEPEST:
            yield from _figures(inner, (*walked, name))
