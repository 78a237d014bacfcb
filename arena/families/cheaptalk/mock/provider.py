"""The provider `mock` of the cheaptalk family: models for every seat, and a rater of evidence.

A model knows its seat from its system text. It respects the bound of an answer's tokens, as a server would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from arena.families.cheaptalk.mock import receiver, sender, solver
from arena.families.cheaptalk.mock.knowledge import believed
from arena.families.cheaptalk.mock.prompted import task
from arena.families.cheaptalk.mock.skill import SKILLS, Skill
from arena.families.cheaptalk.prompts import ALONE_SYSTEM, SOLVER_SYSTEM
from arena.families.cheaptalk.verifying.words import words
from arena.messages import ModelRequest
from arena.play.limits import CHARS_PER_TOKEN
from arena.providers.mock import MockModel, MockProvider


def _player(skill: Skill) -> MockModel:
    def play(request: ModelRequest) -> str:
        text = _reply(request, skill)
        most = request.sampling.max_tokens
        return text if most is None else text[: most * CHARS_PER_TOKEN]

    return play


def _reply(request: ModelRequest, skill: Skill) -> str:
    system = request.conversation.system
    if system == ALONE_SYSTEM:
        belief = believed(*task(request.conversation.messages), request.seed, skill.reads)
        return f"Final Assessment: {belief.value}"
    if system == SOLVER_SYSTEM:
        return solver.write(request, skill)
    if system.startswith("You are the sender"):
        return sender.write(request, skill)
    return receiver.write(request, skill)


_NUMBERED = re.compile(r"^\d+\. (.*)$", re.M)


def rate(request: ModelRequest) -> str:
    """Return a rating of each numbered sentence: the share of the claim's words that it has."""
    text = request.conversation.messages[-1].text
    claim = words(text.partition("\n")[0].removeprefix("Claim: ")).content
    listed = _NUMBERED.findall(text)
    scores = [round(len(claim & words(piece).content) / max(1, len(claim)), 2) for piece in listed]
    return json.dumps({"scores": scores})


PLAYERS: Mapping[str, MockModel] = {name: _player(skill) for name, skill in SKILLS.items()}


def build(name: str, settings: object) -> MockProvider:
    """Return the provider `mock` with the models of this family; there is nothing to set."""
    return MockProvider(PLAYERS, {"rater": rate})
