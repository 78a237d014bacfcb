"""What happened in a trial: Entry, Counters, GateDecision, Transcript."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal

from arena.formats.decode import decode, encode, member
from arena.formats.decode_nodes import MemberError
from arena.formats.json_types import Json as Json
from arena.stops import Stop

_HALF = re.compile("[\ud800-\udfff]")


def whole_text(text: str) -> str:
    """Return a text with U+FFFD for each half of a surrogate pair: half a character can neither be encoded nor read by
    others."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


Kind = Literal["say", "note", "call", "malformed", "empty_reply", "refusal"]

EVERYBODY = ("all",)
"""Who hears a public entry."""


@dataclass(slots=True)
class Entry:
    """One addressed contribution to a transcript.

    `turn` (0-based), `step`: the model call that it came from.  `seat`: who wrote it (JSON member `from`).  `to`: who
    sees it, a tuple of seats or EVERYBODY.  By kind:

    - `say`, public: `text`; `done` where the seat declares the matter settled, with its `result`.
    - `note`: `text` that a seat wrote next to its tool calls, seen by nobody else.
    - `call`: `id`, `index` (its place in the message), `op`, `args`, `answer`; `problem`: how the call was repaired.
    - `malformed`: `text`, `problem` (the message to the player).
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
    `prompt_tokens` hold `cached_prompt_tokens` (read from a prompt cache) and `cache_write_tokens` (written to one).
    """

    seat: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_prompt_tokens: int = 0
    cache_write_tokens: int = 0
    estimated: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    malformed: int = 0
    empty_reply: int = 0
    refusal: int = 0

    def add(self, other: Counters) -> None:
        """Add another's counts."""
        self.calls += other.calls
        self.prompt_tokens += other.prompt_tokens
        self.completion_tokens += other.completion_tokens
        self.reasoning_tokens += other.reasoning_tokens
        self.cached_prompt_tokens += other.cached_prompt_tokens
        self.cache_write_tokens += other.cache_write_tokens
        self.estimated += other.estimated
        self.tool_calls += other.tool_calls
        self.tool_errors += other.tool_errors
        self.malformed += other.malformed
        self.empty_reply += other.empty_reply
        self.refusal += other.refusal

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
    beginning of the policy's digest.  `fails`: the trial is not a success.
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

    @property
    def place(self) -> tuple[CallKind, str, int, int, str | None]:
        """Which call it is about: kind, seat, turn, step, op."""
        return self.kind, self.seat, self.turn, self.step, self.op


@dataclass(slots=True)
class Transcript:
    """Entries of one trial, in the order in which they happened, and why it stopped.

    `stop` is None until the trial ends; `detail` says more in one line (no secrets, no clock values).
    """

    entries: list[Entry] = field(default_factory=list)
    stop: Stop | None = None
    detail: str = ""
    instance: dict[str, Json] | None = None
    """The values that were drawn for this trial, by name; None if the family draws none."""
    gates: list[GateDecision] = field(default_factory=list)
    """Decisions of gates that an earlier run made while this was played; its own are not in here."""
    usage: dict[str, Counters] = field(default_factory=dict)
    """Seat -> what it used."""

    @property
    def status(self) -> str:
        """The status that follows from `stop`. A trial that has not ended is a bug of its family."""
        return (self.stop or Stop.BUG).status
