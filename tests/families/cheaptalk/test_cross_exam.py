"""Cross-examination: questions by the state of the evidence, points for answers, the penalty."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError
from arena.families.cheaptalk.cross_exam import (
    QUESTIONS,
    EvidenceState,
    answer_quality,
    cross_exam_penalty,
    evidence_state,
    questions,
)
from arena.families.cheaptalk.verifying.pieces import evidence_of

LONG = (
    "The mill was sold in the spring of that year and the deed that proves it lies in the town hall beside the old one"
)
GOOD = f"{LONG}, because the weaver had died."


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (EvidenceState.MISSING, ["minimal", "weakest"]),
        (EvidenceState.WEAK, ["refuting", "counter_examples"]),
        (EvidenceState.GIVEN, ["refuting", "weakest"]),
    ],
)
def test_questions_follow_the_state_of_the_evidence(state: EvidenceState, names: list[str]) -> None:
    assert questions(state) == [QUESTIONS[name] for name in names]
    assert questions(state, 1) == [QUESTIONS[names[0]]]
    assert len(set(questions(state, 6))) == 6 and questions(state, 6)[:2] == questions(state)


def test_templates_restrict_the_questions() -> None:
    assert questions(EvidenceState.GIVEN, 2, ["disagreer", "weakest"]) == [QUESTIONS["weakest"], QUESTIONS["disagreer"]]
    with pytest.raises(ConfigError, match="--question-templates: there is no 'hardest'"):
        questions(EvidenceState.GIVEN, 1, ["hardest"])


@pytest.mark.parametrize("count", [0, 7])
def test_impossible_number_of_questions_is_refused(count: int) -> None:
    with pytest.raises(ConfigError, match="--num-cross-exam-questions"):
        questions(EvidenceState.GIVEN, count)


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("Evidence: none", EvidenceState.MISSING),
        ("Evidence: it is well known", EvidenceState.WEAK),
        ("Evidence: the deed", EvidenceState.WEAK),
        ("Evidence:\n1. Askrey Mill was sold in 1801.", EvidenceState.GIVEN),
    ],
)
def test_state_is_what_a_receiver_can_see(message: str, state: EvidenceState) -> None:
    assert evidence_state(evidence_of(message)) is state


@pytest.mark.parametrize(
    ("answer", "score", "evasive"),
    [
        (GOOD, 1.0, False),
        (LONG, 0.7, False),
        ("It was sold because he died.", 0.7, False),
        ("It was sold.", 0.4, False),
        ("I don\u2019t know.", 0.0, True),
        (f"Trust me: {GOOD}", 0.6, True),
        ("", 0.0, True),
        ("Nobody wept because of antitrust metals.", 0.7, False),
    ],
)
def test_answer_earns_points_for_three_things(answer: str, score: float, evasive: bool) -> None:
    found = answer_quality(answer)
    assert found.score == pytest.approx(score) and found.evasive is evasive


@pytest.mark.parametrize(
    ("answers", "penalty"),
    [([GOOD, GOOD], 0.0), ([GOOD, "It was sold."], 0.3), ([GOOD, "No comment."], 0.8), (["", ""], 1.0), ([], 1.0)],
)
def test_penalty_is_what_quality_lacks_and_evasion(answers: list[str], penalty: float) -> None:
    assert cross_exam_penalty(answers) == pytest.approx(penalty)
