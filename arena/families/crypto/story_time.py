"""The time of a story: the clock at a turn, and the work of a seat's machine up to then. Pure.

A challenge's member `time` (docs/challenges.md) says how long a turn takes, and how many steps of work that only goes
one after the other a machine does meanwhile. Every seat has one machine, which does one thing after another. A call
that needs more steps than are left of the turn is started and not carried out: the same call gives its result in the
turn in which the machine is done. So nobody can try out in one turn what takes days, and a puzzle opens late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.errors import DataError, Issue
from arena.families.crypto.challenges.members.time import turn_minutes
from arena.records import Json
from arena.store.journal import tool_digest

NOT_DONE_YET = "not_done_yet"
"""Error code of the arena's answer to a call that the seat's machine is still at: no fault of anybody."""

STEP_ARGUMENTS: Mapping[str, str] = {
    "timelock_solve": "t",
    "timelock_verify": "t",
    "vdf_prove": "t",
    "hash_chain": "n",
    "hash_chain_verify": "n",
    "pbkdf2": "iterations",
}
"""Op -> the argument that counts its steps. `timelock_verify` with both factors takes none: they are a short way.
`modpow` takes one for each bit of its exponent, since squaring again and again is the work of a time lock."""

_MINUTES_OF_A_DAY = 24 * 60
_LONG_DIGITS = 4_000
"""Decimal digits beyond which Python refuses to read a number (it does from 4,301 on): ten of them are 33 bits."""


def steps_of(op: str, args: Json) -> int:
    """Return the sequential steps of a call; 0 if its work can be done at once.

    Arguments of another type count 0: the calculator refuses them.
    """
    if not isinstance(args, dict):
        return 0
    if op == "batch":
        requests = args.get("requests")
        inner = [one for one in requests if isinstance(one, dict)] if isinstance(requests, list) else []
        return sum(steps_of(str(one.get("op")), one.get("args")) for one in inner)
    if op == "modpow":
        return _bits(args.get("exp"))
    if op == "timelock_verify" and "p" in args and "q" in args:
        return 0
    found = args.get(STEP_ARGUMENTS.get(op, ""))
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _bits(exponent: Json) -> int:
    """Return the bits of an exponent as the calculator takes it: a number, or a text in decimal or 0x hex."""
    if isinstance(exponent, str):
        digits = exponent.strip().lower().lstrip("-")
        if digits.isdecimal() and len(digits) > _LONG_DIGITS:
            return len(digits) * 10 // 3
        try:
            exponent = int(digits, 16 if digits.startswith("0x") else 10)
        except ValueError:
            return 0
    return exponent.bit_length() if isinstance(exponent, int) and not isinstance(exponent, bool) else 0


class StoryTime:
    """The clock of one match, and the machine of each seat.

    `found`: the challenge's member `time`.  `values`: the trial's drawn values, None if none are drawn.  `seats`: in
    the order of turns.  Errors: DataError if `steps_per_turn` names a value that is not a number above 0.
    """

    def __init__(
        self, found: Mapping[str, Json], values: Mapping[str, Json] | None, seats: Sequence[str], max_turns: int
    ) -> None:
        self._found = found
        self._steps = _steps_per_turn(found.get("steps_per_turn"), values or {})
        self._seats = tuple(seats)
        self._max_turns = max_turns
        self._free_at = dict.fromkeys(seats, 0)
        """Seat -> the steps of the story after which its machine is done with all it was given."""
        self._done_at: dict[tuple[str, str], int] = {}
        """(seat, digest of a call) -> the steps of the story after which its result is there."""

    def clock(self, turn: int) -> str:
        """Return the clock at the beginning of a turn, as `day 2, 06:30`."""
        day, rest = divmod(turn_minutes(self._found, turn), _MINUTES_OF_A_DAY)
        return f"day {day + 1}, {rest // 60:02d}:{rest % 60:02d}"

    def cue(self, turn: int) -> str:
        """Return the text that the seat of a turn reads before it speaks."""
        later = turn + len(self._seats)
        told = f"your next turn is at {self.clock(later)}" if later < self._max_turns else "this is your last turn"
        return f"(It is {self.clock(turn)}; {told}.)"

    def answer(self, seat: str, turn: int, op: str, args: Json) -> Json:
        """Return the arena's answer to a call that takes longer than the seat's machine has had; None: carry it out."""
        steps = steps_of(op, args)
        if self._steps is None or steps == 0:
            return None
        call, ends = (seat, tool_digest(op, args)), (turn + 1) * self._steps
        done = self._done_at.get(call)
        if done is None:
            done = max(turn * self._steps, self._free_at[seat]) + steps
            if done > self._last_turn(seat) * self._steps + self._steps:
                return _late(self._too_long(op, seat, turn, steps, done))
            self._done_at[call] = self._free_at[seat] = done
        return None if done <= ends else _late(self._started(op, seat, turn, steps, done))

    def _last_turn(self, seat: str) -> int:
        place, seats = self._seats.index(seat), len(self._seats)
        return place + (self._max_turns - 1 - place) // seats * seats

    def _left(self, seat: str, turn: int) -> int:
        """Return the steps that a seat's machine has left in a turn."""
        per_turn = self._steps or 0
        return max(0, (turn + 1) * per_turn - max(turn * per_turn, self._free_at[seat]))

    def _started(self, op: str, seat: str, turn: int, steps: int, done: int) -> str:
        per_turn, seats = self._steps or 1, len(self._seats)
        ready = -(-done // per_turn) - 1
        ready = turn + max(1, -(-(ready - turn) // seats)) * seats
        return (
            f"{op} takes {steps} steps, one after the other, and your machine does {per_turn} in a turn. It is at"
            f" work: make the same call again in your turn {ready} ({self.clock(ready)}), and you get its result."
        )

    def _too_long(self, op: str, seat: str, turn: int, steps: int, done: int) -> str:
        per_turn = self._steps or 1
        return (
            f"{op} takes {steps} steps, one after the other, and your machine does {per_turn} in a turn and has"
            f" {self._left(seat, turn)} left in this one. It would be done at {self.clock(-(-done // per_turn))}, after"
            " your last turn, so it was not started."
        )


def is_not_done_yet(answer: Mapping[str, Json]) -> bool:
    """Return whether the arena answered that the seat's machine is still at work: nothing went wrong."""
    error = answer.get("error")
    return isinstance(error, dict) and error.get("code") == NOT_DONE_YET


def _late(message: str) -> dict[str, Json]:
    return {"ok": False, "error": {"code": NOT_DONE_YET, "message": message}}


def _steps_per_turn(found: Json, values: Mapping[str, Json]) -> int | None:
    steps = values.get(found) if isinstance(found, str) else found
    if found is None:
        return None
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise DataError([Issue("time", "/steps_per_turn", f"is {steps!r}; expected a whole number, 1 or more")])
    return steps


TIME = "Time passes in the story: {span} from one turn to the next, whoever speaks. You are told what the clock shows."
WORK = (
    " Meanwhile each role's machine does {steps} steps of work that can only be done one after the other, and does one"
    ' thing after another. A call that takes more is answered with "not_done_yet" and goes on by itself; the answer'
    " says in which of your turns the same call gives its result."
)


def told(found: Mapping[str, Json]) -> str:
    """Return the text about time for all roles, with the place of a drawn value if `steps_per_turn` names one."""
    steps = found.get("steps_per_turn")
    text = TIME.format(span=found["between_turns"])
    if steps is None:
        return text
    return text + WORK.format(steps=f"{{{steps}}}" if isinstance(steps, str) else steps)
