"""One line of the journal, typed: a call to a model, a judge or a tool, and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from arena.formats.decode import decode
from arena.formats.decode_nodes import MemberError
from arena.messages import HttpAttempt, ModelReply, Usage
from arena.records import CallKind, GateDecision, Json
from arena.stops import Stop

_NOT_PLAIN = frozenset({"fault", "assumed"})
"""Rare members, which decide how a line is counted."""

_KINDS = ("model", "judge", "tool")


def _texts(*values: Json) -> bool:
    return all(type(value) is str for value in values)


class Slot(NamedTuple):
    """The place of a call within one attempt of one trial; `item` is the tool call's place in its message, else 0."""

    kind: str
    seat: str
    turn: int
    step: int
    item: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call has no answer."""

    reason: Stop
    message: str


@dataclass(slots=True)
class CallLine:
    """One line of api_calls.jsonl; docs/run-directory.md explains the members.

    `index` to `answer` belong to tool calls, `provider` to `assumed` to the others.  `fault`: why there is no answer.
    `assumed`: the total estimate for the attempts of unknown cost (`unknown`).
    """

    kind: CallKind
    trial: str
    attempt: int
    seat: str
    turn: int
    step: int
    digest: str
    ms: float
    unix: float
    index: int = 0
    op: str = ""
    args: Mapping[str, Json] | None = None
    seed: str = ""
    answer: Mapping[str, Json] | None = None
    provider: str = ""
    messages: int = 0
    reply: ModelReply | None = None
    raw: Json = None
    assumed: Usage | None = None
    fault: Fault | None = None
    http: tuple[HttpAttempt, ...] = ()
    gates: tuple[GateDecision, ...] = ()

    def __post_init__(self) -> None:
        tool = self.kind == "tool"
        if tool and not self.op:
            raise MemberError("op", "is missing; a tool call names its op")
        if self.reply is not None and tool:
            raise MemberError("reply", f"does not belong to a {self.kind} call")
        if self.answer is not None and not tool:
            raise MemberError("answer", f"does not belong to a {self.kind} call")
        if self.fault is None and not self.settled:
            raise MemberError("answer" if tool else "reply", "is missing, although there is no fault")
        if not tool and not self.provider:
            raise MemberError("provider", "is missing; it says which model was asked")

    @property
    def settled(self) -> bool:
        """Return whether the call was answered or denied, so that it need not be made again. A fault does not count."""
        return self.reply is not None or self.answer is not None or (self.fault is None and self.denied)

    @property
    def unknown(self) -> int:
        """How many attempts may have been billed, although their use is unknown."""
        return sum(attempt.may_be_billed for attempt in self.http)

    @property
    def denied(self) -> bool:
        """Return whether a gate denied the call and the denial was enforced."""
        return any(one.decision == "deny" and one.enforced for one in self.gates)

    @property
    def slot(self) -> Slot:
        """The call's place in its attempt."""
        return Slot(self.kind, self.seat, self.turn, self.step, self.index)

    @staticmethod
    def briefly(raw: bytes) -> CallLine | None:
        """Return the parts of a checked line that resume needs: place, model, usage and attempts, no gates.

        None for a line that is not as simple; `from_json` reads it and reports its mistakes.
        """
        try:
            value = json.loads(raw)
            said, attempts = value.get("reply"), value.get("http", ())
            # Decisions of gates count only in a line without an answer: there they say that it was denied.
            if not _NOT_PLAIN.isdisjoint(value) or ("gates" in value and said is None and value.get("answer") is None):
                return None
            reply = None
            if said is not None:
                kept = tuple(said.get("not_sent", ()))
                reply = ModelReply("", said["finish"], said["model"], Usage(**said["usage"]), not_sent=kept)
                if not all(type(count) in (int, bool) for count in reply.usage) or not _texts(*kept):
                    return None
            if value["kind"] not in _KINDS or type(value["attempt"]) is not int:
                return None
            if not _texts(value["trial"], value["seat"], value.get("provider", "")):
                return None
            return CallLine(
                value["kind"],
                value["trial"],
                value["attempt"],
                value["seat"],
                value["turn"],
                value["step"],
                value["digest"],
                value["ms"],
                value["unix"],
                value.get("index", 0),
                value.get("op", ""),
                answer=value.get("answer"),
                provider=value.get("provider", ""),
                reply=reply,
                http=tuple([HttpAttempt(**attempt) for attempt in attempts]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    @staticmethod
    def from_json(value: Json, file: str, place: str) -> CallLine:
        """Return a line of the journal. Errors: DataError with all issues."""
        return decode(CallLine, value, file, place)
