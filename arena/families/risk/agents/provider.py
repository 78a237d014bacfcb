"""The provider `mock` of the risk family: the SHIM agents, and `echo`, which repeats the last message sent to it.

Models: those of weaknesses.AGENTS, and `echo`, with which the REAL lane can be tried without a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from arena.families.risk.agents.agent import next_message
from arena.families.risk.agents.weaknesses import AGENTS, Weakness
from arena.messages import ModelRequest
from arena.providers.mock import MockModel, MockProvider

ECHO = "echo"


def _agent(weakness: Weakness) -> MockModel:
    return lambda request: next_message(request, weakness)


def echo(request: ModelRequest) -> str:
    """Return the last message that was sent."""
    messages = request.conversation.messages
    return messages[-1].text if messages else request.conversation.system


PLAYERS: Mapping[str, MockModel] = {**{name: _agent(weakness) for name, weakness in AGENTS.items()}, ECHO: echo}


def build(name: str, settings: object) -> MockProvider:
    """Return the provider `mock` with the agents of this family; there is nothing to set."""
    return MockProvider(PLAYERS, {})
