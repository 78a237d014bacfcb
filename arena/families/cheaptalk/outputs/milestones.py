"""The result objects of the four milestones: the predecessor's fields, and further ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pstdev

from arena.families.cheaptalk.findings.as_json import findings_json
from arena.families.cheaptalk.findings.cell import BASELINE
from arena.families.cheaptalk.findings.run import Statistician
from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST, Episode, by_deviation
from arena.families.cheaptalk.metrics.gains import TOLERANCE
from arena.families.cheaptalk.metrics.pairs import pair, payoff_of
from arena.families.cheaptalk.metrics.rates import Rates, rates, share
from arena.families.cheaptalk.metrics.seed_fields import deviation_gains, metrics_by_type, type_fields
from arena.families.cheaptalk.payoff import PayoffConfig
from arena.formats.json_types import Json
from arena.stats.intervals import mean

PROTOCOL_METHODS = {"p1_evidence_first": "protocol_p1", "p2_cross_exam": "protocol_p2", "p3_slashing": "protocol_p3"}
"""Protocol -> its name among the methods of milestone 3."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The usage of one episode."""

    tokens: int
    calls: int


@dataclass(frozen=True, slots=True)
class Played:
    """One episode and its usage."""

    episode: Episode
    cost: Cost


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one task; None: no limit."""

    max_tokens_per_task: int | None = None
    max_calls_per_task: int | None = None


def protocol_title(protocol: str) -> str:
    """Return the predecessor's name of a protocol in protocol_comparison.json: P1_Evidence_First."""
    return "_".join(word.capitalize() for word in protocol.split("_"))


def with_others(groups: Mapping[str, Sequence[Episode]], made: Callable[[Sequence[Episode]], Json]) -> Json:
    """Return the object made of the first protocol's episodes; with several protocols those of all, in `protocols`.

    `groups`: protocol -> episodes, in order. A milestone of the predecessor's has one protocol.
    """
    found = {name: made(episodes) for name, episodes in groups.items()}
    first = next(iter(found.values()))
    return first if len(found) == 1 else {**first, "protocols": found}


def first_summary(episodes: Sequence[Episode]) -> dict[str, Json]:
    """Return the object of milestone1_summary.json, from the episodes of one protocol."""
    groups = by_deviation(episodes)
    honest = groups.get(HONEST, [])
    found: dict[str, Json] = {
        "num_tasks": len({episode.task for episode in episodes}),
        "deviation_types": list(groups),
        "metrics_by_type": {
            name: {
                **type_fields(rates(group)),
                "total_cost": sum(episode.outlay.cost for episode in group),
                "mean_cost": mean([episode.outlay.cost for episode in group]),
            }
            for name, group in groups.items()
        },
    }
    for name, group in groups.items():
        if name != HONEST and name not in CONTROLS:
            found[f"dg_{name}"] = _first_gain(name, honest, group)
    return found


def _first_gain(name: str, honest: Sequence[Episode], group: Sequence[Episode]) -> dict[str, Json] | None:
    """Return one gain over the pairs of a task; null without any pair."""
    paired = pair(name, honest, group)
    if not paired.pairs:
        return None
    mine, theirs = [one for one, _ in paired.pairs], [other for _, other in paired.pairs]
    differences = paired.differences(payoff_of)
    return {
        "deviation_gain": mean(differences),
        "percent_dg_positive": 100 * share(difference > TOLERANCE for difference in differences),
        "honest_mean_payoff": mean([payoff_of(one) for one in mine]),
        "deviation_mean_payoff": mean([payoff_of(one) for one in theirs]),
        "honest_accuracy": share(one.right for one in mine),
        "deviation_accuracy": share(one.right for one in theirs),
        "honest_evidence_compliance": share(one.shown.provided for one in mine),
        "deviation_evidence_compliance": share(one.shown.provided for one in theirs),
        "count": len(differences),
        "left_out": paired.left_out,
    }


def suite(
    episodes: Sequence[Episode], statistician: Statistician, config: PayoffConfig, controls: Sequence[Episode] = ()
) -> dict[str, Json]:
    """Return the object of deviation_suite_results.json: one protocol, all deviations.

    `controls`: episodes without a message, or with another claim's, which are in no milestone; messages are compared
    with them.
    """
    found = statistician.findings([*episodes, *controls])
    name = episodes[0].cell.protocol
    one, findings = found.cells[name], findings_json(found)["cells"][name]
    table = one.gains
    return {
        "num_tasks": sum(episode.deviation == HONEST for episode in episodes),
        "deviation_types": list(by_deviation(episodes)),
        "payoff_config": {
            "lambda_cost": config.lambda_cost,
            "mu_penalty": config.mu_penalty,
            "token_cost_per_1k": config.token_cost_per_1k,
            "tool_call_cost": config.tool_call_cost,
        },
        "metrics_by_type": metrics_by_type(episodes),
        "deviation_gains": {} if table is None else deviation_gains(table, episodes),
        "iri": None if table is None else table.iri,
        "protocol_id": name,
        "findings": {key: findings[key] for key in _SUITE_FINDINGS},
    }


_SUITE_FINDINGS = (
    *("iri", "worst", "certificate", "break_even", "behaved_gain", "refused", "false_punishment", "sensitivity"),
    *("no_sensitivity", "messages"),
)
"""Findings of a suite beyond the predecessor's fields, as in summary.json."""


def comparison(played: Sequence[Played], budget: Budget) -> dict[str, Json]:
    """Return the object of baseline_comparison.json: methods with one budget, and their rankings.

    A baseline gives no evidence, so that a payoff which asks for evidence ranks it low by definition; `accuracy` is
    what compares all of them.
    """
    methods: dict[str, list[Played]] = {}
    for one in played:
        methods.setdefault(method_name(one.episode), []).append(one)
    found = {name: _method(group) for name, group in methods.items()}
    return {
        "num_tasks": len({one.episode.task for one in played}),
        "budget": {
            "max_tokens_per_task": budget.max_tokens_per_task,
            "max_calls_per_task": budget.max_calls_per_task,
        },
        "methods": found,
        "rankings": {
            "accuracy": _ranking(found, "accuracy"),
            "evidence_compliance": _ranking(found, "evidence_compliance"),
            "payoff": _ranking(found, "mean_payoff"),
        },
    }


def method_name(episode: Episode) -> str:
    """Return the name of a method of milestone 3."""
    protocol = episode.cell.protocol
    return protocol if episode.deviation == BASELINE else PROTOCOL_METHODS.get(protocol, protocol)


def _method(group: Sequence[Played]) -> dict[str, Json]:
    found: Rates = rates([one.episode for one in group])
    tokens, calls = [one.cost.tokens for one in group], [one.cost.calls for one in group]
    return {
        **type_fields(found),
        "std_payoff": pstdev(payoff_of(one.episode) for one in group),
        "accuracy_interval_95": None if found.accuracy_interval is None else list(found.accuracy_interval),
        "mean_tokens": mean(tokens),
        "most_tokens": max(tokens),
        "mean_calls": mean(calls),
        "most_calls": max(calls),
    }


def _ranking(methods: Mapping[str, Mapping[str, Json]], metric: str) -> list[str]:
    """Return the methods from the best on; equal ones by name."""
    return sorted(methods, key=lambda name: (-methods[name][metric], name))


def progression(
    groups: Mapping[str, Sequence[Episode]],
    statistician: Statistician,
    config: PayoffConfig,
    controls: Sequence[Episode] = (),
) -> dict[str, Json]:
    """Return the object of protocol_comparison.json: protocol -> suite."""
    return {protocol_title(name): suite(group, statistician, config, controls) for name, group in groups.items()}
