"""The toolbox behind `services.tool`: the calculator, or a family's own tools with a state for each trial."""

from __future__ import annotations

from typing import Protocol

from arena.messages import Calculator, ToolAnswer
from arena.records import Json, Trial


class Tools(Protocol):
    """The tools of one trial."""

    seeded: bool
    """Whether an answer depends on the call's seed; the seed is then journalled."""

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        """Carry out a call. Errors: ServiceFault without an answer; a refused call has an answer with `ok: false`."""
        ...

    def recall(self, op: str, args: Json, seed: str, answer: Json) -> None:
        """Update the state with a call that was answered in an earlier session."""
        ...


class Toolbox(Protocol):
    """The tools of a run. Thread-safe: many trials use it at once.

    `repeatable`: whether a call can be recomputed from its trial, its earlier calls, op, arguments and seed; verify
    recomputes those and reports the others as unchecked.
    """

    name: str
    repeatable: bool

    def open(self, trial: Trial) -> Tools: ...


class CalculatorToolbox:
    """The calculator as the toolbox of every trial; it keeps no state."""

    repeatable = True

    def __init__(self, calculator: Calculator) -> None:
        self._calculator = calculator
        self.name = calculator.name
        self.seeded = calculator.seeded
        self.call = calculator.call

    def open(self, trial: Trial) -> CalculatorToolbox:
        return self

    def recall(self, op: str, args: Json, seed: str, answer: Json) -> None:
        """Nothing: a calculator has no state."""
