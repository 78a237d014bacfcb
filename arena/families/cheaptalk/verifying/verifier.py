"""The verifier's findings about one finished conversation, under the predecessor's field names and ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arena.families.cheaptalk.claim import Claim, Label
from arena.families.cheaptalk.verifying.evidence import fever_score, strict_match, string_match
from arena.families.cheaptalk.verifying.matches import Match, strict
from arena.families.cheaptalk.verifying.pieces import Evidence
from arena.families.cheaptalk.verifying.rating import EQUAL, Rating, Weights, combined

NO_EVIDENCE = "no_evidence_provided"
NOTHING_PARSED = "no_evidence_parsed_from_content"
NO_GOLD_TEXT = "no_ground_truth_text"


@dataclass(frozen=True, slots=True)
class EvidenceVerification:
    """Label and evidence of one conversation against the truth.

    `match` is the score that payoffs use: the match chosen by the caller combined with the rating; 0 if no evidence
    was given, None if there is nothing to match with. `skipped` says why there is no match.
    """

    predicted: Label | None
    label_correct: bool
    evidence_provided: bool
    match: float | None
    string_match: float | None
    strict_match: float | None
    fever: bool | None
    gold_sentences: int
    pieces: int
    rating: Rating | None
    skipped: str | None

    def additional_info(self, truth: Label) -> Mapping[str, object]:
        """Return the predecessor's `additional_info`, with `strict_match_score` and `fever_score` added."""
        found: dict[str, object] = {
            "ground_truth_label": truth.value,
            "num_ground_truth_evidence": self.gold_sentences,
            "num_gt_sentences": self.gold_sentences,
            "num_provided_sentences": self.pieces,
            "evidence_match_score": self.match,
            "string_match_score": self.string_match,
            "strict_match_score": self.strict_match,
            "fever_score": self.fever,
        }
        if self.rating is not None:
            found["llm_evidence_score"] = self.rating.mean
            found["llm_per_sentence_scores"] = None if self.rating.scores is None else list(self.rating.scores)
            found["llm_evidence_parse_error"] = self.rating.fault or None
        if self.skipped is not None:
            found["evidence_validity_skipped_reason"] = self.skipped
        return found


def verify(
    claim: Claim,
    predicted: Label | None,
    evidence: Evidence,
    rating: Rating | None = None,
    weights: Weights = EQUAL,
    match: Match = strict,
) -> EvidenceVerification:
    """Compare a decision and the evidence shown with the claim's truth. `match`: the match that counts.

    An unparsable decision (None) is not correct.
    """
    loose = string_match(evidence.pieces, claim.gold_texts())
    tight = strict_match(evidence.pieces, claim.gold_sets(), claim.text)
    own = match(evidence.pieces, claim)
    skipped = None
    if not evidence.provided:
        skipped = NO_EVIDENCE
    elif not evidence.pieces:
        skipped = NOTHING_PARSED
    elif own is None:
        skipped = NO_GOLD_TEXT
    counted = combined(own, None if rating is None else rating.mean, weights) if evidence.pieces else 0.0
    right = predicted is claim.label
    return EvidenceVerification(
        predicted=predicted,
        label_correct=right,
        evidence_provided=evidence.provided,
        match=counted,
        string_match=loose,
        strict_match=tight,
        fever=fever_score(right, evidence.pieces, claim),
        gold_sentences=len(claim.gold_texts()),
        pieces=len(evidence.pieces),
        rating=rating,
        skipped=skipped,
    )
