"""The findings of a run as in summary.json. Pure.

A figure is an object: `value`, `low` and `high` (95 %; null if no interval is known) and `n`, the observations
behind it. `arena check` reads figures by their path. Numbers have six decimals; infinite and missing ones are null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from arena.families.cheaptalk.findings.cell import CellFindings, Messages
from arena.families.cheaptalk.findings.run import RunFindings
from arena.families.cheaptalk.metrics.gains import IRI_BANDS, TOLERANCE, Certificate, Gain, GainTable, band
from arena.families.cheaptalk.metrics.order import OrderTest
from arena.families.cheaptalk.metrics.rates import Rates
from arena.families.cheaptalk.metrics.temptation import LABEL, BreakEven
from arena.formats.json_types import Json
from arena.stats.intervals import wilson

DIGITS = 6

Interval = tuple[float, float]


def rounded(value: float | None) -> float | None:
    """Return a number for summary.json; None if it is infinite or not a number."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, DIGITS) + 0.0  # no -0.0


def figure(value: float | None, interval: Interval | None, n: int, **more: Json) -> dict[str, Json]:
    """Return a figure with its further members."""
    low, high = interval if interval is not None else (None, None)
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high), "n": n, **more}


def share(count: int, n: int, **more: Json) -> dict[str, Json]:
    """Return a share with Wilson's interval; its value is null without observations."""
    return figure(count / n if n else None, wilson(count, n), n, **more)


def rates_json(found: Rates) -> dict[str, Json]:
    """Return the rates of one group of episodes."""
    n = found.episodes
    return {
        "episodes": n,
        "accuracy": figure(found.accuracy, found.accuracy_interval, n),
        "balanced_accuracy": figure(found.balanced_accuracy, None, n),
        "constant_label": figure(found.constant_label, None, n),
        "nei_rate": share(round(found.nei_rate * n), n),
        "unparsable_rate": share(round(found.unparsable_rate * n), n),
        "evidence_compliance": share(round(found.evidence_compliance * n), n),
        "evidence_match": figure(found.match, None, found.matched),
        "fever_score": figure(found.fever, None, found.fevered),
        "payoff": figure(found.payoff, found.payoff_interval, n),
        "receiver_payoff": figure(found.receiver_payoff, None, n),
        "welfare": figure(found.welfare, None, n),
        "punished": share(round(found.punished * n), n),
        "matrix": found.matrix,
    }


def findings_json(found: RunFindings, protocols: Sequence[str] = ()) -> dict[str, Json]:
    """Return all findings about a group of episodes.

    `protocols`: names that a run may have played; one that it did not play is null in `cells`, so that a threshold on
    it has no value, while an unknown name is a mistake.
    """
    return {
        "cells": {
            **dict.fromkeys(protocols),
            **{name: _cell(one, found, name) for name, one in found.cells.items()},
        },
        "baselines": {name: rates_json(next(iter(one.rates.values()))) for name, one in found.baselines.items()},
        "order": {name: _order(test) for name, test in found.order.items()},
        "claims": [
            {"claim": one.claim, "verdict": one.verdict, **figure(one.figure, one.interval, 0)} for one in found.claims
        ],
    }


def _cell(one: CellFindings, found: RunFindings, name: str) -> dict[str, Json]:
    cost = found.costs.get(name)
    dearer = None if cost is None else figure(cost.cost, cost.interval, cost.pairs, left_out=cost.left_out)
    return {
        "protocol": one.cell.protocol,
        "sender": one.cell.sender,
        "receiver": one.cell.receiver,
        "deviations": {deviation: rates_json(rates) for deviation, rates in one.rates.items()},
        "honest": None if one.honest is None else rates_json(one.honest),
        "false_punishment": None if one.honest is None else rates_json(one.honest)["punished"],
        "cost_of_protocol": dearer,
        **_gains(one),
        "refused": {deviation: share(refused, n) for deviation, (refused, n) in one.refused.items()},
        "break_even": _break_even(one.break_even),
        "sensitivity": [
            {
                "lambda_cost": row.lambda_cost,
                "mu_penalty": row.mu_penalty,
                "gain": {deviation: rounded(gain) for deviation, gain in row.gains.items()},
                "iri": rounded(row.iri),
                "worst": row.worst,
            }
            for row in one.sensitivity
        ],
        "no_sensitivity": one.no_sensitivity or None,
        "messages": {deviation: _messages(said) for deviation, said in one.messages.items()},
    }


def _gains(one: CellFindings) -> dict[str, Json]:
    table = one.gains
    if table is None:
        return {"gain": {}, "positive": {}, "behaved_gain": {}, "share_of_losing_deviations": None, "iri": None,
                "worst": None, "certificate": None}  # fmt: skip
    behaved = {} if one.behaved is None else {gain.deviation: _gain(gain) for gain in one.behaved.gains}
    losing = sum(gain.gain < 0 for gain in table.gains)
    return {
        "gain": {gain.deviation: _gain(gain) for gain in table.gains},
        "positive": {gain.deviation: share(gain.positive, gain.pairs, tolerance=TOLERANCE) for gain in table.gains},
        "behaved_gain": behaved,
        "share_of_losing_deviations": figure(losing / len(table.gains), None, len(table.gains)),
        "iri": figure(table.iri, table.iri_interval, table.units, band=band(table.iri, IRI_BANDS)),
        "worst": _worst(table),
        "certificate": _certificate(table.certificate),
    }


def _gain(gain: Gain) -> dict[str, Json]:
    return figure(
        gain.gain,
        gain.interval,
        gain.pairs,
        units=gain.units,
        left_out=gain.left_out,
        upper=rounded(gain.upper),
        p=rounded(gain.p),
        p_holm=rounded(gain.p_holm),
        honest_mean=rounded(gain.honest_mean),
        deviation_mean=rounded(gain.deviation_mean),
        band=gain.band,
    )


def _worst(table: GainTable) -> dict[str, Json]:
    return figure(table.worst.gain, table.worst.interval, table.worst.pairs, deviation=table.worst.deviation)


def _certificate(found: Certificate | None) -> dict[str, Json] | None:
    """Return the certificate: `value` is epsilon, `n` its units. Null without two units to resample."""
    if found is None:
        return None
    epsilon, lower = rounded(found.upper), rounded(found.lower)
    return {**figure(epsilon, None, found.units), "lower": lower, "deviations": found.deviations, "line": found.line()}


def _break_even(found: BreakEven | None) -> dict[str, Json] | None:
    """Return the break-even bonus; `value` is null if no bonus makes a deviation pay, `high` if it is open."""
    if found is None:
        return None
    by_deviation = {name: rounded(bonus) for name, bonus in found.by_deviation.items()}
    return figure(
        found.bonus, found.interval, found.units, deviation=found.deviation, by_deviation=by_deviation, what=LABEL
    )


def _messages(said: Messages) -> dict[str, Json]:
    told, turned, lifted = said.information, said.override, said.lift
    return {
        "lift": None
        if lifted is None
        else figure(lifted.lift, lifted.interval, lifted.pairs, left_out=lifted.left_out),
        "override": None if turned is None else share(turned.overridden, turned.exposed),
        "information_bits": None
        if told is None
        else figure(told.corrected, None, told.episodes, plain=rounded(told.plain), unread=told.unread),
        "followed": rounded(said.followed),
    }


def _order(test: OrderTest) -> dict[str, Json]:
    steps: Sequence[Mapping[str, Json]] = [
        {
            "looser": step.looser,
            "stricter": step.stricter,
            "verdict": step.verdict,
            **figure(step.difference, step.interval, 0),
        }
        for step in test.steps
    ]
    return {"verdict": test.verdict, "steps": {f"{one['looser']} - {one['stricter']}": one for one in steps}}
