"""The words that every family shares: Stop, Trial, Transcript, Score, Record.

A `Record` is one line of matches.jsonl. Nothing in it is a wall-clock value, so equal runs give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""

RECORD_FORMAT = 1


class Stop(StrEnum):
    """Why a trial ended. `STOPS` says what follows from it."""

    MAX_TURNS = "max_turns"
    AGREED_END = "agreed_end"
    EMPTY_REPLY = "empty_reply"
    REFUSAL = "refusal"
    MAX_TOKENS = "max_tokens"
    PLAYER_FAULT = "player_fault"
    CONTEXT_EXCEEDED = "context_exceeded"
    GATE_DENIED = "gate_denied"
    CONTENT_FILTER = "content_filter"
    BUDGET = "budget"
    TIMEOUT = "timeout"
    PROVIDER = "provider"
    CALCULATOR = "calculator"
    JUDGE = "judge"
    JOURNAL = "journal"
    INTERRUPTED = "interrupted"
    BUG = "bug"

    @property
    def status(self) -> str:
        """The status of a record that ended for this reason, one of STATUSES."""
        return STOPS[self].status

    @property
    def sentence(self) -> str:
        """What happened, as a sentence for readers."""
        return STOPS[self].sentence


@dataclass(frozen=True, slots=True)
class StopRule:
    """What follows from a stop reason.

    `status`: of the record.  `kept`: a plain resume keeps the record; the others are played on.  `scored`: the family
    scores it.  `flagged`: it counts, and readers are warned.  `sentence`: what happened, for readers.
    """

    status: str
    sentence: str
    kept: bool = True
    scored: bool = False
    flagged: bool = False


STOPS: Mapping[Stop, StopRule] = {
    Stop.MAX_TURNS: StopRule("done", "All turns were used; not every seat declared the matter settled.", scored=True),
    Stop.AGREED_END: StopRule("done", "Every seat declared the matter settled.", scored=True),
    Stop.EMPTY_REPLY: StopRule("done", "A player answered with nothing, twice.", scored=True, flagged=True),
    Stop.REFUSAL: StopRule("done", "A player refused to go on, twice.", scored=True, flagged=True),
    Stop.MAX_TOKENS: StopRule("done", "A reply was cut at --max-tokens before it said anything.", flagged=True),
    Stop.PLAYER_FAULT: StopRule("aborted", "A player broke the rules past the allowed re-asks.", scored=True),
    Stop.CONTEXT_EXCEEDED: StopRule("aborted", "The conversation outgrew a player's context window.", scored=True),
    Stop.GATE_DENIED: StopRule("denied", "A gate denied a call."),
    Stop.CONTENT_FILTER: StopRule("denied", "A provider's content filter refused the request."),
    Stop.BUDGET: StopRule("limit", "A limit of the run was reached.", kept=False),
    Stop.TIMEOUT: StopRule("error", "A service did not answer in time.", kept=False),
    Stop.PROVIDER: StopRule("error", "A model's service failed.", kept=False),
    Stop.CALCULATOR: StopRule("error", "A tool's service failed.", kept=False),
    Stop.JUDGE: StopRule("error", "The judge's service failed.", kept=False),
    Stop.JOURNAL: StopRule("error", "The recorded calls do not fit this run.", kept=False),
    Stop.INTERRUPTED: StopRule("error", "The run was interrupted.", kept=False),
    Stop.BUG: StopRule("error", "The arena failed.", kept=False),
}
"""Reason -> rule. The order of docs/run-directory.md, "Why a match stopped"."""

STATUSES = ("done", "aborted", "denied", "limit", "error")


@dataclass(frozen=True, slots=True)
class Trial:
    """The plan of one unit of work.

    `key`: stable, built from the trial's own fields (`crypto/<challenge id>/rep_<r>`), unique in a run.
    `cell`: labels that tables group by.  `unit`: what pairing and clustering use (a challenge, a claim).
    `series`: trials of one series run in plan order, one after the other; None: independent.
    `seed`: 64 hex digits, a hash of run seed and key, so neither order nor worker count matters.
    `plan`: what the family needs to play it (JSON).
    `cast`: seat -> label of the model that fills it; seats that are not in it are filled by the run's player.
    """

    key: str
    family: str
    cell: Mapping[str, str]
    unit: str
    series: str | None
    seed: str
    plan: Mapping[str, Json]
    cast: Mapping[str, str] = field(default_factory=dict)


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
    `stop` is None until the trial ends; `detail` says more in one line (no secrets, no clock values).
    """

    entries: list[dict[str, Json]] = field(default_factory=list)
    stop: Stop | None = None
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
        """The status that follows from `stop`. A trial that has not ended is a bug of its family."""
        return (self.stop or Stop.BUG).status


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


@dataclass(frozen=True, slots=True)
class Record:
    """One finished attempt of a trial: a line of matches.jsonl."""

    trial: Trial
    attempt: int
    transcript: Transcript
    score: Score
    gates: tuple[dict[str, Json], ...] = ()
    """Decisions of gates, those of the transcript first."""

    @property
    def key(self) -> str:
        return self.trial.key

    @property
    def stop(self) -> Stop:
        return self.transcript.stop or Stop.BUG

    @property
    def status(self) -> str:
        return self.stop.status

    @property
    def flags(self) -> list[str]:
        """The stop reason where it counts and readers are warned, else nothing."""
        return [self.stop] if STOPS[self.stop].flagged else []

    @property
    def scored(self) -> bool:
        """Whether its values count in means."""
        return self.status == "done" and self.score.unscored is None

    def to_json(self) -> dict[str, Json]:
        """Return the fields of docs/run-directory.md, in that order."""
        trial, transcript, score = self.trial, self.transcript, self.score
        stop = self.stop
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
            "status": stop.status,
            "stop": stop,
            "detail": transcript.detail,
            "flags": self.flags,
            "gates": [*transcript.gates, *self.gates],
            "transcript": transcript.entries,
            "usage": transcript.usage,
            "scores": score.values,
            "unscored": score.unscored,
            "outcome": score.outcome,
            "verdict": score.verdict,
            "judging": score.detail,
        }

    @staticmethod
    def from_json(value: Mapping[str, Json]) -> Record:
        """Return the record that `to_json` wrote; store/ checks the shapes. Errors: KeyError, TypeError, ValueError for
        another shape."""
        trial = Trial(
            key=value["key"],
            family=value["family"],
            cell=value["cell"],
            unit=value["unit"],
            series=value["series"],
            seed=value["seed"],
            plan=value["plan"],
        )
        transcript = Transcript(
            entries=value["transcript"],
            stop=Stop(value["stop"]),
            detail=value["detail"],
            instance=value["instance"],
            usage=value["usage"],
        )
        score = Score(value["scores"], value["outcome"], value["verdict"], value["unscored"], value["judging"])
        return Record(trial, value["attempt"], transcript, score, tuple(value["gates"]))


def stops(names: Iterable[str]) -> tuple[Stop, ...]:
    """Return stop reasons by name. Errors: ValueError for a name that is none."""
    return tuple(Stop(name) for name in names)
