"""Replaces players, judge and tools of a run that is replayed from its journal: nothing is called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from arena.analysis.verify.journal import Attempt
from arena.errors import ServiceFault, TrialEnded
from arena.families.contract import Family
from arena.messages import CallKey, ModelReply, ModelRequest, Provider, Sampling, ToolAnswer
from arena.play.context import Model, RunContext
from arena.play.limits import Budget, Limits
from arena.play.services import recorded_fault, tool_seed
from arena.play.toolbox import CalculatorToolbox
from arena.policy.gates import Gate
from arena.records import Json, Stop
from arena.store.calls import CallLine, Fault, Slot
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex


class Absent(Provider):
    """Replacements for players, judge and calculator: all answers come from the journal. Calls that failed in the run
    fail again with the fault that was recorded."""

    name = "recorded"
    offline = True
    seeded = True

    def __init__(self, faults: Mapping[Attempt, Sequence[CallLine]], seed_of: Callable[[str], str | None]) -> None:
        """`faults`: the calls that failed.  `seed_of`: a trial's key -> its seed; None: it is not in the plan."""
        self._models: dict[tuple[str, int, Slot], Fault] = {}
        self._tools: dict[str, Fault] = {}
        for (key, attempt), lines in faults.items():
            for line in lines:
                if line.fault is None:
                    continue
                if line.kind != "tool":
                    self._models[key, attempt, line.slot] = line.fault
                elif (seed := seed_of(key)) is not None:
                    place = CallKey(key, attempt, line.seat, line.turn, line.step)
                    self._tools[tool_seed(seed, place, line.index)] = line.fault

    def complete(self, request: ModelRequest) -> ModelReply:
        key = request.key
        fault = self._models.get((key.trial, key.attempt, Slot(request.kind, key.seat, key.turn, key.step, 0)))
        raise _fault(fault, f"{request.kind} call of {key.seat} at turn {key.turn}, step {key.step}")

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        raise _fault(self._tools.get(seed), f"tool call {op}")

    def catalogue(self) -> list[dict[str, Json]]:
        return []

    def identity(self) -> dict[str, Json]:
        return {}

    def close(self) -> None:
        """Do nothing."""


def _fault(recorded: Fault | None, what: str) -> TrialEnded:
    if recorded is None:
        return ServiceFault(Stop.JOURNAL, f"{JOURNAL_FILE} has no {what}")
    return recorded_fault(recorded)


def context_again(
    run: FinishedRun, family: Family, absent: Absent, index: JournalIndex, sink: AppendFile, gate: Gate
) -> RunContext:
    """Return the context of the trials of a finished run for a replay; `gate` recalls every decision."""
    model = Model(absent, "", "recorded", Sampling())
    shown = run.manifest.identity.tools_sha256 is not None
    return RunContext(
        player=lambda trial, seat: model,
        panel=(model,),
        toolbox=CalculatorToolbox(absent),
        has_tools=shown or family.toolbox(None) is not None,
        budget=Budget(Limits()),
        journal=sink,
        recorded=index,
        stop=threading.Event(),
        gate=gate,
    )
