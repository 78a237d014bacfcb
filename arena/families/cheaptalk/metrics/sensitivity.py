"""Gains under other lambda and mu, from stored parts of payoffs and without new calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.metrics.gains import TOLERANCE, iri
from arena.families.cheaptalk.metrics.pairs import Pairs, paired_deviations
from arena.families.cheaptalk.payoff import with_reputation
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.stats.intervals import mean

LAMBDAS = (0.0, 0.01, 0.1, 1.0)
MUS = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class SensitivityPoint:
    """The constants of a payoff that are varied, and those of the reputation that weighs it."""

    lambda_cost: float
    mu_penalty: float
    reputation: ReputationConfig


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Gains under one pair of constants."""

    lambda_cost: float
    mu_penalty: float
    gains: dict[str, float]
    iri: float
    worst: str


def payoff_under(episode: Episode, setting: SensitivityPoint) -> float:
    """Return the payoff that an episode would have had under other constants, its conduct unchanged."""
    parts = episode.outlay
    value = parts.quality + parts.bonus - setting.lambda_cost * parts.cost - setting.mu_penalty * parts.penalty
    if parts.reputation is None:
        return value
    constants = setting.reputation
    return with_reputation(
        value, parts.reputation, parts.verification_failed, constants.slashing_penalty, constants.rep_floor
    )


def off_by(episodes: Sequence[Episode], setting: SensitivityPoint) -> float:
    """Return the largest difference between a stored payoff and its parts under the run's own constants."""
    return max((abs(payoff_under(episode, setting) - episode.outlay.payoff) for episode in episodes), default=0.0)


def sensitivity(
    episodes: Sequence[Episode],
    own: SensitivityPoint,
    lambdas: Sequence[float] = LAMBDAS,
    mus: Sequence[float] = MUS,
) -> list[Sensitivity]:
    """Return the gains of one cell for each pair of constants; empty if nothing can be paired.

    Raises ValueError if the stored parts do not give the stored payoffs under the run's `own` constants: then they
    give no other payoffs either.
    """
    off = off_by(episodes, own)
    if off > TOLERANCE:
        raise ValueError(
            f"stored parts miss stored payoffs by up to {off:g}; the payoff has terms that were not stored"
        )
    paired = paired_deviations(episodes)
    if not paired:
        return []
    return [_under(paired, SensitivityPoint(one, other, own.reputation)) for one in lambdas for other in mus]


def _under(paired: Sequence[Pairs], setting: SensitivityPoint) -> Sensitivity:
    gains = {
        pairs.deviation: mean(pairs.differences(lambda episode: payoff_under(episode, setting))) for pairs in paired
    }
    worst = max(gains, key=lambda name: gains[name])
    return Sensitivity(setting.lambda_cost, setting.mu_penalty, gains, iri(list(gains.values())), worst)
