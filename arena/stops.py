"""Why a trial ended, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
    JUDGE_PENDING = "judge_pending"
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
    Stop.JUDGE_PENDING: StopRule("pending", "It was played; the judge's answer is awaited.", kept=False),
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

STATUSES = ("done", "pending", "aborted", "denied", "limit", "error")
