"""A file of recorded calls, for runs without a journal, so that policies can decide about them again.

Each line is a trial: its key, cell, unit and plan, and the facts of its calls in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.policy.gates import ALLOW, CallFacts, Gate
from arena.records import CallKind, Json, Phase, Trial
from arena.store.journal import encode_line, read_rows

RECORDED_CALLS = "recorded_calls.jsonl"


@dataclass(frozen=True, slots=True)
class _Call:
    phase: Phase
    kind: CallKind
    seat: str
    turn: int
    step: int
    text: str
    op: str | None = None
    args: Json = None


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    family: str
    unit: str
    cell: Mapping[str, str]
    plan: Mapping[str, Json]
    calls: tuple[_Call, ...] = field(default=())


def line_of(trial: Trial, calls: Iterable[CallFacts]) -> bytes:
    """Return the line of one trial."""
    return encode_line(
        {
            "key": trial.key,
            "family": trial.family,
            "unit": trial.unit,
            "cell": dict(trial.cell),
            "plan": dict(trial.plan),
            "calls": [facts._asdict() for facts in calls],
        }
    )


def recall_file(path: Path, gate: Gate) -> None:
    """Have a gate recall every call of a file. Errors: DataError naming file, line and pointer."""
    for trial, calls in read_calls_file(path):
        opened = gate.open(trial)
        for facts in calls:
            opened.recall(facts, ALLOW)


def read_calls_file(path: Path) -> Iterator[tuple[Trial, list[CallFacts]]]:
    """Yield the trials of a file, each with the facts of its calls. Errors: as of `recall_file`."""
    for line in read_rows(path, _Line):
        trial = Trial(line.key, line.family, line.cell, line.unit, None, "0" * 64, line.plan)
        yield (
            trial,
            [
                CallFacts(one.phase, one.kind, one.seat, one.turn, one.step, one.text, one.op, one.args)
                for one in line.calls
            ],
        )
