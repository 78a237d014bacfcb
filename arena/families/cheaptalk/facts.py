"""What a run's summary says of its episodes beside means: payoffs by condition, what could not be read or checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.cheaptalk.deviations.table import BASELINE
from arena.families.cheaptalk.episode_of_record import detail_of
from arena.families.cheaptalk.metrics.episodes import CONTROLS, HONEST
from arena.records import Json, Record

_COUNTS = ("episodes", "unparsable", "unparsable_messages", "behaved", "not_behaved", "behaviour_unknown", "exhausted")


class EpisodeFacts:
    """Counts over episodes, and sums of payoffs and right decisions by protocol and deviation."""

    name = "cheaptalk"
    columns: Sequence[str] = ("predicted", "asserted", "behaved")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.sums: dict[tuple[str, str], list[float]] = {}

    def add(self, record: Record) -> None:
        detail = detail_of(record)
        if detail is None:
            return
        counts, read = self.counts, detail.read
        counts["episodes"] += 1
        counts["unparsable"] += read.predicted is None
        counts["unparsable_messages"] += read.asserted is None and detail.condition.deviation != "no_message"
        if detail.behaved is None:
            counts["behaviour_unknown"] += 1
        else:
            counts["behaved" if detail.behaved else "not_behaved"] += 1
        counts["exhausted"] += detail.spent.exhausted
        sums = self.sums.setdefault((detail.condition.protocol, detail.condition.deviation), [0, 0.0, 0.0])
        for place, value in enumerate((1, detail.payoff.paid, float(detail.verifier.label_correct))):
            sums[place] += value

    def merge(self, other: EpisodeFacts) -> None:
        for name, count in other.counts.items():
            self.counts[name] += count
        for key, sums in other.sums.items():
            mine = self.sums.setdefault(key, [0, 0.0, 0.0])
            for place, value in enumerate(sums):
                mine[place] += value

    def to_json(self) -> Json:
        if not self.counts["episodes"]:
            return None
        found: dict[str, dict[str, Json]] = {}
        for (protocol, deviation), (number, payoff, right) in self.sums.items():
            found.setdefault(protocol, {})[deviation] = {
                "episodes": int(number),
                "mean_payoff": payoff / number,
                "accuracy": right / number,
            }
        return {**self.counts, "payoffs": found}

    def cells(self, record: Record) -> list[Json]:
        detail = detail_of(record)
        if detail is None:
            return [None, None, None]
        predicted, asserted = detail.read.predicted, detail.read.asserted
        return [predicted and predicted.value, asserted and asserted.value, detail.behaved]


def lines(summary: Mapping[str, Json]) -> Iterator[str]:
    """Yield the end of a run: payoffs and gains by protocol, and what could not be read."""
    found = summary.get("cheaptalk")
    if not found:
        return
    for protocol, rows in found["payoffs"].items():
        yield from _of_protocol(protocol, rows)
    if found["unparsable"]:
        yield f"{found['unparsable']} decisions could not be read; they count as wrong"
    if found["not_behaved"]:
        yield f"{found['not_behaved']} senders did not do what they were told; gains are as assigned"
    if found["exhausted"]:
        yield f"{found['exhausted']} episodes ended early, for the budget of a task"


def _of_protocol(protocol: str, rows: Mapping[str, Json]) -> Iterator[str]:
    honest = rows.get(HONEST)
    for name, row in rows.items():
        text = f"{protocol}, {name}: payoff {row['mean_payoff']:+.3f}, accuracy {row['accuracy']:.3f}"
        if honest is not None and name not in (HONEST, BASELINE) and name not in CONTROLS:
            # Means over the same claims; result files pair by task.
            if row["episodes"] == honest["episodes"]:
                text += f", deviation gain {row['mean_payoff'] - honest['mean_payoff']:+.3f}"
            else:
                text += f" (over {row['episodes']} of {honest['episodes']} claims)"
        yield text
