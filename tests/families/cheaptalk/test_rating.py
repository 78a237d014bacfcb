"""The optional rating of evidence: what its answer says, what was mended, how it is combined."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError
from arena.families.cheaptalk.claim import Claim, Label, Sentence
from arena.families.cheaptalk.verifying.pieces import Evidence
from arena.families.cheaptalk.verifying.rating import MAX_PIECE, Rating, Weights, combined, prompt, read_rating
from arena.families.cheaptalk.verifying.verifier import verify

GOLD = "Askrey Mill was sold to the miller Jon Pauwel in 1801."
CLAIM = Claim("x", "The mill changed hands.", Label.SUPPORTS, ((Sentence(GOLD),),))
OPEN = Claim("y", "The mill was dear.", Label.NEI)


@pytest.mark.parametrize(
    ("answer", "scores", "fault"),
    [
        ('{"scores": [1, 0.25]}', (1.0, 0.25), ""),
        ('```json\n{"scores": [0.5, 0]}\n```', (0.5, 0.0), ""),
        ('{"scores": [1.5, -1]}', (1.0, 0.0), "outside 0 to 1"),
        ('{"scores": [0.5]}', (0.5, 0.0), "1 scores for 2 sentences"),
        ('{"scores": [0.5, 0.5, 0.5]}', (0.5, 0.5), "3 scores for 2 sentences"),
        ("I give [0.2, 0.4].", (0.2, 0.4), "is not JSON"),
        ("I give [0.2] and [0.4].", None, "has no list of scores"),
        ("good, bad", None, "is not JSON; has no list of scores"),
        ('{"scores": "high"}', None, "has no list of scores"),
        ('{"scores": [true, false]}', None, "has no list of scores"),
        ('{"scores": [NaN, 1]}', None, "not a number"),
        ("[0.1, 0.2]", None, "has no list of scores"),
    ],
)
def test_answer_gives_scores_and_names_faults(answer: str, scores: tuple[float, ...] | None, fault: str) -> None:
    found = read_rating(answer, 2)
    assert found.scores == scores
    assert fault in found.fault and bool(found.fault) == bool(fault)


def test_unread_rating_has_no_mean() -> None:
    assert Rating(None, "is not JSON").mean is None and Rating((0.25, 0.75)).mean == 0.5


def test_prompt_cuts_pieces_and_asks_for_their_number() -> None:
    text = prompt("The mill was sold.", ["x" * 900, "It was dear."])
    assert "x" * MAX_PIECE in text and "x" * (MAX_PIECE + 1) not in text
    assert "2 numbers" in text and '{"scores": [0.0]}' in text


def test_match_and_rating_are_combined_by_weight() -> None:
    assert combined(1.0, 0.5, Weights()) == 0.75
    assert combined(1.0, 0.0, Weights(3, 1)) == 0.75
    assert combined(None, 0.4, Weights()) == 0.4
    assert combined(0.4, None, Weights()) == 0.4
    assert combined(None, None, Weights()) is None


@pytest.mark.parametrize("weights", [(-1, 1), (0, 0), (float("nan"), 1)])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="evidence_score_weights"):
        Weights(*weights)


def test_verification_of_a_right_and_shown_claim() -> None:
    found = verify(CLAIM, Label.SUPPORTS, Evidence(True, (GOLD,)), Rating((0.5,)))
    assert found.label_correct and found.fever and found.skipped is None
    assert (found.match, found.strict_match, found.string_match) == (0.75, 1.0, 1.0)
    info = found.additional_info(CLAIM.label)
    assert info["ground_truth_label"] == "SUPPORTS" and info["llm_per_sentence_scores"] == [0.5]


@pytest.mark.parametrize(
    ("claim", "evidence", "skipped", "match"),
    [
        (CLAIM, Evidence(False, ()), "no_evidence_provided", 0.0),
        (CLAIM, Evidence(True, ()), "no_evidence_parsed_from_content", 0.0),
        (OPEN, Evidence(True, (GOLD,)), "no_ground_truth_text", None),
    ],
)
def test_missing_match_has_its_reason(claim: Claim, evidence: Evidence, skipped: str, match: float | None) -> None:
    found = verify(claim, Label.NEI, evidence)
    assert (found.skipped, found.match) == (skipped, match)
    assert found.additional_info(claim.label)["evidence_validity_skipped_reason"] == skipped


def test_unparsable_decision_is_not_correct() -> None:
    assert verify(CLAIM, None, Evidence(True, (GOLD,))).label_correct is False
