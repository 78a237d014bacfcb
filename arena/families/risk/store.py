"""The store behind the tools of a trial: in the process, its own for each trial, rebuilt from the recorded calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from arena.families.risk.tools import ToolRow, carry_out, new_state
from arena.messages import ToolAnswer
from arena.records import Json, Trial

Content = Mapping[str, Mapping[str, Json]]
"""Shelf -> name -> content."""


class StoreTools:
    """The tools of one trial. An answer is a function of the store and the call, so it can be computed again."""

    seeded = False

    def __init__(self, content: Content, allowed: Mapping[str, ToolRow]) -> None:
        self.state = new_state(content)
        self._allowed = allowed

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        return ToolAnswer(carry_out(self.state, self._allowed, op, args), 0.0)

    def recall(self, op: str, args: Json, seed: str, answer: Json) -> None:
        """Apply a recorded call to the store."""
        carry_out(self.state, self._allowed, op, args)


class StoreToolbox:
    """The tools of a run. `content_of` returns the content of a trial's store, and which tools there are."""

    name = "store"
    repeatable = True

    def __init__(self, content_of: Callable[[Trial], tuple[Content, Mapping[str, ToolRow]]]) -> None:
        self._content_of = content_of

    def open(self, trial: Trial) -> StoreTools:
        return StoreTools(*self._content_of(trial))
