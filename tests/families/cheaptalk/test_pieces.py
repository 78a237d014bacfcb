"""Pieces of evidence in a message: the declared section only, item by item, and none if none is offered."""

from __future__ import annotations

import pytest

from arena.families.cheaptalk.verifying.pieces import Evidence, evidence_of

ONE, TWO = "Askrey Mill was sold in 1801.", "The final assessment of the mill was made in 1790."


@pytest.mark.parametrize(
    "message",
    [
        f"Assessment: SUPPORTS\nEvidence:\n1. {ONE}\n2. {TWO}\nConfidence: 0.9",
        f"Evidence:\n- {ONE}\n* {TWO}\n\nReasoning: the deed says so.",
        f"**Evidence:**\n1) {ONE}\n2) {TWO}\n**Confidence:** high",
        f"## Evidence\n{ONE}\n{TWO}\n## Reasoning\nIt follows.",
        f"Evidence: 1. {ONE} 2. {TWO}",
        f'Evidence:\n> "{ONE}"\n> "{TWO}"',
        f"Evidence:\n1. {ONE}\n\n2. The final assessment of the mill\n   was made in 1790.\nDecision: ACCEPT",
        f'{{"assessment": "SUPPORTS", "evidence": ["{ONE}", {{"text": "{TWO}"}}]}}',
        f"<think>Evidence:\n1. Something else entirely here.</think>Evidence:\n1. {ONE}\n2. {TWO}\n3. {ONE}",
    ],
)
def test_two_pieces_are_found(message: str) -> None:
    assert evidence_of(message) == Evidence(True, (ONE, TWO))


@pytest.mark.parametrize(
    "message",
    [
        "Assessment: SUPPORTS\nConfidence: high",
        "Evidence: none",
        "Evidence: None.\nConfidence: 0.9",
        "Evidence:\n- No evidence available\n",
        "Evidence: N/A",
        "**Evidence:** no sources were found",
        "Evidence:\nConfidence: 0.9",
        f"I am certain. According to Wikipedia, {ONE}",
        '{"evidence": []}',
        "",
    ],
)
def test_no_evidence_is_not_provided(message: str) -> None:
    assert evidence_of(message) == Evidence(False, ())


def test_short_piece_is_provided_but_not_parsed() -> None:
    assert evidence_of("Evidence: the deed") == Evidence(True, ())


def test_sentence_that_begins_with_none_is_evidence() -> None:
    piece = "None of the bells hangs in Lammet today."
    assert evidence_of(f"Evidence:\n1. {piece}") == Evidence(True, (piece,))


def test_section_ends_at_a_field_not_at_its_word() -> None:
    message = f"Evidence: {TWO} Confidence in it is high.\nConfidence: 0.9\nThe rest is not an evidence at all."
    assert evidence_of(message).pieces == (f"{TWO} Confidence in it is high.",)


def test_json_that_is_broken_is_read_as_text() -> None:
    assert evidence_of(f'{{"evidence": ["{ONE}"') == Evidence(False, ())
    assert evidence_of('[["evidence"]]') == Evidence(False, ())
