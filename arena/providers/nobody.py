"""Replacements for models that must not be called: any call is a fault.

Nobody: players of finished matches. A run that judges another one again has their names and their words.
Unasked: models of a dry run, which needs no key for them.
"""

from __future__ import annotations

from pathlib import Path

from arena.errors import ServiceFault
from arena.messages import CallKey, ModelReply, ModelRequest, Provider, ToolAnswer
from arena.providers.replay import recorded_tools
from arena.records import Json

_FAULT = "this run judges matches that are played already: {} cannot be called"


class Nobody(Provider):
    """A provider and a tool recording without answers; `run_dir`: the run in which the matches were played."""

    name = "nobody"
    offline = True

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def tools_text(self) -> str | None:
        """Return the description of the calculator shown to players, or None if they had none. Errors: DataError."""
        return recorded_tools(self._run_dir)

    def complete(self, request: ModelRequest) -> ModelReply:
        raise ServiceFault("provider", _FAULT.format(f"the player of {request.key.seat}"))

    def tool(self, key: CallKey, index: int, op: str, args: Json) -> ToolAnswer:
        raise ServiceFault("calculator", _FAULT.format(f"the calculator for {key.seat}"))


class Unasked(Provider):
    """A provider of a dry run: it has a name, and needs neither key nor address."""

    offline = False

    def __init__(self, name: str) -> None:
        self.name = name

    def complete(self, request: ModelRequest) -> ModelReply:
        raise ServiceFault("bug", f"a dry run asks no model, and this one asked {self.name}")
