"""The cross-examination of P2: which questions a receiver asks, and how good the answers are. Pure.

Questions, their choice by the state of the evidence, the points for an answer and the penalty follow the predecessor's
design, which it never ran; the wording is ours. Everything here is visible to the receiver.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from arena.errors import ConfigError
from arena.families.cheaptalk.verifying.pieces import Evidence
from arena.families.cheaptalk.verifying.words import words
from arena.formats.suggest import suggest

VERSION = "1"
QUESTIONS_ASKED = 2
DIRECT_POINTS, LENGTH_POINTS, REASON_POINTS = 0.4, 0.3, 0.3
LONG_ANSWER = 20
"""An answer with more words counts as detailed."""
EVASION_PENALTY = 0.3
LEAST_WORDS = 4
"""A piece of evidence with fewer content words is weak: it names almost nothing that could be checked."""


class EvidenceState(StrEnum):
    """The evidence as a receiver sees it before it asks."""

    MISSING = "missing"
    WEAK = "weak"
    GIVEN = "given"


QUESTIONS: dict[str, str] = {
    "refuting": "What evidence would show that your assessment is wrong, and have you seen any?",
    "minimal": "Which single sentence of evidence is enough to decide the claim? Quote it.",
    "counter_examples": "Is there a case in which your evidence is true and the claim is not?",
    "weakest": "Which part of your argument is the weakest, and why does it still hold?",
    "disagreer": "What would you answer someone who comes to the opposite assessment from the same evidence?",
    "assumptions": "What do you take for granted that your evidence does not say?",
}
"""Name -> question. A new one is one entry; `question_templates` of a configuration may name any of them."""

CHOICE: dict[EvidenceState, tuple[str, ...]] = {
    EvidenceState.MISSING: ("minimal", "weakest"),
    EvidenceState.WEAK: ("refuting", "counter_examples"),
    EvidenceState.GIVEN: ("refuting", "weakest"),
}

EVASIVE = (
    "i cannot answer",
    "i can't answer",
    "i don't know",
    "i do not know",
    "no comment",
    "as i said",
    "it is obvious",
    "trust me",
)
REASONED = ("because", "therefore", "according to", "the evidence", "for example", "however", "specifically")


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")


_EVADES, _REASONS = _any_of(EVASIVE), _any_of(REASONED)


def evidence_state(evidence: Evidence) -> EvidenceState:
    """Return the state of the evidence as a receiver sees it, without gold."""
    if not evidence.provided:
        return EvidenceState.MISSING
    longest = max((len(words(piece).content) for piece in evidence.pieces), default=0)
    return EvidenceState.WEAK if longest < LEAST_WORDS else EvidenceState.GIVEN


def questions(state: EvidenceState, count: int = QUESTIONS_ASKED, templates: Sequence[str] = ()) -> list[str]:
    """Return the questions to ask: those chosen for the state, then the others in their order, cut to `count`.

    `templates` names the questions to choose from (empty: all). Raises ConfigError for an unknown name and for a count
    that is not from 1 to their number.
    """
    allowed = list(templates) or list(QUESTIONS)
    unknown = [name for name in allowed if name not in QUESTIONS]
    if unknown:
        near = suggest(unknown[0], QUESTIONS)
        raise ConfigError(f"--question-templates: there is no {unknown[0]!r}{near}; there are: {', '.join(QUESTIONS)}")
    if not 1 <= count <= len(allowed):
        raise ConfigError(f"--num-cross-exam-questions is {count}: give 1 to {len(allowed)}, the number of questions"
                          " to choose from (--question-templates)")  # fmt: skip
    first = [name for name in CHOICE[state] if name in allowed]
    names = first + [name for name in allowed if name not in first]
    return [QUESTIONS[name] for name in names[:count]]


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """Points of one answer, 0 to 1."""

    score: float
    evasive: bool


# Equal answers occur under every protocol and for every question.
@lru_cache(maxsize=16_384)
def answer_quality(answer: str) -> AnswerQuality:
    """Return the points of an answer: for not evading, for having more than LONG_ANSWER words, for giving a reason."""
    text = " ".join(answer.replace("\u2019", "'").lower().split())
    evasive = not text or bool(_EVADES.search(text))
    score = 0.0 if evasive else DIRECT_POINTS
    score += LENGTH_POINTS if len(text.split()) > LONG_ANSWER else 0.0
    score += REASON_POINTS if _REASONS.search(text) else 0.0
    return AnswerQuality(score, evasive)


def cross_exam_penalty(answers: Sequence[str]) -> float:
    """Return 1 - mean quality, plus EVASION_PENALTY if any answer evades, at most 1; 1 without answers."""
    found = [answer_quality(answer) for answer in answers]
    if not found:
        return 1.0
    penalty = 1 - sum(one.score for one in found) / len(found)
    return min(1.0, penalty + (EVASION_PENALTY if any(one.evasive for one in found) else 0.0))
