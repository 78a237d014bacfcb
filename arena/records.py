"""The words that every family shares: Stop, Trial, Entry, Transcript, Score, Record.

A `Record` is one line of matches.jsonl. Nothing in it is a wall-clock value, so equal runs give equal bytes.

Every line has the same members of the same types, whatever happened in its trial, so that readers of tables infer one
schema from any part of a file: text that is not there is empty, counters are 0, and a value of a free shape is JSON in
a text. In Python it is the value itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal

from arena.formats.decode import decode, encode, member
from arena.formats.decode_nodes import MemberError
from arena.formats.json_types import Json as Json
from arena.stops import STATUSES as STATUSES
from arena.stops import STOPS as STOPS
from arena.stops import Stop as Stop

RECORD_FORMAT = 2

_HALF = re.compile("[\ud800-\udfff]")


def whole_text(text: str) -> str:
    """Return a text with U+FFFD for each half of a surrogate pair: half a character can neither be encoded nor read by
    others."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


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


Kind = Literal["say", "note", "call", "malformed", "empty_reply", "refusal"]

EVERYBODY = ("all",)
"""Who hears a public entry."""


@dataclass(slots=True)
class Entry:
    """One addressed contribution to a transcript.

    `turn` (0-based), `step`: the model call that it came from.  `seat`: who wrote it (JSON member `from`).  `to`: who
    sees it, a tuple of seats or EVERYBODY.  By kind:

    - `say`, public: `text`; `done` where the seat declares the matter settled, with its `result`.
    - `note`: `text` that a seat wrote beside its tool calls, seen by nobody else.
    - `call`: `id`, `index` (its place in the message), `op`, `args`, `answer`; `problem`: how the call was mended.
    - `malformed`: `text`, `problem` (what the player was told).
    - `empty_reply`, `refusal`: `text` if there was any, `problem` (the provider's finish reason).
    """

    turn: int
    seat: str = field(metadata=member("from"))
    to: tuple[str, ...]
    kind: Kind
    step: int = 0
    text: str = ""
    done: bool = False
    result: Json = field(default=None, metadata=member(text=True))
    id: str = ""
    index: int = 0
    op: str = ""
    args: Mapping[str, Json] | None = field(default=None, metadata=member(text=True))
    answer: Mapping[str, Json] | None = field(default=None, metadata=member(text=True))
    problem: str = ""

    def __post_init__(self) -> None:
        if not self.text.isascii():
            self.text = whole_text(self.text)
        if self.problem:
            self.problem = whole_text(self.problem)
        if self.kind == "call":
            self.id, self.op = whole_text(self.id), whole_text(self.op)
            if self.args is None or self.answer is None:
                raise MemberError("args" if self.args is None else "answer", "is empty; a call has both")

    @property
    def answered(self) -> Mapping[str, Json]:
        """The answer of a call; empty for another kind."""
        return self.answer or {}

    def to_json(self) -> dict[str, Json]:
        """Return all members, in the order of docs/run-directory.md."""
        return encode(self)

    @staticmethod
    def from_json(value: Json, file: str, place: str = "") -> Entry:
        """Return the entry that `to_json` wrote. Errors: DataError with all issues."""
        return decode(Entry, value, file, place)


@dataclass(slots=True)
class Counters:
    """What one seat used, or a judge, or all of them together (`seat` is empty then).

    `estimated`: calls whose token counts are estimates; `malformed`, `empty_reply`, `refusal`: messages of that kind.
    """

    seat: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    malformed: int = 0
    empty_reply: int = 0
    refusal: int = 0

    def add(self, other: Counters) -> None:
        """Add another's counts."""
        for name in COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def counts(self) -> dict[str, int]:
        """Return all counters by name."""
        return dict(zip(COUNTERS, _counts(self), strict=True))


COUNTERS = tuple(one.name for one in fields(Counters) if one.name != "seat")
_counts: Callable[[Counters], tuple[int, ...]] = attrgetter(*COUNTERS)


CallKind = Literal["model", "judge", "tool"]
Phase = Literal["before", "after"]
GateVerdict = Literal["allow", "warn", "deny"]


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What a gate decided about a call, where it was not a plain allow: the call's place, and the rule.

    `phase`: `before` or `after` the call.  `observed`, `bound`: what the rule looked at, and its bound.  `policy`: the
    beginning of the policy's digest.  `fails`: the trial is no success.
    """

    phase: Phase
    kind: CallKind
    seat: str
    turn: int
    step: int
    op: str | None
    decision: GateVerdict
    reason_code: str
    rule_id: str
    message: str
    on_deny: str
    enforced: bool
    observed: Json
    bound: Json
    policy: str = ""
    fails: bool = False


@dataclass(slots=True)
class Transcript:
    """Entries of one trial, in the order in which they happened, and why it stopped.

    `stop` is None until the trial ends; `detail` says more in one line (no secrets, no clock values).
    """

    entries: list[Entry] = field(default_factory=list)
    stop: Stop | None = None
    detail: str = ""
    instance: dict[str, Json] | None = None
    """The values that were drawn for this trial, by name; None where the family draws none."""
    gates: list[GateDecision] = field(default_factory=list)
    """Decisions of gates that an earlier run made while this was played; its own are not in here."""
    usage: dict[str, Counters] = field(default_factory=dict)
    """Seat -> what it used."""

    @property
    def status(self) -> str:
        """The status that follows from `stop`. A trial that has not ended is a bug of its family."""
        return (self.stop or Stop.BUG).status


@dataclass(frozen=True, slots=True)
class Judgement:
    """One of several judgements of a trial. `repetition`: of this judge, 0-based.  `scores` is None where its answer
    could not be read, and `unscored` says why."""

    judge: str
    repetition: int
    scores: dict[str, int] | None
    unscored: str | None
    verdict: str | None


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
    all judges together.  `panel`: the judgements where several were asked for.
    """

    asks: int = 0
    texts_cut: int = 0
    characters_cut: int = 0
    usage: Counters = field(default_factory=Counters)
    calls: tuple[JudgeCall, ...] = field(default=(), metadata=member(text=True))
    panel: tuple[Judgement, ...] = field(default=(), metadata=member(text=True))


@dataclass(slots=True)
class Score:
    """Named values, an outcome label, and what the judge said.

    `values`: name -> number, or None where `unscored` gives the reason.  `outcome`: label, or None when there is none
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
    gates: tuple[GateDecision, ...] = field(metadata=member(text=True))
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


@dataclass(frozen=True, slots=True)
class Record:
    """One finished attempt of a trial: a line of matches.jsonl."""

    trial: Trial
    attempt: int
    transcript: Transcript
    score: Score
    gates: tuple[GateDecision, ...] = ()
    """Decisions of gates, but for those of the transcript, which come before them."""

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
    def flagged(self) -> bool:
        """Whether it counts and readers are warned, for its stop reason."""
        return STOPS[self.stop].flagged

    @property
    def scored(self) -> bool:
        """Whether its values count in means."""
        return self.status == "done" and self.score.unscored is None

    def to_json(self) -> dict[str, Json]:
        """Return the members of docs/run-directory.md, in that order; numbers of a score always as fractions."""
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
                gates=(*transcript.gates, *self.gates),
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


def _number(value: float | None) -> float | int | None:
    """Return a number of a score as it was counted: whole ones as int."""
    return int(value) if value is not None and value == int(value) else value


def stops(names: Iterable[str]) -> tuple[Stop, ...]:
    """Return stop reasons by name. Errors: ValueError for a name that is none."""
    return tuple(Stop(name) for name in names)
