"""Calls and tokens of dialogues, for --dry-run: an estimate from typical turns, and an upper bound from the rules."""

from __future__ import annotations

from dataclasses import dataclass

from arena.play.dialogue import MAX_HELP_CALLS, MAX_REASKS, MAX_UNUSABLE
from arena.play.limits import CHARS_PER_TOKEN

DENSE_CHARS_PER_TOKEN = 2
"""For digits, hex and JSON, in upper bounds; CHARS_PER_TOKEN is for English text, in estimates."""

ASSUMED_REPLY = 4096
"""Most tokens of a reply without --max-tokens; several services assume the same. Models that reason may write more."""

ASSUMED_ANSWER = 1000
"""Most tokens of the answer to a working step (a tool's answer, a re-ask). No setting bounds it; the longest answer in
a default run has 260 characters, the answer to a batch of 64 requests about 8,000."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Calls and their tokens. `repeated_tokens`: prompt tokens that an earlier call of the same conversation has
    already sent, so that a prompt cache may hold them."""

    calls: float = 0
    prompt_tokens: float = 0
    repeated_tokens: float = 0
    completion_tokens: float = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.repeated_tokens + other.repeated_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class CallBounds:
    """The calls to players or judges over the whole plan: an estimate, and an upper bound.

    `reply_tokens`: the longest answer that the bound allows; `assumed`: no setting says so.
    """

    expected: Amount
    most: Amount
    reply_tokens: int = 0
    assumed: bool = False

    def __add__(self, other: CallBounds) -> CallBounds:
        return CallBounds(
            self.expected + other.expected,
            self.most + other.most,
            max(self.reply_tokens, other.reply_tokens),
            self.assumed or other.assumed,
        )


@dataclass(slots=True)
class Sizes:
    """Texts of a plan, counted as it is read: number of texts, and characters in all and at most."""

    n: int = 0
    total: int = 0
    most: int = 0

    def add(self, chars: int) -> None:
        """Count a text."""
        self.n += 1
        self.total += chars
        self.most = max(self.most, chars)

    @property
    def mean(self) -> float:
        """Characters of a text, 0 without any."""
        return self.total / self.n if self.n else 0.0


NO_CALLS = CallBounds(Amount(), Amount())


@dataclass(frozen=True, slots=True)
class Typical:
    """Typical figures of a family's dialogues, the basis of estimates.

    `turns`: the share of the allowed turns that is played.  `calls`: model calls of a turn with tools, the public
    message included.  `reply`: tokens of a message.  `answer`: tokens of a tool's answer.
    """

    turns: float = 1.0
    calls: float = 1.0
    reply: int = 100
    answer: int = 0

    @property
    def text(self) -> str:
        """The assumptions in words."""
        turns = f"{self.turns:.0%} of the turns, " if self.turns != 1 else ""
        calls = f"{self.calls:g} calls a turn, " if self.calls != 1 else ""
        return f"{turns}{calls}{self.reply} tokens an answer"


@dataclass(frozen=True, slots=True)
class Dialogues:
    """Dialogues of equal size.

    `turns`, `tool_calls`: the most of a dialogue, and of a turn.  `seats`: seats with their own conversation;
    `rotate`: they speak in strict rotation.  `chars`: of a system text with the cues, on average; `longest`: at most.
    """

    number: int
    turns: int
    tool_calls: int
    seats: float
    chars: float
    longest: int
    rotate: bool = False


def dialogue_bounds(dialogues: Dialogues, max_tokens: int | None = None, typical: Typical = Typical()) -> CallBounds:
    """Return calls and tokens of dialogues; `max_tokens`: of a reply, None without a bound.

    A turn takes one call for its public message, at most one for each tool call, question for help or re-ask before
    it. A call sends the system text, the public turns so far, and the working steps of its seat.
    """
    reply = ASSUMED_REPLY if max_tokens is None else max_tokens
    most = _most(dialogues, reply)
    return CallBounds(_expected(dialogues, max_tokens, typical), most, reply, max_tokens is None)


def steps_of_turn(tool_calls: int) -> int:
    """Return the most model calls of one turn."""
    return 1 + tool_calls + (MAX_HELP_CALLS if tool_calls else 0) + MAX_REASKS + (MAX_UNUSABLE - 1)


def _expected(what: Dialogues, max_tokens: int | None, typical: Typical) -> Amount:
    turns, reply = what.turns * typical.turns, _usual_reply(typical, max_tokens)
    calls = typical.calls if what.tool_calls else 1.0
    working, seats = (calls - 1) * (reply + typical.answer), max(1.0, min(what.seats, turns))
    system, earlier = what.chars / CHARS_PER_TOKEN, turns * max(0.0, turns - 1) / 2
    prompt = calls * (turns * (system + working / 2) + earlier * (reply + working / seats))
    new = seats * (system + turns * reply) + turns * working
    amount = Amount(turns * calls, prompt, max(0.0, prompt - new), turns * calls * reply)
    return _times(amount, what.number)


def _most(what: Dialogues, reply: int) -> Amount:
    steps = steps_of_turn(what.tool_calls)
    system, working = -(-what.longest // DENSE_CHARS_PER_TOKEN), reply + ASSUMED_ANSWER
    calls, prompt = what.turns * steps, 0
    for turn in range(what.turns):
        own = turn // int(what.seats) if what.rotate else turn
        prompt += steps * (system + turn * reply + own * (steps - 1) * working) + working * steps * (steps - 1) // 2
    return _times(Amount(calls, prompt, 0, calls * reply), what.number)


def read_of(what: Dialogues, max_tokens: int | None, typical: Typical) -> tuple[float, int]:
    """Return the tokens of one dialogue's transcript as a judge reads it, calls included: estimate and upper bound."""
    reply = _usual_reply(typical, max_tokens)
    calls = typical.calls if what.tool_calls else 1.0
    expected = what.turns * typical.turns * (calls * reply + (calls - 1) * typical.answer)
    longest, steps = ASSUMED_REPLY if max_tokens is None else max_tokens, steps_of_turn(what.tool_calls)
    return expected, what.turns * (steps * longest + (steps - 1) * ASSUMED_ANSWER)


def _usual_reply(typical: Typical, max_tokens: int | None) -> int:
    return typical.reply if max_tokens is None else min(typical.reply, max_tokens)


def _times(one: Amount, number: int) -> Amount:
    return Amount(
        number * one.calls, number * one.prompt_tokens, number * one.repeated_tokens, number * one.completion_tokens
    )
