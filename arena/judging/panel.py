"""Combine several judgements of one match: the median of each dimension, the majority's answer to each question.

A panel is several judges, one judge several times, or both. Each judgement is its own question to the judge
(`Services.judge`, with its number as `turn`), asked and re-asked like a single one. docs/rejudging.md gives the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from arena.errors import JudgePending
from arena.judging.items import majority
from arena.judging.judge import JudgeResult
from arena.play.services import JUDGE_SEAT
from arena.records import Counters, Judgement, Judging


@dataclass(slots=True)
class PanelResult:
    """Result of a panel. Either `scores` (medians) and `verdict` are set, or `unscored` says why they are not.

    `verdict`: the text of the judgement closest to the medians.  `judging`: further members of the record.
    """

    scores: dict[str, float] | None
    verdict: str | None
    unscored: str | None
    judging: Judging


def ask_panel(labels: Sequence[str], ask: Callable[[int], JudgeResult]) -> PanelResult:
    """Ask for each judgement (`ask` gets its number) and combine them; `labels`: the judges, in order.

    With one label or none there is one judgement, which is the result. Raises the exceptions of `ask`: an outage of one
    judge is an outage of the match, and the answers are in the journal. If the answer to a batch is pending, the other
    questions are still asked, so that one batch contains them all.
    """
    found: list[JudgeResult] = []
    awaited: JudgePending | None = None
    for number in range(max(1, len(labels))):
        try:
            found.append(ask(number))
        except JudgePending as end:
            awaited = awaited or end
    if awaited is not None:
        raise awaited
    result = PanelResult(None, None, None, _judging(found))
    if len(labels) > 1:
        result.judging.panel = tuple(
            Judgement(label, labels[:number].count(label), one.scores, one.unscored, one.verdict, one.items)
            for number, (label, one) in enumerate(zip(labels, found, strict=True))
        )
    _put_together(found, result)
    return result


def _put_together(found: Sequence[JudgeResult], result: PanelResult) -> None:
    read = [(one.scores, one.verdict) for one in found if one.scores is not None]
    if not read or 2 * len(read) < len(found):
        result.unscored = next(one.unscored for one in found if one.unscored is not None)
        if len(found) > 1:
            left = f"only {len(read)} of {len(found)} judgements could be read"
            result.unscored = f"{left}; the first that could not: {result.unscored}"
        return
    scores = result.scores = medians([one for one, _ in read])
    result.judging.items = majority([one.items for one in found if one.scores is not None])
    nearest = min(read, key=lambda one: sum(abs(one[0][name] - scores[name]) for name in scores))
    result.verdict = nearest[1]


def medians(grades: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """Return dimension -> median of one or more sets of grades: a whole number as int, between two grades n.5."""
    if len(grades) == 1:
        return dict(grades[0])
    found = {name: median(one[name] for one in grades) for name in grades[0]}
    return {name: int(value) if value == int(value) else value for name, value in found.items()}


def _judging(found: Sequence[JudgeResult]) -> Judging:
    usage = Counters(JUDGE_SEAT)
    for one in found:
        usage.add(one.usage)
    # All judges read the same text, so its cuts are counted once.
    cut = found[0].cut
    calls = tuple(call for one in found for call in one.calls)
    return Judging(sum(one.asks for one in found), cut.texts, cut.characters, usage, calls)
