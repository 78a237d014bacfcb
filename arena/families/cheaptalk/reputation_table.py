"""Write reputations and their history as an SQLite file with the predecessor's tables. Derived: rebuilt from records.

Records have no wall-clock values, so `timestamp`, `created_at` and `updated_at` contain the place of a step in the
history of its agent, as text of fixed width that sorts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from arena.errors import StorageFault
from arena.families.cheaptalk.reputation import Reputation, ReputationConfig, Update
from arena.store.files import write_atomic

_TABLES = (
    "CREATE TABLE reputations (agent_id TEXT PRIMARY KEY, rep_score REAL, n_trials INTEGER, n_pass INTEGER, "
    "n_fail INTEGER, consecutive_correct INTEGER, consecutive_incorrect INTEGER, config TEXT, created_at TEXT, "
    "updated_at TEXT)",
    "CREATE TABLE reputation_history (id INTEGER PRIMARY KEY, agent_id TEXT, timestamp TEXT, rep_before REAL, "
    "rep_after REAL, verification_result INTEGER, slashed INTEGER, redeemed INTEGER, metadata TEXT)",
)

_WRITER = slice(96, 100)
"""The place in the header of SQLite's file format with the version of the library that wrote it.
For information only."""


@dataclass(frozen=True, slots=True)
class Step:
    """One update of one agent; the steps of an agent come in order. `metadata`: from the caller (task, series)."""

    agent_id: str
    update: Update
    metadata: Mapping[str, object] = field(default_factory=dict)


def reputation_table(steps: Iterable[Step], config: ReputationConfig) -> bytes:
    """Return the bytes of the file; equal steps give equal bytes with every version of SQLite."""
    with closing(sqlite3.connect(":memory:")) as database:
        with database:
            for statement in _TABLES:
                database.execute(statement)
            _insert(database, steps, json.dumps(asdict(config), sort_keys=True))
        data = bytearray(database.serialize())
    data[_WRITER] = bytes(4)
    return bytes(data)


def write_reputation_table(path: Path, steps: Iterable[Step], config: ReputationConfig) -> None:
    """Write the file whole or not at all. Raises StorageFault if that fails."""
    try:
        write_atomic(path, reputation_table(steps, config))
    except OSError as error:
        raise StorageFault(f"{path}: cannot be written: {error.strerror}; give a writable folder") from None


def _insert(database: sqlite3.Connection, steps: Iterable[Step], config: str) -> None:
    state: dict[str, Reputation] = {}
    count: dict[str, int] = {}
    for step in steps:
        count[step.agent_id] = count.get(step.agent_id, 0) + 1
        state[step.agent_id] = step.update.after
        row = (
            *(step.agent_id, _place(count[step.agent_id]), step.update.before.score, step.update.after.score),
            *(step.update.passed, step.update.slashed, step.update.redeemed),
            json.dumps(step.metadata, ensure_ascii=False, sort_keys=True),
        )
        database.execute(
            "INSERT INTO reputation_history (agent_id, timestamp, rep_before, rep_after, verification_result, slashed, "
            "redeemed, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    for agent, found in sorted(state.items()):
        values = (
            *(agent, found.score, found.trials, found.passed, found.failed, found.consecutive_correct),
            *(found.consecutive_incorrect, config, _place(1), _place(count[agent])),
        )
        database.execute("INSERT INTO reputations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _place(number: int) -> str:
    return f"step {number:08}"
