"""One record -> the episode that the metrics see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.metrics.episodes import Cell, Episode, Outlay, Shown
from arena.records import Record


def detail_of(record: Record) -> EpisodeDetail | None:
    """Return the findings about an episode; None if it has no score (error, limit, aborted)."""
    detail = record.score.detail
    return detail if record.scored and isinstance(detail, EpisodeDetail) else None


def episode_of(record: Record) -> Episode | None:
    """Return the episode of a record; None if it has no score."""
    detail = detail_of(record)
    if detail is None:
        return None
    condition, paid, reputation = detail.condition, detail.payoff, detail.reputation
    outlay = Outlay(
        payoff=paid.paid,
        quality=paid.breakdown.quality_score,
        cost=paid.breakdown.total_cost,
        penalty=paid.breakdown.penalty,
        bonus=paid.breakdown.bonus,
        reputation=None if reputation is None else reputation.before.score,
        verification_failed=bool(paid.verification_failed),
    )
    return Episode(
        task=detail.task.task_id,
        cell=Cell(condition.protocol, condition.sender, condition.receiver),
        deviation=condition.deviation,
        truth=detail.task.label,
        predicted=detail.read.predicted,
        asserted=detail.read.asserted,
        outlay=outlay,
        shown=Shown(detail.evidence.provided, detail.verifier.match, detail.verifier.fever),
        receiver_payoff=paid.receiver,
        adopted=paid.adopted,
        behaved=detail.behaved,
        repetition=condition.repetition,
        series=record.trial.series,
    )


def episodes_of(records: Iterable[Record]) -> Iterator[Episode]:
    """Yield the episode of every record that has one."""
    for record in records:
        episode = episode_of(record)
        if episode is not None:
            yield episode
