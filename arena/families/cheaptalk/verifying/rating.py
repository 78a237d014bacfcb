"""The optional rating of evidence by a model: its prompt, its answer, and how it is combined with the string match.

It rates the sender's evidence against the claim, not against gold, so it also works for NOT ENOUGH INFO.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from arena.errors import ConfigError

VERSION = "1"
MAX_PIECE = 500
"""Characters of one piece that are shown to the rater."""
MAX_TOKENS = 800
"""Most tokens of its answer; it is asked at temperature 0."""

_LIST = re.compile(r"\[\s*(?:-?\d+(?:\.\d+)?\s*(?:,\s*-?\d+(?:\.\d+)?\s*)*)?\]")


@dataclass(frozen=True, slots=True)
class Rating:
    """Scores of the pieces in order, 0 to 1; `fault` says what was wrong with the answer; empty if it was readable.

    `scores` is None if the answer has no readable scores: a missing rating is not a rating of 0.
    """

    scores: tuple[float, ...] | None
    fault: str = ""

    @property
    def mean(self) -> float | None:
        """The mean of the scores; None without a rating."""
        return math.fsum(self.scores) / len(self.scores) if self.scores else None


def prompt(claim: str, pieces: Sequence[str]) -> str:
    """Return the question to the rater, with each piece cut to MAX_PIECE characters."""
    listed = "\n".join(f"{number}. {piece[:MAX_PIECE]}" for number, piece in enumerate(pieces, 1))
    return (
        f"Claim: {claim}\n\nSentences offered as evidence:\n{listed}\n\n"
        "Rate every sentence from 0 to 1: how much would it help to decide whether the claim is true? A sentence that "
        "only repeats the claim, or that names nothing that could be checked, gets 0.\n"
        f'Answer with JSON only, {len(pieces)} numbers in the order of the sentences: {{"scores": [0.0]}}'
    )


def read_rating(answer: str, expected: int) -> Rating:
    """Return the scores in an answer for `expected` pieces: cut to 0..1, filled up with 0, cut to their number.

    All repairs are named in `fault`. An answer that is not JSON is searched for one list of numbers.
    """
    body = re.sub(r"\A\s*```(?:json)?\s*|\s*```\s*\Z", "", answer)
    faults = []
    try:
        value = json.loads(body)
        found = value.get("scores") if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        faults.append("is not JSON")
        lists = _LIST.findall(body)
        found = json.loads(lists[0]) if len(lists) == 1 else None
    if not isinstance(found, list) or any(isinstance(x, bool) or not isinstance(x, int | float) for x in found):
        return Rating(None, "; ".join([*faults, "has no list of scores"]))
    if not all(math.isfinite(x) for x in found):
        return Rating(None, "; ".join([*faults, "has a score that is not a number"]))
    if len(found) != expected:
        faults.append(f"has {len(found)} scores for {expected} sentences")
    if any(not 0 <= x <= 1 for x in found):
        faults.append("has a score outside 0 to 1")
    scores = [min(1.0, max(0.0, float(x))) for x in found[:expected]]
    return Rating((*scores, *[0.0] * (expected - len(scores))), "; ".join(faults))


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts. Raises ConfigError unless both are 0 or more and one is above 0."""

    string_match: float = 0.5
    llm: float = 0.5

    def __post_init__(self) -> None:
        values = (self.string_match, self.llm)
        if not all(math.isfinite(value) and value >= 0 for value in values) or sum(values) <= 0:
            raise ConfigError(f"evidence_score_weights {values}: give two numbers of 0 or more, one of them above 0")


EQUAL = Weights()


def combined(string_match: float | None, llm: float | None, weights: Weights) -> float | None:
    """Return the evidence score: the weighted mean, or the only available part; None without either.

    Without gold text there is no string match and the rating counts alone; without a rating the match counts alone.
    """
    if string_match is None or llm is None:
        return llm if string_match is None else string_match
    total = weights.string_match + weights.llm
    return (weights.string_match * string_match + weights.llm * llm) / total
