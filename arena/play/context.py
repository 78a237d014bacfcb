"""Shared by all trials of a run: its models, tools, limits, policy and journal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from arena.errors import ServiceFault
from arena.messages import Provider, Sampling, ToolRecording
from arena.play.limits import Budget
from arena.play.toolbox import Toolbox
from arena.policy.gates import AllowAll, Gate
from arena.records import Json, Stop, Trial
from arena.settings.prices import FREE, Price
from arena.store.gate_lines import call_line
from arena.store.journal import AppendFile, JournalIndex


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready for calls: `name` is passed to the provider, `label` is `provider/name`.

    `recording`: the source of the tool calls of this model's seats in a replay.
    """

    provider: Provider
    name: str
    label: str
    sampling: Sampling
    price: Price = FREE
    recording: ToolRecording | None = None


class Activity:
    """Live counters for the progress line, approximate under threads and never part of a result; and the calls in
    flight, each with a function to call if the process ends before the answer arrives."""

    __slots__ = ("turns", "in_flight", "retries", "elsewhere", "_flights")

    def __init__(self) -> None:
        self.turns = 0
        self.in_flight = 0
        self.retries = 0
        self.elsewhere = False
        """Whether other processes make the calls, so that their number is known here only from time to time."""
        self._flights: dict[object, Callable[[], None]] = {}

    def departs(self, abandon: Callable[[], None]) -> object:
        """Record a call that may be billed, and return its mark; `abandon` journals that its answer was not awaited."""
        flight = object()
        self._flights[flight] = abandon
        return flight

    def lands(self, flight: object) -> bool:
        """Forget a call whose answer arrived; False: it is being journalled as abandoned, and must not be used."""
        return self._flights.pop(flight, None) is not None

    def abandon(self) -> int:
        """Abandon the calls in flight that may be billed and return how many: the last thing that a process does."""
        count = 0
        while self._flights:
            try:
                _, abandon = self._flights.popitem()  # one step, so that a call either lands or is abandoned
            except KeyError:
                break
            abandon()
            count += 1
        return count


class LeftOut:
    """Settings that were requested but not sent: model -> names. Thread-safe."""

    def __init__(self) -> None:
        self._found: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def add(self, model: str, names: Iterable[str]) -> None:
        """Note the settings that one reply reports as not sent."""
        if names:
            with self._lock:
                self._found[model] = self._found.get(model, frozenset()).union(names)

    def by_model(self) -> dict[str, list[str]]:
        """Return model -> names, both sorted."""
        with self._lock:
            return {model: sorted(names) for model, names in sorted(self._found.items())}


def no_player(trial: Trial, seat: str) -> Model:
    """Fill no seat: for families without players."""
    raise ServiceFault(Stop.BUG, f"no model fills the seat {seat}")


@dataclass(frozen=True, slots=True)
class RunContext:
    """The objects that all trials of a run share.

    `player`: the model that fills a seat of a trial.  `panel`: the judge of each question about a trial, in order;
    empty without a judge.  `toolbox`: None without tools.  `has_tools`: whether players are shown tools.
    """

    budget: Budget
    journal: AppendFile
    recorded: JournalIndex
    stop: threading.Event
    player: Callable[[Trial, str], Model] = no_player
    panel: Sequence[Model] = ()
    toolbox: Toolbox | None = None
    has_tools: bool = False
    judge_bound: bool = False
    """Whether a judge's answer is bound to its JSON schema."""
    gate: Gate = field(default_factory=AllowAll)
    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.perf_counter
    activity: Activity = field(default_factory=Activity)
    left_out: LeftOut = field(default_factory=LeftOut)
    written: Callable[[Mapping[str, Json]], None] | None = None
    """Receives the members of each line that was appended to the journal."""

    def append(self, fields: Mapping[str, Json]) -> None:
        """Append a line to the journal; its member `gates` holds GateDecisions. Errors: StorageFault."""
        self.journal.append(call_line(fields))
        if self.written is not None:
            self.written(fields)

    def judge_of(self, question: int) -> Model | None:
        """Return the judge of a question (0-based) about a trial; None if the run has no judge."""
        if not self.panel:
            return None
        return self.panel[question] if question < len(self.panel) else self.panel[0]
