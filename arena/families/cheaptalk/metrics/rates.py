"""Rates of one group of episodes: accuracy in its forms, the error matrix, evidence, punishment, welfare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.claim import LABELS, Label
from arena.families.cheaptalk.metrics.episodes import HONEST, Episode
from arena.families.cheaptalk.metrics.pairs import column, pair, payoff_of
from arena.stats.intervals import clustered_mean_interval, clustered_share_interval, mean

UNPARSABLE = "unparsable"
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates over `episodes` episodes.

    `accuracy_interval`, `payoff_interval`: 95 %, by unit. `balanced_accuracy`: mean recall over the labels that occur,
    so a constant label gets 1/3 on three. `matrix`: truth -> decision (a label or `unparsable`) -> count.
    `constant_label`: accuracy of always naming the commonest label. Unparsable decisions count as wrong. `match`,
    `fever`: over episodes with gold text, whose number is next to it; None without any.
    """

    episodes: int
    accuracy: float
    accuracy_interval: Interval | None
    balanced_accuracy: float
    matrix: dict[str, dict[str, int]]
    nei_rate: float
    unparsable_rate: float
    constant_label: float
    evidence_compliance: float
    match: float | None
    matched: int
    fever: float | None
    fevered: int
    payoff: float
    payoff_interval: Interval | None
    receiver_payoff: float
    welfare: float
    punished: float


def rates(episodes: Sequence[Episode]) -> Rates:
    """Return the rates of one or more episodes. Raises ValueError for none."""
    if not episodes:
        raise ValueError("no episodes have no rates")
    matrix = error_matrix(episodes)
    rows = {truth: sum(row.values()) for truth, row in matrix.items()}
    recalls = [matrix[truth][truth] / total for truth, total in rows.items() if total]
    matches = [e.shown.match for e in episodes if e.shown.match is not None]
    fevers = [e.shown.fever for e in episodes if e.shown.fever is not None]
    earned = [payoff_of(e) for e in episodes]
    payoffs = mean(earned)
    received = mean([e.receiver_payoff for e in episodes])
    return Rates(
        episodes=len(episodes),
        accuracy=share(e.right for e in episodes),
        accuracy_interval=clustered_share_interval(_clusters(episodes, [float(e.right) for e in episodes])),
        balanced_accuracy=mean(recalls),
        matrix=matrix,
        nei_rate=share(e.predicted is Label.NEI for e in episodes),
        unparsable_rate=share(e.predicted is None for e in episodes),
        constant_label=max(rows.values()) / len(episodes),
        evidence_compliance=share(e.shown.provided for e in episodes),
        match=mean(matches) if matches else None,
        matched=len(matches),
        fever=share(fevers) if fevers else None,
        fevered=len(fevers),
        payoff=payoffs,
        payoff_interval=clustered_mean_interval(_clusters(episodes, earned)),
        receiver_payoff=received,
        welfare=payoffs + received,
        punished=share(is_punished(e) for e in episodes),
    )


def share(flags: Iterable[bool]) -> float:
    """Return the share of flags that are true. Raises ValueError for none."""
    found = list(map(bool, flags))
    if not found:
        raise ValueError("no flags have no share")
    return found.count(True) / len(found)


def is_punished(episode: Episode) -> bool:
    """Return whether a sender lost something for its conduct. Of honest senders this is the false-punishment rate."""
    return episode.outlay.penalty > 0 or episode.outlay.verification_failed


def error_matrix(episodes: Iterable[Episode]) -> dict[str, dict[str, int]]:
    """Return truth -> decision -> count, with a row per label and a column per label and for unparsable."""
    matrix: dict[str, dict[str, int]] = {
        truth.value: {**{label.value: 0 for label in LABELS}, UNPARSABLE: 0} for truth in LABELS
    }
    for episode in episodes:
        decided = UNPARSABLE if episode.predicted is None else episode.predicted.value
        matrix[episode.truth.value][decided] += 1
    return matrix


def _clusters(episodes: Iterable[Episode], values: Iterable[float]) -> list[tuple[float, int]]:
    """Return sum and number of values by unit."""
    sums: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for episode, value in zip(episodes, values, strict=True):
        unit = episode.unit
        sums[unit] = sums.get(unit, 0.0) + value
        sizes[unit] = sizes.get(unit, 0) + 1
    return list(zip(sums.values(), sizes.values(), strict=True))


@dataclass(frozen=True, slots=True)
class ProtocolCost:
    """The cost of a protocol to honest senders: their payoff without it minus with it, over pairs of tasks."""

    cost: float
    interval: Interval | None
    pairs: int
    left_out: int


def protocol_cost(without: Sequence[Episode], with_it: Sequence[Episode]) -> ProtocolCost | None:
    """Compare honest episodes of two cells, pair by pair; None without pairs. Positive: the protocol makes honesty more
    expensive."""
    honest = [[e for e in group if e.deviation == HONEST] for group in (without, with_it)]
    found = pair(HONEST, honest[1], honest[0])
    if not found.pairs:
        return None
    differences = found.differences(payoff_of)
    summed = column(found.units(), differences, list(dict.fromkeys(found.units())))
    interval = clustered_mean_interval(list(zip(summed.sums, summed.sizes, strict=True)))
    return ProtocolCost(math.fsum(differences) / len(differences), interval, len(differences), found.left_out)
