"""Reads rows.jsonl, one row at a time: rows of the arena, of the predecessor, of imported agent runs.

A line that is not a row is counted and reported by its number, never counted as a trial.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from arena.families.risk.assessment import RESISTED, SUCCEEDED, UNASSESSED
from arena.families.risk.rows import STAGES, VERDICTS
from arena.records import Json
from arena.store.files import reading

ROWS_FILE = "rows.jsonl"
LONGEST_ROW = 8 << 20
"""Bytes of a line; a longer one is malformed."""
MOST_TOLD = 5

_REQUIRED: Mapping[str, type] = {
    "run_id": str, "exp": str, "model": str, "prompt_tokens": int, "completion_tokens": int, "total_tokens": int,
    "success": bool, "callable": bool,
}  # fmt: skip
_TEXT, _FLAG, _WHOLE, _NUMBER = (str, type(None)), (bool, type(None)), (int, type(None)), (int, float, type(None))
_OPTIONAL: Mapping[str, tuple[type, ...]] = {
    "slice": _TEXT, "attack": _TEXT, "defence": _TEXT, "mode": _TEXT, "attack_outcome": _TEXT, "fail_reason": _TEXT,
    "judge_rule_id": _TEXT, "prompt": _TEXT, "reply": _TEXT, "input_case": _TEXT, "status": _TEXT, "timestamp": _TEXT,
    "task_done": _FLAG, "benign_completed": _FLAG, "judged": _FLAG, "breach_turn": _WHOLE, "calls": _WHOLE,
    "seed": _WHOLE, "latency_ms": _NUMBER, "cost_usd": _NUMBER,
}  # fmt: skip
_OUTCOMES = (None, SUCCEEDED, RESISTED, UNASSESSED)
_all = itemgetter(*_REQUIRED, *_OPTIONAL)
_counts = itemgetter(*(name for name, kind in _REQUIRED.items() if kind is int))
_MOST_FITTING = 4096
_fitting: set[tuple[type, ...]] = set()
"""Types of the members of rows that were found to fit, at most _MOST_FITTING: most rows of a run have the same."""


@dataclass(slots=True)
class Malformed:
    """Lines that were no rows: how many, and the first of them."""

    count: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, path: Path, number: int, problem: str) -> None:
        self.count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(f"{path}: line {number}: {problem}")


def experiments_in(folder: Path) -> tuple[str, ...]:
    """Return the experiments of a folder: its subfolders with rows."""
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{ROWS_FILE}")))


def rows_in(folder: Path, experiments: Sequence[str], malformed: Malformed) -> Iterator[dict[str, Any]]:
    """Yield the rows of the experiments of a folder, one after the other."""
    return itertools.chain.from_iterable(read_rows(folder / name / ROWS_FILE, malformed) for name in experiments)


def read_rows(path: Path, malformed: Malformed) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file in its order. Errors: OSError if it cannot be read."""
    with reading(path) as file:
        number = 0
        while line := file.readline(LONGEST_ROW + 1):
            number += 1
            if len(line) > LONGEST_ROW:
                malformed.add(path, number, f"is longer than {LONGEST_ROW} bytes")
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_ROW)
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                malformed.add(path, number, "is not JSON")
                continue
            problem = row_problem(row)
            if problem:
                malformed.add(path, number, problem)
            else:
                yield row


def row_problem(row: Json) -> str:
    """Return why a value is not a row; empty if it is one."""
    if not isinstance(row, dict):
        return "is not an object"
    return _members_problem(row) or _values_problem(row)


def _members_problem(row: Mapping[str, Json]) -> str:
    """Return which member has another type, or is no count; empty if none is."""
    try:
        types = tuple(map(type, _all(row)))
    except KeyError:
        types = ()
    if types in _fitting:
        return "" if min(_counts(row)) >= 0 else _typed_problem(row)
    problem = _typed_problem(row)
    if types and not problem and len(_fitting) < _MOST_FITTING:
        _fitting.add(types)
    return problem


def _typed_problem(row: Mapping[str, Json]) -> str:
    for name, kind in _REQUIRED.items():
        value = row.get(name)
        if not (_is_count(value) if kind is int else isinstance(value, kind)):
            return f"{name} is missing or of another type"
    for name, kinds in _OPTIONAL.items():
        value = row.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            return f"{name} is of another type"
    return ""


def _values_problem(row: Mapping[str, Json]) -> str:
    if row.get("attack_outcome") not in _OUTCOMES:
        return f"attack_outcome is {row['attack_outcome']!r}"
    for name in ("pre_call_gate", "post_call_gate"):
        gate = row.get(name)
        if gate is not None and (not isinstance(gate, dict) or gate.get("decision") not in VERDICTS):
            return f"{name} holds no decision"
    return "" if row.get("gates") is None else _gates_problem(row["gates"])


def _gates_problem(gates: Json) -> str:
    if not isinstance(gates, dict) or not _is_count(gates.get("not_enforced")):
        return "gates holds no counts"
    for stage in STAGES.values():
        counts = gates.get(stage)
        if not isinstance(counts, dict) or not all([_is_count(counts.get(verdict)) for verdict in VERDICTS]):
            return f"gates/{stage} holds no counts"
        reasons = counts.get("reasons")
        if not isinstance(reasons, dict) or (reasons and not all(map(_is_count, reasons.values()))):
            return f"gates/{stage}/reasons holds no counts"
    return ""


def _is_count(value: Json) -> bool:
    return (type(value) is int or (isinstance(value, int) and not isinstance(value, bool))) and value >= 0


def counts_of(row: Mapping[str, Any]) -> dict[str, Json] | None:
    """Return the decisions of a policy in a trial; for rows without counts, from their two decisions."""
    if row.get("gates") is not None:
        found: dict[str, Json] = row["gates"]
        return found
    decisions = {stage: row.get(f"{stage}_call_gate") for stage in STAGES.values()}
    if not any(decisions.values()):
        return None
    counts: dict[str, Json] = {"not_enforced": 0}
    for stage, one in decisions.items():
        reasons = {} if one is None or one["decision"] == "allow" else {str(one.get("reason_code")): 1}
        counts[stage] = {
            **{verdict: int(one is not None and one["decision"] == verdict) for verdict in VERDICTS},
            "reasons": reasons,
        }
        counts["not_enforced"] += int(one is not None and one.get("enforced") is False)
    return counts
