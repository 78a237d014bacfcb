"""Effects of messages: lift over no message, information about the truth, decisions turned from right to wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.metrics.episodes import Episode
from arena.families.cheaptalk.metrics.pairs import column, pair
from arena.families.cheaptalk.metrics.rates import share
from arena.stats.intervals import clustered_mean_interval

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lift:
    """Accuracy with a message minus accuracy without one, over pairs; `interval` 95 %, by unit."""

    lift: float
    interval: Interval | None
    pairs: int
    left_out: int


def lift(no_message: Sequence[Episode], with_message: Sequence[Episode]) -> Lift | None:
    """Compare two conditions of one receiver, pair by pair; None without pairs."""
    found = pair("lift", no_message, with_message)
    if not found.pairs:
        return None
    differences = found.differences(lambda episode: float(episode.right))
    # The task is the unit even if the messages belong to a series: those without a message do not.
    units = [alone.task for alone, _ in found.pairs]
    summed = column(units, differences, list(dict.fromkeys(units)))
    interval = clustered_mean_interval(list(zip(summed.sums, summed.sizes, strict=True)))
    return Lift(math.fsum(differences) / len(differences), interval, len(differences), found.left_out)


@dataclass(frozen=True, slots=True)
class Information:
    """Mutual information of the asserted label and the truth, in bits, at most log2(3).

    `plain` is the plug-in estimate, which is too high for few episodes; `corrected` removes its bias to first order
    and may be below 0. `unread`: episodes whose message had no readable label, which are left out.
    """

    plain: float
    corrected: float
    episodes: int
    unread: int


def information(episodes: Iterable[Episode]) -> Information | None:
    """Return the information of messages about the truth; None if no message could be read.

    Bias (r - 1)(c - 1) / (2 N ln 2) for r and c labels that occur: G. A. Miller, "Note on the bias of information
    estimates", in H. Quastler (ed.), "Information Theory in Psychology" (1955), 95-100.
    """
    joint: Counter[tuple[Label, Label]] = Counter()
    unread = 0
    for episode in episodes:
        if episode.asserted is None:
            unread += 1
        else:
            joint[episode.asserted, episode.truth] += 1
    total = sum(joint.values())
    if not total:
        return None
    said: Counter[Label] = Counter()
    true: Counter[Label] = Counter()
    for (asserted, truth), count in joint.items():
        said[asserted] += count
        true[truth] += count
    plain = math.fsum(
        count / total * math.log2(count * total / (said[asserted] * true[truth]))
        for (asserted, truth), count in sorted(joint.items())
    )
    bias = (len(said) - 1) * (len(true) - 1) / (2 * total * math.log(2))
    return Information(max(0.0, plain), plain - bias, total, unread)


@dataclass(frozen=True, slots=True)
class Override:
    """Receivers who decide right alone and then adopt a wrong label from the message: `overridden` of `exposed`."""

    overridden: int
    exposed: int

    @property
    def rate(self) -> float | None:
        """The persuasion-override rate; None if nobody was exposed."""
        return self.overridden / self.exposed if self.exposed else None


def override(no_message: Sequence[Episode], with_message: Sequence[Episode]) -> Override:
    """Count over pairs of one receiver. Exposed: right without a message, and the message asserts a wrong label."""
    exposed = [
        told
        for alone, told in pair("override", no_message, with_message).pairs
        if alone.right and told.asserted is not None and told.asserted is not told.truth
    ]
    return Override(sum(told.predicted is told.asserted for told in exposed), len(exposed))


def followed(episodes: Sequence[Episode]) -> float | None:
    """Return the share of readable messages whose label the receiver adopted; None without any."""
    read = [episode for episode in episodes if episode.asserted is not None]
    return share(episode.predicted is episode.asserted for episode in read) if read else None
