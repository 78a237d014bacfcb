"""The mock solver: one model that answers alone, criticises and revises."""

from __future__ import annotations

from arena.families.cheaptalk.mock.knowledge import believed, deciding, draw, nearest
from arena.families.cheaptalk.mock.prompted import task
from arena.families.cheaptalk.mock.skill import Skill
from arena.families.cheaptalk.prompts import CRITIQUE_CUE, REVISE_CUE
from arena.messages import ModelRequest

STEADY = 0.7
"""How often a sample reads as the model always does; else it reads again."""
IMPROVES = 0.05
"""Increase of the probability of understanding by a revision."""


def write(request: ModelRequest, skill: Skill) -> str:
    """Return an answer, a critique or a revision."""
    text = request.conversation.messages[-1].text
    if text.endswith(CRITIQUE_CUE):
        return "The answer should name the sentence that decides the claim."
    claim, sentences = task(request.conversation.messages)
    turn = request.key.turn
    seed, reads = request.seed, skill.reads
    if text.endswith(REVISE_CUE):
        reads = min(1.0, reads + IMPROVES * turn)
    elif draw(seed, f"steady {turn}") >= STEADY:
        seed = f"{seed} sample {turn}"
    label = believed(claim, sentences, seed, reads)
    shown = list(deciding(claim, sentences)) or ([nearest(claim, sentences)] if sentences else [])
    listed = "\n" + "\n".join(f"- {sentence}" for sentence in shown) if shown else " none"
    return f"Final Assessment: {label.value}\nEvidence:{listed}\nReasoning: read alone."
