"""The nouns every family shares: Trial, Transcript, Score, Record.

A `Record` is one line of matches.jsonl. Nothing in here holds a wall-clock value, so equal runs give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""

RECORD_FORMAT = 1

# Why a trial ended -> the status of its record (the table in docs/run-directory.md, "Why a match stopped").
STATUS_OF_STOP: Mapping[str, str] = {
    "max_turns": "done",
    "agreed_end": "done",
    "empty_reply": "done",
    "refusal": "done",
    "player_fault": "aborted",
    "gate_denied": "denied",
    "budget": "limit",
    "timeout": "error",
    "provider": "error",
    "calculator": "error",
    "judge": "error",
    "journal": "error",
    "interrupted": "error",
    "bug": "error",
}

STATUSES = ("done", "aborted", "denied", "limit", "error")
KEPT_ON_RESUME = frozenset({"done", "aborted", "denied"})
"""Statuses that a plain `--resume` keeps; the others are played on."""

FLAGGED_STOPS = frozenset({"empty_reply", "refusal"})
"""Stops that are judged but flagged: a player said nothing usable, twice."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A frozen plan of one unit of work.

    `key`: stable, built from the trial's own fields (`crypto/<challenge id>/rep_<r>`), unique in a run.
    `cell`: condition labels that tables group by.  `unit`: what pairing and clustering use (challenge, claim).
    `series`: trials of one series run in plan order, one after the other; None: independent.
    `seed`: 64 hex digits, a hash of run seed and key, so neither order nor worker count matters.
    `plan`: what the family needs to play it (JSON).
    """

    key: str
    family: str
    cell: Mapping[str, str]
    unit: str
    series: str | None
    seed: str
    plan: Mapping[str, Json]


def trial_seed(run_seed: int, key: str) -> str:
    """Return 64 hex digits: SHA-256 of `arena-trial-seed/1`, the run seed and the key, separated by NUL."""
    return hashlib.sha256(f"arena-trial-seed/1\0{run_seed}\0{key}".encode()).hexdigest()


@dataclass(slots=True)
class Transcript:
    """Addressed entries of one trial, in the order in which they happened, and why it stopped.

    Each entry is a JSON object with `turn` (0-based), `from`, `to` (list of seats, or `"all"`) and `kind`:
    `say` (`text`, and `done` where the seat declares the matter settled), `note` (text a seat wrote beside its tool
    calls, seen by nobody else), `call` (`id`, `step`, `index`, `op`, `args`, `answer`), `malformed` (`text`,
    `problem`), `empty_reply` and `refusal` (`finish`).
    `stop` is a key of STATUS_OF_STOP; `detail` says more in one line (no secrets, no clock values).
    """

    entries: list[dict[str, Json]] = field(default_factory=list)
    stop: str = ""
    detail: str = ""
    instance: dict[str, Json] | None = None
    """The values that were drawn for this trial, by name; None where the family draws none."""
    gates: list[dict[str, Json]] = field(default_factory=list)
    """Decisions of gates that an earlier run made while this was played; its own are not in here."""
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    """Seat -> counters: calls, prompt_tokens, completion_tokens, and where not 0 reasoning_tokens, estimated (calls
    whose counts are estimates), tool_calls, tool_errors, malformed, empty_reply, refusal."""

    @property
    def status(self) -> str:
        return STATUS_OF_STOP[self.stop]


@dataclass(slots=True)
class Score:
    """Named values, an outcome label, and what the judge said.

    `values`: name -> number, or None where `unscored` gives the reason.  `outcome`: label, or None when there is none
    (errors, denied, limits).  `verdict`: the judge's text, or None.  `detail`: family-specific JSON beside the score.
    """

    values: dict[str, float | int | None]
    outcome: str | None
    verdict: str | None = None
    unscored: str | None = None
    detail: dict[str, Json] = field(default_factory=dict)


ABORTED_OUTCOME = "FAILED"
"""Outcome of an aborted trial: played, not completed, and a failure in the success rate."""


@dataclass(frozen=True, slots=True)
class Played:
    """What one attempt of a trial came to, before it becomes a line of matches.jsonl."""

    trial: Trial
    attempt: int
    transcript: Transcript
    score: Score
    gates: tuple[dict[str, Json], ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return the record: the fields of docs/run-directory.md, in that order."""
        trial, transcript, score = self.trial, self.transcript, self.score
        return {
            "format": RECORD_FORMAT,
            "key": trial.key,
            "family": trial.family,
            "unit": trial.unit,
            "cell": dict(trial.cell),
            "series": trial.series,
            "seed": trial.seed,
            "plan": dict(trial.plan),
            "instance": transcript.instance,
            "attempt": self.attempt,
            "status": transcript.status,
            "stop": transcript.stop,
            "detail": transcript.detail,
            "flags": [transcript.stop] if transcript.stop in FLAGGED_STOPS else [],
            "gates": [*transcript.gates, *self.gates],
            "transcript": transcript.entries,
            "usage": transcript.usage,
            "scores": score.values,
            "unscored": score.unscored,
            "outcome": score.outcome,
            "verdict": score.verdict,
            "judging": score.detail,
        }
