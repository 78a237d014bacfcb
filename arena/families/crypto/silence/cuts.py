"""A match cut after each public turn, once for each seat that could fall silent there. Pure.

Nothing is played again: a cut looks at the turns up to it, and the challenge's rule for silence gives mechanically what
every remaining seat has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from arena.errors import DataError, Issue
from arena.families.crypto.challenges.expressions import ExpressionError, evaluate
from arena.families.crypto.challenges.members.fairness import RESULT
from arena.families.crypto.challenges.result_kinds import normal
from arena.families.crypto.checks.atoms import atoms, named
from arena.families.crypto.checks.codes import leaves, tokens
from arena.families.crypto.checks.folding import fold
from arena.families.crypto.checks.op_kinds import DRAWS, OP_MAKES
from arena.families.crypto.checks.verifications import answered
from arena.families.crypto.data import roles
from arena.families.crypto.views import spoken
from arena.records import Entry, Json

FREE, BOUND, OPEN = "free", "bound", "open"
_CLOSED = frozenset({"commits", "seals"})


class Cut(NamedTuple):
    """One seat that falls silent after one turn.

    `state`: the seat's progress until then. `payoffs`: what the rule gives each other seat; `worst`: the lowest of
    them, with its seat. `learned`: the secret values of others that were opened to it. `ahead`: the seat had seen what
    all others had fixed, and its own part was still closed, so it alone could know the outcome.
    """

    turn: int
    leaver: str
    state: str
    payoffs: Mapping[str, float]
    worst: float
    worst_seat: str
    learned: tuple[str, ...]
    ahead: bool

    def to_json(self) -> dict[str, Json]:
        return {**self._asdict(), "payoffs": dict(self.payoffs), "learned": list(self.learned)}


def cuts(entries: Sequence[Entry], challenge: Mapping[str, Json], values: Mapping[str, Json]) -> Iterator[Cut]:
    """Yield every cut of a settled match: after each public turn but the last, each seat without a declared result.

    Errors: DataError for an expression of the rule that cannot be evaluated.
    """
    rule, seats, result = challenge["fairness"], roles(challenge), _result(entries, challenge)
    seen = _Seen(challenge, values)
    turns = [place for place, entry in enumerate(entries) if entry.kind == "say"]
    done: set[str] = set()
    for place, entry in enumerate(entries):
        seen.read(entry)
        if entry.kind != "say" or place == turns[-1]:
            continue
        (done.add if entry.done else done.discard)(entry.seat)
        for leaver in seats:
            if leaver not in done:
                state = seen.state(leaver)
                payoffs = _worked_out(rule["silent"][leaver][state], f"{leaver}/{state}", values, result)
                worst = min(payoffs, key=lambda seat: payoffs[seat])
                learned, ahead = seen.learned(leaver), seen.ahead(leaver, seats)
                yield Cut(entry.turn, leaver, state, payoffs, payoffs[worst], worst, learned, ahead)


def finished(entries: Sequence[Entry], challenge: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, float]:
    """Return each seat's payoff of the match as played. Errors: as of `cuts`."""
    return _worked_out(challenge["fairness"]["pays"], "pays", values, _result(entries, challenge))


def _result(entries: Sequence[Entry], challenge: Mapping[str, Json]) -> Json:
    """Return the declared result in the form that the challenge asks for. Callers pass settled matches only."""
    found = next(entry.result for entry in reversed(entries) if entry.kind == "say" and entry.done)
    return normal(challenge["instance"]["result"], found, roles(challenge))


def _worked_out(payoffs: Mapping[str, Json], where: str, values: Mapping[str, Json], result: Json) -> dict[str, float]:
    found = {}
    for role, expression in payoffs.items():
        try:
            value = evaluate(expression, {**values, RESULT: result})
        except ExpressionError as error:
            raise DataError([Issue("fairness", f"/{where}/{role}{error.pointer}", error.problem)]) from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError([Issue("fairness", f"/{where}/{role}", f"gives {value!r}, and a payoff is a number")])
        found[role] = float(value)
    return found


class _Seen:
    """The values posted, opened and revealed up to a turn."""

    def __init__(self, challenge: Mapping[str, Json], values: Mapping[str, Json]) -> None:
        secret = challenge["instance"].get("secret", {})
        self.owned = {(role, name): values[name] for role, names in secret.items() for name in names}
        self.told: dict[str, str] = {}
        """Name of a revealed secret value -> its owner."""
        self.closed: dict[str, set[str]] = {}
        """Seat -> codes of its closed values; and, below, seat -> codes that open them."""
        self.keys: dict[str, set[str]] = {}
        self.draws: dict[str, set[str]] = {}
        self.bound: set[str] = set()
        self.opened: set[str] = set()

    def read(self, entry: Entry) -> None:
        """Add one entry of the transcript."""
        if entry.kind == "call":
            for op, _, result in answered(entry):
                self._called(entry.seat, op, result)
        elif entry.kind == "say":
            self._said(entry.seat, spoken(entry))

    def _called(self, seat: str, op: str, result: Json) -> None:
        codes = {token for leaf in leaves(result) for token in tokens(leaf)}
        kind = OP_MAKES.get(op)
        if kind == DRAWS:
            self.draws.setdefault(seat, set()).update(codes)
        elif kind in _CLOSED:
            keys: set[str] = set()
            if isinstance(result, dict):
                keys = {token for leaf in leaves(result.get("nonce")) for token in tokens(leaf)}
            self.closed.setdefault(seat, set()).update(codes - keys)
            self.keys.setdefault(seat, set()).update(keys)

    def _said(self, seat: str, text: str) -> None:
        codes, folded = tokens(text), fold(text)
        if codes & self.closed.get(seat, set()):
            self.bound.add(seat)
        if codes & (self.keys.get(seat, set()) | self.draws.get(seat, set())):
            self.opened.add(seat)
        for (role, name), value in self.owned.items():
            if role == seat and all(named(atom, folded) for atom in atoms(value)):
                self.told[name] = role
                self.opened.add(seat)

    def state(self, seat: str) -> str:
        """Return the progress of a seat."""
        return OPEN if seat in self.opened else BOUND if seat in self.bound else FREE

    def learned(self, leaver: str) -> tuple[str, ...]:
        """Return the secret values of others that were revealed so far."""
        return tuple(sorted(name for name, role in self.told.items() if role != leaver))

    def ahead(self, leaver: str, seats: Sequence[str]) -> bool:
        """Return whether all others had opened their part and the seat had not."""
        others = [seat for seat in seats if seat != leaver]
        return self.state(leaver) != OPEN and all(self.state(seat) == OPEN for seat in others)
