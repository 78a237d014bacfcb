"""The predecessor's field names for metrics, with the members that it left out.

As in the predecessor, standard deviations of episodes are population ones; prefer the intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import pstdev

from arena.families.cheaptalk.metrics.episodes import HONEST, Episode, by_deviation
from arena.families.cheaptalk.metrics.gains import TOLERANCE, GainTable
from arena.families.cheaptalk.metrics.pairs import pair, payoff_of
from arena.families.cheaptalk.metrics.rates import Rates, rates


def metrics_by_type(episodes: Sequence[Episode]) -> dict[str, dict[str, object]]:
    """Return `metrics_by_type`: deviation -> its rates under the predecessor's names."""
    return {name: type_fields(rates(group)) for name, group in by_deviation(episodes).items()}


def type_fields(found: Rates) -> dict[str, object]:
    """Return the predecessor's fields of one type, and the rates that accuracy hides."""
    return {
        "accuracy": found.accuracy,
        "evidence_compliance": found.evidence_compliance,
        "evidence_match_score": found.match,
        "mean_payoff": found.payoff,
        "num_episodes": found.episodes,
        "balanced_accuracy": found.balanced_accuracy,
        "unparsable_rate": found.unparsable_rate,
        "fever_score": found.fever,
    }


def deviation_gains(table: GainTable, episodes: Sequence[Episode]) -> dict[str, Mapping[str, object]]:
    """Return `deviation_gains`: deviation -> fields. `per_episode_dg` follows the order of honest episodes."""
    groups = by_deviation(episodes)
    found: dict[str, Mapping[str, object]] = {}
    for gain in table.gains:
        pairs = pair(gain.deviation, groups[HONEST], groups[gain.deviation])
        found[gain.deviation] = {
            "deviation_gain": gain.gain,
            "percent_dg_positive": gain.percent_positive,
            "honest_mean": gain.honest_mean,
            "deviation_mean": gain.deviation_mean,
            "honest_std": pstdev(payoff_of(honest) for honest, _ in pairs.pairs),
            "deviation_std": pstdev(payoff_of(other) for _, other in pairs.pairs),
            "count": gain.pairs,
            "per_episode_dg": pairs.differences(payoff_of),
            "left_out": gain.left_out,
            "tolerance": TOLERANCE,
            "interval_95": None if gain.interval is None else list(gain.interval),
            "p": gain.p,
            "p_holm": gain.p_holm,
            "band": gain.band,
        }
    return found
