"""The types that every family shares: Stop, Trial, Entry, Transcript, Score, Record.

A `Record` is one line of matches.jsonl. It has no wall-clock values, so equal runs give equal bytes.

Every line has the same members of the same types, whatever happened in its trial, so that table readers infer one
schema from any part of a file: missing text is empty, missing counters are 0, and a value without a fixed shape is JSON
in a text. In Python it is the value itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from arena.formats.decode import decode, encode, member
from arena.formats.decode_nodes import MemberError
from arena.formats.json_types import Json as Json
from arena.stops import STATUSES as STATUSES
from arena.stops import STOPS as STOPS
from arena.stops import Stop as Stop
from arena.transcripts import COUNTERS as COUNTERS
from arena.transcripts import EVERYBODY as EVERYBODY
from arena.transcripts import CallKind as CallKind
from arena.transcripts import Counters as Counters
from arena.transcripts import Entry as Entry
from arena.transcripts import GateDecision as GateDecision
from arena.transcripts import GateVerdict as GateVerdict
from arena.transcripts import Kind as Kind
from arena.transcripts import Phase as Phase
from arena.transcripts import Transcript as Transcript
from arena.transcripts import whole_text as whole_text

RECORD_FORMAT = 2
PENDING = STOPS[Stop.JUDGE_PENDING].status


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


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """A judge's answer to a yes-or-no question (judging/items.py). `answer`: `split` if equally many judgements say yes
    and no.  `turn`: the turn that shows it, None if no single turn does."""

    id: str
    answer: Literal["yes", "no", "split"]
    turn: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One of several judgements of a trial. `repetition`: of this judge, 0-based.  `scores` is None if its answer
    could not be read, and `unscored` says why.  `items`: its answers to the questions, if there are any."""

    judge: str
    repetition: int
    scores: dict[str, int] | None
    unscored: str | None
    verdict: str | None
    items: tuple[ItemAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgeCall:
    """A tool call of a judge."""

    id: str
    op: str
    args: Mapping[str, Json]
    answer: Mapping[str, Json]


@dataclass(slots=True)
class Judging:
    """How a trial was judged; without a judge all is 0 or empty.

    `asks`: times a verdict was asked for.  `texts_cut`, `characters_cut`: what the judges were not shown.  `usage`: of
    all judges together.  `panel`: the judgements where several were asked for.  `items`: what was answered to the
    questions of the unit, of several judgements what most say.
    """

    asks: int = 0
    texts_cut: int = 0
    characters_cut: int = 0
    usage: Counters = field(default_factory=Counters)
    calls: tuple[JudgeCall, ...] = field(default=(), metadata=member(text=True))
    panel: tuple[Judgement, ...] = field(default=(), metadata=member(text=True))
    items: tuple[ItemAnswer, ...] = field(default=(), metadata=member(text=True))


@dataclass(slots=True)
class Score:
    """Named values, an outcome label, and what the judge said.

    `values`: name -> number, or None if `unscored` gives the reason.  `outcome`: label, or None when there is none
    (errors, denied, limits).  `verdict`: the judge's text, or None.  `detail`: what else the family determined, a JSON
    object or an object of the dataclass that it declares (FamilySpec.detail).
    """

    values: dict[str, float | int | None]
    outcome: str | None
    verdict: str | None = None
    unscored: str | None = None
    detail: Any = field(default_factory=dict)
    judging: Judging = field(default_factory=Judging)


@dataclass(frozen=True, slots=True)
class Seated:
    """A seat, and the label of the model that fills it."""

    seat: str
    model: str


@dataclass(slots=True)
class _Line:
    """The members of a line of matches.jsonl, in their order."""

    format: int
    key: str
    family: str
    unit: str
    cell: Mapping[str, str]
    series: str
    seed: str
    cast: tuple[Seated, ...]
    plan: Mapping[str, Json] = field(metadata=member(text=True))
    instance: dict[str, Json] | None = field(metadata=member(text=True))
    attempt: int
    status: str
    stop: Stop
    detail: str
    flagged: bool
    gates: tuple[GateDecision, ...] = field(metadata=member(text=True, shared=True))
    transcript: list[Entry]
    usage: tuple[Counters, ...]
    scores: dict[str, float | None]
    unscored: str
    outcome: str
    verdict: str
    judging: Judging
    score_detail: dict[str, Json] = field(metadata=member(text=True))
    prev: str = ""
    """The chain (store/chain.py); not part of what was played."""

    def __post_init__(self) -> None:
        if self.format != RECORD_FORMAT:
            raise MemberError("format", f"is {self.format}; this arena reads record format {RECORD_FORMAT}")
        rule = STOPS[self.stop]
        if self.status != rule.status:
            raise MemberError("status", f"is {self.status}, but a trial that stopped by {self.stop} is {rule.status}")
        if self.flagged != rule.flagged:
            raise MemberError("flagged", f"does not follow from the stop reason {self.stop}")
        if self.attempt < 0:
            raise MemberError("attempt", "must be 0 or more")
        if rule.status == PENDING and _awaited(self.unscored) is None:
            raise MemberError("unscored", f"must be `{PENDING}: ` and how the play ended, such as {Stop.MAX_TURNS}")


@dataclass(frozen=True, slots=True)
class Record:
    """One finished attempt of a trial: a line of matches.jsonl."""

    trial: Trial
    attempt: int
    transcript: Transcript
    score: Score
    gates: tuple[GateDecision, ...] = ()
    """Decisions of gates, except for those of the transcript, which come before them."""

    def __post_init__(self) -> None:
        transcript, score = self.transcript, self.score
        transcript.detail = whole_text(transcript.detail)
        score.verdict = score.verdict and whole_text(score.verdict)
        score.unscored = score.unscored and whole_text(score.unscored)

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
    def play_stop(self) -> Stop:
        """Why the play ended. Of a pending record `stop` says only that its judge is awaited."""
        return (_awaited(self.score.unscored or "") if self.status == PENDING else None) or self.stop

    @property
    def flagged(self) -> bool:
        """Return whether it counts and readers are warned, for its stop reason."""
        return STOPS[self.stop].flagged

    @property
    def answered(self) -> bool:
        """Return whether a model was asked and answered, even if its answer was denied."""
        return bool(self.transcript.entries) or any(one.phase == "after" for one in self.gates)

    @property
    def scored(self) -> bool:
        """Return whether its values count in means."""
        return self.status == "done" and self.score.unscored is None

    def to_json(self, without_gates: bool = False) -> dict[str, Json]:
        """Return the members of docs/run-directory.md, in that order; numbers of a score always as fractions.

        `without_gates`: as if no gate had decided.
        """
        trial, transcript, score = self.trial, self.transcript, self.score
        detail = score.detail
        line = encode(
            _Line(
                format=RECORD_FORMAT,
                key=trial.key,
                family=trial.family,
                unit=trial.unit,
                cell=trial.cell,
                series=trial.series or "",
                seed=trial.seed,
                cast=tuple([Seated(seat, model) for seat, model in trial.cast.items()]),
                plan=trial.plan,
                instance=transcript.instance,
                attempt=self.attempt,
                status=self.stop.status,
                stop=self.stop,
                detail=transcript.detail,
                flagged=self.flagged,
                gates=() if without_gates else (*transcript.gates, *self.gates),
                transcript=transcript.entries,
                usage=tuple(transcript.usage.values()),
                scores={name: None if value is None else float(value) for name, value in score.values.items()},
                unscored=score.unscored or "",
                outcome=score.outcome or "",
                verdict=score.verdict or "",
                judging=score.judging,
                score_detail=detail if isinstance(detail, dict) else encode(detail),
            )
        )
        del line["prev"]
        return line

    def as_stored(self) -> Record:
        """Return the record as `from_json` gives it back, without a way through JSON: whole numbers of a score as int,
        all decisions of gates in one place. The detail of the score is the same object."""
        transcript, score = self.transcript, self.score
        kept = Transcript(
            transcript.entries,
            self.stop,
            transcript.detail,
            transcript.instance,
            usage={one.seat: one for one in transcript.usage.values()},
        )
        values = {name: _number(value) for name, value in score.values.items()}
        found = Score(
            values,
            score.outcome or None,
            score.verdict or None,
            score.unscored or None,
            score.detail,
            score.judging,
        )
        return Record(self.trial, self.attempt, kept, found, (*transcript.gates, *self.gates))

    @staticmethod
    def from_json(value: Json, file: str, place: str = "", detail: type | None = None) -> Record:
        """Return the record that `to_json` wrote.

        `file`, `place` name it in errors.  `detail`: the family's class of Score.detail; None: it stays JSON.
        Errors: DataError with all issues.
        """
        line = decode(_Line, value, file, place)
        found = line.score_detail
        if detail is not None and found:
            found = decode(detail, found, file, place, "/score_detail")
        trial = Trial(
            key=line.key,
            family=line.family,
            cell=line.cell,
            unit=line.unit,
            series=line.series or None,
            seed=line.seed,
            plan=line.plan,
            cast={one.seat: one.model for one in line.cast},
        )
        transcript = Transcript(
            entries=line.transcript,
            stop=line.stop,
            detail=line.detail,
            instance=line.instance,
            usage={one.seat: one for one in line.usage},
        )
        score = Score(
            values={name: _number(number) for name, number in line.scores.items()},
            outcome=line.outcome or None,
            verdict=line.verdict or None,
            unscored=line.unscored or None,
            detail=found,
            judging=line.judging,
        )
        return Record(trial, line.attempt, transcript, score, line.gates)


def awaiting(played: Stop, why: str) -> str:
    """Return `Score.unscored` of a trial whose judge is awaited. `played`: why its play ended; `why` nobody judged."""
    return f"{PENDING}: {played}; {why}"


def _awaited(unscored: str) -> Stop | None:
    """Return why the play of a pending trial ended, None for a text that `awaiting` did not write."""
    word = unscored.partition(";")[0].removeprefix(f"{PENDING}: ")
    known = {str(stop): stop for stop, rule in STOPS.items() if rule.scored and rule.status == "done"}
    return known.get(word) if unscored.startswith(f"{PENDING}: ") else None


def _number(value: float | None) -> float | int | None:
    """Return a number of a score as it was counted: whole ones as int."""
    return int(value) if value is not None and value == int(value) else value


def stops(names: Iterable[str]) -> tuple[Stop, ...]:
    """Return stop reasons by name. Errors: ValueError for an unknown name."""
    return tuple(Stop(name) for name in names)
