"""One episode as the predecessor's JSON line: task, transcript, verifier result, metrics, payoff. Pure."""

from __future__ import annotations

from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.payoff import Breakdown
from arena.formats.json_types import Json
from arena.records import Record


def episode_line(record: Record, detail: EpisodeDetail) -> dict[str, Json]:
    """Return the line of an episode. In addition to the predecessor's fields it has its seed and the record's key.

    Messages have no `timestamp`: no record has a wall-clock value. Each says who heard it.
    """
    condition, task, paid = detail.condition, detail.task, detail.payoff
    return {
        "episode_id": detail.episode_id,
        "task": {
            "task_id": task.task_id,
            "claim": task.claim,
            "label": task.label.value,
            "evidence": [
                {"evidence_id": f"{task.task_id}_ev{place}", "text": text, "source": task.dataset, "metadata": {}}
                for place, text in enumerate(task.evidence)
            ],
            "metadata": {"original_id": task.task_id, "dataset": task.dataset, "difficulty": task.difficulty},
        },
        "protocol_id": condition.protocol,
        "deviation_type": condition.deviation,
        "transcript": [
            {"role": entry.seat, "content": entry.text, "to": list(entry.to), "metadata": {"turn": entry.turn}}
            for entry in record.transcript.entries
            if entry.kind == "say"
        ],
        "verifier_result": {
            "label_correct": detail.verifier.label_correct,
            "evidence_provided": detail.evidence.provided,
            "evidence_match_score": detail.verifier.match,
            "predicted_label": None if detail.read.predicted is None else detail.read.predicted.value,
            "additional_info": _additional_info(detail),
        },
        "metrics": {
            "accuracy": float(detail.verifier.label_correct),
            "evidence_compliance": float(detail.evidence.provided),
            "evidence_match_score": detail.verifier.match,
            "tokens": detail.spent.tokens,
            "calls": detail.spent.calls,
            "behaved": detail.behaved,
            **{name: getattr(paid.breakdown, name) for name in Breakdown.__slots__},
        },
        "payoff": paid.paid,
        "seed": condition.seed,
        "record": record.key,
    }


def _additional_info(detail: EpisodeDetail) -> dict[str, Json]:
    """Return the predecessor's `additional_info`, without the members that it omitted if nothing was rated or
    skipped."""
    verifier = detail.verifier
    found: dict[str, Json] = {
        "ground_truth_label": detail.task.label.value,
        "num_ground_truth_evidence": verifier.gold_sentences,
        "num_gt_sentences": verifier.gold_sentences,
        "num_provided_sentences": verifier.pieces,
        "evidence_match_score": verifier.match,
        "string_match_score": verifier.string_match,
        "strict_match_score": verifier.strict_match,
        "fever_score": verifier.fever,
    }
    if verifier.rated:
        found["llm_evidence_score"] = verifier.llm_score
        found["llm_per_sentence_scores"] = None if verifier.llm_scores is None else list(verifier.llm_scores)
        found["llm_evidence_parse_error"] = verifier.llm_fault or None
    if verifier.skipped is not None:
        found["evidence_validity_skipped_reason"] = verifier.skipped
    return found
